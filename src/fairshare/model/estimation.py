"""From noisy marginals to a model."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import isfinite

import numpy as np

from fairshare.errors import UsageError
from fairshare.marginals import Clique, Domain
from fairshare.model.junction_tree import MOST_CELLS
from fairshare.model.layout import reorder
from fairshare.model.measurement import Measurement, check_measurements, estimate_total, merge
from fairshare.model.model import Model
from fairshare.model.objective import Objective, Point, dot
from fairshare.model.propagation import Propagation
from fairshare.model.solver import Outcome, Status, minimise

__all__ = ["Fit", "FitOptions", "Status", "fit"]


@dataclass(frozen=True, kw_only=True)
class FitOptions:
    """How to estimate.

    Attributes:
        max_iterations: of the solver, over all rounds; each costs one belief propagation, seldom two.
        tolerance: stop a round when the duality gap is below this part of the loss that the true table would have
            in expectation (half the number of measured cells).
        prior: weight of the entropy against the reference, in units of 1 / sigma; see ``rounds``.
        rounds: how often the penalised problem is solved, each time with the last answer as reference. Only
            prior / rounds decides how closely noise is fitted; more rounds are kinder to strong dependence. By
            experiment 4 and 3 are close to the least error from epsilon 0.1 to 10 and from a thousand to fifty
            thousand rows; 1 and 1 take half the time, when many fits in a row are needed and each only guides a
            choice; prior 1e-2 in 1 round is plain least squares.
        max_cells: refuse a junction tree with more cells (8 bytes each; a fit holds up to three times that).

    Raises:
        UsageError: a value is outside its range.
    """

    max_iterations: int = 10_000
    tolerance: float = 1e-4
    prior: float = 4.0
    rounds: int = 3
    max_cells: int = MOST_CELLS

    def __post_init__(self) -> None:
        if self.max_iterations < 0:
            raise UsageError(f"max_iterations ({self.max_iterations}) must be at least 0")
        if not (isfinite(self.tolerance) and self.tolerance > 0):
            raise UsageError(f"tolerance ({self.tolerance}) must be a finite number above 0")
        if not (isfinite(self.prior) and self.prior > 0):
            raise UsageError(f"prior ({self.prior}) must be a finite number above 0; for least squares try 1e-2")
        if self.rounds < 1:
            raise UsageError(f"rounds ({self.rounds}) must be at least 1")
        if self.max_cells < 1:
            raise UsageError(f"max_cells ({self.max_cells}) must be at least 1")


@dataclass(frozen=True, kw_only=True, eq=False)
class Fit:
    """An estimate and how it ended.

    Attributes:
        model: the estimated model.
        loss: sum over all measurements of ||n p_m - y_m||^2 / (2 sigma_m^2).
        gap: bound on how far the last round's objective is above its optimum, in units of the loss.
        measured_cells: half of it is the loss that the true table would have in expectation.
        iterations: steps of the solver, over all rounds.
        status: converged, or the first reason why not.
    """

    model: Model
    loss: float
    gap: float
    measured_cells: int
    iterations: int
    status: Status


def fit(
    domain: Domain,
    measurements: Sequence[Measurement],
    *,
    total: float | None = None,
    warm: Model | None = None,
    structure: Sequence[Clique] = (),
    zeros: Mapping[Clique, np.ndarray] | None = None,
    options: FitOptions | None = None,
    progress: Callable[[int, float], None] | None = None,
) -> Fit:
    """Estimate a model from noisy marginals: penalised least squares over all distributions of the domain.

    Potentials live on the measured cliques only. Attributes in no measured clique are uniform and independent. The
    optimum is unique: the start decides the time, not the answer.

    Args:
        domain: attributes and sizes.
        measurements: noisy marginals; several of one clique are merged by inverse variance.
        total: number of rows; estimated from the measurements when not given; at least 1 is used.
        warm: a model of the same domain to start from.
        structure: further cliques that one table of the junction tree shall hold.
        zeros: for a clique (in domain order) the cells, as a boolean mask, that no row may lie in.
        options: of the solver.
        progress: called before each step with the iteration and the loss.

    Returns:
        The model, its loss, and how the solver ended. Non-convergence is a status, not an error.

    Raises:
        UsageError: a measurement does not fit the domain, the junction tree is too large, or the zeros leave nothing.
    """
    options = options or FitOptions()
    check_measurements(domain, measurements)
    if total is None:
        total = estimate_total(measurements)
    elif not (isfinite(total) and total >= 0):
        raise UsageError(f"total ({total}) must be a finite number of rows, at least 0")
    if warm is not None and warm.domain != domain:
        raise UsageError("warm must be a model of the same domain; start cold instead")
    merged = merge(measurements)
    cliques = [m.clique for m in merged]
    model = Model(
        domain=domain,
        total=max(1.0, float(total)),
        potentials={c: np.zeros(domain.sizes(c)) for c in cliques},
        structure=tuple(structure),
        zeros=zeros or {},
    )
    model.junction_tree.check_size(options.max_cells)
    fixed = list(model.zeros)
    propagation = Propagation(model.junction_tree, [*cliques, *fixed])
    logs = [reorder(np.where(model.zeros[c], -np.inf, 0.0), c, propagation.domain.clique(c)) for c in fixed]
    objective = Objective(propagation, merged, model.total, options.prior, logs)
    outcome = _solve(objective, options, warm, _reporter(objective, progress))
    estimate = model.with_potentials(objective.potentials(outcome.point.theta))
    return Fit(
        model=estimate,
        loss=_loss(measurements, objective, outcome.point, model.total),
        gap=outcome.point.gap,
        measured_cells=sum(m.values.size for m in measurements),
        iterations=outcome.iterations,
        status=outcome.status,
    )


def _solve(
    objective: Objective, options: FitOptions, warm: Model | None, progress: Callable[[int, Point], None] | None
) -> Outcome:
    """All rounds; the last one's point, the sum of iterations, and the first status that is not convergence."""
    used, status = 0, Status.CONVERGED
    goal = None if warm is None else objective.base + objective.start(warm.potentials)
    theta = np.zeros(objective.cells)
    for left in range(options.rounds, 0, -1):
        if goal is not None:  # what a warm start has left to give, in even shares: rounds take about equal steps
            theta = (goal - objective.base) / left
        outcome = minimise(
            objective,
            theta,
            gap=options.tolerance * objective.cells / 2,
            max_iterations=options.max_iterations - used,
            progress=None if progress is None else partial(_shifted, progress, used),
        )
        used += outcome.iterations
        status = outcome.status if status is Status.CONVERGED else status
        if left > 1:
            objective.recentre(outcome.point.theta)
            theta = outcome.point.theta / 2
    return Outcome(outcome.point, used, status)


def _shifted(progress: Callable[[int, Point], None], used: int, iteration: int, point: Point) -> None:
    progress(used + iteration, point)


def _reporter(
    objective: Objective, progress: Callable[[int, float], None] | None
) -> Callable[[int, Point], None] | None:
    if progress is None:
        return None

    def report(iteration: int, point: Point) -> None:
        residual = point.counts - objective.counts
        progress(iteration, 0.5 * dot(residual, residual / objective.variance))

    return report


def _loss(measurements: Sequence[Measurement], objective: Objective, point: Point, total: float) -> float:
    """The loss on the measurements as they were given, before merging and before their sums were aligned."""
    counts = {**objective.tables(point.counts), (): np.array(total)}
    return sum(0.5 * float(np.sum((counts[m.clique] - m.values) ** 2 / m.variance)) for m in measurements)
