"""The servers' samplers in the clear: the same laws on the same words, for a trusted curator to be compared with.

A trusted curator with this noise answers every call with the very integers that three servers open when they read the
same words. It is as exact as the servers' noise is, 64 bits where ``TableNoise`` has 256, so it is for comparison only.
"""

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from fairshare.mpc.gaussian import components
from fairshare.mpc.select import TRIALS
from fairshare.privacy import Entropy
from fairshare.privacy.exponential import exponential_mechanism
from fairshare.privacy.gaussian import discrete_gaussian

__all__ = ["ReferenceNoise"]

_BITS = 64


class ReferenceNoise:
    """A ``Noise`` that reads words as three servers do: components of wide scales, one large batch of trials.

    Args:
        entropy: the tape.
    """

    name = "INSECURE: the servers' samplers in the clear, for comparison"
    secure = False

    def __init__(self, entropy: Entropy) -> None:
        self._entropy = entropy

    def gaussian(self, sigma: float, count: int) -> NDArray[np.int64]:
        """Independent discrete Gaussian integers, shape (count,)."""
        draws = [factor * discrete_gaussian(scale, count, self._entropy) for factor, scale in components(sigma)]
        total: NDArray[np.int64] = np.sum(draws, axis=0, dtype=np.int64)
        return total

    def exponential(self, gaps: NDArray[np.int64], rate: Fraction) -> int:
        """An index with probability proportional to exp(-rate x gap); one candidate needs no words."""
        if len(gaps) == 1:
            return 0
        return exponential_mechanism(gaps, rate, self._entropy, trials=TRIALS, bits=_BITS)
