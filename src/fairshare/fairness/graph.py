"""The filter: which cliques a fair model may still take in."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fairshare.errors import NotFairError, UsageError
from fairshare.fairness.roles import Fairness, Role
from fairshare.fairness.separation import Separation, Verdict, separation
from fairshare.marginals import Clique

__all__ = ["FREE", "JOINED", "OUTCOME_SIDE", "PROTECTED_SIDE", "Candidates", "FairGraph", "allows"]

# A component's side is a set of two bits, so that the side of a union is a bitwise or.
FREE: Final = 0
PROTECTED_SIDE: Final = 1
OUTCOME_SIDE: Final = 2
JOINED: Final = PROTECTED_SIDE | OUTCOME_SIDE


@dataclass(frozen=True)
class Candidates:
    """A list of cliques, indexed once so that each round's filter is one pass of numpy.

    Attributes:
        cliques: the candidates, in the given order.
        flat: positions of their attributes in the graph, one after the other.
        starts: where each clique begins in ``flat``.
    """

    cliques: tuple[Clique, ...]
    flat: NDArray[np.intp]
    starts: NDArray[np.intp]


class FairGraph:
    """The model's graph without its admissible attributes, with the side of each component.

    Each component is on the protected side, on the outcome side, or free. A clique is allowed when the
    components that it would join are not on both sides. Under ``strict`` a neutral attribute is put on the
    protected side, which is PreFair's rule: a clique with an outcome holds otherwise only outcome and admissible
    attributes. An admissible attribute belongs to no component, so a clique of one attribute, or of one
    attribute and admissible ones, is always allowed: selection never gets stuck.

    Args:
        attributes: the table's attributes (a ``Domain`` will do).
        fairness: roles and policy; ``exact`` filters like ``justifiable``.
        cliques: those that the model holds already, declared ones (structural zeros, dependencies) included.

    Raises:
        NotFairError: the given cliques break the policy already.
        UsageError: a clique names an unknown attribute or none.
    """

    def __init__(self, attributes: Iterable[str], fairness: Fairness, cliques: Iterable[Clique] = ()) -> None:
        self.attributes: Final = tuple(attributes)
        self.fairness: Final = fairness
        self._index = {name: i for i, name in enumerate(self.attributes)}
        roles = [fairness.roles.role_of(a) for a in self.attributes]
        neutral_side = PROTECTED_SIDE if fairness.policy == "strict" else FREE
        side_of = {
            Role.PROTECTED: PROTECTED_SIDE,
            Role.OUTCOME: OUTCOME_SIDE,
            Role.ADMISSIBLE: FREE,
            Role.NEUTRAL: neutral_side,
        }
        self._admissible = np.array([r is Role.ADMISSIBLE for r in roles], dtype=bool)
        self._own_side = np.array([side_of[r] for r in roles], dtype=np.uint8)
        self._side = self._own_side.copy()
        self._component = np.arange(len(roles))
        self._cliques: list[Clique] = []
        for clique in cliques:
            self.add(clique)

    @property
    def cliques(self) -> tuple[Clique, ...]:
        """The cliques in the graph, in the order in which they came."""
        return tuple(self._cliques)

    @property
    def admissible(self) -> NDArray[np.bool_]:
        """Which attributes are admissible, shape (attributes,)."""
        return self._admissible.copy()

    @property
    def side(self) -> NDArray[np.uint8]:
        """Side of each attribute's component (0 for an admissible attribute), shape (attributes,)."""
        return self._side.copy()

    @property
    def component(self) -> NDArray[np.intp]:
        """A label of each attribute's component, shape (attributes,); admissible attributes are alone in theirs."""
        return self._component.copy()

    def candidates(self, cliques: Iterable[Clique]) -> Candidates:
        """Index candidates once, for many calls of :meth:`allowed`.

        Raises:
            UsageError: a clique names an unknown attribute or none.
        """
        cliques = tuple(cliques)
        positions = [self._positions(c) for c in cliques]
        sizes = np.array([len(p) for p in positions], dtype=np.intp)
        flat = np.array([i for p in positions for i in p], dtype=np.intp)
        return Candidates(cliques, flat, np.cumsum(sizes) - sizes)

    def allowed(self, candidates: Candidates) -> NDArray[np.bool_]:
        """Which candidates :meth:`allows` would allow now, shape (candidates,)."""
        if not candidates.cliques:
            return np.zeros(0, dtype=bool)
        sides = np.bitwise_or.reduceat(self._side[candidates.flat], candidates.starts)
        return np.not_equal(sides, JOINED, dtype=bool)

    def allows(self, clique: Clique) -> Verdict:
        """Whether the model may take in this clique, and why.

        Raises:
            UsageError: the clique names an unknown attribute or none.
        """
        positions = self._positions(clique)
        if np.bitwise_or.reduce(self._side[positions]) != JOINED:
            return Verdict(True, f"{clique} joins no protected side to an outcome side")
        protected = self._tie(positions, PROTECTED_SIDE)
        outcome = self._tie(positions, OUTCOME_SIDE)
        if self.fairness.policy == "strict":
            rule = "under 'strict' a clique with an outcome may hold otherwise only outcome and admissible attributes"
        else:
            rule = "without the admissible attributes no component may hold both"
        return Verdict(False, f"{clique} would join {protected} to {outcome}: {rule}")

    def add(self, clique: Clique) -> None:
        """Take a clique into the model.

        Raises:
            NotFairError: :meth:`allows` refuses it; the graph is unchanged.
            UsageError: the clique names an unknown attribute or none.
        """
        verdict = self.allows(clique)
        if not verdict:
            raise NotFairError(f"clique {verdict.because}; filter candidates with FairGraph.allowed first")
        positions = [i for i in self._positions(clique) if not self._admissible[i]]
        if positions:
            merged = np.isin(self._component, self._component[positions])
            self._side[merged] = np.bitwise_or.reduce(self._side[positions])
            self._component[merged] = self._component[positions[0]]
        self._cliques.append(clique)

    def separation(self) -> Separation:
        """The criterion, recomputed from the cliques alone."""
        return separation(self._cliques, self.fairness.roles)

    def _positions(self, clique: Clique) -> list[int]:
        if not clique:
            raise UsageError("clique (()) must name at least one attribute")
        try:
            return [self._index[a] for a in clique]
        except KeyError as error:
            raise UsageError(
                f"clique ({clique}) must name attributes of the graph, {error.args[0]!r} is not among "
                f"{list(self.attributes)}: correct the name"
            ) from None

    def _tie(self, positions: Sequence[int], side: int) -> str:
        """Words for the first attribute of a clique that is on a side, and for what ties it there."""
        here = next(i for i in positions if self._side[i] & side)
        name = self.attributes[here]
        role = self.fairness.roles.role_of(name)
        if self._own_side[here] & side:
            return f"{role.value} {name!r}"
        witness = int(np.flatnonzero((self._component == self._component[here]) & (self._own_side & side > 0))[0])
        other = self.attributes[witness]
        return f"{role.value} {name!r} (tied to {self.fairness.roles.role_of(other).value} {other!r})"


def allows(clique: Clique, model_cliques: Sequence[Clique], fairness: Fairness) -> Verdict:
    """Whether a model that holds these cliques may take in one more, and why.

    For many candidates keep a :class:`FairGraph` and call :meth:`FairGraph.allowed`.

    Raises:
        NotFairError: the model's cliques break the policy already.
        UsageError: a clique names no attribute.
    """
    attributes = dict.fromkeys(a for c in (*model_cliques, clique) for a in c)
    return FairGraph(attributes, fairness, model_cliques).allows(clique)
