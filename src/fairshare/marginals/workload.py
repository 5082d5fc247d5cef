"""Workloads: which marginals matter, and how much."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import combinations

from fairshare.errors import UsageError
from fairshare.marginals.domain import Clique, Domain

__all__ = ["all_k_way", "downward_closure", "overlap_weights"]


def all_k_way(domain: Domain, k: int, *, max_cells: int | None = None) -> list[Clique]:
    """All cliques of ``k`` attributes with at most ``max_cells`` cells, in lexicographic domain order.

    Raises:
        UsageError: ``k`` is below 1 or above the number of attributes.
    """
    if not 1 <= k <= len(domain):
        raise UsageError(f"k ({k}) must be between 1 and the number of attributes ({len(domain)})")
    return [c for c in combinations(domain.attributes, k) if max_cells is None or domain.cells(c) <= max_cells]


def downward_closure(workload: Iterable[Clique]) -> list[Clique]:
    """Every non-empty subset of a workload's cliques, smallest first, without repeats."""
    closure = {s: None for c in workload for k in range(1, len(c) + 1) for s in combinations(c, k)}
    return sorted(closure, key=len)


def overlap_weights(workload: Mapping[Clique, float], candidates: Iterable[Clique]) -> dict[Clique, float]:
    """AIM's candidate weights: sum over the workload of weight x shared attributes (McKenna et al. 2022, section 4).

    A candidate shares with the workload what its attributes share with it one by one, so that no candidate has to be
    held against every workload marginal: of 100 columns those are 5,000 and 160,000.
    """
    shared: dict[str, float] = defaultdict(float)
    for marginal, weight in workload.items():
        for attribute in marginal:
            shared[attribute] += weight
    return {c: sum(shared[a] for a in c) for c in candidates}
