"""What epsilon means: against hand-computed odds, and against the exact total variation of a Gaussian."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairshare.report.promise import best_guess, best_guess_from_rho, posterior, promise


@pytest.mark.parametrize(
    ("epsilon", "delta", "share"),
    [(0.0, 0.0, 0.5), (math.log(3), 0.0, 0.75), (math.log(3), 0.4, 0.85), (1.0, 0.0, 0.7310585786), (64, 0.5, 1.0)],
)
def test_the_best_guess_by_hand(epsilon: float, delta: float, share: float) -> None:
    assert best_guess(epsilon, delta) == pytest.approx(share)


@given(st.floats(1e-6, 4))
def test_rho_bounds_the_gaussian(rho: float) -> None:
    # N(0, 1) against N(m, 1) is m^2/2-zCDP, and its total variation is erf(m / (2 sqrt 2)).
    exact = (1 + math.erf(math.sqrt(2 * rho) / (2 * math.sqrt(2)))) / 2
    assert exact <= best_guess_from_rho(rho) <= 1


@given(st.floats(0, 64), st.floats(0.001, 0.999))
def test_odds_grow_by_e_to_the_epsilon(epsilon: float, prior: float) -> None:
    after = posterior(prior, epsilon)
    assert prior <= after + 1e-12 <= 1 + 1e-12
    if epsilon < 10:
        assert after / (1 - after) == pytest.approx(prior / (1 - prior) * math.exp(epsilon), rel=1e-6)
    assert posterior(0.5, epsilon) == pytest.approx(best_guess(epsilon, 0))


def test_the_unit_is_named(fair_release) -> None:
    told = promise(fair_release)
    assert (told["who"], told["learns"], told["secure_noise"]) == ("one row", "a bounded amount", True)
    assert "left out" in told["neighbours"]
    assert told["best_guess_from_rho"] <= told["best_guess"] == best_guess(8, 1e-6)
