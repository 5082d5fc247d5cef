"""The promise of a run, in the currency of the ledger: integer billionths of rho."""

import math
from dataclasses import dataclass, field
from fractions import Fraction

from fairshare.errors import UsageError
from fairshare.privacy.zcdp import check_epsilon_delta, largest_rho

__all__ = ["NANO", "Budget"]

#: Ledger amounts are integer multiples of rho = 1e-9.
NANO = 10**9
# The share of delta kept for what an exact analysis idealises: the samplers' distance from the distributions in the
# theorems. In the clear it stays below 2^-200, so this is generous, and it costs less than one part in a million of
# rho. Three servers compare 64 bits where the clear sampler compares 256, and need more: see ``fairshare.mpc.terms``.
_SLACK_SHARE = Fraction(1, 2**20)
_MOST_SLACK = Fraction(1, 2)


@dataclass(frozen=True, kw_only=True)
class Budget:
    """(epsilon, delta) and what it buys.

    Attributes:
        epsilon: in (0, 64].
        delta: in [2^-64, 1).
        slack_share: share of delta that is kept for samplers' distance from their ideals, in [2^-20, 1/2].
        nano_rho: total for the ledger, rounded down.
        slack: total variation distance that samplers may add up to; (1 + e^epsilon) times it is reserved in delta.

    Privacy:
        If each sampler is within total variation tau of its ideal, a run that is (epsilon, delta')-DP with ideal
        samplers is (epsilon, delta' + (1 + e^epsilon) sum(tau))-DP as executed. delta' = delta (1 - slack_share) is
        converted to rho; the rest over (1 + e^epsilon), rounded down, is ``slack``.

    Raises:
        UsageError: epsilon or delta is out of range, or too small for a billionth of rho.
    """

    epsilon: float
    delta: float
    slack_share: Fraction = _SLACK_SHARE
    nano_rho: int = field(init=False)
    slack: Fraction = field(init=False)

    def __post_init__(self) -> None:
        check_epsilon_delta(self.epsilon, self.delta)
        if not _SLACK_SHARE <= self.slack_share <= _MOST_SLACK:
            raise UsageError(f"slack_share ({self.slack_share}) must be between 2^-20 and 1/2; leave it out")
        rho = largest_rho(self.epsilon, float(Fraction(self.delta) * (1 - self.slack_share)))
        nano = int(Fraction(rho) * NANO)  # rounded down
        if nano < 1:
            raise UsageError(
                f"epsilon ({self.epsilon}) must be large enough for a budget of rho 1e-9; at delta {self.delta} it is "
                "not. Nothing useful can be released at such an epsilon: choose 0.01 or more"
            )
        object.__setattr__(self, "nano_rho", nano)
        # The margin is far above the float's rounding: the divisor is never below 1 + e^epsilon.
        divisor = 1 + Fraction(math.exp(self.epsilon)) * (1 + Fraction(1, 2**40))
        object.__setattr__(self, "slack", Fraction(self.delta) * self.slack_share / divisor)

    @property
    def rho(self) -> float:
        """Total rho."""
        return self.nano_rho / NANO
