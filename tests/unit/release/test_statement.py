"""The registry's record: what a release promises, in YAML that parses to what was meant."""

import numpy as np
import pyarrow as pa
import pytest

import fairshare
from fairshare.release.statement import statement

CERTIFICATE = {
    "made_by": "fairshare 1, Python 3",
    "made_on": "2026-01-02",
    "promise": 'a "quoted": promise # with traps',
    "privacy": {
        "epsilon": 0.5,
        "delta": 1e-9,
        "rho": 3e-05,
        "relation": "add-remove",
        "max_rows": 3,
        "unit": "one person with up to 3 rows added or removed",
        "noise": "table",
    },
    "mechanism": {"name": "mst"},
    "schema": {"digest": "abc", "unreviewed": []},
    "fairness": None,
    "warnings": ["half of the budget was not spent"],
}
LEDGER = {"accountant": "zCDP", "entries": [{"call": "measure"}, {"call": "select"}, {"call": "select"}], "head": "f00"}


def test_lines():
    text = statement(CERTIFICATE, LEDGER)
    assert "      epsilon: 0.5\n      delta: 1.0e-09\n      rho: 3.0e-05\n" in text
    assert 'a \\"quoted\\": promise # with traps' in text
    assert "the rows of one person, at most 3, more than the other" in text
    assert "mst (1 x measure, 2 x select)" in text
    assert "half of the budget was not spent" in text


def test_it_parses_to_what_was_meant():
    yaml = pytest.importorskip("yaml")
    record = yaml.safe_load(statement(CERTIFICATE, LEDGER))
    assert record["status"] == "Draft"
    deployment = record["deployment"]
    assert list(deployment) == [
        "basic",
        "dp_variant",
        "privacy_loss",
        "deployment_model",
        "accounting",
        "implementation",
        "administrative",
    ]
    assert deployment["privacy_loss"]["privacy_parameters"] == {"epsilon": 0.5, "delta": 1e-9, "rho": 3e-05}
    assert deployment["basic"]["publication_date"] == "2026-01-02"
    assert deployment["basic"]["description"].endswith('a "quoted": promise # with traps')


#: The registry's words for who is trusted (schemas/deployments-schema.yaml, July 2026).
MODEL_NAMES = ("Local", "Central", "Shuffle", "Federated", "Varies")


def test_one_holder_is_central():
    record = pytest.importorskip("yaml").safe_load(statement(CERTIFICATE, LEDGER))
    model = record["deployment"]["deployment_model"]
    assert model["model_name"] == "Central"
    assert "model_name_details" not in model
    assert "is trusted with them" in model["actors"]


@pytest.mark.parametrize(("holders", "partition"), [(2, "horizontal"), (2, "vertical")])
def test_many_holders_are_federated(holders, partition):
    columns = {"a": 3, "b": 2}
    schema = fairshare.Schema.from_domain(columns)
    rng = np.random.default_rng(0)
    whole = pa.table({name: rng.integers(0, n, 60) for name, n in columns.items()})
    split = partition == "vertical"
    keyed = whole.append_column("id", pa.array([f"r{i}" for i in range(60)]))
    parts = [keyed.select([name, "id"]) for name in columns] if split else [whole.slice(0, 30), whole.slice(30)]
    tables = {f"clinic{i}": part for i, part in enumerate(parts)}
    key = "id" if split else None
    release = fairshare.simulate(tables, schema, epsilon=8, delta=1e-6, seed=1, record_key=key)
    yaml = pytest.importorskip("yaml")
    simulated = yaml.safe_load(statement(release.certificate, release.ledger))
    assert simulated["deployment"]["deployment_model"]["model_name"] == "Central"  # one process saw all rows
    joint = {name: value for name, value in release.certificate["consortium"].items() if name != "simulated"}
    record = yaml.safe_load(statement({**release.certificate, "consortium": joint}, release.ledger))
    model = record["deployment"]["deployment_model"]
    assert model["model_name"] == "Federated"
    assert model["model_name"] in MODEL_NAMES
    assert "2 holders" in model["model_name_details"]
    assert ("split by rows" if partition == "horizontal" else "split by columns") in model["model_name_details"]
    assert "clinic0, clinic1" in model["actors"]
    assert release.certificate["consortium"]["trust"] in model["actors"]


def test_what_is_not_protected_is_said():
    open_rows = {**CERTIFICATE, "privacy": {**CERTIFICATE["privacy"], "relation": "replace-one"}}
    assert "the number of rows" in statement(open_rows, LEDGER).split("unprotected_quantities")[1].split("\n")[0]
    inferred = {**CERTIFICATE, "schema": {"digest": "abc", "unreviewed": ["age.bounds"]}}
    assert "taken from the data: age.bounds" in statement(inferred, LEDGER)


def test_saved_with_every_release_and_hashed(tmp_path):
    schema = fairshare.Schema.from_domain({"a": 2, "b": 3})
    pa = pytest.importorskip("pyarrow")
    table = pa.table({"a": [0, 1, 1] * 20, "b": [0, 1, 2] * 20})
    folder = fairshare.synthesize(table, schema, epsilon=1, delta=1e-9).save(tmp_path / "made.release")
    fairshare.Release.load(folder)
    path = folder / "statement.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("epsilon: 1", "epsilon: 9"), encoding="utf-8")
    with pytest.raises(fairshare.errors.IntegrityError, match=r"statement\.yaml does not match"):
        fairshare.Release.load(folder)
