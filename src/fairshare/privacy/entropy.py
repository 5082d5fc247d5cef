"""Where privacy's randomness comes from: the operating system, and nothing a user can seed."""

import os
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Entropy", "OsEntropy"]


class Entropy(Protocol):
    """A source of uniform 64-bit words. ``secure`` is stamped on everything that is made with it."""

    @property
    def secure(self) -> bool:
        """True only for a cryptographic source that nobody can predict or replay."""
        ...

    def words(self, count: int) -> NDArray[np.uint64]:
        """``count`` fresh independent uniform words, shape (count,)."""
        ...


class OsEntropy:
    """The kernel's generator (``getrandom``). No state of ours, so a forked process draws differently."""

    secure = True

    def words(self, count: int) -> NDArray[np.uint64]:
        """``count`` fresh independent uniform words, shape (count,)."""
        return np.frombuffer(os.urandom(8 * count), dtype=np.uint64)
