"""Kruskal's algorithm on indexed edges, plain and with sides: the inner loops of the fair trees.

Union-find is written out in each loop: these loops run thousands of times per tree, and a call per lookup would
double their time.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from fairshare.fairness.graph import JOINED

__all__ = ["components", "kruskal", "side_aware_kruskal", "sorted_edges"]


def sorted_edges(
    matrix: NDArray[np.float64],
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """All pairs of positions (lower, higher) and their weights, heaviest first, equal weights in order."""
    U, V = np.triu_indices(len(matrix), 1)
    order = np.argsort(-matrix[U, V], kind="stable")
    return U[order], V[order], matrix[U, V][order]


def kruskal(d: int, U: Sequence[int], V: Sequence[int], edges: Iterable[int]) -> list[int]:
    """Those of the edges, in the given order, that join two trees of the forest so far."""
    parent = list(range(d))
    tree = []
    for e in edges:
        a, b = U[e], V[e]
        while parent[a] != a:
            parent[a] = a = parent[parent[a]]
        while parent[b] != b:
            parent[b] = b = parent[parent[b]]
        if a != b:
            parent[a] = b
            tree.append(e)
            if len(tree) == d - 1:
                break
    return tree


def components(d: int, U: Sequence[int], V: Sequence[int], edges: Iterable[int]) -> NDArray[np.intp]:
    """A label of each node's component in the graph of these edges, shape (d,)."""
    parent = list(range(d))
    for e in edges:
        a, b = U[e], V[e]
        while parent[a] != a:
            parent[a] = a = parent[parent[a]]
        while parent[b] != b:
            parent[b] = b = parent[parent[b]]
        parent[a] = b
    for node in range(d):
        root = node
        while parent[root] != root:
            root = parent[root]
        parent[node] = root
    return np.array(parent, dtype=np.intp)


def side_aware_kruskal(
    U: Sequence[int],
    V: Sequence[int],
    component: Sequence[int],
    side: Sequence[int],
    admissible: NDArray[np.bool_],
) -> list[int]:
    """Kruskal's algorithm that skips an edge between a protected and an outcome component.

    Args:
        U: one end of each edge, in the order in which they are taken.
        V: the other end.
        component: label of each node's component without the admissible nodes, from cliques given before.
        side: side of each node's component.
        admissible: which nodes are admissible; their edges join no components.

    Returns:
        Positions of the accepted edges.
    """
    d = len(side)
    connected = list(range(d))
    first: dict[int, int] = {}
    group = [first.setdefault(label, node) for node, label in enumerate(component)]
    sides = list(side)
    direct = ~(admissible[list(U)] | admissible[list(V)]) if len(U) else np.zeros(0, dtype=bool)
    tree = []
    for e, (u, v, joins) in enumerate(zip(U, V, direct.tolist(), strict=True)):
        a, b = _root(connected, u), _root(connected, v)
        if a == b:
            continue
        if joins:
            g, h = _root(group, u), _root(group, v)
            if sides[g] | sides[h] == JOINED:
                continue
            group[g] = h
            sides[h] |= sides[g]
        connected[a] = b
        tree.append(e)
        if len(tree) == d - 1:
            break
    return tree


def _root(parent: list[int], node: int) -> int:
    while parent[node] != node:
        parent[node] = node = parent[parent[node]]
    return node
