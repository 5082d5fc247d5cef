"""Figures bought for a release: paid before the rows are touched, once, by the right unit; refused when in doubt."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.audit.spy import check_neighbours, independent_cost, neighbour, random_codes, small_domain, spy

import fairshare
from fairshare.counting import CodedTable
from fairshare.errors import BudgetError, DataError, IntegrityError, SchemaError, UsageError
from fairshare.evaluation import BoughtQuality, buy_quality, private_scores, quality
from fairshare.evaluation.purchase import _unpack
from fairshare.marginals import Domain
from fairshare.privacy import Budget, DurableLedger, PrivacyUnit, TableNoise
from fairshare.schema import Schema

COLUMNS = [
    {"name": "sex", "kind": "categorical", "categories": ["Female", "Male"]},
    {"name": "city", "kind": "categorical", "categories": ["Ulm", "Bonn", "Kiel"]},
]
SCHEMA = Schema.from_dict({"columns": COLUMNS})
DELTA = 1e-9


def table(rows=900):
    rng = np.random.default_rng(0)
    return pa.table({"sex": rng.choice(["Female", "Male"], rows), "city": rng.choice(["Ulm", "Bonn", "Kiel"], rows)})


@pytest.fixture(scope="module")
def release():
    return fairshare.synthesize(table(), SCHEMA, epsilon=1, delta=DELTA, seed=1)


@pytest.fixture
def path(tmp_path):
    DurableLedger.create(tmp_path / "a.ledger", Budget(epsilon=3, delta=DELTA), PrivacyUnit())
    return tmp_path / "a.ledger"


def buy(release, real=None, **options):
    return buy_quality(table() if real is None else real, release, **{"epsilon": 1, "delta": DELTA} | options)


def runs(path):
    return {run.run: run.state for run in DurableLedger(path).verify().runs.values()}


def test_near_the_exact_figures_of_the_release_s_own_rows(release):
    bought = buy(release, pairs=[("city", "sex")], epsilon=8)
    exact = quality(SCHEMA.encode(table()), SCHEMA.encode(release.table), Domain.from_sizes(SCHEMA.sizes))
    assert set(bought.tvd) == {("sex",), ("city",), ("sex", "city")}
    for name, distance in exact.per_column.items():
        # Six standard errors of the noise, and what a noisy number of rows and eighths of a row can add.
        assert abs(bought.tvd[name,] - distance) < 6 * bought.standard_error + 0.02
    assert BoughtQuality.from_dict(json.loads(json.dumps(bought.to_dict()))) == bought


def test_reserved_before_the_rows_are_touched_and_on_record_before_anything_is_shown(release, path, monkeypatch):
    seen, counts = [], CodedTable.counts

    def spied(self, cliques):
        seen.append(tuple(runs(path).values()))
        return counts(self, cliques)

    monkeypatch.setattr(CodedTable, "counts", spied)
    buy(release, ledger=path)
    assert set(seen) == {("bind",)}
    assert list(runs(path).values()) == ["done"]


def test_a_ledger_that_does_not_cover_it_refuses_before_the_rows_are_touched(release, path, monkeypatch):
    monkeypatch.setattr("fairshare.release.spending.read_table", lambda *_, **__: pytest.fail("the rows were read"))
    with pytest.raises(BudgetError, match="is left in the ledger; nothing was spent"):
        buy(release, epsilon=3.1, ledger=path)
    assert runs(path) == {}


def test_the_ledger_pays_the_whole_promise(release, path):
    before = DurableLedger(path).history().remaining
    bought = buy(release, ledger=path)
    assert before - DurableLedger(path).history().remaining == Budget(epsilon=1, delta=DELTA).nano_rho
    assert bought.ledger["nano_rho_spent"] <= bought.ledger["nano_rho_total"] == Budget(epsilon=1, delta=DELTA).nano_rho
    (run,) = DurableLedger(path).history().runs.values()
    assert run.revealed["ledger_head"] == bought.ledger["head"]


def test_the_same_run_again_returns_the_stored_figures_and_costs_nothing(release, path, monkeypatch):
    # Another release of as many rows by the same calls and seed: its ledger's head is the same, its rows are not.
    other = fairshare.synthesize(
        table().take(pa.array([0] * 900)), SCHEMA, epsilon=1, delta=DELTA, seed=1, rows=release.rows
    )
    first = buy(release, ledger=path, run_id="q")
    left = DurableLedger(path).history().remaining
    monkeypatch.setattr(CodedTable, "counts", lambda self, cliques: pytest.fail("the rows were counted"))
    assert buy(release, ledger=path, run_id="q") == first
    assert DurableLedger(path).history().remaining == left
    with pytest.raises(BudgetError, match="run q had other options"):
        buy(release, ledger=path, run_id="q", pairs=[("sex", "city")])
    with pytest.raises(BudgetError, match="run q had other options"):
        buy(other, ledger=path, run_id="q")


def test_a_table_that_does_not_fit_is_given_back(release, path, tmp_path):
    pq.write_table(table().drop_columns(["city"]), tmp_path / "misfit.parquet")
    left = DurableLedger(path).history().remaining
    with pytest.raises(DataError):
        buy(release, tmp_path / "misfit.parquet", ledger=path, run_id="q")
    assert runs(path) == {"q": "returned"}
    assert DurableLedger(path).history().remaining == left


def test_the_unit_is_the_release_s():
    columns = [{"name": "who", "kind": "key"}, *COLUMNS]
    schema = Schema.from_dict({"columns": columns, "person": "who", "max_rows_per_person": 2})
    rows = table(300).append_column("who", pa.array([str(i // 3) for i in range(300)]))  # three rows each, one too many
    release = fairshare.synthesize(rows, schema, epsilon=4, delta=DELTA, relation="replace-one")
    bought = buy(release, rows, epsilon=64)
    assert bought.ledger["promise"] == {"epsilon": 64, "delta": DELTA, "relation": "replace-one", "max_rows": 2}
    # Noise of a few rows at this epsilon; all rows would be 300.
    assert abs(bought.rows - 200) < 20


@pytest.mark.parametrize("relation", ["add-remove", "replace-one"])
@pytest.mark.parametrize(("sizes", "rows"), [((2, 3, 4), 60), ((5,), 1), ((1, 3), 20)])
def test_record_and_replay(relation, sizes, rows):
    """A neighbour changes no call and no exact value beyond its sensitivity; the noise asked for costs the promise."""
    domain, rng = small_domain(sizes), np.random.default_rng(3)
    made = random_codes(domain, 50, rng)
    names = list(domain)
    cliques = (*((name,) for name in names), *([(names[0], names[1])] if len(names) > 1 else []))
    for trial in range(3):
        codes = random_codes(domain, rows, rng)
        recorded = spy(codes, domain, relation=relation, seed=trial)
        private_scores(recorded, made, cliques)
        assert independent_cost(recorded.calls, relation) * 10**9 <= recorded.ledger.budget.nano_rho
        replayed = spy(neighbour(codes, domain, relation, rng), domain, relation=relation, frozen=recorded.calls)
        private_scores(replayed, made, cliques)
        check_neighbours(recorded.calls, replayed.calls, relation)


def test_an_unreviewed_schema_is_refused(release):
    marked = [{**COLUMNS[0]}, {"name": "city", "kind": "categorical", "unreviewed": {"categories": ["Ulm", "Bonn"]}}]
    schema = Schema.from_dict({"columns": marked})
    inferred = fairshare.synthesize(table(), schema, epsilon=1, delta=DELTA, accept_inferred_schema=True)
    with pytest.raises(SchemaError, match="nobody has reviewed"):
        buy(inferred)


def test_predictable_noise_is_refused(release, seeded_entropy):
    with pytest.raises(UsageError, match="must be secure"):
        buy(release, noise=TableNoise(seeded_entropy))
    insecure = fairshare.synthesize(table(), SCHEMA, epsilon=1, delta=DELTA, noise=TableNoise(seeded_entropy))
    with pytest.raises(UsageError, match="predictable noise"):
        buy(insecure)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pairs": [("sex", "sex")]}, "must be two different synthesised columns"),
        ({"pairs": [("sex", "name")]}, "must be two different synthesised columns"),
        ({"run_id": "q"}, "needs a ledger"),
        ({"epsilon": 0}, "epsilon"),
    ],
)
def test_what_makes_no_sense_is_refused(options, message, release):
    with pytest.raises(UsageError, match=message):
        buy(release, **options)


def test_an_empty_release_is_refused():
    empty = fairshare.synthesize(table(), SCHEMA, epsilon=1, delta=DELTA, rows=0)
    with pytest.raises(UsageError, match="at least one row"):
        buy(empty)


@pytest.mark.parametrize("packed", [b"\xff", b"{}", b"[]", b'{"tvd": 3}'])
def test_a_ledger_that_holds_something_else(packed):
    with pytest.raises(IntegrityError, match="not quality figures"):
        _unpack(packed)
