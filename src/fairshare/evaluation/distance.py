"""Total variation distance between the marginals of two coded tables."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt

from fairshare.errors import DataError, UsageError
from fairshare.marginals import Clique, Domain

__all__ = ["TablePair"]

# Marginals with more cells than this are counted over the cells that occur; the others in a dense array.
_DENSE_CELLS = 1 << 22
_INT64_CELLS = 1 << 62

Codes = Mapping[str, npt.NDArray[np.integer]]


class TablePair:
    """A real and a synthetic coded table over one domain, stacked so that one pass packs both.

    Args:
        real: codes of the real table, one array an attribute, shape (rows,), codes below the attribute's size.
        synthetic: codes of the synthetic table, likewise; its number of rows may differ.
        domain: attributes and sizes.

    Raises:
        DataError: a column is missing, columns differ in length, a code is out of range, or there are no rows.
    """

    def __init__(self, real: Codes, synthetic: Codes, domain: Domain) -> None:
        self.domain = domain
        self._rows = (_checked_rows("real", real, domain), _checked_rows("synthetic", synthetic, domain))
        self._codes = [np.concatenate([real[a], synthetic[a]]).astype(np.int64, copy=False) for a in domain]

    def tvd(self, clique: Sequence[str]) -> float:
        """Half the L1 distance of the normalised marginals over these attributes, in [0, 1]."""
        axes = [self.domain.axis(a) for a in self.domain.clique(clique)]
        packed, cells = self._packed(axes)
        return self._distance(packed, cells)

    def counts(self, clique: Clique) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Real and synthetic counts, shape ``domain.sizes(clique)`` each, for a clique that fits into memory.

        Raises:
            UsageError: the marginal has more than 4 million cells.
        """
        packed, cells = self._packed([self.domain.axis(a) for a in clique])
        if cells > _DENSE_CELLS:
            raise UsageError(f"marginal of {clique} has {cells:,} cells, must be at most {_DENSE_CELLS:,}")
        shape, n = self.domain.sizes(clique), self._rows[0]
        real, synthetic = (np.bincount(part, minlength=cells) for part in (packed[:n], packed[n:]))
        return real.reshape(shape), synthetic.reshape(shape)

    def tvd_all(self, k: int) -> dict[Clique, float]:
        """``tvd`` of every ``k``-way marginal; empty where there are fewer than ``k`` attributes.

        Cliques that share their first k - 1 attributes share the packing of these.
        """
        found: dict[Clique, float] = {}
        for prefix in combinations(range(len(self.domain)), k - 1):
            packed, cells = self._packed(prefix)
            for last in range(prefix[-1] + 1 if prefix else 0, len(self.domain)):
                clique = tuple(self.domain.attributes[axis] for axis in (*prefix, last))
                found[clique] = self._distance(*self._extended(packed, cells, last))
        return found

    def _packed(self, axes: Iterable[int]) -> tuple[npt.NDArray[np.int64], int]:
        """The cell of each stacked row, and the number of cells."""
        packed, cells = np.zeros(sum(self._rows), dtype=np.int64), 1
        for axis in axes:
            packed, cells = self._extended(packed, cells, axis)
        return packed, cells

    def _extended(self, packed: npt.NDArray[np.int64], cells: int, axis: int) -> tuple[npt.NDArray[np.int64], int]:
        """The packing with one more attribute; cells are numbered anew where 64 bits would not do."""
        size = self.domain.shape[axis]
        if cells * size >= _INT64_CELLS:
            occurring, packed = np.unique(packed, return_inverse=True)
            cells = len(occurring)
        return packed * size + self._codes[axis], cells * size

    def _distance(self, packed: npt.NDArray[np.int64], cells: int) -> float:
        if cells > _DENSE_CELLS:
            occurring, packed = np.unique(packed, return_inverse=True)
            cells = len(occurring)
        n, m = self._rows
        real, synthetic = np.bincount(packed[:n], minlength=cells), np.bincount(packed[n:], minlength=cells)
        # Cross-multiplied, the difference is exact in integers: equal proportions give exactly 0.
        return float(np.abs(real * m - synthetic * n).sum() / (2 * n * m))


def _checked_rows(name: str, codes: Codes, domain: Domain) -> int:
    """Number of rows of a coded table that fits the domain."""
    if missing := [a for a in domain if a not in codes]:
        raise DataError(f"the {name} table lacks columns {missing}; give one array of codes per attribute")
    lengths = {len(codes[a]) for a in domain}
    if len(lengths) != 1 or lengths == {0}:
        raise DataError(f"columns of the {name} table must have the same number of rows, at least 1")
    for attribute, size in zip(domain, domain.shape, strict=True):
        column = codes[attribute]
        if column.min() < 0 or column.max() >= size:
            raise DataError(f"column {attribute!r} of the {name} table holds codes outside 0..{size - 1}")
    return int(lengths.pop())
