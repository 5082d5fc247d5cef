"""From coarse codes back to fine ones: what a public merge of codes lost, given back in known shares."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from fairshare.errors import UsageError

__all__ = ["Refinement"]


@dataclass(frozen=True)
class Refinement:
    """A public map from fine to coarse codes, and each fine code's share of its coarse one.

    Fine codes are independent of every other column given the coarse code.

    Attributes:
        codes: coarse code (0..k-1, all in use) of each fine code, shape (fine,).
        shares: probability of each fine code within its coarse code, shape (fine,); sums to 1 in each coarse code.

    Raises:
        UsageError: shapes differ, a coarse code is unused, or shares are negative or do not sum to 1.
    """

    codes: NDArray[np.int64]
    shares: NDArray[np.float64] = field(repr=False)

    def __post_init__(self) -> None:
        codes, shares = np.asarray(self.codes, dtype=np.int64), np.asarray(self.shares, dtype=np.float64)
        if codes.ndim != 1 or not len(codes) or shares.shape != codes.shape:
            raise UsageError("a refinement needs one coarse code and one share for each fine code")
        if codes.min() < 0 or len(np.unique(codes)) != codes.max() + 1:
            raise UsageError("a refinement's coarse codes must be 0..k-1, all in use")
        if not (np.all(shares >= 0) and np.allclose(np.bincount(codes, weights=shares), 1.0)):
            raise UsageError("a refinement's shares must be at least 0 and sum to 1 in each coarse code")
        object.__setattr__(self, "codes", codes)
        object.__setattr__(self, "shares", shares)

    @classmethod
    def from_counts(cls, codes: NDArray[np.integer], counts: NDArray[np.number]) -> "Refinement":
        """Shares in proportion to noisy counts where these are positive; even where a coarse code has none."""
        positive = np.maximum(counts, 0).astype(np.float64)
        mass = np.bincount(codes, weights=positive)
        members = np.bincount(codes)
        empty = mass == 0
        shares = np.where(empty[codes], 1.0 / members[codes], positive / np.where(empty, 1.0, mass)[codes])
        return cls(np.asarray(codes, dtype=np.int64), shares)

    @property
    def coarse_size(self) -> int:
        """Number of coarse codes."""
        return int(self.codes.max()) + 1

    def refine(self, table: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
        """Expected counts with this axis refined: from size k to size fine."""
        shape = [1] * table.ndim
        shape[axis] = len(self.codes)
        return np.take(table, self.codes, axis=axis) * self.shares.reshape(shape)

    def sample(self, coarse: NDArray[np.integer], rng: np.random.Generator) -> NDArray[np.int64]:
        """A fine code for each coarse one, shape (rows,), by randomised rounding of the expected counts.

        Rows of one coarse code are shuffled, laid end to end and cut at the cumulative shares with one random
        offset, so each fine code's count is its expectation rounded up or down. Where a coarse code is one fine
        code, as most are where rare codes were merged, nothing is left to draw.
        """
        members = np.bincount(self.codes)
        fine: NDArray[np.int64] = np.zeros(self.coarse_size, dtype=np.int64)
        fine[self.codes] = np.arange(len(self.codes))
        rows: NDArray[np.int64] = fine[coarse]
        merged = np.flatnonzero((members > 1)[coarse])
        if merged.size:
            rows[merged] = self._draw(coarse[merged], members, rng)
        return rows

    def _draw(
        self, coarse: NDArray[np.integer], members: NDArray[np.integer], rng: np.random.Generator
    ) -> NDArray[np.int64]:
        """As ``sample``, whatever the coarse codes are."""
        order = rng.permutation(len(coarse))
        keys = coarse[order]
        if self.coarse_size <= 1 << 16:
            keys = keys.astype(np.uint16)  # numpy's stable sort of 16-bit integers is a radix sort
        order = order[np.argsort(keys, kind="stable")]
        sizes = np.bincount(coarse, minlength=self.coarse_size)
        rank = np.arange(len(coarse)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        offset = rng.random(self.coarse_size)
        position = (rank + np.repeat(offset, sizes)) / np.repeat(np.maximum(sizes, 1), sizes)
        by_coarse = np.argsort(self.codes, kind="stable")
        upper = np.cumsum(self.shares[by_coarse])  # coarse code c ends at c + 1
        key = np.repeat(np.arange(self.coarse_size), sizes) + np.minimum(position, 1 - 2**-40)
        found = np.searchsorted(upper, key, side="right")
        first = np.cumsum(members) - members
        group = np.repeat(np.arange(self.coarse_size), sizes)
        found = np.clip(found, first[group], first[group] + members[group] - 1)
        fine = np.empty(len(coarse), dtype=np.int64)
        fine[order] = by_coarse[found]
        return fine
