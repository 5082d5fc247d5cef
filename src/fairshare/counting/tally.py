"""The kernel of all engines that see rows: pack codes into one integer a marginal, and count the integers."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairshare.counting.planner import CACHED_CELLS, Part, passes, plan
from fairshare.marginals import Clique, Domain

__all__ = ["Codes", "Tally", "tallied"]

#: Codes of each attribute, one array a column.
Codes = Mapping[str, NDArray[np.unsignedinteger[Any]]]

#: Rows at a time: codes, packed integers and counts of a block stay in the processor's own cache.
_BLOCK = 1 << 16
#: Below this many cells packed codes fit 16 bits, which halves the memory traffic of packing (and more).
_SHORT = 1 << 16


class Tally:
    """Counts of several marginals, growing as rows are added.

    Args:
        domain: attributes and sizes.
        parts: what to count.
    """

    def __init__(self, domain: Domain, parts: Sequence[Part]) -> None:
        self._domain = domain
        self._parts = list(parts)
        self._sizes = [domain.sizes(part.clique) for part in parts]
        self._tables = [np.zeros(domain.cells(part.clique), dtype=np.int64) for part in parts]

    def add(self, codes: Codes, rows: int) -> None:
        """Count ``rows`` more rows, whose codes are below their attribute's size."""
        for start in range(0, rows, _BLOCK):
            stop = min(rows, start + _BLOCK)
            block = {name: column[start:stop] for name, column in codes.items()}
            for part, sizes, table in zip(self._parts, self._sizes, self._tables, strict=True):
                if not part.clique:
                    table[0] += stop - start
                    continue
                packed = _pack([block[a] for a in part.clique], sizes, table.size)
                if table.size <= 2 * _BLOCK:
                    np.add(table, np.bincount(packed, minlength=table.size), out=table)
                else:  # a second table of that size for each block would cost more than scattered writes
                    np.add.at(table, packed, 1)

    @property
    def parts(self) -> list[Part]:
        """What is counted."""
        return self._parts

    @property
    def attributes(self) -> tuple[str, ...]:
        """The attributes that any of the parts needs."""
        return self._domain.clique({a for part in self._parts for a in part.clique})

    @property
    def tables(self) -> list[NDArray[np.int64]]:
        """The counts of each part, shape (cells,) each."""
        return self._tables

    def fill(self, cliques: Sequence[Clique], found: list[NDArray[np.int64] | None]) -> None:
        """Put the wanted marginals at their positions in ``found``, by sums over the parts' tables."""
        for part, sizes, table in zip(self._parts, self._sizes, self._tables, strict=True):
            cube = table.reshape(sizes)
            for position in part.wanted:
                wanted = cliques[position]
                rest = tuple(axis for axis, a in enumerate(part.clique) if a not in wanted)
                found[position] = np.asarray(cube.sum(axis=rest)) if rest else cube.copy()


def tallied(
    domain: Domain, cliques: Sequence[Clique], scan: Callable[[Tally], None], max_cells: int = CACHED_CELLS
) -> list[NDArray[np.int64]]:
    """The wanted marginals, shape ``domain.sizes(clique)`` each.

    Args:
        domain: attributes and sizes.
        cliques: wanted, in domain order each.
        scan: one pass over all rows, that adds them to the tally it is given.
        max_cells: cap on the cells of what is counted only to be summed.
    """
    found: list[NDArray[np.int64] | None] = [None] * len(cliques)
    for parts in passes(domain, plan(domain, cliques, max_cells)):
        tally = Tally(domain, parts)
        scan(tally)
        tally.fill(cliques, found)
    return [table for table in found if table is not None]


def _pack(columns: list[NDArray[Any]], sizes: tuple[int, ...], cells: int) -> NDArray[np.intp]:
    """Row-major cell of each row."""
    dtype = np.dtype(np.uint16 if cells < _SHORT else np.intp)
    packed = columns[0].astype(dtype)
    for column, size in zip(columns[1:], sizes[1:], strict=True):
        packed *= dtype.type(size)
        packed += column.astype(dtype, copy=False)
    return packed.astype(np.intp, copy=False)
