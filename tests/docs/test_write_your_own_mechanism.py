"""The documented mechanism runs as it stands on a trusted and on a secure curator, and is as short as promised."""

import re
from pathlib import Path

import pytest

from fairshare.fairness import Fairness

PAGE = Path(__file__).parents[2] / "docs" / "write-your-own-mechanism.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)


def test_the_mechanism_runs_unchanged_on_one_table_and_on_many(capsys):
    names: dict = {}
    for block in BLOCKS:
        exec(compile(block, PAGE.name, "exec"), names)  # noqa: S102 - our own document
    alone, together = names["alone"], names["together"]
    assert "none collude" in capsys.readouterr().out
    for release in (alone, together):
        assert [e["call"] for e in release.ledger["entries"]] == ["measure"] + ["select", "measure"] * 3
        assert 1 <= sum(len(c) == 2 for c in release.model.cliques) <= 3
        assert release.certificate["privacy"]["nano_rho_unspent"] == 0
        assert release.certificate["mechanism"] == {"name": "worst-pairs", "rounds": 3}
    assert "consortium" in together.certificate


def test_it_can_be_fair():
    names: dict = {}
    exec(compile(BLOCKS[0], PAGE.name, "exec"), names)  # noqa: S102 - our own document
    from fairshare import synthesize
    from fairshare.datasets import load_german_credit

    data = load_german_credit()
    columns = list(data.schema.sizes)
    wish = Fairness(protected=(columns[0],), admissible=(columns[1],), outcome=(columns[-1],))
    release = synthesize(
        data.table, data.schema, epsilon=5.0, delta=1e-6, mechanism=names["WorstPairs"](rounds=2), fairness=wish, seed=1
    )
    assert release.certificate["fairness"]["fair"] is True
    assert not any({columns[0], columns[-1]} <= set(c) for c in release.model.cliques)


def test_it_is_short():
    lines = [line for line in BLOCKS[0].split("\n\n\n")[1].splitlines() if line.strip()]
    assert len(lines) <= 40


@pytest.mark.parametrize("call", ["measure", "select", "score"])
def test_the_calls_are_those_of_the_curator(call):
    from fairshare.curator import Curator

    assert f"`curator.{call}(" in PAGE.read_text()
    assert hasattr(Curator, call)
