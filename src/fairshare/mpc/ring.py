"""The rings that secrets live in: integers modulo 2^k, and bits packed 64 to a word.

A protocol written over ``Ring`` works over all of them: for packed bits, addition and subtraction are XOR and
multiplication is AND, 64 lanes at a time.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairshare.errors import UsageError

__all__ = ["LANES", "Z2", "Z16", "Z32", "Z64", "Array", "Ring", "score_ring", "smallest_ring"]

#: Unsigned words of some ring.
Array = NDArray[Any]

#: Bits in a word of ``Z2``.
LANES = 64


@dataclass(frozen=True)
class Ring:
    """Unsigned machine words and the ring's operations on them.

    Attributes:
        name: for messages.
        bits: k of Z_2^k; 1 for packed bits.
        dtype: the machine word.
        add: addition, a ufunc that wraps.
        subtract: subtraction.
        multiply: multiplication.
    """

    name: str
    bits: int
    dtype: np.dtype[Any]
    add: np.ufunc = field(default=np.add, repr=False)
    subtract: np.ufunc = field(default=np.subtract, repr=False)
    multiply: np.ufunc = field(default=np.multiply, repr=False)

    @property
    def size(self) -> int:
        """Bytes of a word."""
        return int(self.dtype.itemsize)

    def sum(self, values: Array, axis: int = 0) -> Array:
        """The ring's sum along an axis, without numpy's widening."""
        return np.asarray(self.add.reduce(values, axis=axis, dtype=self.dtype))

    def encode(self, values: NDArray[np.integer[Any]]) -> Array:
        """Signed integers as ring elements (modulo 2^k)."""
        return np.asarray(values).astype(np.int64).astype(self.dtype)

    def decode(self, values: Array) -> NDArray[np.int64]:
        """Ring elements as signed integers in [-2^(k-1), 2^(k-1))."""
        signed = np.dtype(f"i{self.size}")
        return values.astype(self.dtype, copy=False).view(signed).astype(np.int64)


Z16 = Ring("Z_2^16", 16, np.dtype(np.uint16))
Z32 = Ring("Z_2^32", 32, np.dtype(np.uint32))
Z64 = Ring("Z_2^64", 64, np.dtype(np.uint64))
Z2 = Ring("Z_2", 1, np.dtype(np.uint64), np.bitwise_xor, np.bitwise_xor, np.bitwise_and)


def smallest_ring(rows: int) -> Ring:
    """The smallest ring in which a count of up to ``rows`` rows does not wrap."""
    return Z16 if rows < 1 << 16 else Z32 if rows < 1 << 32 else Z64


def score_ring(span: int) -> Ring:
    """The ring in which signed values and differences of magnitude up to ``span`` do not wrap: 32 bits where possible.

    Raises:
        UsageError: not even 64 bits hold it.
    """
    if not 0 <= span < 1 << 63:
        raise UsageError(f"span of scores ({span}) must be at least 0 and below 2^63; lower the weights")
    return Z32 if span < 1 << 31 else Z64
