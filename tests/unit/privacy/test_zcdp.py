"""Conversions against Google's dp-accounting and against published figures."""

import math

import pytest
from dp_accounting import dp_event
from dp_accounting.rdp import RdpAccountant
from hypothesis import given
from hypothesis import strategies as st

from fairshare.errors import UsageError
from fairshare.privacy import Budget, delta_of_rho, epsilon_of_rho, rho_of, rho_of_mironov


@pytest.mark.parametrize(("epsilon", "rho"), [(1.0, 0.014973), (0.1, 1.771e-4), (10.0, 1.09079)])
def test_published_figures(epsilon, rho):
    assert rho_of(epsilon, 1e-9) == pytest.approx(rho, rel=1e-3)
    assert rho_of_mironov(1.0, 1e-9) == pytest.approx(0.0118, rel=5e-3)


@given(st.floats(0.01, 20), st.sampled_from([1e-5, 1e-9, 1e-12]))
def test_round_trip_never_exceeds_the_promise(epsilon, delta):
    rho = rho_of(epsilon, delta)
    assert delta_of_rho(rho, epsilon) <= delta
    assert delta_of_rho(rho * 1.001, epsilon) > delta, "the conversion is tight"
    assert epsilon_of_rho(rho, delta) == pytest.approx(epsilon, rel=1e-6)


@pytest.mark.parametrize("epsilon", [0.1, 1.0, 10.0])
def test_dp_accounting_agrees(epsilon):
    """A Gaussian event of our rho costs the oracle no more than our epsilon."""
    rho = rho_of(epsilon, 1e-9)
    orders = [1 + x / 20 for x in range(1, 20_000)]
    accountant = RdpAccountant(orders)
    accountant.compose(dp_event.GaussianDpEvent(math.sqrt(1 / (2 * rho))))
    assert accountant.get_epsilon(1e-9) == pytest.approx(epsilon, rel=2e-3)


@pytest.mark.parametrize("epsilon", [0, -1, math.nan, math.inf, 65, 1e-9])
def test_refused_epsilon(epsilon):
    with pytest.raises(UsageError, match=r"^epsilon \("):
        Budget(epsilon=epsilon, delta=1e-9)


@pytest.mark.parametrize("delta", [0, 1, 2, -1e-9, math.nan, 1e-30])
def test_refused_delta(delta):
    with pytest.raises(UsageError, match=r"^delta \("):
        Budget(epsilon=1, delta=delta)


def test_budget_is_rounded_down():
    budget = Budget(epsilon=1, delta=1e-9)
    assert budget.nano_rho <= rho_of(1, 1e-9) * 1e9
    assert budget.nano_rho >= rho_of(1, 1e-9) * 1e9 * (1 - 1e-6)


def test_the_least_delta_that_is_promised_is_accepted():
    assert Budget(epsilon=1.0, delta=2.0**-64).nano_rho > 0
    with pytest.raises(UsageError, match="delta"):
        Budget(epsilon=1.0, delta=2.0**-65)
