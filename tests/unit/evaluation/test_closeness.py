"""Numeric distances, coverage and the k-marginal score; references move as they should."""

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import wasserstein_distance

from fairshare import Schema
from fairshare.evaluation import quality
from fairshare.evaluation.closeness import Closeness, coverage, k_marginal, numeric_distance, reference_pairs
from fairshare.evaluation.tables import Tables
from fairshare.marginals import Domain

SCHEMA = Schema.from_dict(
    {
        "columns": [
            {"name": "x", "kind": "integer", "bins": [0, 1, 10, 100, 1000], "nullable": True},
            {"name": "y", "kind": "categorical", "categories": ["a", "b", "c"]},
            {"name": "z", "kind": "categorical", "categories": ["a", "b"]},
        ]
    }
)


@pytest.fixture
def tables():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 999, 400)
    y = np.where(x > 500, "a", "b")
    frame = pa.table({"x": x, "y": y, "z": rng.choice(["a", "b"], 400)})
    return Tables.read(frame, frame, SCHEMA, None, rng)


def test_numeric_distance_is_wasserstein_of_the_middles():
    column = SCHEMA.column("x")
    rng = np.random.default_rng(1)
    real, synthetic = rng.integers(1, 50, 5), rng.integers(1, 50, 5)
    middles = np.array([0, 5, 54.5, 550])  # of the integers 0, 1 to 9, 10 to 99, 100 to 1000
    expected = wasserstein_distance(middles, middles, real[:4], synthetic[:4]) / 550
    assert numeric_distance(real, synthetic, column) == pytest.approx(expected)
    assert numeric_distance(real, real * 3, column) == pytest.approx(0, abs=1e-12)
    # All mass moved from the first bin to the last is the whole way; missing (the fifth code) does not count.
    assert numeric_distance(np.array([5, 0, 0, 0, 0]), np.array([0, 0, 0, 1, 9]), column) == pytest.approx(1)
    assert numeric_distance(np.array([5, 0, 0, 0, 0]), np.array([0, 0, 0, 0, 9]), column) == 1.0


def test_coverage_and_k_marginal():
    assert coverage(np.array([3, 0, 1, 2]), np.array([1, 1, 0, 5])) == pytest.approx(2 / 3)
    assert k_marginal(0.0) == 1000
    assert k_marginal(0.25) == 750


def test_the_same_figures_as_quality(tables):
    rng = np.random.default_rng(2)
    shuffled = {name: rng.permutation(codes) for name, codes in tables.real.items()}
    close = Closeness(tables.real, shuffled, SCHEMA)
    whole = quality(tables.real, shuffled, Domain.from_sizes(SCHEMA.sizes), three_way=True)
    assert [close.tvd(k) for k in (1, 2, 3)] == [whole.tvd_1, whole.tvd_2, whole.tvd_3]
    assert close.acd() == pytest.approx(whole.acd)
    pairs = close.pairs()
    assert pairs.tvd[0][1] == pairs.tvd[1][0]
    upper = np.triu_indices(3, 1)
    assert np.array(pairs.tvd)[upper].mean() == pytest.approx(whole.tvd_2)
    assert np.abs(np.array(pairs.v_real) - pairs.v_synthetic)[upper].mean() == pytest.approx(whole.acd)


def test_references(tables):
    found = reference_pairs(tables, np.random.default_rng(3))
    # Columns shuffled apart keep their own counts and lose every dependence.
    assert found["independent"].tvd(1) == 0
    assert found["independent"].acd() > 0.1
    assert 0 < found["sampling"].tvd(1) < 0.2
    assert found["sampling"].acd() < found["independent"].acd()


def test_marginals_are_shares(tables):
    found = Closeness(tables.real, tables.synthetic, SCHEMA).marginals()
    assert found["z"].labels == ("a", "b")
    assert sum(found["x"].real) == pytest.approx(1)
    assert found["x"].tvd == 0
