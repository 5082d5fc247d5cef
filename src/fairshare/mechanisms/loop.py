"""The loop that adaptive mechanisms share: select a clique, measure it, estimate the model again."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairshare.curator import Candidate, Curator
from fairshare.curator.base import WEIGHT_CAP
from fairshare.marginals import Clique
from fairshare.mechanisms.base import Progress, Step, spent_share
from fairshare.mechanisms.gate import Gate
from fairshare.mechanisms.uncertainty import LastSelection
from fairshare.model import Fit, FitOptions, Measurement, Model, fit
from fairshare.privacy import epsilon_for, sigma_for

__all__ = ["Round", "Selection", "expected_noise", "integer_weights", "select_measure_estimate", "within_size"]

_CELL_BYTES = 8


@dataclass(frozen=True, kw_only=True)
class Round:
    """What one round may spend and choose from.

    Attributes:
        candidates: cliques that may be selected.
        weights: public integer weight of each candidate.
        select: billionths of rho for the selection.
        measure: billionths of rho for the measurement.
        penalise_noise: subtract the L1 error that measuring would itself add, so that large marginals must earn it.
    """

    candidates: Sequence[Clique]
    weights: Sequence[int]
    select: int
    measure: int
    penalise_noise: bool = True


@dataclass(frozen=True, kw_only=True)
class Selection:
    """What a round chose and learnt.

    Attributes:
        clique: the selected clique.
        sigma: scale of the noise on its marginal.
        change: L1 distance between the model's marginal on it before and after.
    """

    clique: Clique
    sigma: float
    change: float


def expected_noise(sigma: float, cells: int) -> float:
    """Expected L1 norm of ``cells`` Gaussians of scale ``sigma``."""
    return math.sqrt(2 / math.pi) * sigma * cells


def integer_weights(weights: Mapping[Clique, float]) -> dict[Clique, int]:
    """Public weights as integers of at most 2^16; exact where they are small integers already.

    The exponential mechanism depends on weights up to a common factor only, so the others are scaled.
    """
    top = max(weights.values(), default=1.0)
    if top <= WEIGHT_CAP and all(float(w).is_integer() for w in weights.values()):
        return {c: int(w) for c, w in weights.items()}
    return {c: max(1, round(w / top * WEIGHT_CAP)) if w > 0 else 0 for c, w in weights.items()}


def within_size(model: Model, candidates: Sequence[Clique], max_mb: float) -> NDArray[np.bool_]:
    """Which candidates keep the junction tree within ``max_mb`` megabytes (shape (candidates,)).

    Candidates that the tree holds already are always within: they cost no cell.
    """
    tree = model.junction_tree
    cells = tree.cells_with(candidates)
    fits: NDArray[np.bool_] = (cells * _CELL_BYTES <= max_mb * 2**20) | (cells <= tree.cells)
    return fits


def select_measure_estimate(
    curator: Curator,
    fitted: Fit,
    measured: list[Measurement],
    plan: Callable[[Model, Selection | None], Round | None],
    *,
    gate: Gate,
    fitting: FitOptions,
    progress: Progress,
) -> tuple[Fit, LastSelection | None]:
    """Rounds of select, measure, estimate, until ``plan`` says None; returns the last fit and selection.

    Args:
        curator: answers the calls; every spend is checked by its ledger before data are touched.
        fitted: the first fit.
        measured: measurements so far; each round's is appended.
        plan: from the model and the last round's selection to the next round; public control flow.
        gate: what fairness allows; candidates that it refuses are never offered to the curator.
        fitting: how to fit.
        progress: told after each round.
    """
    last: Selection | None = None
    evidence: LastSelection | None = None
    rounds = 0
    while (round_ := plan(fitted.model, last)) is not None:
        sigma = sigma_for(round_.measure, 1, curator.ledger.unit)
        candidates = _candidates(round_, fitted.model, gate, sigma)
        epsilon = epsilon_for(round_.select)
        chosen = candidates[curator.select(candidates, epsilon)]
        clique, before = chosen.clique, chosen.estimate
        gate.take(clique)
        noisy = curator.measure([clique], sigma)[0]
        measured.append(Measurement(clique=clique, values=noisy, sigma=sigma))
        evidence = LastSelection(
            candidates=candidates,
            chosen=chosen,
            measured=noisy,
            sigma=sigma,
            epsilon=epsilon,
            l1=curator.ledger.unit.l1,
        )
        fitted = fit(curator.domain, measured, warm=fitted.model, zeros=fitted.model.zeros, options=fitting)
        change = float(np.abs(fitted.model.marginal(clique) - before).sum())
        last = Selection(clique=clique, sigma=sigma, change=change)
        rounds += 1
        progress(Step(phase="select, measure, fit", done=rounds, parts=0, spent=spent_share(curator)))
    return fitted, evidence


def _candidates(round_: Round, model: Model, gate: Gate, sigma: float) -> list[Candidate]:
    """The round's candidates that the gate lets pass, with the model's estimates."""
    allowed = gate.allowed(round_.candidates)
    cliques = [c for c, ok in zip(round_.candidates, allowed, strict=True) if ok]
    weights = [w for w, ok in zip(round_.weights, allowed, strict=True) if ok]
    return [
        Candidate(
            clique=clique,
            estimate=estimate,
            weight=weight,
            penalty=round(expected_noise(sigma, estimate.size)) if round_.penalise_noise else 0,
        )
        for clique, estimate, weight in zip(cliques, model.marginals(cliques), weights, strict=True)
    ]
