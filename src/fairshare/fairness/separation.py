"""The criterion: without the admissible attributes, nothing ties a protected attribute to an outcome."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

from fairshare.fairness.roles import Role, Roles
from fairshare.marginals import Clique

__all__ = ["Separation", "Verdict", "separation"]


@dataclass(frozen=True)
class Verdict:
    """A yes or no with its reason; true in a condition when it is a yes."""

    ok: bool
    because: str

    def __bool__(self) -> bool:
        return self.ok


@dataclass(frozen=True)
class Separation:
    """What the criterion says of a model's cliques.

    Attributes:
        verdict: whether no component holds both a protected and an outcome attribute, and why.
        components: connected components of the graph without the admissible attributes; names sorted.
        path: a shortest path from a protected to an outcome attribute; empty when the verdict is a yes.
    """

    verdict: Verdict
    components: tuple[tuple[str, ...], ...]
    path: tuple[str, ...]


def separation(cliques: Iterable[Clique], roles: Roles) -> Separation:
    """Check the criterion on the graph whose edges join attributes that share a clique.

    If it holds, every law that is a product of potentials on these cliques has, for every set K that contains
    the admissible attributes, outcomes independent of the protected attributes given K (global Markov property),
    because every path from one to the other then meets K. For trees it is Definition 2 of PreFair (Pujol, Gilad,
    Machanavajjhala, VLDB 2023) whichever way the edges are oriented.

    The answer depends on the set of cliques only, not on their order or on the order of attributes in them.

    Args:
        cliques: every measured or declared clique of the model (structural zeros and dependencies too).
        roles: roles of the attributes; those not named are neutral.
    """
    neighbours = _graph_without_admissible(cliques, roles)
    components = _components(neighbours)
    path = _joining_path(neighbours, roles)
    if path:
        because = (
            f"the path {' - '.join(path)} joins protected {path[0]!r} to outcome {path[-1]!r} "
            "without an admissible attribute"
        )
    else:
        because = (
            f"none of the {len(components)} components without the admissible attributes holds both a protected "
            "and an outcome attribute"
        )
    return Separation(Verdict(not path, because), components, path)


def _graph_without_admissible(cliques: Iterable[Clique], roles: Roles) -> dict[str, set[str]]:
    neighbours: dict[str, set[str]] = {}
    for clique in cliques:
        rest = [a for a in clique if roles.role_of(a) is not Role.ADMISSIBLE]
        for attribute in rest:
            neighbours.setdefault(attribute, set())
        for a, b in combinations(rest, 2):
            neighbours[a].add(b)
            neighbours[b].add(a)
    return neighbours


def _components(neighbours: Mapping[str, set[str]]) -> tuple[tuple[str, ...], ...]:
    seen: set[str] = set()
    components = []
    for start in sorted(neighbours):
        if start not in seen:
            reached = _walk(neighbours, start)
            seen.update(reached)
            components.append(tuple(sorted(reached)))
    return tuple(components)


def _joining_path(neighbours: Mapping[str, set[str]], roles: Roles) -> tuple[str, ...]:
    """A shortest path from a protected to an outcome attribute, the first in name order among equals."""
    best: tuple[str, ...] = ()
    for start in sorted(a for a in neighbours if roles.role_of(a) is Role.PROTECTED):
        came_from = _walk(neighbours, start)
        for end in sorted(a for a in came_from if roles.role_of(a) is Role.OUTCOME):
            path = [end]
            while path[-1] != start:
                path.append(came_from[path[-1]])
            if not best or len(path) < len(best):
                best = tuple(reversed(path))
    return best


def _walk(neighbours: Mapping[str, set[str]], start: str) -> dict[str, str]:
    """Breadth-first search: each attribute reached from ``start``, with the one before it."""
    came_from = {start: start}
    queue = deque([start])
    while queue:
        here = queue.popleft()
        for there in sorted(neighbours[here]):
            if there not in came_from:
                came_from[there] = here
                queue.append(there)
    return came_from
