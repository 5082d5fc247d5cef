"""How MST splits merged values again, and what it says when a fair tree is not proved optimal."""

import numpy as np
import pytest
from tests.audit.spy import random_codes, small_domain, spy

from fairshare import MST
from fairshare.errors import UsageError
from fairshare.fairness import Fairness
from fairshare.mechanisms import mst
from fairshare.mechanisms.compression import compress
from fairshare.model import Measurement

COUNTS = Measurement(clique=("x",), values=np.array([900.0, 6.0, 2.0, 0.0]), sigma=10.0)


def test_merged_values_share_by_their_noisy_counts_or_evenly():
    measured = compress([COUNTS], threshold=3.0)["x"]
    np.testing.assert_array_equal(measured.codes, [0, 1, 1, 1])
    np.testing.assert_allclose(measured.shares, [1, 0.75, 0.25, 0])
    even = compress([COUNTS], threshold=3.0, spread="even")["x"]
    np.testing.assert_array_equal(even.codes, measured.codes)
    np.testing.assert_allclose(even.shares, [1, 1 / 3, 1 / 3, 1 / 3])


def test_unknown_spreads_are_refused():
    with pytest.raises(UsageError, match=r"spread .'odd'. must be one of measured, even"):
        MST(spread="odd")  # type: ignore[arg-type]


def test_a_tree_that_is_not_proved_optimal_is_noted(monkeypatch):
    domain = small_domain((2, 2, 3, 2, 2))
    wish = Fairness(protected=["x0"], admissible=["x2"], outcome=["x4"], policy="exact")
    codes = random_codes(domain, 300, np.random.default_rng(0))
    assert MST().run(spy(codes, domain), fairness=wish).notes == ()

    def cut_short(*arguments, **options):
        found = fair_tree(*arguments, **options)
        return type(found)(found.edges, found.weight, found.weight + 7, optimal=False, nodes=1)

    fair_tree = mst.fair_tree
    monkeypatch.setattr(mst, "fair_tree", cut_short)
    (note,) = MST().run(spy(codes, domain), fairness=wish).notes
    assert note == "the search for the heaviest fair tree stopped early, at most 7 rows below it"
