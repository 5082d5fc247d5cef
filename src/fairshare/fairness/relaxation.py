"""The relaxation behind the exact fair tree: Kruskal with some sides decided and the others free."""

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairshare.fairness.graph import FREE, JOINED, OUTCOME_SIDE, PROTECTED_SIDE, FairGraph
from fairshare.fairness.spanning import components, kruskal, sorted_edges

__all__ = ["Relaxation", "Sides", "TreeEdges"]

#: Side of each group of attributes, shape (d,): free, protected or outcome.
Sides = NDArray[np.uint8]
#: Positions of a tree's edges in the relaxation's edge list, ascending, shape (d - 1,).
TreeEdges = NDArray[np.int32]


@dataclass(frozen=True)
class Relaxation:
    """Which edges matter, and the heaviest tree when sides are partly decided.

    A tree is fair iff the neutral attributes can be put on two sides such that no *direct* edge (one without an
    admissible end) joins the sides. For fixed sides the heaviest tree is Kruskal's on the remaining edges; with
    some sides free, Kruskal's tree on the edges not yet forbidden weighs at least as much as every fair tree
    with these sides: a bound.

    Only edges that some optimal tree may need are kept. An edge that can be used whatever the sides (an
    admissible end, or both ends on one side from the start) is *safe*. An edge whose ends are joined by a path
    of safe edges at least as heavy is dropped: in a fair tree, one edge of that path can replace it, the weight
    does not fall and the tree stays fair with the same sides.

    Attributes:
        d: number of attributes.
        U: lower end of each kept edge, heaviest first.
        V: higher end.
        W: weight.
        direct: whether neither end is admissible.
        GU: group of ``U``'s attribute: the attributes that given cliques tie to one side.
        GV: group of ``V``'s attribute.
        sides: side of each group at the start; entries that label no group are free.
        tolerance: weights closer than this are equal.
    """

    d: int
    U: NDArray[np.intp]
    V: NDArray[np.intp]
    W: NDArray[np.float64]
    direct: NDArray[np.bool_]
    GU: NDArray[np.intp]
    GV: NDArray[np.intp]
    sides: Sides
    tolerance: float
    ends: tuple[list[int], list[int]]
    group_ends: tuple[list[int], list[int]]

    @classmethod
    def of(cls, matrix: NDArray[np.float64], graph: FairGraph) -> "Relaxation":
        """The relaxation for these weights, shape (d, d), and the sides and ties of this graph."""
        d = len(matrix)
        U, V, W = sorted_edges(matrix)
        group, side = graph.component, graph.side
        sides = np.full(d, FREE, dtype=np.uint8)
        sides[group] = side
        direct = ~(graph.admissible[U] | graph.admissible[V])
        forbidden = direct & (side[U] | side[V] == JOINED)
        safe = ~direct | (group[U] == group[V]) | ((side[U] == side[V]) & (side[U] != FREE))
        kept = np.flatnonzero(_undominated(d, U, V, safe) & ~forbidden)
        U, V, W, direct = U[kept], V[kept], W[kept], direct[kept]
        return cls(
            d=d,
            U=U,
            V=V,
            W=W,
            direct=direct,
            GU=group[U],
            GV=group[V],
            sides=sides,
            tolerance=1e-12 * float(np.abs(W).sum()),
            ends=(U.tolist(), V.tolist()),
            group_ends=(group[U].tolist(), group[V].tolist()),
        )

    def root(self) -> tuple[TreeEdges, float]:
        """Heaviest tree with only the roles' sides decided, and its weight."""
        tree = np.array(kruskal(self.d, *self.ends, range(len(self.W))), dtype=np.int32)
        return tree, float(self.W[tree].sum())

    def repair(self, tree: TreeEdges, sides: Sides) -> tuple[TreeEdges, float]:
        """Heaviest tree when more sides are decided than when ``tree`` was heaviest.

        Forbidding edges leaves every other edge of a heaviest tree in one, so the remaining forest is kept and
        only the missing edges are looked for, heaviest first.
        """
        forbidden = self.direct & (sides[self.GU] | sides[self.GV] == JOINED)
        forest = tree[~forbidden[tree]]
        missing = len(tree) - len(forest)
        if missing:
            label = components(self.d, *self.ends, forest.tolist())
            edges = np.flatnonzero((label[self.U] != label[self.V]) & ~forbidden)
            a, b = label[self.U[edges]], label[self.V[edges]]
            new = np.empty(missing, dtype=np.int32)
            for k in range(missing):
                first = int(np.argmax(a != b))
                new[k] = edges[first]
                old, kept = a[first], b[first]
                a[a == old] = kept
                b[b == old] = kept
            forest = np.sort(np.concatenate([forest, new]))
        return forest, float(self.W[forest].sum())

    def conflict(self, tree: TreeEdges, sides: Sides) -> list[int]:
        """Undecided groups on a shortest path of direct edges from the outcome to the protected side.

        Empty iff the tree is fair: an edge between decided groups on both sides is forbidden already, so a path
        that joins the sides has an undecided group on it.
        """
        neighbours = self._neighbours(tree)
        side = sides.tolist()
        came_from = {g: -1 for g in neighbours if side[g] == PROTECTED_SIDE}
        queue = deque(came_from)
        while queue:
            here = queue.popleft()
            for there in neighbours[here]:
                if there in came_from:
                    continue
                if side[there] == OUTCOME_SIDE:
                    path = []
                    while side[here] == FREE:
                        path.append(here)
                        here = came_from[here]
                    return path
                came_from[there] = here
                queue.append(there)
        return []

    def complete(self, tree: TreeEdges, sides: Sides) -> Sides:
        """Decide every side, after the tree: its heaviest direct edges first tie free groups to a side."""
        parent = list(range(self.d))
        side = sides.tolist()
        GU, GV = self.group_ends
        for e in tree[self.direct[tree]].tolist():
            a, b = GU[e], GV[e]
            while parent[a] != a:
                a = parent[a]
            while parent[b] != b:
                b = parent[b]
            if a != b and side[a] | side[b] != JOINED:
                parent[a] = b
                side[b] |= side[a]
        decided = np.empty(self.d, dtype=np.uint8)
        for group in range(self.d):
            root = group
            while parent[root] != root:
                root = parent[root]
            decided[group] = side[root] or PROTECTED_SIDE
        return decided

    def _neighbours(self, tree: TreeEdges) -> dict[int, list[int]]:
        neighbours: dict[int, list[int]] = {}
        GU, GV = self.group_ends
        for e in tree[self.direct[tree]].tolist():
            a, b = GU[e], GV[e]
            neighbours.setdefault(a, []).append(b)
            neighbours.setdefault(b, []).append(a)
        return neighbours


def _undominated(d: int, U: NDArray[np.intp], V: NDArray[np.intp], safe: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which edges, heaviest first, have ends that no heavier safe edges connect."""
    label = np.arange(d)
    kept = np.zeros(len(U), dtype=bool)
    start = 0
    for e in kruskal(d, U.tolist(), V.tolist(), np.flatnonzero(safe).tolist()):
        # The forest of safe edges is constant from one of its edges to the next.
        kept[start:e] = (label[U[start:e]] != label[V[start:e]]) & ~safe[start:e]
        kept[e] = True
        label[label == label[U[e]]] = label[V[e]]
        start = e + 1
    kept[start:] = (label[U[start:]] != label[V[start:]]) & ~safe[start:]
    return kept
