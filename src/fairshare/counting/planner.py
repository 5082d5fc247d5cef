"""Which larger marginals to count, so that the wanted ones are sums of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairshare.marginals import Clique, Domain

__all__ = ["CACHED_CELLS", "Part", "passes", "plan"]

#: Axes of an array, whatever the version of numpy; columns of one code would all go into one part.
_MOST_AXES = 32

#: Largest marginal that is counted only to be summed: 2^15 int64 cells are 256 KB, inside a processor's own cache.
CACHED_CELLS = 1 << 15
#: Cells that one pass over the rows may count at a time, over all its marginals: 512 MB.
PASS_CELLS = 1 << 26


@dataclass(frozen=True)
class Part:
    """A marginal to count, and the wanted ones that are sums of it.

    Attributes:
        clique: what is counted.
        wanted: positions, in the list of wanted cliques, of those derived from it.
    """

    clique: Clique
    wanted: tuple[int, ...]


def plan(domain: Domain, cliques: Sequence[Clique], max_cells: int = CACHED_CELLS) -> list[Part]:
    """Cover the cliques by few marginals of at most ``max_cells`` cells each (a larger wanted one stands alone).

    Greedy: begin with the largest clique not covered yet, and add the attribute that completes the most others while
    the table stays small; where none completes any, the one that brings most cliques nearest.

    Args:
        domain: attributes and sizes.
        cliques: wanted, in domain order each; may repeat.
        max_cells: cap on the cells of what is counted only to be summed.

    Returns:
        Parts whose ``wanted`` together are each position once.
    """
    member = np.zeros((len(cliques), len(domain)), dtype=bool)
    for row, clique in zip(member, cliques, strict=True):
        row[[domain.axis(a) for a in clique]] = True
    sizes = np.asarray(domain.shape, dtype=np.float64)
    cells = np.array([float(domain.cells(c)) for c in cliques])
    open_ = np.ones(len(cliques), dtype=bool)
    parts = []
    for first in np.argsort(-cells, kind="stable"):
        if not open_[first]:
            continue
        union = _grow(member[open_], member[first].copy(), sizes, max_cells)
        covered = open_ & ~(member & ~union).any(axis=1)
        open_ &= ~covered
        chosen = tuple(a for a, used in zip(domain.attributes, union, strict=True) if used)
        parts.append(Part(chosen, tuple(np.flatnonzero(covered).tolist())))
    return parts


def _grow(
    wanted: NDArray[np.bool_], union: NDArray[np.bool_], sizes: NDArray[np.float64], max_cells: int
) -> NDArray[np.bool_]:
    """Attributes added to ``union``, shape (attributes,), while that helps and fits."""
    held = float(np.prod(sizes[union]))
    while True:
        missing = (wanted & ~union).sum(axis=1)
        near = wanted[missing > 0]
        # An attribute that a clique still lacks counts 1 if it is the last one, and far less for each other one.
        gain = (near * (float(len(wanted) + 1) ** -(missing[missing > 0] - 1.0))[:, None]).sum(axis=0)
        gain[union | (held * sizes > max_cells)] = 0
        best = int(np.argmax(gain / np.log2(sizes + 1)))
        if gain[best] <= 0 or np.count_nonzero(union) >= _MOST_AXES:
            return union
        union[best] = True
        held *= sizes[best]


def passes(domain: Domain, parts: Sequence[Part], max_cells: int = PASS_CELLS) -> Iterator[list[Part]]:
    """The parts in groups that fit memory together; each group is one scan."""
    group: list[Part] = []
    held = 0
    for part in parts:
        cells = domain.cells(part.clique)
        if group and held + cells > max_cells:
            yield group
            group, held = [], 0
        group.append(part)
        held += cells
    if group:
        yield group
