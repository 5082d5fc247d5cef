"""SDV loads the metadata that we write, and SDMetrics' reports run on our rows; their figures are ours.

Both are under the Business Source Licence and pull in much, so they live in an environment of their own::

    python -m venv peers && peers/bin/pip install sdv sdmetrics pytest . && peers/bin/python -m pytest -m peers FILE
"""

import json

import numpy as np
import pyarrow as pa
import pytest

import fairshare
from fairshare.evaluation import quality
from fairshare.marginals import Domain
from fairshare.schema.sdv import SPECIFICATIONS, to_sdv
from fairshare.schema.sdv_reader import draft_from_sdv

sdv = pytest.importorskip("sdv.metadata", reason="SDV is not installed: see the head of this file")
sdmetrics = pytest.importorskip("sdmetrics.reports.single_table", reason="SDMetrics is not installed")

# SDV warns of V1's computer_representation; its dependencies warn of each other.
pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("ignore")]

SCHEMA = fairshare.Schema.from_dict(
    {
        "columns": [
            {"name": "age", "kind": "integer", "bounds": [18, 90]},
            {"name": "dose", "kind": "real", "bounds": [0.0, 1.0], "bins": 10, "decimals": 2},
            {"name": "sex", "kind": "categorical", "categories": ["f", "m"]},
            {"name": "ward", "kind": "categorical", "categories": ["Ulm", "Bonn", "Jena"], "nullable": True},
            {"name": "alive", "kind": "boolean"},
            {"name": "day", "kind": "date", "bounds": ["2020-01-01", "2020-12-31"]},
        ]
    }
)


@pytest.fixture(scope="module")
def tables():
    rng = np.random.default_rng(5)
    n = 3000
    age = rng.integers(18, 91, n)
    table = pa.table(
        {
            "age": age,
            "dose": np.round(rng.beta(2, 5, n), 2),
            "sex": np.where(rng.random(n) < 0.4, "f", "m"),
            "ward": pa.array(rng.choice(["Ulm", "Bonn", "Jena"], n, p=[0.6, 0.3, 0.1]), mask=rng.random(n) < 0.1),
            "alive": age + rng.normal(0, 20, n) < 70,
            "day": (np.datetime64("2020-01-01") + rng.integers(0, 366, n)).astype("datetime64[D]"),
        }
    )
    release = fairshare.synthesize(table, SCHEMA, epsilon=5, delta=1e-6, seed=1)
    return table, release.table


@pytest.mark.parametrize("specification", SPECIFICATIONS)
def test_sdv_loads_validates_and_returns_our_metadata(specification, tmp_path):
    path = tmp_path / "metadata.json"
    path.write_text(json.dumps(to_sdv(SCHEMA, specification=specification)))
    metadata = sdv.Metadata.load_from_json(path)
    metadata.validate()
    assert metadata.tables["table"].columns["day"]["datetime_format"] == "%Y-%m-%d"
    # What SDV makes of it and writes itself is read back; the ranges survive where the version has them.
    draft = draft_from_sdv(metadata.to_dict())
    assert [column["name"] for column in draft.columns] == list(SCHEMA.sizes)
    assert bool(draft.gaps) is (specification == "V1")


def test_metadata_that_sdv_detects_become_a_draft(tables):
    table, _ = tables
    detected = sdv.Metadata.detect_from_dataframes({"rows": table.to_pandas()}).to_dict()
    schema = draft_from_sdv(json.loads(json.dumps(detected, default=str)), table).schema()
    assert schema.column("age").bounds == (18, 90)
    assert set(schema.column("ward").categories) == {"Ulm", "Bonn", "Jena"}
    assert "age.bounds" in schema.unreviewed


@pytest.mark.parametrize("specification", SPECIFICATIONS)
def test_the_reports_run_and_find_our_rows_valid(specification, tables):
    real, synthetic = (table.to_pandas().astype({"day": "datetime64[ns]"}) for table in tables)
    metadata = to_sdv(SCHEMA, specification=specification)["tables"]["table"]
    diagnostic = sdmetrics.DiagnosticReport()
    diagnostic.generate(real, synthetic, metadata, verbose=False)
    assert diagnostic.get_score() > 0.99
    report = sdmetrics.QualityReport()
    report.generate(real, synthetic, metadata, verbose=False)
    assert report.get_score() > 0.85
    # Their similarity of a category column is one minus our total variation distance.
    shapes = report.get_details("Column Shapes").set_index("Column")
    assert shapes.loc["sex", "Metric"] == "TVComplement"
    codes = [SCHEMA.encode(table) for table in tables]
    ours = quality(*codes, Domain.from_sizes(SCHEMA.sizes)).per_column["sex"]
    assert shapes.loc["sex", "Score"] == pytest.approx(1 - ours, abs=1e-9)
