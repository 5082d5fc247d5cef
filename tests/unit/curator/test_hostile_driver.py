"""A driver in the same process whose objects lie: what is priced is what is computed with."""

import sys
import threading
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairshare.counting import CodedTable
from fairshare.curator import Candidate
from fairshare.curator.trusted import TrustedCurator
from fairshare.errors import BudgetError, FairshareError, UsageError
from fairshare.marginals import Domain
from fairshare.privacy import Budget, Ledger, PrivacyUnit


class Silent:
    """No noise, and a log of the scales that were asked for."""

    name, secure = "INSECURE silent", False

    def __init__(self):
        self.scales = []

    def gaussian(self, sigma, count):
        self.scales.append(sigma)
        return np.zeros(count, dtype=np.int64)

    def exponential(self, gaps, rate):
        self.scales.append(rate)
        return int(np.argmin(gaps))


def curator(rows=100, size=8, unit=None, epsilon=10.0):
    codes = {"a": np.full(rows, 1, np.uint8), "b": np.zeros(rows, np.uint8)}
    ledger = Ledger(Budget(epsilon=epsilon, delta=1e-9), unit or PrivacyUnit())
    return TrustedCurator(CodedTable(Domain(("a", "b"), (size, 2)), codes), ledger=ledger, noise=Silent())


def offer(estimate=None, **changed):
    return Candidate(**{"clique": ("a",), "estimate": np.zeros(8) if estimate is None else estimate} | changed)


class Liar(float):
    """A float that is huge when it is priced."""

    def as_integer_ratio(self):
        return (10**9, 1)


class Shifty:
    """Looks like a candidate; its fields are harmless the first time only."""

    def __init__(self):
        self.reads = dict.fromkeys(("clique", "weight", "penalty", "estimate"), 0)

    def __getattr__(self, name):
        first, later = {
            "clique": (("a",), ("a", "b")),
            "weight": (1, 65536),
            "penalty": (0, 7),
            "estimate": (np.zeros(8), np.ones((8, 2))),
        }[name]
        self.reads[name] += 1
        return first if self.reads[name] == 1 else later


@pytest.mark.parametrize("given", [Liar(9.0), [Liar(9.0)]])
def test_a_scale_that_lies_costs_what_its_noise_is_worth(given):
    box = curator()
    box.measure([("a",)], given)
    assert box.ledger.spent == int(np.ceil(1e9 / (2 * 81)))
    assert [type(s) for s in box._noise.scales] == [float]
    assert box._noise.scales == [9.0]
    box.score([offer()], Liar(9.0))
    assert box.ledger.spent == 2 * int(np.ceil(1e9 / (2 * 81)))


def test_an_epsilon_that_lies_is_priced_as_it_is_used():
    box = curator()
    box.select([offer(), offer(clique=("b",), estimate=np.zeros(2))], Liar(0.5))
    assert box.ledger.spent == int(1e9 / 32)
    assert box._noise.scales == [0.25 / 8]  # scores are in eighths of a row


def test_a_candidates_fields_are_read_once():
    box = curator()
    assert box.score([Shifty()], 100.0) == [100]
    assert box.ledger.spent == int(1e9 / (2 * 100**2))


def test_a_map_that_changes_after_the_check_changes_nothing():
    box, codes = curator(size=64), np.arange(64)
    view = box.coarsen({"a": codes})
    before = view.measure([("a",)], 99.0)[0].copy()
    codes[:] = 0
    codes[63] = 63
    again = curator(size=64).coarsen({"a": np.arange(64)})
    view._cache.clear()
    assert np.array_equal(view.measure([("a",)], 99.0)[0], before)
    assert np.array_equal(again.measure([("a",)], 99.0)[0], before)
    with pytest.raises(ValueError, match="read-only"):
        view._maps["a"][0] = 1


@pytest.mark.parametrize(
    "codes", [np.array([[0, 1], [1, 0], [2, 2]]), np.array([0.0, 1, 2]), [True, False, True], [[0], [1, 2], 3]]
)
def test_a_map_must_be_one_row_of_integers(codes):
    with pytest.raises(UsageError, match="the map of 'a' must"):
        curator(size=3).coarsen({"a": codes})


def test_threads_do_not_spend_the_same_remainder():
    slow = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(5):
            box = curator(epsilon=1.0)
            sigma = (1 / (2 * box.ledger.budget.rho)) ** 0.5 * 1.0001
            ready = threading.Barrier(8)

            def spend(box=box, sigma=sigma, ready=ready):
                ready.wait()
                with suppress(BudgetError):
                    box.measure([("a",)], sigma)

            threads = [threading.Thread(target=spend) for _ in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert len(box.ledger) == 1
            assert box.ledger.spent <= box.ledger.budget.nano_rho
    finally:
        sys.setswitchinterval(slow)


def test_the_promise_and_the_account_can_not_be_replaced():
    box = curator(unit=PrivacyUnit(max_rows=10))
    with pytest.raises(AttributeError):
        box.ledger.budget = Budget(epsilon=64, delta=0.9)
    with pytest.raises(AttributeError):
        box.ledger.unit = PrivacyUnit()
    box.measure([("a",)], 9e3)
    next(iter(box.ledger)).event["sigmas"][0] = 1.0
    box.ledger.to_dict()["entries"][0]["sigmas"][0] = 1.0
    assert box.ledger.to_dict()["entries"][0]["sigmas"] == [9e3]


@given(
    st.sampled_from(["measure", "measure list", "score", "select"]),
    st.sampled_from(
        [
            *(0, -1, True, float("nan"), float("inf"), 1e300, 2.0**40 * 1.01, 10**400, 10**5000, 5e-324, 1e-300, "9"),
            *(None, 1j, np.array(90.0), np.array([[90.0]]), np.float64("nan"), np.float32("inf"), object()),
        ]
    ),
)
def test_a_bad_scale_is_refused_before_anything_is_spent(call, value):
    box = curator()
    calls = {
        "measure": lambda: box.measure([("a",)], value),
        "measure list": lambda: box.measure([("a",)], [value]),
        "score": lambda: box.score([offer()], value),
        "select": lambda: box.select([offer()], value),
    }
    if not (call == "select" and isinstance(value, float) and 0 < value < 1e-200):  # a tiny epsilon is worthless only
        with pytest.raises(UsageError, match=r"sigma|epsilon"):
            calls[call]()
        assert (box.ledger.spent, box._noise.scales) == (0, [])


@pytest.mark.parametrize("value", [90, 90.0, np.float32(90), np.float64(90), np.int64(90)])
def test_any_plain_number_is_a_scale(value):
    box = curator()
    box.measure([("a",)], value)
    assert box._noise.scales == [90.0]


@pytest.mark.parametrize(
    "candidates",
    [
        [offer(estimate=[[1], [2, 3]])],
        [offer(estimate="x")],
        [offer(clique=("a", "a"))],
        [offer(clique=([],))],
        [offer(weight=True)],
        [offer(weight=np.int64(1))],
        [offer(penalty=0.5)],
        [offer(), offer(weight=2)],
        [],
    ],
)
def test_malformed_candidates_are_refused_before_anything_is_spent(candidates):
    box = curator()
    with pytest.raises(UsageError):
        box.select(candidates, 0.1)
    assert box.ledger.spent == 0


def test_malformed_cliques_are_refused_before_anything_is_spent():
    box = curator()
    for cliques in ([("a", "a")], [("b", "a")], [([],)], [(0,)], [], iter([])):
        with pytest.raises(FairshareError):
            box.measure(cliques, 9.0)
    assert box.ledger.spent == 0
