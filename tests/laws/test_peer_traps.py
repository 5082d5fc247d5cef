"""Faults that published implementations have had; each is a test of ours. (More of them in tests/unit/model.)"""

import numpy as np
import pytest
from tests.audit.spy import random_codes, small_domain, spy

import fairshare
from fairshare.marginals import Domain
from fairshare.schema import Schema

SIZES = {"a": 3, "b": 4, "c": 2, "d": 5}
SCHEMA = Schema.from_domain(SIZES)


def table(rows=2000, seed=0):
    import pyarrow as pa

    return pa.table(random_codes(Domain.from_sizes(SIZES), rows, np.random.default_rng(seed)))


@pytest.fixture(scope="module")
def release():
    return fairshare.synthesize(table(), SCHEMA, epsilon=2, delta=1e-6, mechanism=fairshare.SWIFT())


def test_the_default_sampler_invents_no_correlation(release):
    """mbi 1.1: two-way distance of rows against the model .067; what rounding leaves to chance makes some .006."""
    rows = release.model.sample_codes(50_000, np.random.default_rng(0))
    for pair in [("a", "b"), ("a", "d"), ("b", "c"), ("c", "d")]:
        counts = np.zeros([SIZES[x] for x in pair])
        np.add.at(counts, tuple(rows[x] for x in pair), 1)
        expected = release.marginal(pair)
        assert np.abs(counts / counts.sum() - expected / expected.sum()).sum() / 2 < 0.02


def test_generating_again_spends_nothing(release):
    """synthcity spends epsilon again on every generate()."""
    before = dict(release.ledger)
    release.sample(10)
    release.sample(10)
    assert release.ledger == before


def test_float_rounding_never_makes_a_budget_insufficient():
    """OpenDP's MST fails on 14 columns by rounding: budgets here are integers."""
    for columns in (13, 14, 15, 31):
        domain = small_domain((2,) * columns)
        recorded = spy(random_codes(domain, 50, np.random.default_rng(0)), domain, epsilon=1.0)
        fairshare.MST().run(recorded)
        assert recorded.ledger.remaining <= columns


def test_unspent_budget_is_reported(release):
    """OpenDP's AIM under a small cap stops with half of the budget unspent and says nothing."""
    made = fairshare.synthesize(
        table(), SCHEMA, epsilon=2, delta=1e-6, mechanism=fairshare.AIM(max_model_mb=1e-4, rounds=10)
    )
    left = made.ledger["nano_rho_unspent"] / made.ledger["nano_rho_total"]
    assert left < 0.01 or any("not spent" in w for w in made.certificate["warnings"])


def test_the_row_count_is_noisy(release):
    """SmartNoise passes the exact number of rows."""
    totals = {fairshare.synthesize(table(), SCHEMA, epsilon=0.2, delta=1e-6).rows for _ in range(5)}
    assert totals != {2000}


def test_missing_cells_are_not_kept_as_a_pattern_of_columns():
    """dpmm keeps which columns had missing values; here only the schema says which may have."""
    schema = Schema.from_dict(
        {
            "columns": [
                {"name": "a", "kind": "categorical", "categories": ["x", "y"], "nullable": True},
                {"name": "b", "kind": "categorical", "categories": ["x", "y"]},
            ]
        }
    )
    import pyarrow as pa

    full = pa.table({"a": ["x", "y"] * 50, "b": ["x", "y"] * 50})
    gaps = pa.table({"a": ["x", None] * 50, "b": ["x", None] * 50})
    sizes = [fairshare.synthesize(t, schema, epsilon=1, delta=1e-6).model.domain for t in (full, gaps)]
    assert sizes[0] == sizes[1]
    assert sizes[0].shape == (3, 2)
