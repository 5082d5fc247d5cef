"""The exponential mechanism on integer gaps, by coins of exact bias: no float ever decides.

Privacy:
    A trial draws a uniform candidate index and accepts it with probability exp(-rate x gap); the first acceptance has
    exactly the exponential mechanism's distribution (rejection sampling). The acceptance is a product over the set
    bits j of the gap of coins of bias exp(-rate 2^j), each within 2^-256 of its ideal. A batch has at most 2^20
    trials of at most 63 coins; the number of batches is geometric with a mean below 2; events.py charges 2^-210 a
    selection. The trials are the same public circuit that three servers run on shares, so the two can be compared on
    one tape of words.
"""

from fractions import Fraction
from functools import lru_cache
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray

from fairshare.privacy.entropy import Entropy
from fairshare.privacy.fixedpoint import exp_neg
from fairshare.privacy.thresholds import BITS, Thresholds

__all__ = ["coin_thresholds", "exponential_mechanism"]

_MAX_TRIALS = 1 << 20
#: Trials of a batch for each padded candidate: the best one is always accepted, so a batch fails once in e^4 at most.
_TRIALS = 4


def coin_thresholds(rate: Fraction) -> list[int]:
    """exp(-rate 2^j) x 2^256 for j = 0, 1, ... until it is zero; a set bit beyond rejects (bias below 2^-256)."""
    coins = (exp_neg(rate * 2**j, BITS) for j in range(63))
    return list(takewhile(lambda t: t > 0, coins))


@lru_cache(maxsize=16)
def _coins(rate: Fraction) -> tuple[Thresholds, ...]:
    return tuple(Thresholds([t]) for t in coin_thresholds(rate))


def exponential_mechanism(
    gaps: NDArray[np.int64], rate: Fraction, entropy: Entropy, *, trials: int = _TRIALS, bits: int = BITS
) -> int:
    """The index of a candidate, with probability proportional to exp(-rate x gap).

    Args:
        gaps: how far each score lies below the best; integers >= 0 with at least one 0, shape (candidates,).
        rate: epsilon / (2 Delta), exact, above 0.
        entropy: source of uniform words.
        trials: of a batch, for each padded candidate; three servers make one large batch.
        bits: coins whose bias is below 2^-bits reject without a word being drawn; three servers compare 64 bits.
    """
    padded = 1 << (len(gaps) - 1).bit_length()
    lanes = min(_MAX_TRIALS, trials * padded)
    coins = [Thresholds([t]) for t in coin_thresholds(rate) if t >> (BITS - bits)]
    while True:
        index = (entropy.words(lanes) & np.uint64(padded - 1)).astype(np.int64)
        alive = index < len(gaps)
        gap = gaps[np.where(alive, index, 0)]
        for j, coin in enumerate(coins):
            heads = coin.below(entropy, lanes) == 0  # u < threshold
            alive &= heads | (gap >> j & 1 == 0)
        alive &= gap >> len(coins) == 0
        first = int(np.argmax(alive))
        if alive[first]:
            return int(index[first])
