"""Chi-square tests of the samplers. Each states its false-alarm rate and is run against the fault it would catch."""

from fractions import Fraction

import numpy as np
import pytest
from tests.audit.power import least_noticed

from fairshare.privacy import OpenDPNoise, TableNoise

ALARM = 1e-6
DRAWS = 200_000


def gaussian_pmf(sigma, reach):
    k = np.arange(-reach, reach + 1)
    p = np.exp(-(k**2) / (2 * sigma**2))
    return p / p.sum()


def chi_square_p(observed, expected):
    """p-value; cells are pooled from both tails until each expects at least 25."""
    from scipy.stats import chi2

    edges = np.flatnonzero(np.diff(np.floor(np.cumsum(expected) / 25)) > 0)
    starts = np.concatenate([[0], edges[:-1] + 1]) if len(edges) > 1 else np.array([0])
    o, e = np.add.reduceat(observed, starts), np.add.reduceat(expected, starts)
    return chi2.sf(((o - e) ** 2 / e).sum(), len(o) - 1)


def p_of_draws(draws, sigma):
    reach = int(np.ceil(9 * sigma)) + 2
    observed = np.bincount(np.clip(draws, -reach, reach) + reach, minlength=2 * reach + 1)
    return chi_square_p(observed, gaussian_pmf(sigma, reach) * len(draws))


@pytest.mark.parametrize("sigma", [0.4, 1.0, 7.3, 60.0])
def test_table_sampler_is_the_discrete_gaussian(sigma, power):
    """False alarm 1e-6. Catches a scale wrong by 10%, which the same test must reject."""
    assert p_of_draws(TableNoise().gaussian(sigma, DRAWS), sigma) > ALARM
    assert p_of_draws(TableNoise().gaussian(sigma * 1.1, DRAWS), sigma) < ALARM
    reach = int(np.ceil(12 * sigma)) + 2
    least = least_noticed(lambda c: gaussian_pmf(c * sigma, reach), DRAWS, alarm=ALARM)
    assert least < 1.1
    power(alarm=ALARM, notices=f"a scale {least - 1:.1%} too wide, surely (0.99); shown at 10%; {DRAWS:,} draws")


def test_convolution_is_the_discrete_gaussian(power):
    """A scale above the widest table, folded to residues and to coarse bins, both against exact sums."""
    sigma = 3000.0
    draws = TableNoise().gaussian(sigma, DRAWS)
    coarse = np.floor_divide(draws, 300)
    k = np.arange(-60_000, 60_001)
    p = np.exp(-(k**2) / (2 * sigma**2))
    p /= p.sum()
    bins = np.floor_divide(k, 300)
    expected = np.bincount(bins - bins.min(), weights=p) * DRAWS
    observed = np.bincount(coarse - bins.min(), minlength=len(expected))
    assert chi_square_p(observed, expected) > ALARM
    for modulus in (27, 108):  # the factor of the convolution, and its narrow scale: a lattice would show here
        residues = np.bincount(np.mod(draws, modulus), minlength=modulus)
        assert chi_square_p(residues, np.full(modulus, DRAWS / modulus)) > ALARM
    least = least_noticed(
        lambda c: np.bincount(
            bins - bins.min(), np.exp(-(k**2) / (2 * (c * sigma) ** 2)) / (np.sqrt(2 * np.pi) * c * sigma)
        ),
        DRAWS,
        alarm=ALARM,
    )
    power(alarm=3 * ALARM, notices=f"a scale {least - 1:.1%} too wide, surely (0.99); a lattice; {DRAWS:,} draws")


def test_two_samplers_agree(power):
    """OpenDP's sampler passes the same test as ours (1e-6), and fails at a wrong scale."""
    draws = OpenDPNoise().gaussian(3.0, 5_000)
    assert p_of_draws(draws, 3.0) > ALARM
    assert p_of_draws(draws, 3.6) < ALARM
    power(alarm=ALARM, notices="OpenDP's scale 20% off (shown); 5,000 draws")


def test_exponential_mechanism_is_exact(power):
    """False alarm 1e-6. Catches a rate a fifth too large (the mutant must be rejected)."""
    gaps = np.array([0, 3, 1, 40, 12, 0, 7])
    rate = Fraction(1, 9)
    noise = TableNoise()
    draws = 20_000
    picks = np.bincount([noise.exponential(gaps, rate) for _ in range(draws)], minlength=len(gaps))

    def p(r):
        weights = np.exp(-float(r) * gaps)
        from scipy.stats import chi2

        expected = weights / weights.sum() * draws
        return chi2.sf(((picks - expected) ** 2 / expected).sum(), len(gaps) - 1)

    assert p(rate) > ALARM
    assert p(rate * Fraction(6, 5)) < ALARM
    power(alarm=ALARM, notices=f"a rate a fifth too large (shown); {draws:,} selections")
