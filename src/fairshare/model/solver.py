"""Minimise the dual objective: limited-memory BFGS with a diagonal preconditioner and a monotone line search.

The curvature of F along one cell is at most its expected count plus the ridge; that diagonal, taken anew at each
step, is the metric, and a few pairs of past steps and gradient changes do the rest (Nocedal & Wright 2006, ch. 7).
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

import numpy as np

from fairshare.model.objective import Objective, Point, dot

__all__ = ["Outcome", "Status", "minimise"]

_MEMORY = 10
_SHRINK = 0.4
_ARMIJO = 1e-4
_TRIALS = 40  # 0.4 ** 40 is 1e-16: below that a step changes nothing in float64


class Status(Enum):
    """How a fit ended."""

    CONVERGED = "the duality gap is below the tolerance"
    ITERATION_LIMIT = "the iteration limit was reached first"
    STALLED = "no step improves the objective in double precision"


@dataclass(frozen=True, eq=False)
class Outcome:
    """Where the solver stopped, and why."""

    point: Point
    iterations: int
    status: Status


def minimise(
    objective: Objective,
    theta: np.ndarray,
    *,
    gap: float,
    max_iterations: int,
    progress: Callable[[int, Point], None] | None = None,
) -> Outcome:
    """Minimise ``objective`` from ``theta`` until the duality gap is at most ``gap``."""
    point = objective.at(theta)
    pairs: deque[tuple[np.ndarray, np.ndarray, float]] = deque(maxlen=_MEMORY)
    for iteration in range(max_iterations):
        if progress is not None:
            progress(iteration, point)
        if point.gap <= gap:
            return Outcome(point, iteration, Status.CONVERGED)
        metric = np.maximum(point.counts, 0.0) + objective.ridge
        following = _search(objective, point, _direction(point.gradient, metric, pairs))
        if following is None and pairs:  # the memory may mislead after a cut step; the plain gradient cannot
            pairs.clear()
            following = _search(objective, point, _direction(point.gradient, metric, pairs))
        if following is None or (following.value >= point.value and following.gap >= point.gap):
            return Outcome(point, iteration, Status.STALLED)
        step, change = following.theta - point.theta, following.gradient - point.gradient
        curvature = dot(step, change)
        if curvature > 0:
            pairs.append((step, change, 1 / curvature))
        point = following
    status = Status.CONVERGED if point.gap <= gap else Status.ITERATION_LIMIT
    return Outcome(point, max_iterations, status)


def _direction(
    gradient: np.ndarray, metric: np.ndarray, pairs: deque[tuple[np.ndarray, np.ndarray, float]]
) -> np.ndarray:
    """Minus the inverse Hessian estimate times the gradient (two-loop recursion)."""
    q = gradient.copy()
    weights = []
    for step, change, inverse in reversed(pairs):
        weight = inverse * dot(step, q)
        weights.append(weight)
        q -= weight * change
    if pairs:
        step, change, inverse = pairs[-1]
        scale = 1 / (inverse * dot(change, change / metric))
    else:
        scale = 0.5  # overlapping cliques correct the same residual; half a step is safe for a pair
    z = q * (scale / metric)
    for (step, change, inverse), weight in zip(pairs, reversed(weights), strict=True):
        z += step * (weight - inverse * dot(change, z))
    return -z


def _search(objective: Objective, point: Point, direction: np.ndarray) -> Point | None:
    """The first point along a shrinking step that lowers the objective enough; None if there is none."""
    slope = dot(point.gradient, direction)
    if not slope < 0:
        return None
    slack = 1e-14 * (1 + abs(point.value))
    step = 1.0
    for _ in range(_TRIALS):
        trial = objective.at(point.theta + step * direction)
        if trial.value <= point.value + _ARMIJO * step * slope + slack:
            return trial
        step *= _SHRINK
    return None
