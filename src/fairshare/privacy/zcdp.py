"""Zero-concentrated differential privacy (zCDP): what rho means in epsilon and delta, and back.

Every float here is rounded towards privacy: a returned rho is never above the exact one, a returned epsilon or
delta never below it. The margin (1e-9 relative) is far above the arithmetic's error and far below its use.
"""

import math
from functools import lru_cache

from fairshare.errors import UsageError

__all__ = ["delta_of_rho", "epsilon_of_rho", "largest_rho", "rho_of", "rho_of_mironov"]

_MARGIN = 1e-9


def _log_delta(rho: float, epsilon: float, alpha: float) -> float:
    """The bound at one order; valid at every alpha > 1."""
    return (alpha - 1) * (alpha * rho - epsilon) - math.log(alpha - 1) + alpha * math.log1p(-1 / alpha)


def delta_of_rho(rho: float, epsilon: float) -> float:
    """The smallest delta for which rho-zCDP is shown to imply (epsilon, delta)-DP.

    Source: Canonne, Kamath, Steinke 2020 (arXiv 2004.00010), Proposition 12, minimised over the order alpha. The
    minimum is found numerically; since the bound holds at every order, an imperfect minimum only overstates delta.
    """
    if rho <= 0:
        return 0.0
    low, high = math.log(1e-6), math.log(max(epsilon / rho, 1.0) * 4 + 1e3 / rho + 10)
    golden = (math.sqrt(5) - 1) / 2
    left, right = high - golden * (high - low), low + golden * (high - low)

    def at(t: float) -> float:
        return _log_delta(rho, epsilon, 1 + math.exp(t))

    f_left, f_right = at(left), at(right)
    for _ in range(120):
        if f_left < f_right:
            high, right, f_right = right, left, f_left
            left = high - golden * (high - low)
            f_left = at(left)
        else:
            low, left, f_left = left, right, f_right
            right = low + golden * (high - low)
            f_right = at(right)
    best = min(f_left, f_right)
    return min(1.0, math.exp(best + _MARGIN) if best < 0 else 1.0)


def epsilon_of_rho(rho: float, delta: float) -> float:
    """The smallest epsilon for which rho-zCDP is shown to imply (epsilon, delta)-DP, rounded up."""
    low, high = 0.0, rho + 2 * math.sqrt(rho * math.log(1 / delta)) + 1e-12
    for _ in range(200):
        middle = (low + high) / 2
        if delta_of_rho(rho, middle) > delta:
            low = middle
        else:
            high = middle
    return high * (1 + _MARGIN)


@lru_cache(maxsize=256)
def rho_of(epsilon: float, delta: float) -> float:
    """The largest rho whose zCDP implies (epsilon, delta)-DP by the tight conversion, rounded down.

    Raises:
        UsageError: epsilon or delta is outside its range.
    """
    check_epsilon_delta(epsilon, delta)
    return largest_rho(epsilon, delta)


@lru_cache(maxsize=256)
def largest_rho(epsilon: float, delta: float) -> float:
    """``rho_of`` at any delta above 0: the share kept for samplers may take it below the least that is promised."""
    low, high = 0.0, epsilon + 1.0
    for _ in range(200):
        middle = (low + high) / 2
        if delta_of_rho(middle, epsilon) > delta:
            high = middle
        else:
            low = middle
    return low * (1 - _MARGIN)


def rho_of_mironov(epsilon: float, delta: float) -> float:
    """The rho that older papers use: epsilon = rho + 2 sqrt(rho log(1/delta)) (Bun, Steinke 2016)."""
    check_epsilon_delta(epsilon, delta)
    log = math.log(1 / delta)
    return float((math.sqrt(log + epsilon) - math.sqrt(log)) ** 2)


def check_epsilon_delta(epsilon: float, delta: float) -> None:
    """Refuse what is no privacy promise.

    Raises:
        UsageError: epsilon is not in (0, 64], or delta not in [2^-64, 1).
    """
    if not (isinstance(epsilon, int | float) and math.isfinite(epsilon) and 0 < epsilon <= 64):
        raise UsageError(
            f"epsilon ({epsilon!r}) must be above 0 and at most 64; 0.1 to 10 is usual, smaller is more private"
        )
    if not (isinstance(delta, int | float) and math.isfinite(delta) and 2.0**-64 <= delta < 1):
        raise UsageError(
            f"delta ({delta!r}) must be between {2.0**-64:.1g} and 1 (exclusive); "
            "choose it far below one over the number of rows, e.g. 1e-9"
        )
