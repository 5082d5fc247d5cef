"""What a curator may do to the data, as frozen data: each event knows what it costs.

An event is written to the ledger before the data are touched. Costs are exact rationals; the ledger rounds them up.
"""

import math
from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import numpy as np

from fairshare.errors import UsageError
from fairshare.privacy.budget import NANO
from fairshare.privacy.gaussian import MAX_SIGMA
from fairshare.privacy.unit import PrivacyUnit

__all__ = ["Event", "MeasureEvent", "Sampled", "ScoreEvent", "SelectEvent"]

# Bounds shown in privacy/gaussian.py and privacy/exponential.py.
_TV_PER_SAMPLE: Final = Fraction(1, 2**230)
_TV_PER_SELECTION: Final = Fraction(1, 2**210)


#: A smaller scale costs more than any promise allows, and its cost would not fit a float.
_MIN_SIGMA: Final = 2.0**-20
#: A smaller one costs a billionth of rho like this one, and coins of a bias that close to 1 are nobody's need.
_MIN_EPSILON: Final = 2.0**-20
#: No promise pays for a larger one.
_MAX_EPSILON: Final = 2.0**20


def _plain(name: str, value: object, least: float, most: float) -> float:
    """The number as a float of exactly that type, converted once: what is priced is what is drawn with.

    A subclass of float may answer differently each time it is asked; the result of ``float()`` can't.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise UsageError(f"{name} (a {type(value).__name__}) must be a positive finite number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not 0 < number < math.inf:
        raise UsageError(f"{name} ({number}) must be a positive finite number")
    if not least <= number <= most:
        raise UsageError(f"{name} ({number}) must be between {least:g} and {most:g}")
    return number


@dataclass(frozen=True, kw_only=True)
class Sampled:
    """How a call's randomness is made, where it is not made in the clear by this room's samplers.

    Attributes:
        how: stated in the ledger.
        distance: bound on the total variation between what is made and the theorem's distribution, for all of a call.
    """

    how: str
    distance: Fraction


def _stated(event: dict[str, Any], sampled: Sampled | None) -> dict[str, Any]:
    return event if sampled is None else {**event, "noise": sampled.how}


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
    sampled: Sampled | None = None

    def __post_init__(self) -> None:
        sigmas = tuple(_plain("sigma", sigma, _MIN_SIGMA, MAX_SIGMA) for sigma in self.sigmas)
        object.__setattr__(self, "sigmas", sigmas)

    @property
    def rho(self) -> Fraction:
        """Exact cost."""
        if len(self.sigmas) != len(self.cliques):
            raise UsageError(f"sigmas ({len(self.sigmas)} of them) must be one for each clique ({len(self.cliques)})")
        precisions = sum(n / Fraction(s) ** 2 for s, n in Counter(self.sigmas).items())
        return Fraction(self.unit.l2_squared) * precisions / 2

    @property
    def distance(self) -> Fraction:
        """Bound on the total variation between the sampler and the theorem's distribution."""
        return self.cells * _TV_PER_SAMPLE if self.sampled is None else self.sampled.distance

    def describe(self) -> dict[str, Any]:
        """JSON-able content."""
        event = {"call": "measure", "cliques": [list(c) for c in self.cliques], "sigmas": list(self.sigmas)}
        return _stated(event, self.sampled)


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
    sampled: Sampled | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "epsilon", _plain("epsilon", self.epsilon, _MIN_EPSILON, _MAX_EPSILON))

    @property
    def rho(self) -> Fraction:
        """Exact cost."""
        return Fraction(self.epsilon) ** 2 / 8

    @property
    def distance(self) -> Fraction:
        """Bound on the total variation between the sampler and the theorem's distribution."""
        return _TV_PER_SELECTION if self.sampled is None else self.sampled.distance

    def describe(self) -> dict[str, Any]:
        """JSON-able content."""
        event = {
            "call": "select",
            "candidates": len(self.candidates),
            "epsilon": self.epsilon,
            "max_weight": self.max_weight,
        }
        return _stated(event, self.sampled)


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
    sampled: Sampled | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "sigma", _plain("sigma", self.sigma, _MIN_SIGMA, MAX_SIGMA))

    @property
    def rho(self) -> Fraction:
        """Exact cost."""
        squared = sum((self.unit.l1 * w) ** 2 for w in self.weights)
        return Fraction(squared) / (2 * Fraction(self.sigma) ** 2)

    @property
    def distance(self) -> Fraction:
        """Bound on the total variation between the sampler and the theorem's distribution."""
        return len(self.candidates) * _TV_PER_SAMPLE if self.sampled is None else self.sampled.distance

    def describe(self) -> dict[str, Any]:
        """JSON-able content."""
        event = {"call": "score", "candidates": [list(c) for c in self.candidates], "sigma": self.sigma}
        return _stated(event, self.sampled)


Event = MeasureEvent | SelectEvent | ScoreEvent


def nano_rho(event: Event) -> int:
    """An event's cost in the ledger's currency, rounded up."""
    return -int(-event.rho * NANO // 1)
