"""The whole path on small tables: frames, rows, seeds, saving, loading, tampering."""

import json

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import fairshare
from fairshare.errors import BudgetError, IntegrityError, SchemaError, UsageError
from fairshare.privacy import TableNoise
from fairshare.schema import Schema

SCHEMA = Schema.from_dict(
    {
        "columns": [
            {"name": "sex", "kind": "categorical", "categories": ["Female", "Male"]},
            {"name": "age", "kind": "integer", "bounds": [17, 90]},
            {"name": "income", "kind": "real", "bounds": [0.0, 1000.0], "bins": {"private_quantiles": 8}},
            {"name": "member", "kind": "boolean"},
        ]
    }
)


def table(rows=400, seed=0):
    rng = np.random.default_rng(seed)
    return pa.table(
        {
            "sex": rng.choice(["Female", "Male"], rows).tolist(),
            "age": rng.integers(17, 91, rows),
            "income": rng.gamma(2.0, 40.0, rows).clip(0, 1000),
            "member": rng.random(rows) < 0.3,
        }
    )


@pytest.fixture(scope="module")
def release():
    return fairshare.synthesize(table(), SCHEMA, epsilon=5, delta=1e-6, seed=3)


def test_same_columns_and_types(release):
    assert release.table.schema.names == table().schema.names
    assert release.table.schema.types == [pa.string(), pa.int64(), pa.float64(), pa.bool_()]
    assert set(release.table["sex"].to_pylist()) <= {"Female", "Male", None}


@pytest.mark.parametrize(("convert", "kind"), [(lambda t: t.to_pandas(), pd.DataFrame), (pl.from_arrow, pl.DataFrame)])
def test_frame_in_frame_out(convert, kind):
    made = fairshare.synthesize(convert(table()), SCHEMA, epsilon=5, delta=1e-6)
    assert isinstance(made.table, kind)
    assert list(made.table.columns) == SCHEMA_NAMES


SCHEMA_NAMES = ["sex", "age", "income", "member"]


def test_rows_are_private_unless_declared(release):
    noisy = {fairshare.synthesize(table(), SCHEMA, epsilon=0.5, delta=1e-6).rows for _ in range(6)}
    assert len(noisy) > 1, "the default number of rows comes from noisy counts"
    assert fairshare.synthesize(table(), SCHEMA, epsilon=5, delta=1e-6, rows=17).table.num_rows == 17


def test_the_seed_governs_rows_only(release):
    assert release.sample(50, seed=1).equals(release.sample(50, seed=1))
    assert not release.sample(50, seed=1).equals(release.sample(50, seed=2))
    again = fairshare.synthesize(table(), SCHEMA, epsilon=5, delta=1e-6, seed=3)
    assert not np.allclose(again.marginal(["age"]), release.marginal(["age"])), "noise can't be seeded"


def test_marginals_are_of_the_schema(release):
    pair = release.marginal(["income", "sex"])
    assert pair.shape == (SCHEMA.sizes["income"], SCHEMA.sizes["sex"])
    assert pair.sum() == pytest.approx(release.model.total)
    assert np.allclose(pair.T, release.marginal(["sex", "income"]))
    assert np.allclose(pair.sum(axis=1), release.marginal(["income"]))
    with pytest.raises(UsageError, match="once each"):
        release.marginal(["sex", "sex"])


def test_sampled_rows_follow_the_model(release):
    codes = release.model.sample_codes(100_000, np.random.default_rng(0))
    for pair in (["income", "sex"], ["age", "member"]):
        counts = np.zeros([SCHEMA.sizes[a] for a in pair])
        np.add.at(counts, tuple(codes[a] for a in pair), 1)
        expected = release.marginal(pair) / release.model.total
        assert np.abs(counts / 100_000 - expected).sum() / 2 < 0.02


def test_given_labels_are_fixed(release):
    rows = release.sample(100, given={"sex": "Male"}, seed=0)
    assert set(rows["sex"].to_pylist()) == {"Male"}
    with pytest.raises(UsageError, match="given value of 'sex'"):
        release.sample(1, given={"sex": "Martian"})
    with pytest.raises(UsageError, match="given column 'x'"):
        release.sample(1, given={"x": 1})


def test_private_bins_are_paid_for(release):
    first = release.ledger["entries"][0]
    assert first["call"] == "measure"
    assert first["cliques"] == [["income"]]
    assert len(np.unique(release.model.refinements["income"].codes)) <= 8 + 1
    assert release.ledger["nano_rho_spent"] <= release.ledger["nano_rho_total"]


def test_save_load_sample(release, tmp_path):
    folder = release.save(tmp_path / "out.release")
    written = ["certificate.json", "ledger.json", "model.npz", "release.json", "statement.yaml"]
    assert sorted(p.name for p in folder.iterdir()) == written
    loaded = fairshare.Release.load(folder)
    assert loaded.table.equals(release.table)
    assert loaded.model.cliques == release.model.cliques
    assert loaded.ledger == json.loads(json.dumps(release.ledger))
    assert loaded.certificate == json.loads(json.dumps(release.certificate))
    release.save(folder)  # a release may be replaced by another
    assert [p.name for p in tmp_path.iterdir()] == ["out.release"]


def test_save_replaces_nothing_else(release, tmp_path):
    (tmp_path / "mine.txt").write_text("precious")
    with pytest.raises(UsageError, match="not a release"):
        release.save(tmp_path)
    assert (tmp_path / "mine.txt").read_text() == "precious"


def edit_json(name, change):
    def edit(folder):
        content = json.loads((folder / name).read_text())
        change(content)
        (folder / name).write_text(json.dumps(content))

    return edit


def rehash(folder):
    """What a careful forger would do next."""
    import hashlib

    edit_json(
        "release.json",
        lambda c: c["sha256"].update({n: hashlib.sha256((folder / n).read_bytes()).hexdigest() for n in c["sha256"]}),
    )(folder)


TAMPERED = {
    "ledger": edit_json("ledger.json", lambda c: c["entries"][0].update(sigmas=[1.0])),
    "certificate": edit_json("certificate.json", lambda c: c["privacy"].update(epsilon=0.1)),
    "model": lambda f: (f / "model.npz").write_bytes((f / "model.npz").read_bytes()[:-7]),
    "gone": lambda f: (f / "model.npz").unlink(),
    "not json": lambda f: (f / "ledger.json").write_text("{"),
    "deep json": lambda f: (f / "release.json").write_text("[" * 100_000),
    "format": edit_json("release.json", lambda c: c.update(format=99)),
    "schema": edit_json("release.json", lambda c: c["schema"]["columns"].pop()),
    "rows": edit_json("release.json", lambda c: c.update(rows=-1)),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_a_tampered_release_is_refused(release, tmp_path, name):
    folder = release.save(tmp_path / "r")
    TAMPERED[name](folder)
    with pytest.raises(IntegrityError):
        fairshare.Release.load(folder)


def test_rehashing_does_not_hide_a_changed_ledger(release, tmp_path):
    folder = release.save(tmp_path / "r")
    TAMPERED["ledger"](folder)
    rehash(folder)
    with pytest.raises(IntegrityError, match="chain"):
        fairshare.Release.load(folder)


def test_no_release_there(tmp_path):
    with pytest.raises(UsageError, match=r"no release\.json"):
        fairshare.Release.load(tmp_path)


def test_an_unreviewed_schema_is_refused_or_stamped():
    from fairshare.schema import draft

    drafted = draft(table())
    with pytest.raises(SchemaError, match="--accept-inferred-schema"):
        fairshare.synthesize(table(), drafted, epsilon=5, delta=1e-6)
    made = fairshare.synthesize(table(), drafted, epsilon=5, delta=1e-6, accept_inferred_schema=True)
    assert not made.certificate["schema"]["reviewed"]
    assert any("not reviewed" in w for w in made.certificate["warnings"])


def test_test_noise_is_stamped(seeded_entropy):
    made = fairshare.synthesize(table(), SCHEMA, epsilon=5, delta=1e-6, noise=TableNoise(seeded_entropy))
    assert not made.certificate["privacy"]["secure_noise"]
    assert any("INSECURE" in w for w in made.certificate["warnings"])


@pytest.mark.parametrize("rows", [0, 1])
@pytest.mark.parametrize("relation", ["add-remove", "replace-one"])
def test_degenerate_tables_run_normally(rows, relation):
    made = fairshare.synthesize(table().slice(0, rows), SCHEMA, epsilon=1, delta=1e-6, relation=relation, rows=10)
    assert made.table.num_rows == 10


def test_all_missing_runs_normally():
    empty = pa.table({name: pa.nulls(50, t) for name, t in zip(SCHEMA_NAMES, table().schema.types, strict=True)})
    assert fairshare.synthesize(empty, SCHEMA, epsilon=1, delta=1e-6, rows=5).table.num_rows == 5


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"epsilon": 0}, r"epsilon \(0\) must be"),
        ({"delta": 1}, r"delta \(1\) must be"),
        ({"rows": -1}, r"rows \(-1\) must be"),
        ({"seed": -1}, r"seed \(-1\) must be"),
        ({"relation": "swap"}, r"relation \('swap'\) must be"),
    ],
)
def test_arguments_are_checked_before_the_table_is_read(changed, message):
    with pytest.raises(UsageError, match=message):
        fairshare.synthesize("/no/such/file.csv", SCHEMA, **{"epsilon": 1.0, "delta": 1e-6, **changed})


def test_delta_against_expected_rows():
    public = Schema.from_dict({**SCHEMA.to_dict(), "expected_rows": 10_000})
    with pytest.raises(UsageError, match="expected_rows"):
        fairshare.synthesize(table(), public, epsilon=1, delta=1e-3)


def test_too_small_a_budget_is_refused():
    with pytest.raises(BudgetError, match="raise epsilon"):
        fairshare.synthesize(table(), SCHEMA, epsilon=0.0005, delta=1e-9)


def test_metadata_does_not_follow_the_data():
    """An unseen category, a new maximum and a longer value change no name, type or size."""
    odd = pa.table({"sex": ["x" * 1000], "age": [10**6], "income": [1e12], "member": [True]})
    a = fairshare.synthesize(table(), SCHEMA, epsilon=1, delta=1e-6, rows=20)
    b = fairshare.synthesize(pa.concat_tables([table(), odd]), SCHEMA, epsilon=1, delta=1e-6, rows=20)
    assert a.table.schema == b.table.schema
    assert a.model.domain == b.model.domain
    assert a.schema.digest == b.schema.digest


def test_synthesizer_is_a_good_citizen():
    box = fairshare.Synthesizer(SCHEMA, epsilon=5, delta=1e-6)
    assert box.get_params()["epsilon"] == 5
    with pytest.raises(UsageError, match="fit"):
        box.sample(3)
    assert box.fit(table()).sample(12).num_rows == 12
    assert box.sample().equals(box.release_.table)
    twin = fairshare.Synthesizer(**box.get_params())
    assert twin.get_params() == box.get_params()
    assert twin.set_params(epsilon=2.0).epsilon == 2.0
    with pytest.raises(UsageError, match="parameter 'x'"):
        twin.set_params(x=1)
    with pytest.raises(UsageError, match="schema must be given"):
        fairshare.Synthesizer().fit(table())


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"mechanism": "mst"}, r"must be an object, such as fairshare.MST\(\)"),
        ({"mechanism": fairshare.MST}, r"must be an object, such as fairshare.MST\(\)"),
        ({"schema": "s.toml"}, r"schema \(a str\) must be a Schema: read a file with Schema.load"),
        ({"fairness": "strict"}, r"fairness \('strict'\) must be a Fairness"),
    ],
)
def test_arguments_of_another_kind_are_refused_with_what_to_give(changed, words):
    given = {"schema": Schema.from_domain({"a": 2}), "epsilon": 1.0, "delta": 1e-9} | changed
    with pytest.raises(UsageError, match=words):
        fairshare.synthesize(None, **given)
    with pytest.raises(UsageError, match=words):
        fairshare.simulate({}, **given)
