"""Cramer's V with Bergsma's bias correction: how strongly two columns depend on each other."""

import math

import numpy as np
import numpy.typing as npt

from fairshare.errors import UsageError

__all__ = ["cramers_v", "cramers_v_of_codes"]


def cramers_v(counts: npt.NDArray[np.integer]) -> float:
    """Bias-corrected Cramer's V of a contingency table, in [0, 1].

    Rows and columns without a count are left out, as in a table drawn up from data. If that leaves one row or
    one column only, there is no dependence to see: 0.

    Args:
        counts: shape (r, c), non-negative.

    Raises:
        UsageError: the table is not two-dimensional.

    Source: Bergsma 2013, A bias-correction for Cramer's V and Tschuprow's T, J. Korean Stat. Soc. 42(3).
    """
    if counts.ndim != 2:
        raise UsageError(f"counts has {counts.ndim} dimensions, must be a table of two")
    rows, columns = counts.sum(axis=1, dtype=np.float64), counts.sum(axis=0, dtype=np.float64)
    n = float(rows.sum())
    r, c = int(np.count_nonzero(rows)), int(np.count_nonzero(columns))
    if r < 2 or c < 2:
        return 0.0
    i, j = np.nonzero(counts)
    return _corrected(counts[i, j], rows[i], columns[j], (r, c), n)


def cramers_v_of_codes(a: npt.NDArray[np.integer], b: npt.NDArray[np.integer]) -> float:
    """As :func:`cramers_v` of two columns' table, in memory for their rows: for tables with far more cells than rows.

    Args:
        a: codes, shape (rows,).
        b: likewise.
    """
    (_, at_row, rows), (_, at_column, columns) = (np.unique(x, return_inverse=True, return_counts=True) for x in (a, b))
    if len(rows) < 2 or len(columns) < 2:
        return 0.0
    cells, observed = np.unique(at_row * len(columns) + at_column, return_counts=True)
    i, j = np.divmod(cells, len(columns))
    shape = (len(rows), len(columns))
    return _corrected(observed, rows[i].astype(np.float64), columns[j].astype(np.float64), shape, float(len(a)))


def _corrected(
    observed: npt.NDArray[np.integer],
    rows: npt.NDArray[np.float64],
    columns: npt.NDArray[np.float64],
    shape: tuple[int, int],
    n: float,
) -> float:
    """From the cells that hold something, each with the totals of its row and column."""
    # sum of (observed - expected)^2 / expected = n (sum of observed^2 / (row total x column total) - 1)
    phi2 = float(np.sum(observed.astype(np.float64) ** 2 / (rows * columns))) - 1
    r, c = shape
    corrected = max(0.0, phi2 - (r - 1) * (c - 1) / (n - 1))
    smaller = min(k - (k - 1) ** 2 / (n - 1) for k in (r, c)) - 1
    return min(1.0, math.sqrt(corrected / smaller)) if smaller > 0 else 0.0
