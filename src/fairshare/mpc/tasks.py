"""From a public request to a checked, priced task. Servers and driver run the same code; servers trust only their own.

Privacy:
    Everything that a promise depends on is computed here, from the request, the terms and nothing else: sensitivity
    (from the weights and the unit), rho (the event), the samplers' distance from their ideals, and the ring in which
    neither a count, nor a score, nor the noise wraps. A driver that understates any of them cannot say so: there is no
    field for it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isfinite, nextafter, sqrt

import numpy as np
from numpy.typing import NDArray

from fairshare.errors import UsageError
from fairshare.marginals import Clique, Domain
from fairshare.marginals.coarsening import coarse_domain
from fairshare.marginals.limits import CELL_CAP, GRAIN, WEIGHT_CAP
from fairshare.mpc.gaussian import components, distance, reach
from fairshare.mpc.noise_distributed import MIN_SIGMA, extra_rho
from fairshare.mpc.requests import Maps, Measure, Offers, Score, Select
from fairshare.mpc.ring import Ring, score_ring
from fairshare.mpc.select import Selection
from fairshare.mpc.terms import Terms
from fairshare.privacy import Event, MeasureEvent, Sampled, ScoreEvent, SelectEvent

__all__ = ["MAX_CELLS", "MAX_OFFERS", "Draw", "MeasureTask", "ScoreTask", "SelectTask", "Task", "task_of"]

#: Most cells of a request in all, and of one marginal.
MAX_CELLS = 1 << 25
_MAX_MARGINAL = 1 << 22
#: Most cells of one marginal before codes are merged: it is made whole.
_MAX_FINE = 1 << 26
#: Most candidates of a request.
MAX_OFFERS = 1 << 14

# Bound on one draw of privacy/gaussian.py, as in privacy/events.py; three servers draw.
_TV_DRAW = Fraction(3, 2**230)


@dataclass(frozen=True)
class Draw:
    """Gaussian noise to be made: a scale for so many cells.

    Attributes:
        sigma: the scale to draw at.
        count: number of draws.
    """

    sigma: float
    count: int


@dataclass(frozen=True, kw_only=True, eq=False)
class _Asked:
    """What every task has.

    Attributes:
        domain: the domain after the request's maps.
        maps: coarser codes.
        cliques: whose counts are needed.
        event: what is charged.
    """

    domain: Domain
    maps: Maps
    cliques: tuple[Clique, ...]
    event: Event


@dataclass(frozen=True, kw_only=True, eq=False)
class MeasureTask(_Asked):
    """Counts to open under noise.

    Attributes:
        draws: noise, one for each clique.
        ring: to add and open in.
    """

    draws: tuple[Draw, ...]
    ring: Ring


@dataclass(frozen=True, kw_only=True, eq=False)
class _Scored(_Asked):
    """Candidates to score.

    Attributes:
        offers: as requested.
        starts: first cell of each candidate, shape (candidates,).
        error_ring: where counts and estimates are compared.
        ring: where scores live.
    """

    offers: Offers
    starts: NDArray[np.intp]
    error_ring: Ring
    ring: Ring


@dataclass(frozen=True, kw_only=True, eq=False)
class ScoreTask(_Scored):
    """Scores to open under noise.

    Attributes:
        draw: the noise.
    """

    draw: Draw


@dataclass(frozen=True, kw_only=True, eq=False)
class SelectTask(_Scored):
    """A candidate to select.

    Attributes:
        selection: the mechanism's public shape.
    """

    selection: Selection


Task = MeasureTask | ScoreTask | SelectTask


def task_of(terms: Terms, request: Measure | Score | Select) -> Task:
    """Check a request against the terms, and price it.

    Raises:
        UsageError: what is out of range; nothing was charged.
    """
    domain = coarse_domain(terms.domain, _checked_maps(terms.domain, request.maps))
    if isinstance(request, Measure):
        return _measure(terms, domain, request)
    frame = _frame(terms, domain, request.offers)
    return _score(terms, frame, request) if isinstance(request, Score) else _select(terms, frame, request)


def _measure(terms: Terms, domain: Domain, request: Measure) -> MeasureTask:
    cells, sigmas = _cells(terms, domain, request.cliques), request.sigmas
    if len(sigmas) != len(cells):
        raise UsageError(f"sigmas ({len(sigmas)} of them) must be one for each clique ({len(cells)})")
    draws = tuple(_draw(terms, s, n) for s, n in zip(sigmas, cells, strict=True))
    event = MeasureEvent(
        cliques=request.cliques, cells=sum(cells), sigmas=sigmas, unit=terms.unit, sampled=_sampled(terms, draws)
    )
    span = terms.most_rows + max(_reach(terms, d.sigma) for d in draws)
    return MeasureTask(
        domain=domain,
        maps=request.maps,
        cliques=request.cliques,
        event=event,
        draws=draws,
        ring=_wider(terms.ring, span),
    )


@dataclass(frozen=True)
class _Frame:
    """Where candidates' cells start, and how large their errors and scores can be."""

    domain: Domain
    starts: NDArray[np.intp]
    error_ring: Ring
    span: int


def _frame(terms: Terms, domain: Domain, offers: Offers) -> _Frame:
    cells = _cells(terms, domain, offers.cliques)
    _check_offers(offers, cells)
    starts = np.cumsum([0, *cells[:-1]]).astype(np.intp)
    # In floats first: millions of cells at the cap of one would wrap around 64 bits, and look small.
    if not np.add.reduceat(offers.estimates.astype(np.float64), starts).max() <= GRAIN * CELL_CAP:
        raise UsageError("estimates of a candidate must be at most 2^40 rows in all")
    estimated = np.add.reduceat(offers.estimates, starts)
    most = int(estimated.max())
    rows = GRAIN * terms.most_rows
    return _Frame(domain, starts, _wider(terms.ring, rows + most), _span(rows, estimated, offers))


def _score(terms: Terms, frame: _Frame, request: Score) -> ScoreTask:
    offers = request.offers
    draw = _draw(terms, request.sigma, len(frame.starts), GRAIN)
    return ScoreTask(
        domain=frame.domain,
        maps=request.maps,
        cliques=offers.cliques,
        event=ScoreEvent(
            candidates=offers.cliques,
            weights=offers.weights,
            sigma=request.sigma,
            unit=terms.unit,
            sampled=_sampled(terms, [draw]),
        ),
        offers=offers,
        starts=frame.starts,
        error_ring=frame.error_ring,
        ring=_wider(frame.error_ring, frame.span + _reach(terms, draw.sigma)),
        draw=draw,
    )


def _select(terms: Terms, frame: _Frame, request: Select) -> SelectTask:
    offers, epsilon, weight = request.offers, request.epsilon, max(request.offers.weights)
    if not (isfinite(epsilon) and epsilon > 0):
        raise UsageError(f"epsilon ({epsilon}) must be a positive finite number")
    selection = Selection(len(frame.starts), Fraction(epsilon) / (2 * GRAIN * terms.unit.l1 * weight))
    loss = Fraction(selection.distance) if len(frame.starts) > 1 else Fraction(0)
    return SelectTask(
        domain=frame.domain,
        maps=request.maps,
        cliques=offers.cliques,
        event=SelectEvent(
            candidates=offers.cliques,
            epsilon=epsilon,
            max_weight=weight,
            unit=terms.unit,
            sampled=Sampled(how="joint", distance=loss),
        ),
        offers=offers,
        starts=frame.starts,
        error_ring=frame.error_ring,
        ring=_wider(frame.error_ring, frame.span),
        selection=selection,
    )


def _checked_maps(domain: Domain, maps: Maps) -> Mapping[str, NDArray[np.int64]]:
    for attribute, codes in maps.items():
        if codes.shape != (domain.size_of(attribute),):
            raise UsageError(
                f"the map of {attribute!r} must give each of its {domain.size_of(attribute)} codes a new one"
            )
    return maps


def _cells(terms: Terms, domain: Domain, cliques: Sequence[Clique]) -> list[int]:
    if not 1 <= len(cliques) <= MAX_OFFERS:
        raise UsageError(f"cliques ({len(cliques)} of them) must be between 1 and {MAX_OFFERS}")
    for clique in cliques:
        if clique != domain.clique(clique):
            raise UsageError(f"clique {clique} must name each attribute once, in domain order")
        if terms.whole_shared is not None and clique and clique not in terms.whole_shared:
            raise UsageError(
                f"marginal {clique} was not shared: holders of whole rows share those of up to {terms.order} columns, "
                f"of three or more only with at most {terms.max_cells} cells; ask for smaller ones or agree on "
                "another plan"
            )
    cells = [domain.cells(c) for c in cliques]
    if (fine := max(terms.domain.cells(c) for c in cliques)) > _MAX_FINE:
        raise UsageError(f"cells ({fine}) of a marginal before its codes are merged must be at most {_MAX_FINE}")
    if max(cells) > _MAX_MARGINAL or sum(cells) > MAX_CELLS:
        raise UsageError(
            f"cells ({max(cells)}, {sum(cells)} in all) must be at most {_MAX_MARGINAL}, {MAX_CELLS} in all"
        )
    return cells


def _check_offers(offers: Offers, cells: Sequence[int]) -> None:
    """The integer form of what ``curator.base.check_candidates`` demands."""
    count, estimates = len(offers.cliques), offers.estimates
    if len(set(offers.cliques)) != count:
        raise UsageError("candidates must be different cliques; a repeated one would be scored twice for one price")
    if len(offers.weights) != count or len(offers.penalties) != count:
        raise UsageError(f"weights and penalties must be one for each candidate ({count})")
    if not (min(offers.weights) >= 0 and 0 < max(offers.weights) <= WEIGHT_CAP):
        raise UsageError(f"weights must be integers between 0 and {WEIGHT_CAP}, and one of them positive")
    if max(map(abs, offers.penalties)) > GRAIN * CELL_CAP:
        raise UsageError("penalties must be integers of at most 2^40 rows")
    if estimates.shape != (sum(cells),):
        raise UsageError(f"estimates ({estimates.shape[0]} of them) must be one for each cell ({sum(cells)})")
    if int(estimates.min()) < 0 or int(estimates.max()) > GRAIN * CELL_CAP:
        raise UsageError("estimates must be between 0 and 2^40 rows")


def _span(rows: int, estimated: NDArray[np.int64], offers: Offers) -> int:
    """Bound in grains on every score's magnitude, and on any two's difference; exact integers below 2^62."""
    weights, penalties = np.array(offers.weights), np.array(offers.penalties)
    low, high = weights * -penalties, weights * (rows + estimated - penalties)
    return int(max(high.max(), -low.min(), high.max() - low.min(), 0))


def _wider(ring: Ring, span: int) -> Ring:
    return max(ring, score_ring(span), key=lambda r: r.bits)


def _draw(terms: Terms, sigma: float, count: int, grain: int = 1) -> Draw:
    """The noise for a call of scale ``sigma``; distributed noise is a hair wider, which pays its closeness term.

    Values and noise are in 1/``grain`` of a row: s and the scale grow alike, so their quotient stays. The theorem
    behind distributed noise adds ``extra_rho`` to s^2/(2 sigma^2), s >= 1 row. Drawing at sigma (1 + x) lowers the
    latter by at least x/(2 sigma^2) for x <= 1/3, so x = 2 sigma^2 extra_rho pays for it, and the call costs what
    joint noise costs. One last place more pays where x is below the float's precision.
    """
    scale = grain * sigma
    components(scale)  # refuses what is out of range
    if terms.noise == "joint":
        return Draw(scale, count)
    if scale < MIN_SIGMA:
        raise UsageError(
            f"sigma ({sigma}) must be at least {MIN_SIGMA / grain:.3f} for distributed noise; use joint noise"
        )
    wider = scale * (1 + 2 * extra_rho(scale, count) * sigma**2)
    return Draw(nextafter(wider, float("inf")), count)


def _sampled(terms: Terms, draws: Sequence[Draw]) -> Sampled:
    if terms.noise == "distributed":
        return Sampled(how="distributed", distance=sum(d.count for d in draws) * _TV_DRAW)
    return Sampled(how="joint", distance=sum((d.count * Fraction(distance(d.sigma)) for d in draws), Fraction(0)))


def _reach(terms: Terms, sigma: float) -> int:
    """The largest magnitude of the noise."""
    if terms.noise == "joint":
        return reach(sigma)
    # A table draw stays within 19 scales; sums of at most three such are within 19 sqrt(2)^2; three servers draw.
    return 3 * (64 * int(sigma / sqrt(2)) + 256)
