"""The audit of a whole run (Steinke, Nasr, Jagielski 2023): bounds against the definition, and against faults."""

import math

import pytest
from scipy.stats import binom

from fairshare.errors import UsageError
from fairshare.evaluation.audit import ALARM
from fairshare.evaluation.one_run import one_run_bound, one_run_game, p_value
from fairshare.privacy import TableNoise, budget


class Narrow(TableNoise):
    """Noise of a fraction of its scale."""

    def __init__(self, fraction):
        super().__init__()
        self._fraction = fraction

    def gaussian(self, sigma, count):
        return super().gaussian(sigma * self._fraction, count)


def by_definition(right, guesses, canaries, epsilon, delta):
    """Theorem 5.2, with scipy's binomial."""
    law = binom(guesses, 1 / (1 + math.exp(-epsilon)))
    terms = [(law.cdf(right - 1) - law.cdf(right - i - 1)) / i for i in range(1, right + 1)]
    return min(1.0, law.sf(right - 1) + 2 * canaries * delta * max(terms, default=0.0))


@pytest.mark.parametrize(
    ("right", "guesses", "epsilon", "delta"),
    [(0, 5, 1.0, 1e-5), (5, 5, 0.0, 0.0), (70, 100, 0.5, 1e-6), (98, 100, 2.0, 1e-9), (60, 100, 0.0, 1e-3)],
)
def test_p_value(right, guesses, epsilon, delta):
    expected = by_definition(right, guesses, 1000, epsilon, delta)
    assert p_value(right, guesses, 1000, epsilon, delta) == pytest.approx(expected, rel=1e-9, abs=1e-15)


def test_bound():
    """It is where the p-value reaches the alarm; a perfect attacker shows what randomised response would."""
    found = one_run_bound(95, 100, 1000, 1e-9)
    assert p_value(95, 100, 1000, found - 1e-6, 1e-9) < ALARM < p_value(95, 100, 1000, found + 1e-6, 1e-9)
    assert one_run_bound(50, 100, 1000, 1e-9) == 0.0
    assert one_run_bound(100, 100, 1000, 0.0) == pytest.approx(-math.log(ALARM ** (-1 / 100) - 1), abs=1e-6)


def test_a_whole_run(power):
    found = one_run_game()
    assert found.sound, found
    assert found.strong, f"the audit has lost its power: {found}"
    assert not one_run_game(noise=Narrow(0.2)).sound
    power(alarm=ALARM, notices=f"noise at a fifth of its scale (shown); bound at {found.power:.0%} of the claim")


def test_a_budget_spent_too_generously_is_noticed(power, monkeypatch):
    """Accounting, not noise: the run calibrates to forty times the rho of its epsilon."""
    right = budget.largest_rho
    monkeypatch.setattr(budget, "largest_rho", lambda epsilon, delta: 40 * right(epsilon, delta))
    found = one_run_game()
    assert not found.sound, found
    power(alarm=ALARM, notices="forty times the budget (shown)")


@pytest.mark.parametrize("canaries", [999, 65_537, True, 2e4])
def test_arguments(canaries):
    with pytest.raises(UsageError, match=r"canaries .* must be an integer between 1000 and 65536"):
        one_run_game(canaries=canaries)
