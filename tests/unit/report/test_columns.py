"""Bars: few enough to read, and no row is lost in joining them."""

import numpy as np
import pytest

from fairshare.report import pairs
from fairshare.report.columns import compared_columns, released_columns
from fairshare.report.pairs import compared_pairs, released_pairs
from fairshare.schema import Schema


@pytest.fixture
def schema() -> Schema:
    return Schema.from_dict(
        {
            "columns": [
                {"name": "many", "kind": "categorical", "categories": [f"k{i}" for i in range(30)], "nullable": True},
                {"name": "age", "kind": "integer", "bounds": [17, 90], "nullable": True},
                {"name": "dose", "kind": "real", "bounds": [0.0, 1.0], "bins": 64},
                {"name": "few", "kind": "integer", "bounds": [1, 3]},
            ]
        }
    )


def _marginals(schema: Schema) -> dict:
    rng = np.random.default_rng(0)
    made = {}
    for i, (name, size) in enumerate(schema.sizes.items()):
        real, synthetic = rng.dirichlet(np.ones(size), 2)
        made[name] = {"real": real.tolist(), "synthetic": synthetic.tolist(), "tvd": 0.1 * i}
    return made


def test_nothing_is_lost(schema: Schema) -> None:
    told = compared_columns(_marginals(schema), schema)
    assert [column["name"] for column in told] == ["few", "dose", "age", "many"]  # the worst first
    for column in told:
        for kind in ("real", "synthetic"):
            missing = (column.get("missing") or {kind: 0})[kind]
            assert sum(bar[kind] for bar in column["bars"]) + missing == pytest.approx(1, abs=1e-4)


def test_few_bars_with_honest_labels(schema: Schema) -> None:
    few, dose, age, many = compared_columns(_marginals(schema), schema)
    assert [bar["label"] for bar in few["bars"]] == ["1", "2", "3"]
    assert (dose["low"], dose["high"], len(dose["bars"])) == ("0", "1", 32)
    # 74 codes: threes, and what is left; never a mixture, which would look like a comb.
    assert [*[bar["label"] for bar in age["bars"]][:2], age["bars"][-1]["label"]] == [
        "17 to 19",
        "20 to 22",
        "89 to 90",
    ]
    assert len(many["bars"]) == 9
    assert many["bars"][-1]["label"] == "23 others"
    sizes = [bar["real"] + bar["synthetic"] for bar in many["bars"][:-1]]
    assert sizes == sorted(sizes, reverse=True)


def test_a_release(fair_release) -> None:
    told = {column["name"]: column for column in released_columns(fair_release)}
    shares = fair_release.marginal(["sex"]) / fair_release.marginal(["sex"]).sum()
    assert {bar["label"]: bar["synthetic"] for bar in told["sex"]["bars"]} == pytest.approx(
        dict(zip(["Female", "Male"], shares, strict=True)), abs=1e-6
    )
    assert told["age"]["form"] == "histogram"
    assert told["city"]["form"] == "bars"


def test_pairs_of_a_release(fair_release) -> None:
    told = released_pairs(fair_release)
    matrix = np.array(told["synthetic"])
    assert matrix.shape == (5, 5)
    assert np.array_equal(matrix, matrix.T)
    assert told["strongest"][0]["synthetic"] == np.triu(matrix, 1).max()
    assert set(told["strongest"][0]["pair"]) <= set(told["columns"])


def test_pairs_beside_real_ones() -> None:
    real = [[1, 0.9, 0.1], [0.9, 1, 0], [0.1, 0, 1]]
    synthetic = [[1, 0.2, 0.1], [0.2, 1, 0.3], [0.1, 0.3, 1]]
    told = compared_pairs({"columns": ["a", "b", "c"], "v_real": real, "v_synthetic": synthetic})
    assert told["most_different"][0] == {"pair": ["a", "b"], "synthetic": 0.2, "real": 0.9}
    assert compared_pairs(None) is None


def test_only_the_strongest_of_very_many_columns_are_drawn() -> None:
    n = 75
    matrix = np.eye(n)
    matrix[70, 74] = matrix[74, 70] = 0.5
    columns = [f"c{i}" for i in range(n)]
    told = compared_pairs({"columns": columns, "v_real": matrix.tolist(), "v_synthetic": matrix.tolist()})
    assert (len(told["columns"]), told["left_out"]) == (60, 15)
    assert {"c70", "c74"} <= set(told["columns"])


def test_pairs_of_many_codes_are_not_laid_out(fair_release, monkeypatch) -> None:
    """Two columns of 65,536 codes would need 32 GB; the numbers are the same either way."""
    laid_out = released_pairs(fair_release)
    monkeypatch.setattr(pairs, "_MOST_CELLS", 0)
    monkeypatch.setattr(pairs, "cramers_v", None)
    np.testing.assert_allclose(released_pairs(fair_release)["synthetic"], laid_out["synthetic"], atol=1e-9)
