"""Where fairness meets selection: a filter on public candidates, which costs no budget and needs no data."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from fairshare.fairness import FairGraph, Fairness
from fairshare.marginals import Clique, Domain

__all__ = ["Gate"]


class Gate:
    """What a run may still measure, given what its model holds already.

    Without a wish for fairness everything passes. With one, a clique passes when the model that holds it too still
    meets the criterion under the policy (PreFair, Pujol et al. 2023, generalised to cliques of any size).

    Args:
        domain: the curator's domain.
        fairness: roles and policy, or None.
        held: cliques that the model holds already.

    Raises:
        NotFairError: the held cliques break the policy.
    """

    def __init__(self, domain: Domain, fairness: Fairness | None, held: Iterable[Clique] = ()) -> None:
        self.fairness = fairness
        self._graph = None if fairness is None else FairGraph(domain, fairness, [c for c in held if c])

    def allowed(self, cliques: Sequence[Clique]) -> NDArray[np.bool_]:
        """Which of these may be taken in now, shape (cliques,)."""
        if self._graph is None:
            return np.ones(len(cliques), dtype=bool)
        return self._graph.allowed(self._graph.candidates(cliques))

    def take(self, clique: Clique) -> None:
        """Record that the model holds a clique.

        Raises:
            NotFairError: it must not; a candidate came past the filter.
        """
        if self._graph is not None and clique:
            self._graph.add(clique)

    def fork(self, domain: Domain) -> "Gate":
        """A gate in the same state, to try things out."""
        return Gate(domain, self.fairness, () if self._graph is None else self._graph.cliques)
