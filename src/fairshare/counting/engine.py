"""What every place that can count looks like to a curator: cliques in, exact marginals out."""

from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from fairshare.marginals import Clique, Domain

__all__ = ["CountingEngine", "Watch", "unwatched"]

#: Told how many parts of a scan are done, out of how many (0: not known). What it raises ends the scan.
#: These are numbers of private rows: nobody who may see only the release may be shown them, or how often they come.
Watch = Callable[[int, int], None]


def unwatched(done: int, parts: int) -> None:
    """The watch of nobody."""


@runtime_checkable
class CountingEngine(Protocol):
    """Exact marginals of a private table, counted where the table lives.

    All engines give equal counts for equal rows and one schema, whatever they hold: the schema's encoding is their
    only reading of a cell. Only curators may call ``count`` and ``counts``: what they return is not private yet.
    """

    @property
    def domain(self) -> Domain:
        """The public domain."""
        ...

    @property
    def max_rows_per_person(self) -> int | None:
        """The most rows of one person that are counted; None where rows are not limited."""
        ...

    def check(self) -> None:
        """Find out whether the table can be counted: connection, columns, types. Run before anything is charged.

        Raises:
            PeerError: the place can't be reached.
            DataError: the table's structure does not fit the schema.
        """
        ...

    def count(self, clique: Clique) -> NDArray[np.int64]:
        """Exact counts of one marginal, shape ``domain.sizes(clique)``; a scalar array for the empty clique.

        Raises:
            PeerError: the connection was lost.
        """
        ...

    def counts(self, cliques: Sequence[Clique]) -> list[NDArray[np.int64]]:
        """Exact counts of several marginals, in as few scans as memory allows.

        Raises:
            PeerError: the connection was lost.
        """
        ...

    def close(self) -> None:
        """Give back connections and processes; the engine is not used again."""
        ...
