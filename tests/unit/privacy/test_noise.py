"""Samplers on small cases, exactly; the statistical tests are in tests/statistical."""

import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
from mpmath import exp as mp_exp
from mpmath import mp, mpf

from fairshare.errors import UsageError
from fairshare.privacy import OsEntropy, TableNoise
from fairshare.privacy.entropy import Entropy
from fairshare.privacy.exponential import coin_thresholds, exponential_mechanism
from fairshare.privacy.fixedpoint import exp_neg
from fairshare.privacy.gaussian import _table, discrete_gaussian, weights
from fairshare.privacy.thresholds import BITS, Thresholds


@pytest.fixture(autouse=True)
def _precision():
    with mp.workdps(200):
        yield


@pytest.mark.parametrize(
    "x", [Fraction(0), Fraction(1, 10**12), Fraction(1, 3), Fraction(7), Fraction(170), Fraction(600)]
)
@pytest.mark.parametrize("bits", [64, 256, 384])
def test_exp_neg(x, bits):
    exact = mp_exp(-mpf(x.numerator) / x.denominator) * mpf(2) ** bits
    assert abs(exp_neg(x, bits) - exact) < 4


@pytest.mark.parametrize("sigma", [0.05, 0.5, 1.0, 10.0, 250.5])
def test_gaussian_weights_are_exact(sigma):
    table = weights(sigma)
    for k in {0, 1, 2, len(table) // 2, len(table) - 1}:
        exact = mp_exp(-(mpf(k) ** 2) / (2 * mpf(sigma) ** 2)) * mpf(2) ** 384
        assert abs(table[k] - exact) < 2**20, "far below the 2^128 that a threshold resolves"


@pytest.mark.parametrize("sigma", [0.7, 3.0])
def test_thresholds_are_the_distribution(sigma):
    """The probability of each value, from the thresholds, is the discrete Gaussian's."""
    lowest, thresholds = _table(sigma)
    edges = [0, *thresholds._values, 1 << BITS]
    norm = sum(mp_exp(-(mpf(k) ** 2) / (2 * mpf(sigma) ** 2)) for k in range(-200, 201))
    for i in range(len(edges) - 1):
        value = lowest + i
        exact = mp_exp(-(mpf(value) ** 2) / (2 * mpf(sigma) ** 2)) / norm
        assert abs(mpf(edges[i + 1] - edges[i]) / mpf(2) ** BITS - exact) < mpf(2) ** -237


class Words:
    """Scripted words: a test's entropy."""

    secure = False

    def __init__(self, *words):
        self._words = list(words)

    def words(self, count):
        taken, self._words = self._words[:count], self._words[count:]
        assert len(taken) == count, "the sampler drew more words than scripted"
        return np.array(taken, dtype=np.uint64)


def test_ties_are_resolved_by_more_words():
    low = 192
    thresholds = Thresholds([5 << low, (5 << low) + 1000, (5 << low) + 1001, 9 << low])
    assert thresholds.below(Words(4), 1) == [0]
    assert thresholds.below(Words(5, 999, 0, 0), 1) == [1]
    assert thresholds.below(Words(5, 1000, 0, 0), 1) == [2]
    assert thresholds.below(Words(5, 1001, 0, 0), 1) == [3]
    assert thresholds.below(Words(5, 0, 0, 1), 1) == [3]
    assert thresholds.below(Words(9, 0, 0, 0), 1) == [4]
    assert thresholds.below(Words(2**64 - 1), 1) == [4]
    assert Thresholds([1 << BITS]).below(Words(2**64 - 1), 1) == [0], "a threshold at the top is never reached"


def test_coins_are_exact():
    coins = coin_thresholds(Fraction(1, 7))
    for j, coin in enumerate(coins):
        assert abs(coin - mp_exp(-(mpf(2) ** j) / 7) * mpf(2) ** BITS) < 4
    assert mp_exp(-(mpf(2) ** len(coins)) / 7) < mpf(2) ** (2 - BITS)


def test_exponential_mechanism_degenerate(seeded_entropy):
    assert exponential_mechanism(np.array([0]), Fraction(1), seeded_entropy) == 0
    huge = np.array([2**62, 0, 2**62])
    assert exponential_mechanism(huge, Fraction(1, 2**40), seeded_entropy) == 1


def test_shapes_and_integers():
    noise = TableNoise()
    assert noise.secure
    draws = noise.gaussian(12.5, 1000)
    assert draws.dtype == np.int64
    assert draws.shape == (1000,)
    assert discrete_gaussian(5.0, 0, OsEntropy()).shape == (0,)


@pytest.mark.parametrize("sigma", [0.0, -1.0, float("nan"), float("inf"), 2.0**41])
def test_sigma_range(sigma):
    with pytest.raises(UsageError, match="sigma"):
        TableNoise().gaussian(sigma, 1)


def test_seeded_noise_is_stamped(seeded_entropy):
    noise = TableNoise(seeded_entropy)
    assert not noise.secure
    assert "INSECURE" in noise.name


def test_a_fork_draws_differently():
    code = """
import os
from fairshare.privacy import OsEntropy
source = OsEntropy()
source.words(1)
if os.fork() == 0:
    print(source.words(4).tolist(), flush=True)
    os._exit(0)
os.wait()
print(source.words(4).tolist())
"""
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(out) == len(set(out)) == 2


def test_protocols():
    entropy: Entropy = OsEntropy()
    assert entropy.secure
