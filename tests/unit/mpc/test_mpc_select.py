"""Secret selection is the trusted one, word for word, opens one index only, and has the exponential mechanism's law."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2
from three_servers import RINGS, SeededEntropy, SelectionTape, run

from fairshare.errors import UsageError
from fairshare.mpc import select as module
from fairshare.mpc.opening import open_all
from fairshare.mpc.ring import Z32
from fairshare.mpc.rounds import together
from fairshare.mpc.select import Selection, prepare, prepare_cost, select, select_cost
from fairshare.mpc.tape import SecretTape
from fairshare.privacy.exponential import coin_thresholds, exponential_mechanism

FALSE_ALARM = 1e-6
TINY = [Fraction(1, 2**40), Fraction(1, 2**70), Fraction(1, 10**100)]
BATCHES = 8  # of the trusted sampler's 4 P trials, to make 32 P


def tape_for(selection: Selection, seed: int) -> SelectionTape:
    coins = len(coin_thresholds(selection.rate))
    trials = 4 << selection.index_bits
    return SelectionTape(SeededEntropy(seed), batches=BATCHES, coins=coins, trials=trials)


def chosen(selection: Selection, tape):
    """A program that prepares and selects, with a tape of its own for each server."""

    async def program(session, scores):
        coins = await prepare(session, selection, tape())
        return await select(session, selection, coins, scores)

    return program


@pytest.mark.parametrize("ring", RINGS)
@settings(max_examples=20)
@given(
    scores=st.lists(st.integers(-40, 40) | st.sampled_from([-(2**29), 2**29]), min_size=2, max_size=40),
    rate=st.fractions(Fraction(1, 2000), 60, max_denominator=2000) | st.sampled_from(TINY),
    seed=st.integers(0, 2**32),
)
def test_selection_is_the_trusted_one_on_the_same_words(ring, scores, rate, seed):
    selection = Selection(len(scores), rate)
    values = np.array(scores)

    program = chosen(selection, lambda: tape_for(selection, seed))
    winners, cost = run(program, (ring, ring.encode(values)))
    expected = exponential_mechanism(values.max() - values, rate, SeededEntropy(seed))
    assert winners == [expected] * 3
    assert cost == prepare_cost(selection) + select_cost(selection, ring)


@pytest.mark.parametrize("rate", TINY)
def test_coins_of_almost_no_bias_stay_below_the_words_they_are_compared_with(rate):
    """A bias that rounds to 1 must not read as 0: the best candidate alone would be accepted, exactly."""
    coins = Selection(4, rate).coins
    assert 2**64 - 2**25 < coins[0] < 2**64
    winners = [
        run(chosen(Selection(4, rate), SecretTape), (Z32, Z32.encode(np.array([0, 9, 0, 0]))))[0][0] for _ in range(12)
    ]
    assert len(set(winners)) > 1  # false alarm 4^-11


def test_the_cost_tells_nothing_about_neighbours():
    selection = Selection(20, Fraction(1, 10))
    costs = []
    for scores in (np.zeros(20, dtype=int), np.arange(20) * 1000, np.eye(20, dtype=int)[3]):
        _, cost = run(chosen(selection, SecretTape), (Z32, Z32.encode(scores)))
        costs.append(cost)
    assert len(set(costs)) == 1


def test_one_index_is_opened_and_nothing_else(monkeypatch):
    """The view's only value that depends on data: a flag, the winner's bits, and zeros in all other lanes."""
    opened = []

    async def spy(session, x):
        opened.append(await open_all(session, x))
        return opened[-1]

    monkeypatch.setattr(module, "open_all", spy)
    selection = Selection(6, Fraction(1, 4))
    scores = np.array([3, 9, 4, 9, 0, 7])
    winners, _ = run(chosen(selection, SecretTape), (Z32, Z32.encode(scores)))
    assert len(opened) == 3
    for value in opened:
        assert value[:, 0].tolist() == [1, *[winners[0] >> j & 1 for j in range(3)]]


def test_no_acceptance_is_none_and_shows_no_candidate(monkeypatch):
    """With no trial left to accept, what is opened must not be the last trial's candidate."""
    monkeypatch.setattr(module, "_real_lanes", lambda trials: np.zeros(-(-trials // 64), dtype=np.uint64))
    opened = []

    async def spy(session, x):
        opened.append(await open_all(session, x))
        return opened[-1]

    monkeypatch.setattr(module, "open_all", spy)
    selection = Selection(5, Fraction(1, 4))
    winners, _ = run(chosen(selection, SecretTape), (Z32, Z32.encode(np.arange(5))))
    assert winners == [None] * 3
    assert not np.any(opened)


def frequencies(rate: Fraction, scores: np.ndarray, count: int) -> np.ndarray:
    selection = Selection(len(scores), rate)

    async def program(session, x):
        one = chosen(selection, SecretTape)
        return await together(*[one(session, x) for _ in range(count)])

    winners, _ = run(program, (Z32, Z32.encode(scores)))
    return np.bincount(winners[0], minlength=len(scores))


def p_value(rate: Fraction, scores: np.ndarray, observed: np.ndarray) -> float:
    weights = np.exp(float(rate) * (scores - scores.max()))
    expected = weights / weights.sum() * observed.sum()
    return float(chi2.sf(((observed - expected) ** 2 / expected).sum(), len(scores) - 1))


def test_the_law_of_selection_and_its_mutant():
    """Chi-square, false alarm 1e-6; catches a rate of twice the right one (Delta forgotten)."""
    rate, scores = Fraction(1, 4), np.array([0, 1, 0, 1, 7])
    assert p_value(rate, scores, frequencies(rate, scores, 250)) > FALSE_ALARM
    assert p_value(rate, scores, frequencies(2 * rate, scores, 250)) < FALSE_ALARM


def test_public_shape():
    selection = Selection(400, Fraction(1, 20))
    assert (selection.index_bits, selection.trials) == (9, 32 * 512)
    assert selection.distance < 2.0**-44
    with pytest.raises(UsageError, match=r"candidates \(0\) must be at least 1"):
        Selection(0, Fraction(1))
    with pytest.raises(UsageError, match=r"rate \(0\) must be above 0"):
        Selection(2, Fraction(0))
