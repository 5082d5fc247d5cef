"""Noise for a curator, behind one interface: our exact table sampler, or OpenDP's."""

from fractions import Fraction
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from fairshare.errors import MissingExtraError
from fairshare.privacy.entropy import Entropy, OsEntropy
from fairshare.privacy.exponential import exponential_mechanism
from fairshare.privacy.gaussian import discrete_gaussian

__all__ = ["Noise", "OpenDPNoise", "TableNoise"]


@runtime_checkable
class Noise(Protocol):
    """Two primitives, and whether their randomness is fit for release."""

    @property
    def name(self) -> str:
        """Stated in the certificate."""
        ...

    @property
    def secure(self) -> bool:
        """False for anything predictable; whatever is made with it is stamped INSECURE."""
        ...

    def gaussian(self, sigma: float, count: int) -> NDArray[np.int64]:
        """Independent discrete Gaussian integers, shape (count,)."""
        ...

    def exponential(self, gaps: NDArray[np.int64], rate: Fraction) -> int:
        """An index with probability proportional to exp(-rate x gap)."""
        ...


class TableNoise:
    """Exact table samplers over operating-system entropy (the default).

    Args:
        entropy: another source of words; only tests have a reason.
    """

    def __init__(self, entropy: Entropy | None = None) -> None:
        self._entropy: Entropy = OsEntropy() if entropy is None else entropy
        self.name = "fairshare table sampler, operating-system entropy" if self.secure else "INSECURE test noise"

    @property
    def secure(self) -> bool:
        """Whether the entropy is."""
        return self._entropy.secure

    def gaussian(self, sigma: float, count: int) -> NDArray[np.int64]:
        """Independent discrete Gaussian integers, shape (count,)."""
        return discrete_gaussian(sigma, count, self._entropy)

    def exponential(self, gaps: NDArray[np.int64], rate: Fraction) -> int:
        """An index with probability proportional to exp(-rate x gap)."""
        return exponential_mechanism(gaps, rate, self._entropy)


class OpenDPNoise:
    """OpenDP's vetted discrete Gaussian (extra ``opendp``); the selection is the same as ``TableNoise``'s.

    OpenDP samples by exact rejection from big rationals: some 15 microseconds a draw, hundreds of times slower.

    Raises:
        MissingExtraError: OpenDP is not installed.
    """

    name = "OpenDP discrete Gaussian; fairshare selection, operating-system entropy"
    secure = True

    def __init__(self) -> None:
        try:
            from opendp import domains, measurements, metrics, mod
        except ImportError:
            raise MissingExtraError("OpenDP noise needs OpenDP: pip install 'fairshare[opendp]'") from None
        mod.enable_features("contrib")
        self._space = domains.vector_domain(domains.atom_domain(T="i64")), metrics.l2_distance(T="f64")
        self._make = measurements.make_gaussian

    def gaussian(self, sigma: float, count: int) -> NDArray[np.int64]:
        """Independent discrete Gaussian integers, shape (count,)."""
        draw = self._make(*self._space, scale=float(sigma))
        return np.asarray(draw([0] * count), dtype=np.int64)

    def exponential(self, gaps: NDArray[np.int64], rate: Fraction) -> int:
        """An index with probability proportional to exp(-rate x gap)."""
        return exponential_mechanism(gaps, rate, OsEntropy())
