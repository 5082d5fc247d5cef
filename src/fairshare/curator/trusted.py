"""The trusted curator: one table, one process, in the clear. This file is the specification of the three calls."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from fairshare.counting import CountingEngine
from fairshare.curator.base import Candidate, check_candidates, check_clique
from fairshare.errors import UsageError
from fairshare.marginals import Clique, Domain
from fairshare.marginals.coarsening import coarse_domain, coarse_sum, compose, own_maps
from fairshare.marginals.limits import GRAIN
from fairshare.privacy import Event, Ledger, MeasureEvent, Noise, ScoreEvent, SelectEvent
from fairshare.privacy.gaussian import MAX_SIGMA

__all__ = ["TrustedCurator"]

# Exact marginals kept between calls: a mechanism scores the same candidates round after round.
_CACHE_BYTES = 256 * 2**20


class TrustedCurator:
    """Answers the three calls from exact marginals, wherever they are counted.

    Privacy:
        ``measure``: exact counts plus discrete Gaussian integers, rho = k s^2/(2 sigma^2). Scores are whole grains
        (eighths of a row), and one unit moves them by at most D = 8 x l1 x weight. ``select``: the exponential
        mechanism with the largest D, rho = epsilon^2/8. ``score``: exact scores plus discrete Gaussian integers of
        scale 8 sigma, rho = sum D^2/(2 (8 sigma)^2) = sum (l1 w)^2/(2 sigma^2). s and l1 come from the ledger's unit
        (``PrivacyUnit``), whatever the caller says. A call validates its public arguments, then charges the ledger,
        then reads the data.

    Args:
        table: what counts the private rows; at most ``ledger.unit.max_rows`` rows of one person (the engine, or whoever
            built it, truncates).
        ledger: promise and account.
        noise: where randomness comes from.
    """

    def __init__(self, table: CountingEngine, *, ledger: Ledger, noise: Noise) -> None:
        self._table = table
        self._ledger = ledger
        self._noise = noise
        self._maps: dict[str, NDArray[np.int64]] = {}
        self._domain = table.domain
        self._cache: dict[Clique, NDArray[np.int64]] = {}
        self._cached_bytes = 0

    @property
    def domain(self) -> Domain:
        """The public domain."""
        return self._domain

    @property
    def ledger(self) -> Ledger:
        """What was promised and spent."""
        return self._ledger

    def measure(self, cliques: Sequence[Clique], sigma: float | Sequence[float]) -> list[NDArray[np.int64]]:
        """Noisy integer counts; see ``Curator.measure``."""
        wanted = [check_clique(self._domain, clique) for clique in cliques]
        if not wanted:
            raise UsageError("cliques must hold at least one clique to measure")
        cells = [self._domain.cells(c) for c in wanted]
        sigmas = _one_each(sigma, len(wanted))
        event = MeasureEvent(cliques=tuple(wanted), cells=sum(cells), sigmas=sigmas, unit=self._ledger.unit)
        self._charge(event)
        noise = [self._noise.gaussian(s, n) for s, n in zip(event.sigmas, cells, strict=True)]
        return [
            y + z.reshape(self._domain.sizes(c)) for c, y, z in zip(wanted, self._counts(wanted), noise, strict=True)
        ]

    def select(self, candidates: Sequence[Candidate], epsilon: float) -> int:
        """One candidate by the exponential mechanism; see ``Curator.select``."""
        candidates, estimates = check_candidates(self._domain, candidates)
        weight = max(c.weight for c in candidates)
        cliques = tuple(c.clique for c in candidates)
        event = SelectEvent(candidates=cliques, epsilon=epsilon, max_weight=weight, unit=self._ledger.unit)
        self._charge(event)
        scores = self._scores(candidates, estimates)
        rate = Fraction(event.epsilon) / (2 * GRAIN * self._ledger.unit.l1 * weight)
        return self._noise.exponential(scores.max() - scores, rate)

    def score(self, candidates: Sequence[Candidate], sigma: float) -> NDArray[np.float64]:
        """Noisy scores; see ``Curator.score``."""
        candidates, estimates = check_candidates(self._domain, candidates)
        cliques, weights = tuple(c.clique for c in candidates), tuple(c.weight for c in candidates)
        event = ScoreEvent(candidates=cliques, weights=weights, sigma=sigma, unit=self._ledger.unit)
        if GRAIN * event.sigma > MAX_SIGMA:  # before the charge: the noise is drawn in grains
            raise UsageError(f"sigma ({event.sigma}) must be at most 2^37 for scores; raise epsilon")
        self._charge(event)
        noise = self._noise.gaussian(GRAIN * event.sigma, len(candidates))
        return (self._scores(candidates, estimates) + noise) / GRAIN

    def coarsen(self, maps: Mapping[str, NDArray[np.integer]]) -> "TrustedCurator":
        """A view over a coarser domain, with the same table and ledger; see ``Curator.coarsen``."""
        view = TrustedCurator(self._table, ledger=self._ledger, noise=self._noise)
        owned = own_maps(self._domain, maps)
        view._domain = coarse_domain(self._domain, owned)
        view._maps = compose(self._maps, owned)
        return view

    def _charge(self, event: Event) -> None:
        self._ledger.charge(event)

    def _counts(self, cliques: Sequence[Clique]) -> list[NDArray[np.int64]]:
        """Exact marginals over the coarse domain; those not kept from earlier calls are counted in one batch."""
        wanted = [c for c in dict.fromkeys(cliques) if c not in self._cache]
        fresh = dict(zip(wanted, self._table.counts(wanted), strict=True)) if wanted else {}
        for clique, fine in fresh.items():
            counts = coarse_sum(fine, [self._maps.get(a) for a in clique], self._domain.sizes(clique))
            counts.flags.writeable = False
            fresh[clique] = counts
            if self._cached_bytes + counts.nbytes <= _CACHE_BYTES:
                self._cache[clique] = counts
                self._cached_bytes += counts.nbytes
        return [fresh[c] if c in fresh else self._cache[c] for c in cliques]

    def _scores(self, candidates: Sequence[Candidate], estimates: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
        """Exact scores, in grains."""
        counted = self._counts([c.clique for c in candidates])
        errors = [int(np.abs(GRAIN * y - e).sum()) for y, e in zip(counted, estimates, strict=True)]
        scores = [c.weight * (e - GRAIN * c.penalty) for c, e in zip(candidates, errors, strict=True)]
        return np.array(scores, dtype=np.int64)


def _one_each(sigma: float | Sequence[float], count: int) -> tuple[float, ...]:
    """The scale of each marginal, unchecked: the event makes plain numbers of them."""
    if isinstance(sigma, int | float | np.number):
        return (sigma,) * count
    try:
        return tuple(sigma)
    except TypeError:
        raise UsageError("sigma must be a number, or a sequence of one for each clique") from None
