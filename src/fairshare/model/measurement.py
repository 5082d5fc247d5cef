"""Noisy marginals, and what can be read off them directly: the total and the one-way counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from fairshare.errors import UsageError
from fairshare.marginals import Clique, Domain

__all__ = ["Measurement", "check_measurements", "estimate_total", "merge", "one_way_estimates"]

_FLOOR = 0.03  # of a standard deviation: the least a one-way estimate may be; any value in 0.01 .. 0.1 does as well


@dataclass(frozen=True, kw_only=True, eq=False)
class Measurement:
    """A marginal plus independent Gaussian noise on each cell.

    Attributes:
        clique: attributes in domain order; empty for a measurement of the total alone.
        values: noisy counts, shape ``domain.sizes(clique)``.
        sigma: standard deviation of the noise, in counts, above 0; one number, or one per cell (in the shape of
            ``values``), as when cells were merged after they were measured.

    Raises:
        UsageError: ``values`` or ``sigma`` are out of range, or their shapes differ.
    """

    clique: Clique
    values: np.ndarray
    sigma: float | np.ndarray

    def __post_init__(self) -> None:
        clique, values = tuple(self.clique), np.asarray(self.values, dtype=np.float64)
        sigma = np.asarray(self.sigma, dtype=np.float64)
        if sigma.ndim and sigma.shape != values.shape:
            raise UsageError(f"sigma (shape {sigma.shape}) must be one number or have the values' shape {values.shape}")
        if not (np.isfinite(sigma).all() and (sigma > 0).all()):
            raise UsageError(f"sigma of the measurement of {clique} must be finite and above 0")
        if not np.isfinite(values).all():
            raise UsageError(f"values of the measurement of {clique} must be finite; drop the measurement")
        object.__setattr__(self, "clique", clique)
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "sigma", sigma if sigma.ndim else float(sigma))

    @property
    def variance(self) -> np.ndarray:
        """Variance of each cell, shape of ``values``; a read-only view where it is constant."""
        variance: np.ndarray = np.broadcast_to(np.square(self.sigma), self.values.shape)
        return variance


def check_measurements(domain: Domain, measurements: Sequence[Measurement]) -> None:
    """Refuse measurements that do not fit the domain.

    Raises:
        UsageError: a clique is not in domain order or names an unknown attribute, or values have another shape.
    """
    for m in measurements:
        if m.clique != domain.clique(m.clique):
            raise UsageError(f"clique {m.clique} must be in domain order, as {domain.clique(m.clique)}")
        if m.values.shape != domain.sizes(m.clique):
            raise UsageError(
                f"values of {m.clique} (shape {m.values.shape}) must have the domain's shape {domain.sizes(m.clique)}"
            )


def estimate_total(measurements: Sequence[Measurement]) -> float:
    """The number of rows, from all measurements by inverse variance, and at least 1.

    The sum of a marginal estimates it with the variance of all its cells together. Without measurements it is 1.
    """
    if not measurements:
        return 1.0
    precision = np.array([1.0 / m.variance.sum() for m in measurements])
    sums = np.array([m.values.sum() for m in measurements])
    return max(1.0, float(precision @ sums / precision.sum()))


def merge(measurements: Sequence[Measurement]) -> list[Measurement]:
    """One measurement per clique, by inverse variance; the empty clique is left out (its marginal is the total)."""
    groups: dict[Clique, list[Measurement]] = {}
    for m in measurements:
        if m.clique:
            groups.setdefault(m.clique, []).append(m)
    return [group[0] if len(group) == 1 else _average(group) for group in groups.values()]


def _average(group: Sequence[Measurement]) -> Measurement:
    precision = np.zeros(group[0].values.shape)
    weighted = np.zeros(group[0].values.shape)
    for m in group:
        precision += 1 / m.variance
        weighted += m.values / m.variance
    return Measurement(clique=group[0].clique, values=weighted / precision, sigma=1 / np.sqrt(precision))


def one_way_estimates(measurements: Sequence[Measurement], total: float) -> dict[str, np.ndarray]:
    """Positive one-way counts of every measured attribute, from all marginals that hold it.

    Marginals are summed to the attribute, averaged by inverse variance, projected onto non-negative counts with the
    right sum, and kept above a small part of their standard deviation.

    Returns:
        For each attribute expected counts of shape (size,) that sum to ``total``, all above 0.
    """
    weighted: dict[str, np.ndarray] = {}
    precision: dict[str, np.ndarray] = {}
    for m in measurements:
        for axis, attribute in enumerate(m.clique):
            others = tuple(k for k in range(m.values.ndim) if k != axis)
            weight = 1 / m.variance.sum(axis=others)
            weighted[attribute] = weighted.get(attribute, 0.0) + weight * m.values.sum(axis=others)
            precision[attribute] = precision.get(attribute, 0.0) + weight
    estimates = {}
    for attribute, sums in weighted.items():
        floor = min(_FLOOR / sqrt(precision[attribute].max()), total)
        counts = np.maximum(_onto_simplex(sums / precision[attribute], total), floor)
        estimates[attribute] = counts * (total / counts.sum())
    return estimates


def _onto_simplex(values: np.ndarray, total: float) -> np.ndarray:
    """The nearest non-negative vector with this sum (Held, Wolfe & Crowder 1974)."""
    falling = np.sort(values)[::-1]
    excess = (np.cumsum(falling) - total) / np.arange(1, values.size + 1)
    # The largest value is always kept, also when rounding hides that it exceeds its own excess.
    count = max(1, int(np.count_nonzero(falling > excess)))
    projected: np.ndarray = np.maximum(values - excess[count - 1], 0.0)
    return projected
