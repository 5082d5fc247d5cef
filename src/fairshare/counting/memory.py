"""Exact marginal counts of a coded table in memory."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from fairshare.errors import DataError
from fairshare.marginals import Clique, Domain

__all__ = ["CodedTable"]

# Codes are packed block by block, so that the packed indices stay in the processor's cache.
_BLOCK = 1 << 16


class CodedTable:
    """A table of codes, one array a column, and its marginals.

    Args:
        domain: attributes and sizes.
        codes: one unsigned integer array per attribute, shape (rows,), each code below the attribute's size.

    Raises:
        DataError: a column is missing, lengths differ, or a code is outside its attribute's size.
    """

    def __init__(self, domain: Domain, codes: Mapping[str, NDArray[np.unsignedinteger]]) -> None:
        if missing := [a for a in domain if a not in codes]:
            raise DataError(f"coded table lacks columns {missing}; give one array of codes per attribute")
        self.domain = domain
        self._codes = [np.ascontiguousarray(codes[a]) for a in domain]
        if len({len(c) for c in self._codes}) > 1:
            raise DataError("coded columns differ in length; give one code per row in each")
        for attribute, size, column in zip(domain, domain.shape, self._codes, strict=True):
            if len(column) and int(column.max()) >= size:
                raise DataError(f"column {attribute!r} holds codes outside 0..{size - 1}; encode it with the schema")
        self._rows = len(self._codes[0]) if self._codes else 0

    def count(self, clique: Clique) -> NDArray[np.int64]:
        """Exact counts, int64, shape ``domain.sizes(clique)``; a scalar array for the empty clique."""
        shape = self.domain.sizes(clique)
        if not clique:
            return np.array(self._rows, dtype=np.int64)
        columns = [self._codes[self.domain.axis(a)] for a in clique]
        cells = self.domain.cells(clique)
        counts = np.zeros(cells, dtype=np.int64)
        for start in range(0, self._rows, _BLOCK if cells <= _BLOCK else max(self._rows, 1)):
            stop = start + _BLOCK if cells <= _BLOCK else self._rows
            packed = columns[0][start:stop].astype(np.int64)
            for column, size in zip(columns[1:], shape[1:], strict=True):
                packed *= size
                packed += column[start:stop]
            counts += np.bincount(packed, minlength=cells)
        return counts.reshape(shape)

    def counts(self, cliques: Sequence[Clique]) -> list[NDArray[np.int64]]:
        """Exact counts of several marginals."""
        return [self.count(c) for c in cliques]
