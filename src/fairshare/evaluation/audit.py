"""The distinguishing game: an attacker who knows the worst case tries to tell two neighbouring tables apart.

A claim (epsilon, delta) or mu is an upper bound on what any attacker can do. The game gives a lower bound by playing
the best attack known for a primitive on its worst neighbours, many times in each world, through the same curator and
sampler that make releases. A lower bound above the claim proves a fault; a bound far below it means that the game has
no power. Both are reported: a passing game is evidence, never a proof.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from fairshare.counting import CodedTable
from fairshare.curator.base import Candidate
from fairshare.curator.trusted import TrustedCurator
from fairshare.errors import UsageError
from fairshare.marginals import Domain
from fairshare.privacy import Budget, Ledger, Noise, PrivacyUnit, TableNoise

__all__ = ["ALARM", "Finding", "binomial_bounds", "gaussian_game", "selection_game"]

#: The probability that a sound primitive is called faulty, for each game.
ALARM = 1e-6
_LEAST_POWER = 0.9


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What one game found.

    Attributes:
        name: the primitive.
        currency: "mu" (Gaussian DP), "range" (of log odds) or "epsilon".
        claim: what the primitive promises.
        lower: no smaller parameter is consistent with the attacker's successes, at confidence 1 - 1e-6.
        trials: draws in each world, or canaries.
        expected: the power that the game has at its usual size.
        catches: the fault that it would notice then, but for a probability of 1e-6.
    """

    name: str
    currency: str
    claim: float
    lower: float
    trials: int
    expected: float = _LEAST_POWER
    catches: str = "a tenth too little noise"

    @property
    def sound(self) -> bool:
        """The claim was not refuted."""
        return self.lower <= self.claim

    @property
    def power(self) -> float:
        """How much of the claim the attack reached: a primitive with less noise than 1/power is caught."""
        return self.lower / self.claim

    @property
    def strong(self) -> bool:
        """The game had its usual power: it would have noticed what it is there to catch."""
        return self.power >= self.expected


def gaussian_game(*, trials: int = 100_000, rho: float = 0.5, noise: Noise | None = None) -> Finding:
    """``measure`` on the worst cell: one record more or less moves one count by one; the attacker sees that count.

    At rho the two worlds are mu = sqrt(2 rho) apart, up to the noise being discrete: the scale is 1 / mu, and counts
    are told apart by a threshold halfway. The measured marginal has ``trials`` cells of which each is one game, so a
    game costs one draw; the record's cell is the only one that differs, in law, between the worlds.

    Args:
        trials: draws in each world, at least 1000.
        rho: cost of the call in zCDP.
        noise: source under audit; the installed default without.

    Returns:
        A lower bound on mu. Both error rates are bounded by Clopper and Pearson (1934) at 1e-6 in all.

    Raises:
        UsageError: too few trials.
    """
    _check(trials)
    mu = math.sqrt(2 * rho)
    # A unit of 100 rows of one person makes the discrete Gaussian fine enough for its mu to be the continuous one's.
    unit = PrivacyUnit(max_rows=100)
    sigma = unit.max_rows / mu
    domain = Domain.from_sizes({"cell": trials})
    budget = Budget(epsilon=64.0, delta=0.5)

    def world(rows: int) -> NDArray[np.int64]:
        """Every cell holds ``rows`` records: each is a game of its own with independent noise."""
        codes = {"cell": np.repeat(np.arange(trials, dtype=np.uint32), rows)}
        curator = TrustedCurator(
            CodedTable(domain, codes), ledger=Ledger(budget, unit), noise=TableNoise() if noise is None else noise
        )
        return curator.measure([("cell",)], sigma)[0]

    without, present = world(0), world(unit.max_rows)
    threshold = unit.max_rows / 2
    false_alarms, hits = int((without > threshold).sum()), int((present > threshold).sum())
    (_, most_alarms), (fewest_hits, _) = binomial_bounds(false_alarms, trials), binomial_bounds(hits, trials)
    lower = _quantile(fewest_hits) - _quantile(most_alarms)
    return Finding(name="measure (discrete Gaussian)", currency="mu", claim=mu, lower=max(lower, 0.0), trials=trials)


def selection_game(*, trials: int = 50_000, epsilon: float = 1.0, noise: Noise | None = None) -> Finding:
    """``select`` between two cliques whose errors one replaced record moves apart as far as it can.

    Column ``a`` loses its only error and ``b`` gains one by the same record. The attacker answers by which clique was
    chosen; between the worlds the log odds of ``a`` move by the whole of ``epsilon``, which is the mechanism's bounded
    range (Cesar and Rogers 2021), the parameter that sets its rho.

    Args:
        trials: selections in each world, at least 1000.
        epsilon: of the call.
        noise: source under audit; the installed default without.

    Returns:
        A lower bound on the range.

    Raises:
        UsageError: too few trials.
    """
    _check(trials)
    domain = Domain.from_sizes({"a": 2, "b": 2})
    budget, unit = Budget(epsilon=64.0, delta=0.5), PrivacyUnit(relation="replace-one")
    candidates = [Candidate(clique=(name,), estimate=np.array([1.0, 0.0])) for name in ("a", "b")]
    source = TableNoise() if noise is None else noise

    def odds(a: int, b: int) -> tuple[float, float]:
        table = CodedTable(domain, {"a": np.array([a], dtype=np.uint8), "b": np.array([b], dtype=np.uint8)})
        found = 0
        for _ in range(trials):
            curator = TrustedCurator(table, ledger=Ledger(budget, unit), noise=source)
            found += curator.select(candidates, epsilon) == 0
        low, high = binomial_bounds(found, trials)
        return math.log(max(low, 1e-300) / (1 - low)), math.log(high / max(1 - high, 1e-300))

    lower = odds(1, 0)[0] - odds(0, 1)[1]
    return Finding(
        name="select (exponential mechanism)",
        currency="range",
        claim=epsilon,
        lower=max(lower, 0.0),
        trials=trials,
        expected=0.85,
        catches="an epsilon half too large",
    )


def binomial_bounds(successes: int, trials: int, *, alarm: float = ALARM) -> tuple[float, float]:
    """Clopper and Pearson's bounds on a probability: each is wrong with probability at most ``alarm / 2``.

    Args:
        successes: how often it happened.
        trials: out of how many.
        alarm: both bounds' error together.
    """
    low = 0.0 if successes == 0 else _solve(lambda p: _tail(successes, trials, p), alarm / 2)
    high = 1.0 if successes == trials else 1 - _solve(lambda p: _tail(trials - successes, trials, p), alarm / 2)
    return low, high


def _solve(rising: Callable[[float], float], level: float) -> float:
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) <= level else (low, middle)
    return low


def _tail(least: int, trials: int, p: float) -> float:
    """P(X >= least) for a binomial X, from the logarithms of its terms."""
    if p <= 0 or p >= 1:
        return float(p >= 1)
    k = np.arange(least, trials + 1)
    factorials = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, trials + 1)))])
    terms = (
        factorials[trials] - factorials[k] - factorials[trials - k] + k * math.log(p) + (trials - k) * math.log1p(-p)
    )
    top = float(terms.max())
    return min(1.0, math.exp(top) * float(np.exp(terms - top).sum()))


def _quantile(p: float) -> float:
    return NormalDist().inv_cdf(min(max(p, 1e-300), 1 - 1e-16))


def _check(trials: int) -> None:
    if isinstance(trials, bool) or not isinstance(trials, int) or not 1000 <= trials <= 10**7:
        raise UsageError(f"trials ({trials}) must be an integer between 1000 and 10^7; 100000 is usual")
