import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fairshare.errors import UsageError
from fairshare.evaluation import cramers_v, cramers_v_of_codes


def test_by_hand():
    # Expected counts are all 25: chi2 = 4 x 15^2 / 25 = 36, phi2 = .36; n = 100, r = c = 2.
    counts = np.array([[40, 10], [10, 40]])
    corrected = 0.36 - 1 / 99
    levels = 2 - 1 / 99
    assert cramers_v(counts) == pytest.approx(math.sqrt(corrected / (levels - 1)), rel=1e-12)


def test_independent_columns_are_exactly_zero():
    assert cramers_v(np.outer([10, 20, 30], [5, 7])) == 0.0


def test_a_bijection_is_one():
    assert cramers_v(np.diag([20, 30, 50])) == pytest.approx(1.0)


def test_values_that_do_not_occur_are_left_out():
    counts = np.array([[40, 10], [10, 40]])
    padded = np.zeros((4, 3), dtype=int)
    padded[np.ix_([0, 2], [0, 2])] = counts
    assert cramers_v(padded) == pytest.approx(cramers_v(counts), rel=1e-12)


@pytest.mark.parametrize("counts", [[[5, 3, 2]], [[5], [3]], [[0, 0], [4, 9]], [[0, 0], [0, 0]], [[1, 0], [0, 1]]])
def test_too_little_to_see_a_dependence_is_zero(counts):
    assert cramers_v(np.array(counts)) == 0.0


@given(arrays(np.int64, st.tuples(st.integers(1, 5), st.integers(1, 5)), elements=st.integers(0, 50)))
def test_symmetric_and_within_bounds(counts):
    value = cramers_v(counts)
    assert 0 <= value <= 1
    assert cramers_v(counts.T) == pytest.approx(value, abs=1e-9)


def test_correction_removes_the_bias_of_independent_columns():
    # The plain V averages .10 here, the corrected one .021 with a standard error of .002 over 200 tables.
    rng = np.random.default_rng(7)
    tables = rng.multinomial(500, np.full(36, 1 / 36), size=200).reshape(200, 6, 6)
    assert np.mean([cramers_v(t) for t in tables]) < 0.05


def test_only_two_way_tables_have_a_v():
    with pytest.raises(UsageError, match="must be a table of two"):
        cramers_v(np.zeros((2, 2, 2), dtype=int))


@given(arrays(np.int64, st.tuples(st.integers(1, 5), st.integers(1, 5)), elements=st.integers(0, 9)))
def test_rows_give_what_their_table_gives(counts):
    i, j = (np.repeat(axis.ravel(), counts.ravel()) for axis in np.indices(counts.shape))
    assert cramers_v_of_codes(i, j) == pytest.approx(cramers_v(counts), rel=1e-9, abs=1e-7)


def test_rows_need_no_table():
    """A table of 2^60 cells, of which 40 hold something."""
    codes = np.repeat(np.arange(40) * 2**24, 5)
    assert cramers_v_of_codes(codes, codes.max() - codes) == pytest.approx(cramers_v(np.eye(40, dtype=int) * 5))
