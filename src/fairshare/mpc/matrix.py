"""Matrix products of shares through floating-point BLAS, exactly.

Words of 16 bits are products below 2^30 when read as signed, so float64 sums of 2^22 of them are exact integers; wider
words are split into 16-bit digits, and only the digit pairs that matter modulo 2^k are multiplied.
"""

import numpy as np
from numpy.typing import NDArray

from fairshare.mpc.ring import Array, Ring
from fairshare.mpc.session import Session
from fairshare.mpc.shares import Shares

__all__ = ["matmul", "transposed_product"]

_DIGIT = 16
#: Rows in a block: the float copies stay in cache, and a block's sums stay below 2^(30 + 13) < 2^53.
_BLOCK = 1 << 13


def _digits(words: Array, count: int) -> list[NDArray[np.float64]]:
    """The signed 16-bit digits of words: word = sum of digit_j 2^(16 j) modulo 2^k."""
    digits, rest = [], words
    for j in range(count):
        digit = rest.astype(np.uint16).view(np.int16)
        digits.append(digit.astype(np.float64))
        if j + 1 < count:
            rest = (rest - digit.astype(words.dtype)) >> words.dtype.type(_DIGIT)
    return digits


def matmul(ring: Ring, left: Array, right: Array) -> Array:
    """The product left @ right.T in the ring, shapes (a, n) and (b, n) to (a, b); exact for every n."""
    count = ring.bits // _DIGIT
    total = np.zeros((len(left), len(right)), dtype=ring.dtype)
    for start in range(0, left.shape[1], _BLOCK):
        block = slice(start, start + _BLOCK)
        x, y = _digits(left[:, block], count), _digits(right[:, block], count)
        for i in range(count):
            for j in range(count - i):
                part = (x[i] @ y[j].T).astype(np.int64).astype(ring.dtype)
                total += part << ring.dtype.type(_DIGIT * (i + j)) if i + j else part
    return total


async def transposed_product(session: Session, x: Shares, y: Shares) -> Shares:
    """The product x @ y.T of secret matrices, shapes (a, n) and (b, n) to (a, b).

    Cost: one round, a b words, whatever n. Security: as ``arithmetic.product``.
    """
    ring = x.ring
    left = np.concatenate([x.pair[0], x.pair[1]], axis=1)
    right = np.concatenate([ring.add(y.pair[0], y.pair[1]), y.pair[0]], axis=1)
    return await session.reshare(ring, matmul(ring, left, right))
