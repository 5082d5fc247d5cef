"""Comparing lazily drawn 256-bit uniform numbers with exact thresholds, 64 bits at a time.

A uniform number and a threshold are compared by their top 64 bits in one vectorised step; only where these tie
(once in 2^64 draws a threshold) are the other 192 bits drawn and compared as Python integers. The result is that of
a 256-bit comparison at the cost of a 64-bit one.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fairshare.privacy.entropy import Entropy

__all__ = ["BITS", "Thresholds"]

BITS = 256
_LOW = BITS - 64


class Thresholds:
    """Sorted thresholds t in [0, 2^256]; ``below(u)`` counts the thresholds t <= u of a uniform 256-bit u.

    Args:
        values: ascending integers in [0, 2^256].
    """

    def __init__(self, values: Sequence[int]) -> None:
        # u < 2^256 always, so thresholds at the very top are never reached.
        self._values = [v for v in values if v < 1 << BITS]
        self._high = np.array([v >> _LOW for v in self._values], dtype=np.uint64)

    def below(self, entropy: Entropy, count: int) -> NDArray[np.int64]:
        """For ``count`` fresh uniform numbers, how many thresholds lie at or below each; shape (count,)."""
        words = entropy.words(count)
        right = np.searchsorted(self._high, words, side="right")
        if len(self._high):
            tied = np.flatnonzero(self._high[np.maximum(right - 1, 0)] == words)
            for i in tied:  # once in 2^64 draws per threshold: not a hot path
                right[i] = self._exact(int(words[i]), entropy)
        return right.astype(np.int64, copy=False)

    def _exact(self, high: int, entropy: Entropy) -> int:
        low = int.from_bytes(entropy.words(_LOW // 64).tobytes(), "little")
        u = (high << _LOW) | low
        start = int(np.searchsorted(self._high, np.uint64(high), side="left"))
        while start < len(self._values) and self._values[start] <= u:
            start += 1
        return start
