"""The discrete Gaussian on the integers, by inverse CDF over a table of exact thresholds.

Privacy:
    P(X = k) is proportional to exp(-k^2 / (2 sigma^2)) (Canonne, Kamath, Steinke 2020). The table covers
    |k| <= T = ceil(19 sigma) + 1, beyond which lie less than 2 exp(-19^2/2) < 2^-259 of the mass; its thresholds are
    rounded to 256 bits, one part in 2^256 for each of at most 2T + 1 < 2^18 values; so a draw is within
    2^-237 in total variation of the ideal. A scale above ``_WIDEST_TABLE`` is the sum of a table draw and k times
    another draw. With s1 = 4k the sum differs from the discrete Gaussian of variance s1^2 + k^2 s2^2 by a factor
    within 1 +- 4 exp(-2 pi^2 (s1 s2 / sigma)^2), s1 s2 / sigma > 3.9: less than 2^-425 (Poisson summation; Micciancio
    and Walter 2017, Theorem 2.1). events.py charges 2^-230 a sample, which covers the recursion too.
"""

import math
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from fairshare.errors import UsageError
from fairshare.privacy.entropy import Entropy
from fairshare.privacy.fixedpoint import exp_neg
from fairshare.privacy.thresholds import BITS, Thresholds

__all__ = ["MAX_SIGMA", "discrete_gaussian"]

_WIDEST_TABLE = 2048.0
_TAIL = 19
_WORK = BITS + 128
#: Widest scale: sums of counts and noise stay far inside 64-bit integers.
MAX_SIGMA = 2.0**40


def weights(sigma: float) -> list[int]:
    """exp(-k^2/(2 sigma^2)) x 2^384 for k = 0 .. T, by a recurrence of integer products."""
    variance = Fraction(sigma) ** 2
    reach = math.ceil(_TAIL * sigma) + 1
    ratio = exp_neg(1 / (2 * variance), _WORK)  # w[1] / w[0]
    step = ratio * ratio >> _WORK  # every ratio is the previous one times exp(-1/sigma^2)
    weight, table = 1 << _WORK, []
    for _ in range(reach + 1):
        table.append(weight)
        weight = weight * ratio >> _WORK
        ratio = ratio * step >> _WORK
    return table


@lru_cache(maxsize=16)
def _table(sigma: float) -> tuple[int, Thresholds]:
    """The smallest value of the table and its thresholds floor(2^256 P(X <= v))."""
    half = weights(sigma)
    mass = half[:0:-1] + half
    total = sum(mass)
    return 1 - len(half), Thresholds([(c << BITS) // total for c in accumulate(mass[:-1])])


def discrete_gaussian(sigma: float, count: int, entropy: Entropy) -> NDArray[np.int64]:
    """``count`` independent draws, shape (count,), integers.

    Args:
        sigma: scale parameter in rows, above 0 and at most 2^40.
        count: number of draws.
        entropy: source of uniform words.

    Raises:
        UsageError: sigma is out of range.
    """
    if not (math.isfinite(sigma) and 0 < sigma <= MAX_SIGMA):
        raise UsageError(f"sigma ({sigma}) must be above 0 and at most 2^40; raise epsilon")
    if sigma <= _WIDEST_TABLE:
        lowest, thresholds = _table(sigma)
        return lowest + thresholds.below(entropy, count)
    factor = round(math.sqrt(sigma) / 2)
    narrow = 4.0 * factor
    # Rounded up, so that the sum is never narrower than asked.
    rest = math.nextafter(math.sqrt(sigma**2 - narrow**2) / factor, math.inf) * (1 + 2**-50)
    return discrete_gaussian(narrow, count, entropy) + factor * discrete_gaussian(rest, count, entropy)
