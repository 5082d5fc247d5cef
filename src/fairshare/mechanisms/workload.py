"""What a workload-aware mechanism is asked to be good at."""

from collections.abc import Mapping, Sequence

from fairshare.errors import UsageError
from fairshare.marginals import Clique, Domain, all_k_way

__all__ = ["Workload", "resolve"]

#: ``k`` for all k-way marginals; a sequence of column sets; or a mapping of column sets to weights.
Workload = int | Sequence[Sequence[str]] | Mapping[tuple[str, ...], float]


def resolve(workload: Workload, domain: Domain, max_cells: int) -> dict[Clique, float]:
    """Cliques of a domain with their weights.

    Args:
        workload: see ``Workload``; ``k`` above the number of attributes means all of them together.
        domain: the curator's domain.
        max_cells: marginals with more cells are left out.

    Raises:
        UsageError: the workload is empty, names an unknown column, or has a weight that is not positive.
    """
    if isinstance(workload, int):
        if isinstance(workload, bool) or workload < 1:
            raise UsageError(f"workload ({workload}) must be at least 1-way; 2 or 3 is usual")
        found = dict.fromkeys(all_k_way(domain, min(workload, len(domain)), max_cells=max_cells), 1.0)
        # Where every k-way marginal is too large, the largest ones that are not.
        return found or resolve(min(workload, len(domain)) - 1, domain, max_cells) if workload > 1 else found
    given = workload if isinstance(workload, Mapping) else dict.fromkeys(map(tuple, workload), 1.0)
    weighted: dict[Clique, float] = {}
    for attributes, weight in given.items():
        if not 0 < weight < float("inf"):
            raise UsageError(f"weight ({weight}) of workload marginal {attributes} must be above 0 and finite")
        clique = domain.clique(attributes)
        if clique and domain.cells(clique) <= max_cells:
            weighted[clique] = weighted.get(clique, 0.0) + float(weight)
    if not weighted:
        raise UsageError(f"workload must hold at least one marginal of at most {max_cells} cells; raise max_cells")
    return weighted
