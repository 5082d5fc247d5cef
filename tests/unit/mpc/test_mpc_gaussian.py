"""Joint noise is the trusted sampler's, word for word, and has its law."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2
from three_servers import RINGS, SeededEntropy, SharedTape, secret

from fairshare.errors import UsageError
from fairshare.mpc.gaussian import components, distance, joint_gaussian, joint_gaussian_cost, reach
from fairshare.mpc.noise_distributed import MIN_SIGMA, distributed_gaussian, distributed_gaussian_cost, extra_rho
from fairshare.mpc.ring import Z32
from fairshare.mpc.tape import SecretTape
from fairshare.privacy.gaussian import discrete_gaussian

FALSE_ALARM = 1e-6


def joint(sigma, count, ring, seed):
    got, cost = secret(lambda s: joint_gaussian(s, sigma, count, ring, SharedTape(SeededEntropy(seed))))
    assert cost == joint_gaussian_cost(sigma, count, ring)
    return ring.decode(got)


@pytest.mark.parametrize("ring", RINGS)
@settings(max_examples=15)
@given(sigma=st.floats(0.05, 40.0), count=st.sampled_from([1, 64, 65, 300]), seed=st.integers(0, 2**32))
def test_joint_noise_is_the_trusted_sampler_s(ring, sigma, count, seed):
    np.testing.assert_array_equal(joint(sigma, count, ring, seed), discrete_gaussian(sigma, count, SeededEntropy(seed)))


@pytest.mark.parametrize("ring", RINGS)
@pytest.mark.parametrize("sigma", [40.5, 100.0, 2048.0, 30_000.0])
def test_wide_noise_is_a_sum_of_the_trusted_sampler_s(ring, sigma):
    tape = SeededEntropy(3)
    expected = sum(factor * discrete_gaussian(scale, 100, tape) for factor, scale in components(sigma))
    np.testing.assert_array_equal(joint(sigma, 100, ring, 3), expected)
    variance = sum(factor**2 * scale**2 for factor, scale in components(sigma))
    assert variance == pytest.approx(sigma**2, rel=1e-12)
    assert variance >= sigma**2 * (1 - 1e-15)
    assert abs(expected).max() <= reach(sigma)


def bins(sigma: float, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Observed and expected counts of values, tails pooled."""
    edge = round(2.5 * sigma)
    support = np.arange(-40 * edge, 40 * edge + 1)
    mass = np.exp(-(support**2) / (2 * sigma**2))
    inside = np.clip(support, -edge, edge) + edge
    expected = np.bincount(inside, mass / mass.sum()) * len(values)
    return np.bincount(np.clip(values, -edge, edge) + edge, minlength=2 * edge + 1), expected


def p_value(sigma: float, values: np.ndarray) -> float:
    observed, expected = bins(sigma, values)
    return float(chi2.sf(((observed - expected) ** 2 / expected).sum(), len(expected) - 1))


@pytest.mark.parametrize("sigma", [2.0, 8.0, 60.0])
def test_the_law_of_joint_noise_and_its_mutants(sigma):
    """Chi-square, false alarm 1e-6; catches a scale that is 10% off on either side."""
    got, _ = secret(lambda s: joint_gaussian(s, sigma, 30_000, Z32, SecretTape()))
    values = Z32.decode(got)
    assert p_value(sigma, values) > FALSE_ALARM
    for wrong in (0.9, 1.1):
        got, _ = secret(lambda s, wrong=wrong: joint_gaussian(s, wrong * sigma, 30_000, Z32, SecretTape()))
        assert p_value(sigma, Z32.decode(got)) < FALSE_ALARM


def exact_law(sigma: float, reach_of: int) -> list[Fraction]:
    variance = 2 * sigma**2
    mass = [Fraction(math.exp(-(k * k) / variance)) for k in range(-reach_of, reach_of + 1)]
    return [m / sum(mass) for m in mass]


def test_the_sum_of_two_scales_has_the_law_of_one():
    """Exact convolution in floats of 1e-16: the distance shown by theory (below 1e-22) is out of their sight."""
    sigma = 45.0
    (one, narrow), (factor, rest) = components(sigma)
    assert one == 1
    size = 12 * int(sigma)
    law = np.zeros(2 * size + 1)
    wide = np.array(exact_law(rest, 12 * int(rest)), dtype=float)
    fine = np.array(exact_law(narrow, 12 * int(narrow)), dtype=float)
    for k, p in enumerate(wide):
        centre = size + factor * (k - len(wide) // 2)
        start = centre - len(fine) // 2
        piece = slice(max(0, -start), len(fine) - max(0, start + len(fine) - len(law)))
        law[start + piece.start : start + piece.stop] += p * fine[piece]
    ideal = np.array(exact_law(sigma, size), dtype=float)
    assert abs(law - ideal).sum() / 2 < 1e-14
    assert distance(sigma) < 2.0**-54


def test_scales_are_checked():
    for sigma in (0.0, -1.0, math.nan, math.inf, 2.0**41):
        with pytest.raises(UsageError, match=r"sigma \(.*\) must be above 0"):
            components(sigma)


def test_noise_too_narrow_to_see_is_zero_and_free():
    assert joint(0.05, 10, Z32, 1).tolist() == [0] * 10
    assert joint_gaussian_cost(0.05, 10, Z32).rounds == 0


@pytest.mark.parametrize("ring", RINGS)
def test_distributed_noise_is_three_servers_own(ring):
    sigma, count = 20.0, 500
    got, cost = secret(lambda s: distributed_gaussian(s, sigma, count, ring, SeededEntropy(s.party)))
    scale = math.nextafter(sigma / math.sqrt(2), math.inf)
    expected = sum(discrete_gaussian(scale, count, SeededEntropy(party)) for party in range(3))
    np.testing.assert_array_equal(ring.decode(got), expected)
    assert cost == distributed_gaussian_cost(count, ring)


def test_distributed_noise_needs_a_scale():
    with pytest.raises(UsageError, match=r"sigma \(2.0\) must be at least 2.828 for distributed noise"):
        secret(lambda s: distributed_gaussian(s, 2.0, 5, Z32, SeededEntropy()))
    assert pytest.approx(4.0) == MIN_SIGMA**2 / 2
    assert 0 < extra_rho(MIN_SIGMA, 10**6) < 8e-11
