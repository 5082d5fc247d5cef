"""A run against the ledger of a data set: what happens in which order, and what is given back."""

import numpy as np
import pyarrow as pa
import pytest

import fairshare
from fairshare.counting import CodedTable
from fairshare.errors import BudgetError, DataError, UsageError
from fairshare.privacy import Budget, DurableLedger, PrivacyUnit
from fairshare.schema import Schema

SCHEMA = Schema.from_dict(
    {
        "columns": [
            {"name": "sex", "kind": "categorical", "categories": ["Female", "Male"]},
            {"name": "city", "kind": "categorical", "categories": ["Ulm", "Bonn", "Kiel"]},
        ]
    }
)


@pytest.fixture
def path(tmp_path):
    DurableLedger.create(tmp_path / "a.ledger", Budget(epsilon=3, delta=1e-9), PrivacyUnit())
    return tmp_path / "a.ledger"


def table(seed=0):
    rng = np.random.default_rng(seed)
    return pa.table({"sex": rng.choice(["Female", "Male"], 90), "city": rng.choice(["Ulm", "Bonn", "Kiel"], 90)})


def synthesize(path, **options):
    return fairshare.synthesize(table(), SCHEMA, **{"epsilon": 1, "delta": 1e-9, "ledger": path} | options)


def states(path):
    return [run.state for run in DurableLedger(path).verify().runs.values()]


def test_reserve_then_touch_then_reveal_then_deliver_then_done(path, monkeypatch):
    seen, count = [], CodedTable.counts

    def spied(self, cliques):
        seen.append(("touch", states(path)))
        return count(self, cliques)

    monkeypatch.setattr(CodedTable, "counts", spied)
    monkeypatch.setattr(CodedTable, "count", lambda self, clique: spied(self, [clique])[0])
    synthesize(path, deliver=lambda release: seen.append(("deliver", states(path))))
    assert {tuple(state) for act, state in seen if act == "touch"} == {("bind",)}
    assert seen[-1] == ("deliver", ["reveal"])
    assert [act for act, _ in seen].count("deliver") == 1
    assert states(path) == ["done"]


class Watched:
    """A table that notes where the ledger stands whenever it is handed over."""

    def __init__(self, path):
        self.path, self.seen = path, []

    def __arrow_c_stream__(self, requested_schema=None):
        self.seen.append(states(self.path))
        return table().__arrow_c_stream__(requested_schema)


def test_reserved_before_the_table_is_read_and_bound_before_it_is_counted(path):
    watched = Watched(path)
    fairshare.synthesize(watched, SCHEMA, epsilon=1, delta=1e-9, ledger=path)
    assert watched.seen == [["reserve"], ["bind"]]  # to know it, and to count it
    assert states(path) == ["done"]


@pytest.mark.parametrize(
    "change",
    [{"epsilon": 3.1}, {"delta": 1e-10}, {"run_id": "a", "epsilon": 0.5}, {"run_id": "dead"}],
    ids=["total", "delta", "another plan's run id", "a burnt run's id"],
)
def test_what_the_ledger_refuses_is_refused_before_the_table_is_read(path, change):
    synthesize(path, run_id="a")
    with pytest.raises(KeyboardInterrupt):
        synthesize(path, run_id="dead", progress=interrupt)
    before, watched = states(path), Watched(path)
    with pytest.raises(BudgetError):
        fairshare.synthesize(watched, SCHEMA, **{"epsilon": 1, "delta": 1e-9, "ledger": path} | change)
    assert watched.seen == []
    assert states(path) == before


def test_the_ledger_holds_the_head_of_the_run(path):
    release = synthesize(path)
    (run,) = DurableLedger(path).history().runs.values()
    assert run.revealed["ledger_head"] == release.certificate["privacy"]["ledger_head"]
    assert run.nano_rho == Budget(epsilon=1, delta=1e-9).nano_rho >= run.revealed["nano_rho_spent"]


def test_a_run_id_returns_the_stored_release(path):
    first = synthesize(path, run_id="a")
    again = synthesize(path, run_id="a")
    assert again.table.equals(first.table)
    assert again.certificate == first.certificate
    assert states(path) == ["done"]


@pytest.mark.parametrize(
    "change",
    [
        {"epsilon": 0.5},
        {"rows": 7},
        {"seed": 1},
        {"mechanism": fairshare.AIM()},
        {"mechanism": fairshare.MST(compress_below=1.0)},
    ],
    ids=["epsilon", "rows", "seed", "mechanism", "knob"],
)
def test_a_run_id_of_another_plan_is_refused(path, change):
    synthesize(path, run_id="a")
    with pytest.raises(BudgetError, match="choose another run id"):
        synthesize(path, run_id="a", **change)
    assert states(path) == ["done"]


def test_a_run_id_of_another_table_is_refused(path):
    synthesize(path, run_id="a")
    with pytest.raises(BudgetError, match="choose another run id"):
        fairshare.synthesize(table(1), SCHEMA, epsilon=1, delta=1e-9, ledger=path, run_id="a")


def test_each_call_is_a_new_run_until_nothing_is_left(path):
    total = DurableLedger(path).history().total // Budget(epsilon=1, delta=1e-9).nano_rho
    for _ in range(total):
        synthesize(path)
    with pytest.raises(BudgetError, match="is left in the ledger"):
        synthesize(path)
    assert states(path) == ["done"] * total


def test_a_refused_table_leaves_the_account_as_it_was(path):
    with pytest.raises(DataError):
        fairshare.synthesize(pa.table({"x": [1]}), SCHEMA, epsilon=1, delta=1e-9, ledger=path)
    assert DurableLedger(path).history().spent == 0
    assert states(path) == ["returned"]


def interrupt(step):
    if step.spent > 0:
        raise KeyboardInterrupt


def test_a_failure_after_the_first_answer_is_burnt(path):
    with pytest.raises(KeyboardInterrupt):
        synthesize(path, progress=interrupt)
    assert states(path) == ["burnt"]


def test_a_failed_delivery_keeps_the_release(path):
    def full(release):
        raise UsageError("no space")

    with pytest.raises(UsageError, match="on record: repeat the command with run id a"):
        synthesize(path, run_id="a", deliver=full)
    assert states(path) == ["reveal"]
    delivered = []
    synthesize(path, run_id="a", deliver=delivered.append)
    assert len(delivered) == 1
    assert DurableLedger(path).history().spent == Budget(epsilon=1, delta=1e-9).nano_rho


def test_a_run_id_needs_a_ledger():
    with pytest.raises(UsageError, match="needs a ledger"):
        synthesize(None, run_id="a")
