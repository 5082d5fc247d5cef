"""The heaviest fair spanning tree, by best-first branch and bound on the sides of neutral attributes.

A fair tree is a choice of side for each neutral attribute and Kruskal's algorithm on the edges that do not join
the sides directly: 2^n Kruskals for n neutral attributes. The search decides sides only where the relaxed tree
needs it: it takes the open node of greatest bound; if its tree is fair, it is optimal; otherwise some path of the
tree joins a protected to an outcome attribute, and the search branches on the undecided attribute of that path
whose worse branch lowers the bound most. Finding the tree is NP-hard (PreFair, VLDB 2023), so there is a limit;
beyond it the best tree so far is given with the greatest open bound.
"""

import heapq
import time
from dataclasses import dataclass

import numpy as np

from fairshare.errors import UsageError
from fairshare.fairness.graph import FREE, OUTCOME_SIDE, PROTECTED_SIDE
from fairshare.fairness.relaxation import Relaxation, Sides, TreeEdges

__all__ = ["DEFAULT_NODE_LIMIT", "SearchResult", "branch_and_bound"]

#: Nodes explored before the search gives its best tree with a gap: about half a minute for 100 attributes.
DEFAULT_NODE_LIMIT = 100_000
#: How many nodes share one attempt at a better tree.
_NODES_PER_ATTEMPT = 8


@dataclass(frozen=True)
class SearchResult:
    """The best fair tree found.

    Attributes:
        edges: pairs of positions, lower first.
        weight: their sum.
        bound: no fair spanning tree weighs more.
        nodes: nodes explored.
    """

    edges: tuple[tuple[int, int], ...]
    weight: float
    bound: float
    nodes: int


@dataclass(frozen=True)
class _Node:
    bound: float
    sides: Sides
    tree: TreeEdges


def branch_and_bound(
    relaxation: Relaxation, *, node_limit: int = DEFAULT_NODE_LIMIT, deadline: float | None = None
) -> SearchResult:
    """The heaviest fair spanning tree, or the best found within the limits.

    Args:
        relaxation: edges and sides; see :meth:`Relaxation.of`.
        node_limit: nodes to explore at most, at least 0.
        deadline: seconds to spend at most; None for no deadline.

    Raises:
        UsageError: a limit is negative.
    """
    if node_limit < 0:
        raise UsageError(f"node_limit ({node_limit}) must be at least 0")
    if deadline is not None and deadline < 0:
        raise UsageError(f"deadline ({deadline}) must be at least 0 seconds")
    until = None if deadline is None else time.monotonic() + deadline
    tree, bound = relaxation.root()
    root = _Node(bound, relaxation.sides, tree)
    best, weight = max((relaxation.repair(tree, sides) for sides in _first_sides(relaxation, root)), key=_weight)
    # Among equal bounds the newest node first: it is the deepest, so ties do not make the search breadth-first.
    heap = [(-bound, 0, root)]
    nodes = pushed = 0
    while heap and heap[0][2].bound > weight + relaxation.tolerance:
        if nodes >= node_limit or (until is not None and time.monotonic() >= until):
            break
        node = heapq.heappop(heap)[2]
        nodes += 1
        path = relaxation.conflict(node.tree, node.sides)
        if not path:
            best, weight = node.tree, node.bound
            break
        if nodes % _NODES_PER_ATTEMPT == 1:
            tree, found = _attempt(relaxation, node)
            if found > weight:
                best, weight = tree, found
        for child in _branch(relaxation, node, path, weight + relaxation.tolerance):
            pushed += 1
            heapq.heappush(heap, (-child.bound, -pushed, child))
    bound = max(weight, heap[0][2].bound) if heap else weight
    edges = tuple(zip(relaxation.U[best].tolist(), relaxation.V[best].tolist(), strict=True))
    return SearchResult(edges, weight, bound, nodes)


def _first_sides(relaxation: Relaxation, root: _Node) -> list[Sides]:
    """Sides to start from: after the relaxed tree, and all that are undecided on one side (one is Greedy's)."""
    free = root.sides == FREE
    return [
        relaxation.complete(root.tree, root.sides),
        np.where(free, PROTECTED_SIDE, root.sides).astype(np.uint8),
        np.where(free, OUTCOME_SIDE, root.sides).astype(np.uint8),
    ]


def _weight(found: tuple[TreeEdges, float]) -> float:
    return found[1]


def _attempt(relaxation: Relaxation, node: _Node) -> tuple[TreeEdges, float]:
    """A fair tree close to a node's relaxed tree: decide all its sides, then find the heaviest tree for them."""
    return relaxation.repair(node.tree, relaxation.complete(node.tree, node.sides))


def _branch(relaxation: Relaxation, node: _Node, path: list[int], floor: float) -> list[_Node]:
    """Both sides of the attribute on the path whose better child is worst; children at or below the floor go."""
    best: list[_Node] = []
    best_key = (np.inf, np.inf)
    for group in path:
        children = []
        for side in (PROTECTED_SIDE, OUTCOME_SIDE):
            sides = node.sides.copy()
            sides[group] = side
            tree, bound = relaxation.repair(node.tree, sides)
            children.append(_Node(bound, sides, tree))
        bounds = sorted((child.bound for child in children), reverse=True)
        open_children = [child for child in children if child.bound > floor]
        if len(open_children) < 2:
            # A side is settled without branching: no other attribute of the path can do better.
            return open_children
        if (bounds[0], bounds[1]) < best_key:
            best, best_key = open_children, (bounds[0], bounds[1])
    return best
