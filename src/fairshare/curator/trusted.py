"""The trusted curator: one table, one process, in the clear. This file is the specification of the three calls."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from fairshare.counting import CodedTable
from fairshare.curator.base import Candidate, check_candidates
from fairshare.curator.coarsening import coarse_domain, coarse_sum, compose
from fairshare.errors import UsageError
from fairshare.marginals import Clique, Domain
from fairshare.privacy import Event, Ledger, MeasureEvent, Noise, ScoreEvent, SelectEvent

__all__ = ["TrustedCurator"]

# Exact marginals kept between calls: a mechanism scores the same candidates round after round.
_CACHE_BYTES = 256 * 2**20


class TrustedCurator:
    """Answers the three calls from a coded table.

    Privacy:
        ``measure``: exact counts plus discrete Gaussian integers, rho = k s^2/(2 sigma^2). ``select``: the exponential
        mechanism with Delta = l1 x largest weight, rho = epsilon^2/8. ``score``: exact scores plus discrete Gaussian
        integers, rho = sum (l1 w)^2/(2 sigma^2). s and l1 come from the ledger's unit (``PrivacyUnit``), whatever the
        caller says. A call validates its public arguments, then charges the ledger, then reads the data.

    Args:
        table: the coded table; at most ``ledger.unit.max_rows`` rows of one person (the caller truncates).
        ledger: promise and account.
        noise: where randomness comes from.
    """

    def __init__(self, table: CodedTable, *, ledger: Ledger, noise: Noise) -> None:
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
        if not cliques:
            raise UsageError("cliques must hold at least one clique to measure")
        for clique in cliques:
            if clique != self._domain.clique(clique):
                raise UsageError(f"clique {clique} must name each attribute once, in domain order")
        cells = [self._domain.cells(c) for c in cliques]
        sigmas = (float(sigma),) * len(cliques) if isinstance(sigma, int | float) else tuple(sigma)
        self._charge(MeasureEvent(cliques=tuple(cliques), cells=sum(cells), sigmas=sigmas, unit=self._ledger.unit))
        noise = [self._noise.gaussian(s, n) for s, n in zip(sigmas, cells, strict=True)]
        return [self._count(c) + z.reshape(self._domain.sizes(c)) for c, z in zip(cliques, noise, strict=True)]

    def select(self, candidates: Sequence[Candidate], epsilon: float) -> int:
        """One candidate by the exponential mechanism; see ``Curator.select``."""
        estimates = check_candidates(self._domain, candidates)
        weight = max(c.weight for c in candidates)
        cliques = tuple(c.clique for c in candidates)
        self._charge(SelectEvent(candidates=cliques, epsilon=epsilon, max_weight=weight, unit=self._ledger.unit))
        scores = self._scores(candidates, estimates)
        rate = Fraction(epsilon) / (2 * self._ledger.unit.l1 * weight)
        return self._noise.exponential(scores.max() - scores, rate)

    def score(self, candidates: Sequence[Candidate], sigma: float) -> NDArray[np.int64]:
        """Noisy scores; see ``Curator.score``."""
        estimates = check_candidates(self._domain, candidates)
        cliques, weights = tuple(c.clique for c in candidates), tuple(c.weight for c in candidates)
        self._charge(ScoreEvent(candidates=cliques, weights=weights, sigma=sigma, unit=self._ledger.unit))
        return self._scores(candidates, estimates) + self._noise.gaussian(sigma, len(candidates))

    def coarsen(self, maps: Mapping[str, NDArray[np.integer]]) -> "TrustedCurator":
        """A view over a coarser domain, with the same table and ledger; see ``Curator.coarsen``."""
        view = TrustedCurator(self._table, ledger=self._ledger, noise=self._noise)
        view._domain = coarse_domain(self._domain, maps)
        view._maps = compose(self._maps, maps)
        return view

    def _charge(self, event: Event) -> None:
        self._ledger.charge(event)

    def _count(self, clique: Clique) -> NDArray[np.int64]:
        if clique in self._cache:
            return self._cache[clique]
        fine = self._table.count(clique)
        counts = coarse_sum(fine, [self._maps.get(a) for a in clique], self._domain.sizes(clique))
        counts.flags.writeable = False
        if self._cached_bytes + counts.nbytes <= _CACHE_BYTES:
            self._cache[clique] = counts
            self._cached_bytes += counts.nbytes
        return counts

    def _scores(self, candidates: Sequence[Candidate], estimates: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
        errors = [int(np.abs(self._count(c.clique) - e).sum()) for c, e in zip(candidates, estimates, strict=True)]
        return np.array([c.weight * (e - c.penalty) for c, e in zip(candidates, errors, strict=True)], dtype=np.int64)
