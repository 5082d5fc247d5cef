"""The ledger refuses or records; composition is addition; costs round up."""

import json
import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairshare.errors import BudgetError, UsageError
from fairshare.privacy import (
    Budget,
    Ledger,
    MeasureEvent,
    PrivacyUnit,
    ScoreEvent,
    SelectEvent,
    epsilon_for,
    nano_rho,
    replay_head,
    score_sigma_for,
    sigma_for,
)

UNITS = [PrivacyUnit(relation=r, max_rows=m) for r in ("add-remove", "replace-one") for m in (1, 3)]


def ledger(unit=UNITS[0], epsilon=1.0):
    return Ledger(Budget(epsilon=epsilon, delta=1e-9), unit)


def test_known_costs():
    one, swap = UNITS[0], PrivacyUnit(relation="replace-one")
    person = PrivacyUnit(max_rows=3)
    assert MeasureEvent(cliques=(("a",),) * 2, cells=9, sigmas=(10.0, 10.0), unit=one).rho == Fraction(2, 200)
    assert MeasureEvent(cliques=(("a",),), cells=9, sigmas=(10.0,), unit=swap).rho == Fraction(2, 200)
    assert MeasureEvent(cliques=(("a",),), cells=9, sigmas=(10.0,), unit=person).rho == Fraction(9, 200)
    assert SelectEvent(candidates=(("a",),), epsilon=0.5, max_weight=7, unit=swap).rho == Fraction(1, 32)
    assert ScoreEvent(candidates=(("a",), ("b",)), weights=(1, 2), sigma=10.0, unit=swap).rho == Fraction(20, 200)


def test_costs_round_up():
    event = SelectEvent(candidates=(("a",),), epsilon=1e-6, max_weight=1, unit=UNITS[0])
    assert nano_rho(event) == 1


@pytest.mark.parametrize("bad", [0.0, -1.0, float("nan"), float("inf"), True])
def test_senseless_parameters_are_refused_before_anything_is_recorded(bad):
    book = ledger()
    with pytest.raises(UsageError):
        book.charge(MeasureEvent(cliques=(("a",),), cells=2, sigmas=(bad,), unit=book.unit))
    with pytest.raises(UsageError):
        book.charge(SelectEvent(candidates=(("a",),), epsilon=bad, max_weight=1, unit=book.unit))
    assert book.spent == 0
    assert len(book) == 0


@given(st.integers(1, 10**10), st.integers(1, 200), st.sampled_from(UNITS))
def test_calibration_is_safe_and_tight(nano, k, unit):
    sigma = sigma_for(nano, k, unit)
    assert nano_rho(MeasureEvent(cliques=(("a",),) * k, cells=1, sigmas=(sigma,) * k, unit=unit)) <= nano
    tighter = MeasureEvent(cliques=(("a",),) * k, cells=1, sigmas=(sigma * (1 - 1e-9),) * k, unit=unit)
    assert tighter.rho * 10**9 > nano - 1 or nano == 1
    epsilon = epsilon_for(nano)
    assert nano_rho(SelectEvent(candidates=(("a",),), epsilon=epsilon, max_weight=1, unit=unit)) <= nano
    weights = list(range(1, k + 1))
    event = ScoreEvent(
        candidates=tuple((str(w),) for w in weights),
        weights=tuple(weights),
        sigma=score_sigma_for(nano, weights, unit),
        unit=unit,
    )
    assert nano_rho(event) <= nano


@given(st.integers(1, 10**9), st.integers(1, 10**9), st.integers(1, 60))
def test_a_smaller_slice_never_lowers_sigma(a, b, k):
    low, high = sorted((a, b))
    assert sigma_for(low, k, UNITS[0]) >= sigma_for(high, k, UNITS[0])
    assert epsilon_for(low) <= epsilon_for(high)


@given(st.floats(5, 500), st.integers(1, 30))
def test_composing_n_times_is_the_list(sigma, n):
    together, one_by_one = ledger(epsilon=30.0), ledger(epsilon=30.0)
    together.charge(MeasureEvent(cliques=(("a",),) * n, cells=n, sigmas=(sigma,) * n, unit=UNITS[0]))
    for _ in range(n):
        one_by_one.charge(MeasureEvent(cliques=(("a",),), cells=1, sigmas=(sigma,), unit=UNITS[0]))
    assert together.spent <= one_by_one.spent <= together.spent + n, "apart only by rounding up"


def test_refusal_records_nothing_and_the_exact_remainder_is_granted():
    book = ledger()
    book.charge(MeasureEvent(cliques=(("a",),), cells=2, sigmas=(sigma_for(1_000_000, 1, book.unit),), unit=book.unit))
    before = book.spent, book.head
    with pytest.raises(BudgetError, match="is left; raise epsilon"):
        book.charge(MeasureEvent(cliques=(("a",),), cells=2, sigmas=(0.1,), unit=book.unit))
    assert (book.spent, book.head) == before
    sigma = sigma_for(book.remaining, 1, book.unit)
    book.charge(MeasureEvent(cliques=(("a",),), cells=2, sigmas=(sigma,), unit=book.unit))
    assert book.remaining >= 0


def test_another_unit_is_refused():
    with pytest.raises(BudgetError, match="unit"):
        ledger().charge(SelectEvent(candidates=(("a",),), epsilon=0.01, max_weight=1, unit=UNITS[1]))


def test_chain_shows_every_change():
    book = ledger()
    for epsilon in (0.01, 0.02):
        book.charge(SelectEvent(candidates=(("a",), ("b",)), epsilon=epsilon, max_weight=1, unit=book.unit))
    account = json.loads(json.dumps(book.to_dict()))
    assert replay_head(account) == book.head == account["head"]
    for change in (
        lambda a: a["entries"][0].update(epsilon=0.005),
        lambda a: a["entries"][1].update(nano_rho=0),
        lambda a: a["entries"].pop(0),
        lambda a: a["promise"].update(epsilon=2.0),
    ):
        tampered = json.loads(json.dumps(book.to_dict()))
        change(tampered)
        assert replay_head(tampered) != book.head


@pytest.mark.parametrize("fields", [{"relation": "swap"}, {"max_rows": 0}, {"max_rows": 1.5}])
def test_unit_is_checked(fields):
    with pytest.raises(UsageError):
        PrivacyUnit(**fields)


def test_charges_add_up_until_the_budget_holds_no_more():
    book = ledger()
    event = SelectEvent(candidates=(("a",),), epsilon=0.15, max_weight=1, unit=book.unit)
    most = book.budget.nano_rho // nano_rho(event)
    assert 2 <= most <= 20
    for number in range(1, most + 1):
        book.charge(event)
        assert book.spent == number * nano_rho(event)
    with pytest.raises(BudgetError, match="is left"):
        book.charge(event)
    assert (len(book), book.remaining) == (most, book.budget.nano_rho - most * nano_rho(event))


@pytest.mark.parametrize("share", [Fraction(1, 2**20), Fraction(1, 4), Fraction(1, 2)])
def test_epsilon_spent_counts_what_delta_keeps_for_samplers(share):
    """At all of delta, a budget that keeps a quarter of it would seem to be spent at less than its epsilon."""
    budget = Budget(epsilon=1.0, delta=1e-9, slack_share=share)
    ledger = Ledger(budget, PrivacyUnit())
    sigma = math.sqrt(1 / (2 * budget.rho)) * (1 + 1e-7)
    ledger.charge(MeasureEvent(cliques=(("a",),), cells=2, sigmas=(sigma,), unit=PrivacyUnit()))
    assert 1 - 1e-5 < ledger.to_dict()["epsilon_spent_at_delta"] <= 1
