"""Triangulation by vertex elimination, on bit masks.

A vertex set is one Python integer (bit ``i`` is attribute ``i``), so that union, intersection and containment are
single machine operations for any domain up to a few dozen attributes, and still exact for hundreds.

The order is greedy by the cells of the clique that an elimination creates (minimum weight), ties by position.
This choice has a property that the size filter of adaptive mechanisms lives on: **adding a clique leaves the order
unchanged until the first of its own members comes up.** Its edges raise the cost of its members only and leave the
closed neighbourhood of every other vertex alone. A hypothetical clique is therefore priced by resuming a recorded
elimination, and the result is exactly that of a fresh one.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

__all__ = ["Elimination", "bits", "eliminate", "eliminate_in", "maximal_masks", "resume", "weigher"]

_REMEMBERED = 1 << 18


@dataclass(frozen=True)
class Elimination:
    """A recorded elimination.

    Attributes:
        order: vertices in the order in which they were eliminated.
        closed: for each step, the mask of the vertex and its neighbours at that time (the clique that it creates).
        graphs: for each step, the adjacency masks before it, from which the elimination can be resumed.
    """

    order: tuple[int, ...]
    closed: tuple[int, ...]
    graphs: tuple[tuple[int, ...], ...]


def bits(mask: int) -> Iterator[int]:
    """Positions of the set bits, lowest first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


@lru_cache(maxsize=8)
def weigher(sizes: tuple[int, ...]) -> Callable[[int], int]:
    """Cells of the table over a vertex set, as exact integers of any length.

    They are remembered, since successive eliminations of one graph weigh mostly the same sets.
    """
    known: dict[int, int] = {}

    def weigh(mask: int) -> int:
        cells = known.get(mask)
        if cells is None:
            cells, left = 1, mask
            while left:
                low = left & -left
                cells *= sizes[low.bit_length() - 1]
                left ^= low
            if len(known) >= _REMEMBERED:
                known.clear()
            known[mask] = cells
        return cells

    return weigh


def _connect(adjacency: list[int], clique: int) -> None:
    """Add the edges of a complete graph on a vertex set, in place."""
    for v in bits(clique):
        adjacency[v] |= clique & ~(1 << v)


def _run(
    adjacency: list[int], alive: int, last: int, sizes: Sequence[int], graphs: list[tuple[int, ...]] | None
) -> tuple[list[int], list[int]]:
    """Eliminate the vertices of ``alive`` greedily, those in ``last`` after all others; ``adjacency`` is used up."""
    weigh = weigher(tuple(sizes))
    weights = {v: weigh(adjacency[v] | 1 << v) for v in bits(alive)}
    early = [v for v in weights if not last >> v & 1]
    late = [v for v in weights if last >> v & 1]
    order: list[int] = []
    closed: list[int] = []
    for pool in (early, late):
        while pool:
            v = min(pool, key=weights.__getitem__)  # min keeps the first of equals: ties go by position
            pool.remove(v)
            if graphs is not None:
                graphs.append(tuple(adjacency))
            neighbours = adjacency[v]
            order.append(v)
            closed.append(neighbours | 1 << v)
            for w in bits(neighbours):
                joined = (adjacency[w] | neighbours) & ~(1 << v | 1 << w)
                adjacency[w] = joined
                weights[w] = weigh(joined | 1 << w)
            adjacency[v] = 0
    return order, closed


def eliminate_in(order: Sequence[int], sizes: Sequence[int], cliques: Iterable[int]) -> Elimination:
    """Eliminate every vertex in a given order."""
    adjacency = [0] * len(sizes)
    for clique in cliques:
        _connect(adjacency, clique)
    graphs: list[tuple[int, ...]] = []
    closed: list[int] = []
    for v in order:
        graphs.append(tuple(adjacency))
        neighbours = adjacency[v]
        closed.append(neighbours | 1 << v)
        for w in bits(neighbours):
            adjacency[w] = (adjacency[w] | neighbours) & ~(1 << v | 1 << w)
        adjacency[v] = 0
    return Elimination(tuple(order), tuple(closed), tuple(graphs))


def eliminate(sizes: Sequence[int], cliques: Iterable[int], last: int = 0) -> Elimination:
    """Eliminate every vertex of the graph in which each given clique is complete.

    Args:
        sizes: number of codes of each vertex.
        cliques: vertex masks.
        last: vertices to eliminate after all others (sampling, which runs backwards, then starts with them).
    """
    adjacency = [0] * len(sizes)
    for clique in cliques:
        _connect(adjacency, clique)
    graphs: list[tuple[int, ...]] = []
    order, closed = _run(adjacency, (1 << len(sizes)) - 1, last, sizes, graphs)
    return Elimination(tuple(order), tuple(closed), tuple(graphs))


def resume(base: Elimination, sizes: Sequence[int], clique: int, last: int = 0) -> tuple[list[int], list[int]]:
    """The closed sets of the elimination with one more clique, split where it departs from a recorded one.

    Returns:
        The closed sets that both share, and the closed sets after the first member of ``clique`` came up.
        Together they equal ``eliminate(sizes, [*cliques, clique], last).closed``.
    """
    start = next((i for i, v in enumerate(base.order) if clique >> v & 1), len(base.order))
    shared = list(base.closed[:start])
    if start == len(base.order):
        return shared, []
    adjacency = list(base.graphs[start])
    _connect(adjacency, clique)
    alive = 0
    for v in base.order[start:]:
        alive |= 1 << v
    return shared, _run(adjacency, alive, last, sizes, None)[1]


def maximal_masks(closed: Sequence[int]) -> list[int]:
    """The closed sets of an elimination that no other contains, in elimination order.

    A later closed set cannot contain an earlier one (its vertex is gone), so only earlier ones are compared.
    """
    kept: list[int] = []
    for mask in closed:
        for other in kept:  # plainly: a generator inside any() takes twice as long, and this is run for each candidate
            if mask & other == mask:
                break
        else:
            kept.append(mask)
    return kept
