"""Fairness gaps against tables worked out by hand, and against fairlearn."""

import numpy as np
import pytest

from fairshare.errors import UsageError
from fairshare.evaluation.gaps import conditional_gap, gap, unmatched_gap

# Eight rows in two strata and one more stratum that only group 0 lives in.
#            stratum 0          stratum 1          stratum 2
STRATUM = np.array([0, 0, 0, 0, 1, 1, 1, 1, 2, 2])
GROUP = np.array([0, 0, 1, 1, 0, 1, 1, 1, 0, 0])
CHOSEN = np.array([1, 0, 1, 1, 0, 1, 0, 0, 1, 1], dtype=bool)
TRUTH = np.array([1, 0, 1, 0, 0, 1, 1, 0, 1, 0], dtype=bool)


def test_plain_gap_by_hand():
    found = gap(CHOSEN, GROUP)
    # Group 0: rows 0, 1, 4, 8, 9 -> 3 of 5. Group 1: rows 2, 3, 5, 6, 7 -> 3 of 5.
    assert found.value == pytest.approx(0)
    among_positive = gap(CHOSEN, GROUP, TRUTH)
    # Group 0: rows 0, 8 -> 2 of 2. Group 1: rows 2, 5, 6 -> 2 of 3.
    assert among_positive.value == pytest.approx(1 / 3)
    assert (among_positive.high, among_positive.low, among_positive.smallest) == (0, 1, 2)


def test_conditional_gap_by_hand():
    found = conditional_gap(CHOSEN, GROUP, STRATUM)
    # Stratum 0: 1/2 against 2/2, four rows. Stratum 1: 0 against 1/3, four rows. Stratum 2 has nobody to compare with.
    assert found.value == pytest.approx((4 * 1 / 2 + 4 * 1 / 3) / 8)
    assert found.share == pytest.approx(0.8)
    positive = conditional_gap(CHOSEN, GROUP, STRATUM, TRUTH)
    # Positive rows: stratum 0 has rows 0 and 2 (1 against 1); stratum 1 has group 1 only; stratum 2 group 0 only.
    assert (positive.value, positive.share) == (0.0, pytest.approx(2 / 5))
    negative = conditional_gap(CHOSEN, GROUP, STRATUM, ~TRUTH)
    # Negative rows: stratum 0 has rows 1 and 3 (0 against 1), stratum 1 rows 4 and 7 (0 against 0).
    assert negative.value == pytest.approx(0.5)


def test_unmatched_gap_by_hand():
    # Group 0: strata 0, 1, 2 at 1/2, 0, 1 -> 1/2. Group 1: strata 0, 1 at 1, 1/3 -> 2/3. Each stratum counts once.
    assert unmatched_gap(CHOSEN, GROUP, STRATUM) == pytest.approx(2 / 3 - 1 / 2)


def test_a_fair_rule_with_different_admissible_values_is_fair_given_them():
    stratum = np.repeat([0, 1], 100)
    group = np.r_[np.repeat([0, 1], [80, 20]), np.repeat([0, 1], [20, 80])]
    chosen = stratum == 1
    assert gap(chosen, group).value == pytest.approx(0.6)
    assert conditional_gap(chosen, group, stratum).value == 0
    assert unmatched_gap(chosen, group, stratum) == 0


def test_several_values_give_the_largest_gap():
    group = np.repeat([0, 1, 2], 10)
    chosen = np.r_[np.arange(10) < 2, np.arange(10) < 9, np.arange(10) < 5]
    found = gap(chosen, group)
    assert found.value == pytest.approx(0.7)
    assert (found.low, found.high) == (0, 1)
    assert conditional_gap(chosen, group, np.zeros(30, dtype=int)).value == pytest.approx(0.7)


@pytest.mark.parametrize("values", [2, 5])
def test_equal_to_fairlearn_on_rows(values):
    fairlearn = pytest.importorskip("fairlearn.metrics")
    rng = np.random.default_rng(values)
    group, truth = rng.integers(0, values, 600), rng.random(600) < 0.4
    chosen = rng.random(600) < 0.2 + 0.1 * group / values + 0.3 * truth
    dp = fairlearn.demographic_parity_difference(truth, chosen, sensitive_features=group)
    tpr = fairlearn.true_positive_rate_difference(truth, chosen, sensitive_features=group)
    tnr = fairlearn.true_negative_rate_difference(truth, chosen, sensitive_features=group)
    assert gap(chosen, group).value == pytest.approx(dp)
    assert gap(chosen, group, truth).value == pytest.approx(tpr)
    assert gap(chosen, group, ~truth).value == pytest.approx(tnr)
    assert dp > 0.01
    # With one stratum there is nothing to condition on.
    alone = np.zeros(600, dtype=int)
    assert conditional_gap(chosen, group, alone).value == pytest.approx(dp)
    assert unmatched_gap(chosen, group, alone) == pytest.approx(dp)


def test_swapping_groups_changes_nothing_and_shuffling_them_closes_the_gap():
    rng = np.random.default_rng(1)
    group = rng.integers(0, 2, 5000)
    chosen = rng.random(5000) < 0.2 + 0.4 * group
    assert gap(chosen, 1 - group).value == pytest.approx(gap(chosen, group).value)
    assert gap(chosen, group).value > 0.3
    # A permuted group has a gap of standard deviation 0.014: five of them are exceeded once in two million seeds.
    assert gap(chosen, rng.permutation(group)).value < 0.07


def test_a_group_without_rows_that_count_has_no_rate():
    group = np.array([0, 0, 1, 1, 2, 2])
    truth = np.array([1, 0, 1, 0, 0, 0], dtype=bool)
    assert gap(np.ones(6, dtype=bool), group, truth).value == 0


def test_nothing_to_compare():
    one = np.zeros(4, dtype=int)
    with pytest.raises(UsageError, match="fewer than two protected groups"):
        gap(np.ones(4, dtype=bool), one)
    with pytest.raises(UsageError, match="nothing can be matched"):
        conditional_gap(np.ones(4, dtype=bool), np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1]))
    with pytest.raises(UsageError, match="no row counts"):
        conditional_gap(np.ones(2, dtype=bool), one[:2], one[:2], np.zeros(2, dtype=bool))
