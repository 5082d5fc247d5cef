"""The trusted curator answers what it should, charges first, and refuses the rest."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairshare.counting import CodedTable
from fairshare.curator import Candidate
from fairshare.curator.trusted import TrustedCurator
from fairshare.errors import BudgetError, UsageError
from fairshare.marginals import Domain
from fairshare.privacy import Budget, Ledger, PrivacyUnit, TableNoise

DOMAIN = Domain.from_sizes({"a": 3, "b": 4, "c": 2})


class ZeroNoise:
    """No noise at all, and a log of what was asked."""

    name, secure = "INSECURE zero", False

    def __init__(self):
        self.log = []

    def gaussian(self, sigma, count):
        self.log.append(("gaussian", sigma, count))
        return np.zeros(count, dtype=np.int64)

    def exponential(self, gaps, rate):
        self.log.append(("exponential", gaps.copy(), rate))
        return int(np.argmin(gaps))


def curator(rows=50, seed=0, noise=None, unit=None, epsilon=10.0):
    rng = np.random.default_rng(seed)
    codes = {a: rng.integers(0, n, rows).astype(np.uint8) for a, n in zip(DOMAIN, DOMAIN.shape, strict=True)}
    ledger = Ledger(Budget(epsilon=epsilon, delta=1e-9), unit or PrivacyUnit())
    return TrustedCurator(CodedTable(DOMAIN, codes), ledger=ledger, noise=noise or ZeroNoise()), codes


def flat(clique):
    return np.full(DOMAIN.sizes(clique), 50 / DOMAIN.cells(clique))


def test_measure_adds_the_noise_it_charges():
    noise = ZeroNoise()
    box, codes = curator(noise=noise)
    a, ab = box.measure([("a",), ("a", "b")], 9.0)
    assert np.array_equal(a, np.bincount(codes["a"], minlength=3))
    assert np.array_equal(ab.sum(axis=1), a)
    assert noise.log == [("gaussian", 9.0, 3), ("gaussian", 9.0, 12)]
    assert box.ledger.spent == int(np.ceil(2 / (2 * 81) * 1e9))


def test_each_clique_may_have_its_own_sigma():
    noise = ZeroNoise()
    box, _ = curator(noise=noise)
    box.measure([("a",), ("a", "b")], [9.0, 20.0])
    assert noise.log == [("gaussian", 9.0, 3), ("gaussian", 20.0, 12)]
    assert box.ledger.spent == int(np.ceil((1 / 162 + 1 / 800) * 1e9))
    with pytest.raises(UsageError, match="one for each clique"):
        box.measure([("a",), ("a", "b")], [9.0])


def test_real_noise_is_there():
    box, _ = curator(noise=TableNoise())
    first, second = box.measure([("a", "b")], 20.0)[0], box.measure([("a", "b")], 20.0)[0]
    assert first.dtype == np.int64
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("relation", ["add-remove", "replace-one"])
def test_select_computes_gaps_rate_and_price(relation):
    noise = ZeroNoise()
    box, codes = curator(noise=noise, unit=PrivacyUnit(relation=relation))
    candidates = [
        Candidate(clique=("a", "b"), estimate=flat(("a", "b")), weight=3, penalty=5),
        Candidate(clique=("c",), estimate=flat(("c",)), weight=2),
    ]
    box.select(candidates, 0.5)
    (_, gaps, rate), c = noise.log[0], 1 if relation == "add-remove" else 2
    assert rate == Fraction(1, 2) / (2 * 8 * c * 3)  # scores are in eighths of a row
    counts = np.zeros((3, 4))
    np.add.at(counts, (codes["a"], codes["b"]), 1)
    scores = np.array(
        [
            3 * (np.abs(8 * counts - np.rint(8 * flat(("a", "b")))).sum() - 8 * 5),
            2 * np.abs(8 * np.bincount(codes["c"], minlength=2) - 8 * 25).sum(),
        ]
    )
    assert np.array_equal(gaps, scores.max() - scores)
    assert box.ledger.spent == int(np.ceil(0.25 / 8 * 1e9))


def test_sparse_marginals_are_not_favoured_by_rounding():
    """Many cells below half a row: whole rows would count no error where the estimate is wrong by 20 rows."""
    box, codes = curator(noise=ZeroNoise())
    counts = np.zeros((3, 4))
    np.add.at(counts, (codes["a"], codes["b"]), 1)
    [score] = box.score([Candidate(clique=("a", "b"), estimate=counts + 0.4375)], 100.0)
    assert score == 0.5 * 12  # 0.4375 is 3.5 eighths, rounded to even
    estimate = counts * 0.97 + 0.21
    [score] = box.score([Candidate(clique=("a", "b"), estimate=estimate)], 100.0)
    assert score == pytest.approx(np.abs(counts - estimate).sum(), abs=12 / 16)


def test_score_weighs_and_charges():
    noise = ZeroNoise()
    box, codes = curator(noise=noise)
    candidates = [
        Candidate(clique=(a,), estimate=flat((a,)), weight=w, penalty=1) for a, w in zip("abc", (1, 2, 4), strict=True)
    ]
    scores = box.score(candidates, 100.0)
    expected = [
        w * (np.abs(np.bincount(codes[a], minlength=DOMAIN.size_of(a)) - np.rint(8 * flat((a,))) / 8).sum() - 1)
        for a, w in zip("abc", (1, 2, 4), strict=True)
    ]
    assert np.array_equal(scores, expected)
    assert box.ledger.spent == int(np.ceil((1 + 4 + 16) / (2 * 100.0**2) * 1e9))


BAD = {
    "repeated": [Candidate(clique=("a",), estimate=flat(("a",)))] * 2,
    "none": [],
    "weightless": [Candidate(clique=("a",), estimate=flat(("a",)), weight=0)],
    "negative weight": [Candidate(clique=("a",), estimate=flat(("a",)), weight=-1)],
    "heavy": [Candidate(clique=("a",), estimate=flat(("a",)), weight=2**17)],
    "float weight": [Candidate(clique=("a",), estimate=flat(("a",)), weight=1.5)],
    "negative estimate": [Candidate(clique=("a",), estimate=-flat(("a",)))],
    "nan": [Candidate(clique=("a",), estimate=flat(("a",)) * np.nan)],
    "huge": [Candidate(clique=("a",), estimate=flat(("a",)) * 1e15)],
    "shape": [Candidate(clique=("a",), estimate=flat(("b",)))],
    "order": [Candidate(clique=("b", "a"), estimate=flat(("b", "a")))],
    "penalty": [Candidate(clique=("a",), estimate=flat(("a",)), penalty=2**50)],
}


@pytest.mark.parametrize("name", BAD)
def test_malformed_candidates_cost_nothing(name):
    box, _ = curator()
    for call in (box.select, box.score):
        with pytest.raises(UsageError):
            call(BAD[name], 1.0)
    assert box.ledger.spent == 0


def test_the_ledger_refuses_before_data_are_touched(monkeypatch):
    box, _ = curator(epsilon=0.1)
    monkeypatch.setattr(CodedTable, "counts", lambda *_: pytest.fail("data were touched"))
    with pytest.raises(BudgetError):
        box.measure([("a",)], 1.0)
    with pytest.raises(BudgetError):
        box.select([Candidate(clique=("a",), estimate=flat(("a",)))], 1.0)
    with pytest.raises(BudgetError):
        box.score([Candidate(clique=("a",), estimate=flat(("a",)))], 1.0)
    assert box.ledger.spent == 0


def test_the_charge_stands_even_if_counting_fails(monkeypatch):
    box, _ = curator()
    monkeypatch.setattr(CodedTable, "counts", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        box.measure([("a",)], 5.0)
    assert box.ledger.spent == int(np.ceil(1e9 / 50))


@given(st.data())
def test_coarse_marginals_are_sums(data):
    box, _ = curator()
    maps = {}
    for a, n in zip(DOMAIN, DOMAIN.shape, strict=True):
        raw = np.array(data.draw(st.lists(st.integers(0, 2), min_size=n, max_size=n)))
        maps[a] = np.unique(raw, return_inverse=True)[1]
    coarse = box.coarsen(maps)
    fine = box.measure([("a", "b")], 50.0)[0]
    got = coarse.measure([("a", "b")], 50.0)[0]
    expected = np.zeros(coarse.domain.sizes(("a", "b")), dtype=np.int64)
    np.add.at(expected, (maps["a"][:, None], maps["b"][None, :]), fine)
    assert np.array_equal(got, expected)
    assert coarse.ledger is box.ledger
    again = coarse.coarsen({"a": np.zeros(coarse.domain.size_of("a"), dtype=int)})
    assert np.array_equal(again.measure([("a", "b")], 50.0)[0], expected.sum(axis=0, keepdims=True))


def test_bad_maps_are_refused():
    box, _ = curator()
    for bad in ([0, 1], [0, 2, 2], [-1, 0, 1]):
        with pytest.raises(UsageError, match="map of 'a'"):
            box.coarsen({"a": np.array(bad)})
