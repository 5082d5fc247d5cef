"""How wrong may the model's marginals be? Bounds from what was released, at no privacy cost.

After AIM (McKenna et al. 2022, section 6), restated for scores with penalties. Each bound holds by itself with
the stated confidence over the mechanism's noise; the rows drawn from the model are a further step away from it.

*Supported* marginals lie inside a measured one. Averaging the measurements that contain r, summed to r, by inverse
variance gives y with independent noise of scale s on its n cells. With probability at least 1 - b,
||M_r(D) - M_r(p)|| <= sqrt(2 ln 2) s n + sqrt(ln 1/b) s sqrt(2 n) + ||y - M_r(p)|| in L1 (their Theorem 3).

*Passed over* marginals were candidates of the last selection and lost to the clique t. The exponential mechanism picks
a score within (2 Delta/epsilon)(ln |C| + u) of the best with probability at least 1 - exp(-u), and the winner's error
is at most ||y_t - p_t|| + v sigma sqrt(n_t) with probability at least 1 - exp(-v^2/2), which bounds the loser's error
under the model of that round; the triangle inequality leads to the final model (their Theorem 4).

Both are stated for Gaussian noise. The discrete Gaussian is no wider in variance and agrees with it up to terms that
are invisible at scales above 1; that is the one idealisation here, and privacy does not rest on it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairshare.curator import Candidate, in_grains
from fairshare.marginals import Clique
from fairshare.marginals.limits import GRAIN
from fairshare.model import Measurement, Model

__all__ = ["Bound", "LastSelection", "error_bounds"]


@dataclass(frozen=True, kw_only=True)
class LastSelection:
    """What the last round of a mechanism saw and paid.

    Attributes:
        candidates: what was offered, with the estimates, weights and penalties of that round.
        chosen: the clique that won.
        measured: its noisy counts, measured after.
        sigma: scale of that noise.
        epsilon: of the selection.
        l1: rows that one unit can move an unweighted score by.
    """

    candidates: Sequence[Candidate]
    chosen: Candidate
    measured: NDArray[np.int64]
    sigma: float
    epsilon: float
    l1: int

    def slack(self, failure: float) -> float:
        """Bound on every candidate's score, with probability at least 1 - ``failure``."""
        half = math.log(2 / failure)
        error = float(np.abs(self.measured - _scored(self.chosen)).sum())
        error += math.sqrt(2 * half) * self.sigma * math.sqrt(self.measured.size)
        heaviest = max(c.weight for c in self.candidates)
        best = 2 * self.l1 * heaviest / self.epsilon * (math.log(len(self.candidates)) + half)
        return self.chosen.weight * (error - self.chosen.penalty) + best


@dataclass(frozen=True, kw_only=True)
class Bound:
    """A bound on one marginal of the model.

    Attributes:
        clique: the attributes.
        l1: bound on the L1 distance to the private table's marginal, in rows.
        basis: ``measured`` or ``passed over``.
    """

    clique: Clique
    l1: float
    basis: str

    def describe(self) -> dict[str, Any]:
        """JSON-able content."""
        return {"columns": list(self.clique), "l1": round(self.l1, 1), "basis": self.basis}


def error_bounds(
    model: Model,
    measurements: Sequence[Measurement],
    last: LastSelection | None,
    *,
    confidence: float = 0.95,
) -> list[Bound]:
    """A bound for every measured clique, every column, and every candidate of the last selection.

    Args:
        model: the final model.
        measurements: everything that was measured, over the model's domain.
        last: the last selection, if the mechanism selects.
        confidence: of each bound by itself, in (0, 1).

    Returns:
        One bound a clique (the smaller where both apply), smallest cliques first.
    """
    failure = 1 - confidence
    cliques = {m.clique for m in measurements if m.clique} | {(a,) for m in measurements for a in m.clique}
    offered = {} if last is None else {c.clique: c for c in last.candidates if c.weight}
    names = sorted({*cliques, *offered}, key=lambda c: (len(c), [model.domain.axis(a) for a in c]))
    slack = 0.0 if last is None else last.slack(failure)
    bounds = []
    for clique, estimate in zip(names, model.marginals(names), strict=True):
        options = []
        if (supported := _supported(clique, estimate, measurements, failure)) is not None:
            options.append(Bound(clique=clique, l1=supported, basis="measured"))
        if (lost := offered.get(clique)) is not None:
            moved = float(np.abs(estimate - _scored(lost)).sum())
            options.append(Bound(clique=clique, l1=lost.penalty + slack / lost.weight + moved, basis="passed over"))
        bounds.append(min(options, key=lambda b: b.l1))
    return bounds


def _scored(candidate: Candidate) -> NDArray[np.float64]:
    """The estimate that its score was computed with, in rows."""
    return in_grains(candidate.estimate) / GRAIN


def _supported(
    clique: Clique, estimate: NDArray[np.float64], measurements: Sequence[Measurement], failure: float
) -> float | None:
    precision, weighted = 0.0, np.zeros(estimate.shape)
    for m in measurements:
        if set(clique) <= set(m.clique):
            others = tuple(axis for axis, a in enumerate(m.clique) if a not in clique)
            # Merged cells may differ in noise; the largest variance is a bound for all.
            variance = float(np.max(m.variance.sum(axis=others)))
            precision += 1 / variance
            weighted += m.values.sum(axis=others) / variance
    if not precision:
        return None
    scale, cells = 1 / math.sqrt(precision), estimate.size
    tail = math.sqrt(2 * math.log(2)) * scale * cells + math.sqrt(-math.log(failure)) * scale * math.sqrt(2 * cells)
    return tail + float(np.abs(weighted / precision - estimate).sum())
