"""From codes to what classifiers read: numbers for ordered columns, indicators or codes for categories."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fairshare.evaluation.tables import Codes
from fairshare.schema import Schema
from fairshare.schema.ordered import Ordered

__all__ = ["MOST_INDICATORS", "Features"]

#: Categories of one column that get an indicator of their own: the first codes; the others share none.
MOST_INDICATORS = 256

Matrix = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Features:
    """Which columns are read, and how; a function of the public schema alone.

    Attributes:
        schema: the public schema.
        names: the columns that are read: all synthesised ones without the outcomes.
    """

    schema: Schema
    names: tuple[str, ...]

    def indicators(self, codes: Codes) -> Matrix:
        """For linear models and networks, shape (rows, features).

        A category is one indicator a code (missing among them). An ordered column is its place on [-1, 1], 0 where
        missing, and an indicator of missing where it is nullable.
        """
        blocks: list[Matrix] = []
        for name in self.names:
            column, kind = codes[name], self.schema.column(name)
            if isinstance(kind, Ordered):
                known = column < kind.grid.size
                place = 2 * column.astype(np.float32) / max(kind.grid.size - 1, 1) - 1
                blocks.append(np.where(known, place, np.float32(0))[:, None])
                if kind.nullable:
                    blocks.append((~known).astype(np.float32)[:, None])
            else:
                size = min(self.schema.sizes[name], MOST_INDICATORS)
                blocks.append((column[:, None] == np.arange(size)).astype(np.float32))
        return np.hstack(blocks).astype(np.float32, copy=False)

    def ordinals(self, codes: Codes) -> Matrix:
        """For trees, shape (rows, columns): the codes themselves, which trees cut where they need to."""
        return np.stack([codes[name] for name in self.names], axis=1).astype(np.float32)
