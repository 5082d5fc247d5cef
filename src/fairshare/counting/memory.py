"""Exact marginal counts of a coded table in memory."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fairshare.counting.engine import Watch, unwatched
from fairshare.counting.tally import Codes, Tally, tallied
from fairshare.errors import DataError
from fairshare.marginals import Clique, Domain

__all__ = ["CodedTable"]

#: Rows between two calls of the watch.
_STRIDE = 1 << 20


class CodedTable:
    """A table of codes, one array a column, and its marginals.

    One thread: counting packed codes holds Python's lock, and two threads took four times as long as one.

    Args:
        domain: attributes and sizes.
        codes: one unsigned integer array per attribute, shape (rows,), each code below the attribute's size.
        watch: told how far a scan is.
        max_rows_per_person: to how many rows of one person the codes have been limited, if they have.

    Raises:
        DataError: a column is missing, lengths differ, or a code is outside its attribute's size.
    """

    def __init__(
        self, domain: Domain, codes: Codes, *, watch: Watch = unwatched, max_rows_per_person: int | None = None
    ) -> None:
        if missing := [a for a in domain if a not in codes]:
            raise DataError(f"coded table lacks columns {missing}; give one array of codes per attribute")
        self.domain = domain
        self.max_rows_per_person = max_rows_per_person
        self._codes = {a: np.ascontiguousarray(codes[a]) for a in domain}
        if len({len(c) for c in self._codes.values()}) > 1:
            raise DataError("coded columns differ in length; give one code per row in each")
        for attribute, size in zip(domain, domain.shape, strict=True):
            column = self._codes[attribute]
            if len(column) and int(column.max()) >= size:
                raise DataError(f"column {attribute!r} holds codes outside 0..{size - 1}; encode it with the schema")
        self._rows = len(next(iter(self._codes.values()))) if self._codes else 0
        self._watch = watch

    def check(self) -> None:
        """Nothing can be missing: the constructor looked."""

    def count(self, clique: Clique) -> NDArray[np.int64]:
        """Exact counts, int64, shape ``domain.sizes(clique)``; a scalar array for the empty clique."""
        return self.counts([clique])[0]

    def counts(self, cliques: Sequence[Clique]) -> list[NDArray[np.int64]]:
        """Exact counts of several marginals; those that larger ones hold are sums of them."""

        def scan(tally: Tally) -> None:
            for start in range(0, self._rows, _STRIDE):
                stop = min(self._rows, start + _STRIDE)
                tally.add({a: column[start:stop] for a, column in self._codes.items()}, stop - start)
                self._watch(stop, self._rows)

        return tallied(self.domain, cliques, scan)

    def close(self) -> None:
        """Nothing to give back."""
