"""Distinguishing games: lower bounds on what an attacker can show, never above the claim and not far below it.

False alarms: 1e-6 a game. Each game is also played against the fault that it is there to catch.
"""

from fractions import Fraction

import numpy as np
import pytest

from fairshare.counting import CodedTable
from fairshare.curator.trusted import TrustedCurator
from fairshare.evaluation.audit import ALARM, binomial_bounds, gaussian_game, selection_game
from fairshare.marginals import Domain
from fairshare.mechanisms import MST
from fairshare.privacy import Budget, Ledger, PrivacyUnit, TableNoise
from tests.audit.power import FULL


class Narrow(TableNoise):
    """Noise with a tenth too small a scale."""

    def gaussian(self, sigma, count):
        return super().gaussian(sigma * 0.9, count)

    def exponential(self, gaps, rate):
        return super().exponential(gaps, rate * Fraction(3, 2))


def test_clopper_pearson():
    """Against the beta distribution that defines it."""
    from scipy.stats import beta

    for successes, trials in ((0, 50), (1, 50), (25, 50), (50, 50), (3200, 10_000)):
        low, high = binomial_bounds(successes, trials)
        assert low == pytest.approx(beta.ppf(5e-7, successes, trials - successes + 1) if successes else 0, abs=1e-9)
        expected = beta.ppf(1 - 5e-7, successes + 1, trials - successes) if successes < trials else 1
        assert high == pytest.approx(expected, abs=1e-9)


def test_gaussian_game(power):
    """Catches a scale that is a tenth too small: it shows mu > 1 where mu = 1 is claimed."""
    found = gaussian_game(trials=100_000)
    assert found.sound, found
    assert found.power >= 0.9, "the game has lost its power"
    assert not gaussian_game(trials=100_000, noise=Narrow()).sound
    power(alarm=ALARM, notices=f"noise below {found.power:.3f} of its scale (shown at 0.9); 100,000 draws a world")


def test_selection_game(power):
    """Catches a rate half too large: it shows a range above the claimed one."""
    trials = 20_000 if FULL else 2_000
    found = selection_game(trials=trials)
    assert found.sound, found
    # The bound lies about 4.9 sqrt(17 / trials) below the claim, and moves by a seventh of that from game to game.
    assert found.power >= (0.75 if FULL else 0.25), "the game has lost its power"
    if FULL:
        assert not selection_game(trials=trials, noise=Narrow()).sound
    power(alarm=ALARM, notices=f"an epsilon above {1 / found.power:.2f} of its claim (shown at 1.5); {trials:,} draws")


class Measured(Exception):  # noqa: N818  (it is no error)
    """Everything is measured: estimation may be skipped."""


class Hook:
    """A curator that adds up the attacker's statistic, and stops the run after the last measurement."""

    def __init__(self, inner, odd, statistic):
        self.inner, self.odd, self.statistic = inner, odd, statistic

    domain = property(lambda self: self.inner.domain)
    ledger = property(lambda self: self.inner.ledger)

    def measure(self, cliques, sigma):
        noisy = self.inner.measure(cliques, sigma)
        sigmas = np.broadcast_to(sigma, len(cliques))
        for clique, counts, s in zip(cliques, noisy, sigmas, strict=True):
            self.statistic.append(counts[tuple(self.odd[a] for a in clique)] / s**2)
        if any(len(clique) > 1 for clique in cliques):
            raise Measured
        return noisy

    def select(self, candidates, epsilon):
        return self.inner.select(candidates, epsilon)

    def coarsen(self, maps):
        odd = {a: int(maps[a][c]) if a in maps else c for a, c in self.odd.items()}
        return Hook(self.inner.coarsen(maps), odd, self.statistic)


def test_full_pipeline(power):
    """MST on three columns, with and without an odd record: the noisy counts of its cells, weighted as is best.

    The threshold is fixed before the games. Power is low by nature (selections show nothing here); the fault that the
    game catches is noise left out, on which the second half insists.
    """
    domain, trials = Domain.from_sizes({"a": 2, "b": 2, "c": 3}), 4_000 if FULL else 250
    budget, unit = Budget(epsilon=8.0, delta=1e-3), PrivacyUnit()
    rng = np.random.default_rng(3)
    base = {a: rng.integers(0, n - 1, 60).astype(np.uint8) for a, n in zip(domain, domain.shape, strict=True)}
    odd = {a: n - 1 for a, n in zip(domain, domain.shape, strict=True)}
    more = {a: np.append(c, np.uint8(odd[a])) for a, c in base.items()}

    def told(codes, noise):
        table, found = CodedTable(domain, codes), 0
        for _ in range(trials):
            statistic, precision = [], 2 * budget.rho
            with pytest.raises(Measured):
                MST().run(Hook(TrustedCurator(table, ledger=Ledger(budget, unit), noise=noise), odd, statistic))
            found += sum(statistic) > precision / 2
        return binomial_bounds(found, trials)

    class Silent(TableNoise):
        def gaussian(self, sigma, count):
            return np.zeros(count, dtype=np.int64)

    (_, most), (fewest, _) = told(base, TableNoise()), told(more, TableNoise())
    # (epsilon, delta)-DP: the probability of any event is at most e^epsilon times the other's, plus delta.
    assert fewest <= np.exp(budget.epsilon) * most + budget.delta
    # And the tighter form that the accountant itself promises, of Gaussian noise at this rho.
    from statistics import NormalDist

    normal, mu = NormalDist(), np.sqrt(2 * budget.rho)
    assert normal.inv_cdf(max(fewest, 1e-12)) - normal.inv_cdf(min(most, 1 - 1e-12)) <= mu
    (_, most), (fewest, _) = told(base, Silent()), told(more, Silent())
    assert normal.inv_cdf(max(fewest, 1e-12)) - normal.inv_cdf(min(most, 1 - 1e-12)) > mu
    power(alarm=2e-6, notices=f"noise left out of MST's measurements (shown); {trials:,} runs a world")
