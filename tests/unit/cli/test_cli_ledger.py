"""``fairshare ledger`` and ``synth --ledger``: exit codes, documents, refusals."""

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def ledger(run: Any, tmp_path: Path) -> Path:
    path = tmp_path / "a.ledger"
    ran = run("ledger", "new", path, "--epsilon", 2, "--delta", 1e-9)
    assert (ran.code, ran.err) == (0, "")
    return path


def test_spend_show_verify(run: Any, synth: Any, ledger: Path, tmp_path: Path) -> None:
    told = synth("--ledger", ledger, "-o", tmp_path / "o.csv", "--json").document
    shown = run("ledger", "show", ledger, "--json").document
    assert shown["nano_rho_left"] == told["ledger"]["nano_rho_left"] < shown["nano_rho_total"]
    assert [(r["run"], r["state"]) for r in shown["runs"]] == [(told["ledger"]["run"], "done")]
    verified = run("ledger", "verify", ledger, "--head", shown["head"])
    assert verified.code == 0
    assert "The ledger verifies" in verified.out
    assert run("ledger", "verify", ledger, "--head", "0" * 64).code == 5


def test_refused_beyond_the_total(synth: Any, ledger: Path, tmp_path: Path) -> None:
    for number in range(3):
        assert synth("--ledger", ledger, "-o", tmp_path / f"{number}.csv", "-q").code == 0
    ran = synth("--ledger", ledger, "-o", tmp_path / "o.csv")
    assert ran.code == 4
    assert "is left in the ledger; nothing was spent" in ran.err
    assert not (tmp_path / "o.csv").exists()
    assert not (tmp_path / "o.release").exists()


def test_a_run_id_gives_the_same_files_again(synth: Any, ledger: Path, tmp_path: Path) -> None:
    options = ("--ledger", ledger, "--run-id", "first", "-q")
    assert synth(*options, "-o", tmp_path / "a.csv").code == 0
    assert synth(*options, "-o", tmp_path / "b.csv").code == 0
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    refused = synth(*options, "--rows", 3, "-o", tmp_path / "c.csv")
    assert refused.code == 4
    assert "choose another run id" in refused.err


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--delta", "1e-8"], 4, "must be the ledger's (1e-09)"),
        (["--relation", "replace-one"], 4, "use one unit"),
        (["--run-id", "../x"], 2, "run id ('../x') must be"),
    ],
)
def test_refused(  # noqa: PLR0917  (fixtures)
    options: list[str], code: int, message: str, synth: Any, ledger: Path, tmp_path: Path
) -> None:
    ran = synth("--ledger", ledger, "-o", tmp_path / "o.csv", *options)
    assert ran.code == code
    assert message in ran.err
    assert not (tmp_path / "o.release").exists()


def test_what_is_no_ledger(run: Any, synth: Any, data: Path, tmp_path: Path) -> None:
    before = data.read_bytes()
    assert run("ledger", "show", data).code == 5
    assert run("ledger", "show", tmp_path / "none").code == 2
    assert synth("--ledger", data, "-o", tmp_path / "o.csv").code == 5
    assert synth("--run-id", "a", "-o", tmp_path / "o.csv").code == 2
    assert run("ledger", "new", data, "--epsilon", 1, "--delta", 1e-9).code == 2
    assert data.read_bytes() == before


def test_an_audit_in_json(run: Any) -> None:
    found = run("audit", "--trials", 1000, "--json", "-q").document["games"]
    assert [game["sound"] for game in found] == [True, True, True]
    assert [game["currency"] for game in found] == ["mu", "range", "epsilon"]
    assert run("audit", "--trials", 10).code == 2


def test_a_dry_run_says_what_would_remain_and_reserves_nothing(
    synth: Any, run: Any, ledger: Path, tmp_path: Path
) -> None:
    before = run("ledger", "show", ledger, "--json").document
    ran = synth("--ledger", ledger, "--dry-run", "--json")
    assert ran.code == 0
    after = ran.document["data_set_ledger"]
    assert after["nano_rho_left"] == before["nano_rho_left"]
    assert after["nano_rho_left_after"] == before["nano_rho_left"] - ran.document["ledger"]["nano_rho_total"]
    assert run("ledger", "show", ledger, "--json").document == before
    assert "nothing is reserved" in synth("--ledger", ledger, "--dry-run").out
    made = synth("--ledger", ledger, "-o", tmp_path / "o.csv", "--json").document
    assert made["ledger"]["nano_rho_left"] == after["nano_rho_left_after"]


def test_a_dry_run_says_that_the_ledger_would_refuse(synth: Any, ledger: Path) -> None:
    ran = synth("--ledger", ledger, "--delta", "1e-8", "--dry-run", "--json")
    assert ran.code == 0
    assert "must be the ledger's (1e-09)" in ran.document["data_set_ledger"]["refused"]
