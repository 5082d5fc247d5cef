"""The secure curator: the three calls, answered by three servers on shares. It holds no data and no secret."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from fairshare.curator.base import Candidate, check_candidates
from fairshare.errors import PeerError, UsageError
from fairshare.marginals import Clique, Domain
from fairshare.marginals.coarsening import coarse_domain, compose, own_maps
from fairshare.marginals.limits import GRAIN
from fairshare.mpc.requests import Answer, Finish, Measure, Offers, Refusal, Request, Score, Select
from fairshare.mpc.tasks import task_of
from fairshare.mpc.terms import Terms
from fairshare.privacy import Ledger

__all__ = ["SecureCurator", "Servers"]


class Servers(Protocol):
    """A way to three servers: threads of this process, or a network."""

    def ask(self, request: Request) -> Sequence[Answer | Refusal]:
        """What each of the three servers answers, in their order.

        Raises:
            PeerError: one of them could not be reached.
        """
        ...


class SecureCurator:
    """Answers the three calls by asking three servers, so every mechanism runs on it unchanged.

    Privacy:
        Nothing here protects anybody: each server checks and charges by itself. This ledger only foresees what theirs
        will say, so that a mechanism can plan and a release can show its account; that it equals all three of theirs
        is checked after every call.

    Args:
        terms: the agreed facts.
        servers: the way to them.
    """

    def __init__(self, terms: Terms, servers: Servers) -> None:
        self._terms = terms
        self._servers = servers
        self._ledger = Ledger(terms.budget, terms.unit)
        self._maps: dict[str, NDArray[np.int64]] = {}
        self._domain = terms.domain

    @property
    def domain(self) -> Domain:
        """The public domain."""
        return self._domain

    @property
    def ledger(self) -> Ledger:
        """What was promised and spent; equal to the servers'."""
        return self._ledger

    def measure(self, cliques: Sequence[Clique], sigma: float | Sequence[float]) -> list[NDArray[np.int64]]:
        """Noisy integer counts; see ``Curator.measure``.

        Raises:
            PeerError: a server failed, or servers disagree.
        """
        if not cliques:
            raise UsageError("cliques must hold at least one clique to measure")
        sigmas = (float(sigma),) * len(cliques) if isinstance(sigma, int | float) else tuple(map(float, sigma))
        values = self._asked(Measure(cliques=tuple(cliques), sigmas=sigmas, maps=self._maps))
        sizes = [self._domain.sizes(c) for c in cliques]
        ends = np.cumsum([0, *(self._domain.cells(c) for c in cliques)])
        if len(values) != ends[-1]:
            raise PeerError(f"servers answered with {len(values)} counts, must be {ends[-1]}")
        return [values[a:b].reshape(n) for a, b, n in zip(ends, ends[1:], sizes, strict=False)]

    def select(self, candidates: Sequence[Candidate], epsilon: float) -> int:
        """One candidate by the exponential mechanism; see ``Curator.select``.

        Raises:
            PeerError: a server failed, or servers disagree.
        """
        values = self._asked(Select(offers=self._offers(candidates), epsilon=float(epsilon), maps=self._maps))
        if len(values) != 1 or not 0 <= values[0] < len(candidates):
            raise PeerError("servers answered with no candidate's index")
        return int(values[0])

    def score(self, candidates: Sequence[Candidate], sigma: float) -> NDArray[np.float64]:
        """Noisy scores; see ``Curator.score``.

        Raises:
            PeerError: a server failed, or servers disagree.
        """
        values = self._asked(Score(offers=self._offers(candidates), sigma=float(sigma), maps=self._maps))
        if len(values) != len(candidates):
            raise PeerError(f"servers answered with {len(values)} scores, must be {len(candidates)}")
        return values / GRAIN

    def coarsen(self, maps: Mapping[str, NDArray[np.integer]]) -> "SecureCurator":
        """A view over a coarser domain, with the same servers and ledger; see ``Curator.coarsen``."""
        view = SecureCurator(self._terms, self._servers)
        view._ledger = self._ledger
        owned = own_maps(self._domain, maps)
        view._domain = coarse_domain(self._domain, owned)
        view._maps = compose(self._maps, owned)
        return view

    def finish(self) -> None:
        """Tell the servers to forget their shares: no call is answered after this."""
        self._agreed(self._servers.ask(Finish()))

    def _offers(self, candidates: Sequence[Candidate]) -> Offers:
        candidates, estimates = check_candidates(self._domain, candidates)
        return Offers(
            cliques=tuple(c.clique for c in candidates),
            estimates=np.concatenate([e.reshape(-1) for e in estimates]),
            weights=tuple(c.weight for c in candidates),
            penalties=tuple(GRAIN * c.penalty for c in candidates),
        )

    def _asked(self, request: Measure | Score | Select) -> NDArray[np.int64]:
        """Foresee the charge, ask, and compare; what is refused here never reaches a server."""
        self._ledger.charge(task_of(self._terms, request).event)
        return self._agreed(self._servers.ask(request))

    def _agreed(self, replies: Sequence[Answer | Refusal]) -> NDArray[np.int64]:
        for refusal in sorted((r for r in replies if isinstance(r, Refusal)), key=lambda r: r.kind == "PeerError"):
            raise refusal.error
        answers = [r for r in replies if isinstance(r, Answer)]
        if any(a.head != self._ledger.head for a in answers):
            raise PeerError("the servers' ledgers must equal each other and the driver's; a server is faulty")
        if any(not np.array_equal(a.values, answers[0].values) for a in answers[1:]):
            raise PeerError("the servers' answers must be equal; a server is faulty, and nothing must be released")
        return answers[0].values
