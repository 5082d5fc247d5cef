"""Smoke tests of privacy: does the synthetic table lie nearer to rows that it was made from? No guarantee."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fairshare.evaluation.tables import Codes, Tables, row_count, some_rows
from fairshare.schema import Schema
from fairshare.schema.ordered import Ordered

__all__ = ["Risk", "nearest_distances", "rank_auc", "risk"]

#: Rows of each kind that are compared; the standard error is then about a hundredth.
CANDIDATES = 2000
#: Synthetic rows in which the membership attack looks for the nearest.
SYNTHETIC = 10_000
#: Distances held in memory at once.
_BLOCK = 1 << 21


@dataclass(frozen=True)
class Risk:
    """What the smoke tests found.

    Attributes:
        nearer: share of synthetic rows nearer to training rows than to unseen rows; ties count half.
        auc: of the attack that calls a row a member the nearer its closest synthetic row is.
        candidates: rows of each kind that were compared.
    """

    nearer: float
    auc: float
    candidates: int

    @property
    def standard_error(self) -> float:
        """Of the share where there is nothing to find; the AUC's, 1 / sqrt(6 n), is a little smaller."""
        return float(0.5 / np.sqrt(self.candidates))


def risk(tables: Tables, rng: np.random.Generator) -> Risk:
    """Compare as many training rows as rows that the synthesis never saw, at most 2,000 of each."""
    n = min(row_count(tables.real), row_count(tables.held_out), CANDIDATES)
    seen, unseen = some_rows(tables.real, n, rng), some_rows(tables.held_out, n, rng)
    synthetic = some_rows(tables.synthetic, SYNTHETIC, rng)
    probes = some_rows(synthetic, CANDIDATES, rng)
    points = {name: _points(t, tables.schema) for name, t in (("seen", seen), ("unseen", unseen), ("made", synthetic))}
    probe = _points(probes, tables.schema)
    near, far = nearest_distances(probe, points["seen"]), nearest_distances(probe, points["unseen"])
    nearer = float(np.mean((near < far) + 0.5 * (near == far)))
    member = nearest_distances(points["seen"], points["made"])
    stranger = nearest_distances(points["unseen"], points["made"])
    return Risk(nearer, rank_auc(-member, -stranger), n)


def _points(codes: Codes, schema: Schema) -> npt.NDArray[np.float32]:
    """Rows as points, shape (rows, columns): a category by its code, an ordered code by its place on [0, 1].

    Missing in an ordered column is put at 2, a whole step away from every place.
    """
    columns = []
    for name in schema.sizes:
        kind, column = schema.column(name), codes[name].astype(np.float32)
        if isinstance(kind, Ordered):
            steps = max(kind.grid.size - 1, 1)
            column = np.where(column < kind.grid.size, column / steps, np.float32(2))
        columns.append(column)
    return np.stack(columns, axis=1).astype(np.float32, copy=False)


def nearest_distances(rows: npt.NDArray[np.float32], others: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Gower's distance of each row to the nearest of the others, in columns: shape (rows,).

    A column adds min(|a - b|, 1): whether two categories differ, or how far apart two places on [0, 1] are.

    Args:
        rows: points, shape (rows, columns).
        others: points, shape (others, columns).

    Source: Gower 1971, A general coefficient of similarity, Biometrics 27(4), without the division by columns.
    """
    nearest = np.empty(len(rows), dtype=np.float32)
    step = max(1, _BLOCK // len(others))
    for start in range(0, len(rows), step):
        block = rows[start : start + step]
        total = np.zeros((len(block), len(others)), dtype=np.float32)
        for axis in range(rows.shape[1]):
            apart = np.abs(block[:, axis, None] - others[None, :, axis])
            total += np.minimum(apart, 1, out=apart)
        nearest[start : start + step] = total.min(axis=1)
    return nearest


def rank_auc(positive: npt.NDArray[np.floating], negative: npt.NDArray[np.floating]) -> float:
    """Probability that a positive score exceeds a negative one, ties counted half.

    Source: Mann and Whitney 1947; Hanley and McNeil 1982, Radiology 143(1).
    """
    ordered = np.sort(negative)
    below = np.searchsorted(ordered, positive, side="left")
    upto = np.searchsorted(ordered, positive, side="right")
    return float(np.mean(below + upto) / (2 * len(negative)))
