"""The part of delta that is kept for samplers' distance from their ideals."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairshare.errors import BudgetError, UsageError
from fairshare.privacy import Budget, Ledger, MeasureEvent, PrivacyUnit, Sampled, ScoreEvent, SelectEvent, rho_of

UNIT = PrivacyUnit()
MADE = Sampled(how="joint", distance=Fraction(1, 2**40))
EVENTS = [
    MeasureEvent(cliques=(("a",),), cells=3, sigmas=(50.0,), unit=UNIT, sampled=MADE),
    SelectEvent(candidates=(("a",),), epsilon=0.1, max_weight=1, unit=UNIT, sampled=MADE),
    ScoreEvent(candidates=(("a",),), weights=(1,), sigma=50.0, unit=UNIT, sampled=MADE),
]


@given(st.floats(0.05, 64.0), st.floats(1e-12, 0.1), st.fractions(Fraction(1, 2**20), Fraction(1, 2)))
def test_rho_and_slack_share_delta(epsilon, delta, share):
    """delta' for rho, (1 + e^epsilon) slack for the samplers, and never more than delta in all."""
    budget = Budget(epsilon=epsilon, delta=delta, slack_share=share)
    kept = float(budget.slack) * (1 + math.exp(epsilon))
    assert kept <= delta * float(share) * (1 + 1e-9)
    assert kept >= delta * float(share) * (1 - 1e-9)
    assert budget.rho <= rho_of(epsilon, delta * float(1 - share)) <= rho_of(epsilon, delta)


def test_a_quarter_of_delta_costs_little():
    usual, kept = Budget(epsilon=1.0, delta=1e-9), Budget(epsilon=1.0, delta=1e-9, slack_share=Fraction(1, 4))
    assert 0.98 < kept.rho / usual.rho < 1


def test_the_share_is_checked():
    for share in (Fraction(0), Fraction(1, 2**21), Fraction(2, 3)):
        with pytest.raises(UsageError, match="slack_share"):
            Budget(epsilon=1.0, delta=1e-9, slack_share=share)


@pytest.mark.parametrize("event", EVENTS, ids=lambda e: type(e).__name__)
def test_how_randomness_is_made_is_stated_and_its_distance_charged(event):
    ledger = Ledger(Budget(epsilon=1.0, delta=4e-11, slack_share=Fraction(1, 2)), UNIT)
    room = int(ledger.budget.slack // MADE.distance)
    assert 1 <= room <= 20
    for _ in range(room):
        ledger.charge(event)
    with pytest.raises(BudgetError, match="distance from their ideals"):
        ledger.charge(event)
    account = ledger.to_dict()
    assert {e["noise"] for e in account["entries"]} == {"joint"}
    assert account["promise"]["slack_share"] == 0.5


def test_the_usual_share_is_not_in_the_promise():
    """Ledgers made before there was a choice keep their hashes."""
    assert "slack_share" not in Ledger(Budget(epsilon=1.0, delta=1e-9), UNIT).to_dict()["promise"]
