"""Steps of the ledger: nothing is lost when calls are joined."""

import pytest

from fairshare.report.ledger import ledger


def _account(entries: list[dict]) -> dict:
    spent = sum(entry["nano_rho"] for entry in entries)
    return {
        "entries": entries,
        "nano_rho_total": 1000,
        "nano_rho_spent": spent,
        "nano_rho_unspent": 1000 - spent,
        "epsilon_spent_at_delta": 0.5,
        "accountant": "zCDP",
        "head": "h",
    }


ONE_WAY = {"call": "measure", "cliques": [["a"], ["b"]], "sigmas": [10.0, 20.0], "nano_rho": 300}
CHOICE = {"call": "select", "candidates": 7, "epsilon": 0.25, "nano_rho": 50}
PAIR = {"call": "measure", "cliques": [["a", "b"]], "sigmas": [5.0], "nano_rho": 100}
SCORE = {"call": "score", "candidates": [["a", "b"], ["a", "c"]], "sigma": 3.0, "nano_rho": 20}


def test_calls_in_a_row_become_one_step() -> None:
    told = ledger(_account([ONE_WAY, CHOICE, CHOICE, SCORE, PAIR]))
    assert [(step["asks"], step["calls"]) for step in told["steps"]] == [
        ("2 single columns", 1),
        ("2 of 7 candidates to count, one at a time", 2),
        ("2 candidates for what to count", 1),
        ("1 pair of columns", 1),
    ]
    assert told["steps"][0]["noise"] == "noise of about ±10 to 20 rows on each count"
    assert sum(step["share"] for step in told["steps"]) == pytest.approx(told["spent"]) == pytest.approx(0.52)


def test_hundreds_of_rounds_become_one_step_a_kind() -> None:
    cheap = [{**CHOICE, "nano_rho": 1}, {**PAIR, "nano_rho": 2}]
    told = ledger(_account([ONE_WAY, *cheap * 100]))
    assert [step["calls"] for step in told["steps"]] == [1, 100, 100]
    assert sum(step["share"] for step in told["steps"]) == pytest.approx(told["spent"])


def test_what_was_counted() -> None:
    total, triple = {**PAIR, "cliques": [[]]}, {**PAIR, "cliques": [["a", "b", "c"]]}
    told = ledger(_account([total, triple]))
    assert [step["asks"] for step in told["steps"]] == ["the number of rows", "1 combination of up to 3 columns"]


def test_a_release(fair_release) -> None:
    told = ledger(fair_release.ledger)
    assert told["calls"] == len(fair_release.ledger["entries"])
    assert sum(step["share"] for step in told["steps"]) + told["unspent"] == pytest.approx(1)
