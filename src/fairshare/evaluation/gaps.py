"""Fairness of predictions: the largest gap between protected groups, plain and within equal admissible values.

The plain gaps are fairlearn's. A true positive rate is a selection rate among the positive rows, and a true negative
rate is one minus the selection rate among the negative: so each gap is fairlearn's difference of selection rates on
the rows that count, and a group without such rows has no rate (rather than fairlearn's 0).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fairshare.errors import MissingExtraError, UsageError

__all__ = ["Gap", "Strata", "conditional_gap", "gap", "unmatched_gap"]

Flags = npt.NDArray[np.bool_]
Labels = npt.NDArray[np.integer]


@dataclass(frozen=True)
class Gap:
    """The largest difference in selection rate between two groups.

    Attributes:
        value: in [0, 1].
        high: code of the group with the highest rate.
        low: code of the group with the lowest rate.
        smallest: number of rows of the smaller of the two.
    """

    value: float
    high: int
    low: int
    smallest: int


def gap(selected: Flags, group: Labels, among: Flags | None = None) -> Gap:
    """Difference of selection rates between groups, by fairlearn.

    Args:
        selected: whether each row is predicted positive, shape (rows,).
        group: code of the protected attribute, shape (rows,).
        among: the rows that count; all of them when not given.

    Raises:
        UsageError: fewer than two groups have a row that counts.
        MissingExtraError: fairlearn is not installed.
    """
    try:
        from fairlearn.metrics import MetricFrame, selection_rate
    except ImportError:
        raise MissingExtraError("fairlearn is not installed: pip install 'fairshare[eval]'") from None
    if among is not None:
        selected, group = selected[among], group[among]
    if len(np.unique(group)) < 2:
        raise UsageError("fewer than two protected groups have such rows, so there is nothing to compare")
    # Equal rows are one row with a weight: the same numbers, a thousand times less work for a loop over groups.
    cells, weight = np.unique(group.astype(np.int64) * 2 + selected, return_counts=True)
    chosen, sides = cells % 2, cells // 2
    frame = MetricFrame(
        metrics=selection_rate,
        y_true=chosen,
        y_pred=chosen,
        sensitive_features=sides,
        sample_params={"sample_weight": weight},
    )
    rates = frame.by_group.map(lambda rate: float(np.ravel(rate)[0]))  # fairlearn 0.14 may give arrays of one
    high, low = int(rates.idxmax()), int(rates.idxmin())
    smaller = min(int(weight[sides == side].sum()) for side in (high, low))
    return Gap(float(rates[high] - rates[low]), high, low, smaller)


@dataclass(frozen=True)
class Strata:
    """The mean gap within groups of equal admissible values.

    Attributes:
        value: mean over the groups that hold at least two protected values, weighted by their rows, in [0, 1].
        share: share of the rows (that count) in these groups.
    """

    value: float
    share: float


def conditional_gap(selected: Flags, group: Labels, stratum: Labels, among: Flags | None = None) -> Strata:
    """The matched conditional gap: within each stratum the largest difference in selection rate.

    Args:
        selected: whether each row is predicted positive, shape (rows,).
        group: code of the protected attribute, shape (rows,).
        stratum: label of the row's admissible values, shape (rows,).
        among: the rows that count; all of them when not given.

    Raises:
        UsageError: no stratum holds two protected values.
    """
    if among is not None:
        selected, group, stratum = selected[among], group[among], stratum[among]
    if not len(selected):
        raise UsageError("no row counts, so there is nothing to compare")
    where, _, rate, rows = _cells(selected, group, stratum)
    starts = np.flatnonzero(np.append(True, where[1:] != where[:-1]))
    apart = np.maximum.reduceat(rate, starts) - np.minimum.reduceat(rate, starts)
    cells = np.diff(np.append(starts, len(where)))
    weight = np.add.reduceat(rows, starts) * (cells > 1)
    total = float(weight.sum())
    if not total:
        raise UsageError("no group of equal admissible values holds two protected values, so nothing can be matched")
    return Strata(float(np.sum(weight * apart) / total), total / len(selected))


def unmatched_gap(selected: Flags, group: Labels, stratum: Labels, among: Flags | None = None) -> float:
    """The paper's form: each protected value's rate averaged over the strata that hold it, and their largest gap.

    Each stratum counts once, however many rows it has, and the values need not occur in the same strata: so a gap
    may come from strata in which there is nobody to compare with.

    Raises:
        UsageError: fewer than two groups have a row that counts.

    Source: the evaluation code of Pujol, Gilad, Machanavajjhala 2023 (PreFair).
    """
    if among is not None:
        selected, group, stratum = selected[among], group[among], stratum[among]
    if len(np.unique(group)) < 2:
        raise UsageError("fewer than two protected groups have such rows, so there is nothing to compare")
    _, value, rate, _ = _cells(selected, group, stratum)
    strata = np.bincount(value)
    mean = np.bincount(value, weights=rate)[strata > 0] / strata[strata > 0]
    return float(mean.max() - mean.min())


def _cells(
    selected: Flags, group: Labels, stratum: Labels
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Stratum, group, selection rate and rows of each occurring combination, sorted by stratum."""
    sides = int(group.max()) + 1
    key = stratum.astype(np.int64) * sides + group
    occurring, place, rows = np.unique(key, return_inverse=True, return_counts=True)
    rate = np.bincount(place, weights=selected) / rows
    return occurring // sides, occurring % sides, rate, rows
