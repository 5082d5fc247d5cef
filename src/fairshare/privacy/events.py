"""What a curator may do to the data, as frozen data: each event knows what it costs.

An event is written to the ledger before the data are touched. Costs are exact rationals; the ledger rounds them up.
"""

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from fairshare.errors import UsageError
from fairshare.privacy.budget import NANO
from fairshare.privacy.unit import PrivacyUnit

__all__ = ["Event", "MeasureEvent", "ScoreEvent", "SelectEvent"]

# Bounds shown in privacy/gaussian.py and privacy/exponential.py.
_TV_PER_SAMPLE: Final = Fraction(1, 2**230)
_TV_PER_SELECTION: Final = Fraction(1, 2**210)


def _positive(name: str, value: float) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
        raise UsageError(f"{name} ({value}) must be a positive finite number")
    return Fraction(value)


@dataclass(frozen=True, kw_only=True)
class MeasureEvent:
    """Noisy counts of some marginals, with discrete Gaussian noise on every cell: a scale for each marginal.

    Privacy:
        rho = sum of s^2 / (2 sigma_i^2) over marginals of squared L2 sensitivity s^2 (Canonne, Kamath, Steinke 2020,
        Theorem 4 and composition by addition).
    """

    cliques: tuple[tuple[str, ...], ...]
    cells: int
    sigmas: tuple[float, ...]
    unit: PrivacyUnit

    @property
    def rho(self) -> Fraction:
        """Exact cost."""
        if len(self.sigmas) != len(self.cliques):
            raise UsageError(f"sigmas ({len(self.sigmas)} of them) must be one for each clique ({len(self.cliques)})")
        precisions = sum(n / _positive("sigma", s) ** 2 for s, n in Counter(self.sigmas).items())
        return Fraction(self.unit.l2_squared) * precisions / 2

    @property
    def distance(self) -> Fraction:
        """Bound on the total variation between the sampler and the theorem's distribution."""
        return self.cells * _TV_PER_SAMPLE

    def describe(self) -> dict[str, Any]:
        """JSON-able content."""
        return {"call": "measure", "cliques": [list(c) for c in self.cliques], "sigmas": list(self.sigmas)}


@dataclass(frozen=True, kw_only=True)
class SelectEvent:
    """One clique by the exponential mechanism on weighted L1 error.

    Privacy:
        Probability proportional to exp(epsilon score / (2 Delta)) with Delta = l1 x largest weight is epsilon-DP and
        of bounded range epsilon, hence rho = epsilon^2/8 (Cesar and Rogers 2021, Lemma 3.4).
    """

    candidates: tuple[tuple[str, ...], ...]
    epsilon: float
    max_weight: int
    unit: PrivacyUnit

    @property
    def rho(self) -> Fraction:
        """Exact cost."""
        return _positive("epsilon", self.epsilon) ** 2 / 8

    @property
    def distance(self) -> Fraction:
        """Bound on the total variation between the sampler and the theorem's distribution."""
        return _TV_PER_SELECTION

    def describe(self) -> dict[str, Any]:
        """JSON-able content."""
        return {
            "call": "select",
            "candidates": len(self.candidates),
            "epsilon": self.epsilon,
            "max_weight": self.max_weight,
        }


@dataclass(frozen=True, kw_only=True)
class ScoreEvent:
    """Noisy weighted L1 errors of many candidates at once.

    Privacy:
        One unit moves every score by at most l1 x weight, so the vector of scores has squared L2 sensitivity
        sum (l1 w)^2 and rho = sum (l1 w)^2 / (2 sigma^2).
    """

    candidates: tuple[tuple[str, ...], ...]
    weights: tuple[int, ...]
    sigma: float
    unit: PrivacyUnit

    @property
    def rho(self) -> Fraction:
        """Exact cost."""
        squared = sum((self.unit.l1 * w) ** 2 for w in self.weights)
        return Fraction(squared) / (2 * _positive("sigma", self.sigma) ** 2)

    @property
    def distance(self) -> Fraction:
        """Bound on the total variation between the sampler and the theorem's distribution."""
        return len(self.candidates) * _TV_PER_SAMPLE

    def describe(self) -> dict[str, Any]:
        """JSON-able content."""
        return {"call": "score", "candidates": [list(c) for c in self.candidates], "sigma": self.sigma}


Event = MeasureEvent | SelectEvent | ScoreEvent


def nano_rho(event: Event) -> int:
    """An event's cost in the ledger's currency, rounded up."""
    return -int(-event.rho * NANO // 1)
