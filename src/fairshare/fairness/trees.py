"""Fair spanning trees of great weight: the shape of the MST mechanism's model."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations
from math import fsum

import numpy as np
from numpy.typing import NDArray

from fairshare.errors import UsageError
from fairshare.fairness.exact import DEFAULT_NODE_LIMIT, branch_and_bound
from fairshare.fairness.graph import FairGraph
from fairshare.fairness.relaxation import Relaxation
from fairshare.fairness.roles import Fairness
from fairshare.fairness.spanning import side_aware_kruskal, sorted_edges
from fairshare.marginals import Clique

__all__ = ["FairTree", "fair_tree", "weight_matrix"]


@dataclass(frozen=True)
class FairTree:
    """A spanning tree that meets the criterion, and how good it is.

    Attributes:
        edges: the tree's pairs, each in attribute order, heaviest first.
        weight: sum of the edges' weights.
        bound: no fair spanning tree weighs more.
        optimal: no fair spanning tree weighs more than this one (up to rounding, 1e-12 of the weights' sum).
        nodes: branch-and-bound nodes explored; 0 for the greedy policies.
    """

    edges: tuple[Clique, ...]
    weight: float
    bound: float
    optimal: bool
    nodes: int

    @property
    def gap(self) -> float:
        """How much more an optimal fair tree could weigh; 0 when this one is optimal."""
        return 0.0 if self.optimal else self.bound - self.weight


def fair_tree(
    weights: NDArray[np.float64] | Mapping[Clique, float],
    attributes: Iterable[str],
    fairness: Fairness,
    *,
    given: Sequence[Clique] = (),
    node_limit: int = DEFAULT_NODE_LIMIT,
    deadline: float | None = None,
) -> FairTree:
    """The spanning tree that a policy builds from pair weights.

    - ``strict`` and ``justifiable``: Kruskal's algorithm that skips edges which :meth:`FairGraph.allows` would
      refuse (PreFair's Greedy, and its component-wise version).
    - ``exact``: the heaviest fair tree, by branch and bound (:mod:`fairshare.fairness.exact`).

    With ``saturate`` every attribute has a side from the start, each edge is allowed or not whatever the others,
    and Kruskal is optimal (PreFair, Proposition 6): all three policies give the same weight. An admissible
    attribute can be joined to every other one, so a fair spanning tree always exists. Equal weights are taken in
    attribute order.

    Args:
        weights: symmetric, finite, shape (d, d); or one weight per pair. Any sign: noisy weights will do.
        attributes: names, in the order of the matrix (a ``Domain`` will do).
        fairness: roles and policy.
        given: cliques that the model holds already (structural zeros, dependencies). The tree does not contain
            them as edges but never joins sides through them.
        node_limit: ``exact`` gives its best tree after this many nodes, with ``optimal=False`` and a gap.
            Deterministic, unlike a deadline.
        deadline: the same after this many seconds; None for no deadline.

    Raises:
        NotFairError: the given cliques break the policy.
        UsageError: weights have the wrong shape or miss a pair, or no attribute is admissible.
    """
    attributes = tuple(attributes)
    matrix = weight_matrix(weights, attributes)
    graph = FairGraph(attributes, fairness, given)
    if not graph.admissible.any():
        raise UsageError(
            f"attributes ({list(attributes)}) must include an admissible attribute, else no fair spanning tree "
            f"need exist: add one of {list(fairness.admissible)}"
        )
    criterion = FairGraph(attributes, replace(fairness, policy="exact"), given)
    relaxation = Relaxation.of(matrix, criterion)
    pairs, bound, nodes = _filtered_kruskal(matrix, graph), relaxation.root()[1], 0
    if fairness.policy == "exact":
        found = branch_and_bound(relaxation, node_limit=node_limit, deadline=deadline)
        pairs, bound, nodes = max(found.edges, pairs, key=partial(_weight, matrix)), found.bound, found.nodes
    weight = _weight(matrix, pairs)
    edges = sorted(pairs, key=lambda pair: (-matrix[pair], pair))
    optimal = bound <= weight + relaxation.tolerance
    return FairTree(
        edges=tuple((attributes[i], attributes[j]) for i, j in edges),
        weight=weight,
        bound=weight if optimal else bound,
        optimal=optimal,
        nodes=nodes,
    )


def _filtered_kruskal(matrix: NDArray[np.float64], graph: FairGraph) -> tuple[tuple[int, int], ...]:
    """Kruskal's algorithm over the edges that a fair graph allows; pairs of positions, lower first."""
    U, V, _ = sorted_edges(matrix)
    tree = side_aware_kruskal(U.tolist(), V.tolist(), graph.component.tolist(), graph.side.tolist(), graph.admissible)
    return tuple(zip(U[tree].tolist(), V[tree].tolist(), strict=True))


def _weight(matrix: NDArray[np.float64], pairs: Sequence[tuple[int, int]]) -> float:
    return fsum(matrix[pair] for pair in pairs)


def weight_matrix(
    weights: NDArray[np.float64] | Mapping[Clique, float], attributes: Sequence[str]
) -> NDArray[np.float64]:
    """Pair weights as a symmetric matrix, shape (d, d), checked.

    Raises:
        UsageError: the shape is wrong, a pair is missing, or a weight is not finite or not symmetric.
    """
    d = len(attributes)
    if isinstance(weights, Mapping):
        matrix = np.zeros((d, d))
        for (i, a), (j, b) in combinations(enumerate(attributes), 2):
            value = weights.get((a, b), weights.get((b, a)))
            if value is None:
                raise UsageError(f"weights must hold every pair of attributes, {(a, b)} is missing: score it too")
            matrix[i, j] = matrix[j, i] = value
    else:
        matrix = np.asarray(weights, dtype=np.float64)
    if matrix.shape != (d, d):
        raise UsageError(f"weights (shape {matrix.shape}) must be of shape {(d, d)}: one row per attribute")
    if not (np.isfinite(matrix).all() and np.array_equal(matrix, matrix.T)):
        raise UsageError("weights must be finite and symmetric: pass the same number for (a, b) and (b, a)")
    return matrix
