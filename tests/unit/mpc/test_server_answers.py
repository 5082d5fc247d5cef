"""What servers answer, at what price and cost, and what neighbours could see of it."""

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy.stats import chi2
from small_runs import (
    DOMAIN,
    HORIZONTAL,
    MIXED,
    VERTICAL,
    answered,
    counts_of,
    measure,
    run_for,
    score,
    select,
    table,
    terms_for,
)

from fairshare.mpc import counts
from fairshare.mpc import server as module
from fairshare.mpc.answers import release_cost
from fairshare.mpc.cost import FREE, everyone
from fairshare.mpc.gaussian import distance, joint_gaussian_cost
from fairshare.mpc.marginals import pair_counts_cost
from fairshare.mpc.memory import MemoryChannel
from fairshare.mpc.noise_distributed import extra_rho
from fairshare.mpc.ring import Z16, Z32
from fairshare.mpc.scores import absolute_errors_cost
from fairshare.mpc.select import Selection, prepare_cost, select_cost
from fairshare.mpc.tasks import task_of
from fairshare.mpc.vetting import same_summands_cost, vet_cost
from fairshare.privacy import Ledger

AGREE = everyone(64)


async def unvetted(*_):
    pass


def spent_by(run, request):
    """The answer and the measured cost of a request."""
    before = run.cost
    got = answered(run.ask(request))
    rounds, sent = run.cost.rounds - before.rounds, [b - a for a, b in zip(before.sent, run.cost.sent, strict=True)]
    return got, (rounds, sent)


def declared(cost):
    return cost.rounds, list(cost.sent)


@pytest.mark.parametrize("held", [HORIZONTAL, VERTICAL, MIXED])
def test_counts_are_those_of_the_joint_table(held):
    codes = table(90)
    run = run_for(terms_for(held), codes)
    for clique in (("a",), ("a", "b"), ("a", "c"), ("b", "c")):
        summands = [s._marginals._known[clique].pair[0] for s in run.servers]
        np.testing.assert_array_equal(np.sum(summands, axis=0, dtype=np.uint32), counts_of(codes, clique))
    answer = answered(run.ask(measure((("b", "c"), ()), (5.0, 5.0), {"c": np.array([0, 1, 0, 1])})))
    exact = counts_of(codes, ("b", "c")).reshape(2, 2, 2).sum(axis=1).reshape(-1)
    assert abs(answer - [*exact, 90]).max() < 50  # 10 sigma


@pytest.mark.parametrize("held", [HORIZONTAL, VERTICAL, MIXED])
def test_cost_is_the_declared_one_and_the_same_on_neighbours(held):
    codes = table(60)
    neighbour = {a: c.copy() for a, c in codes.items()}
    for a, n in zip(DOMAIN, DOMAIN.shape, strict=True):
        neighbour[a][7] = (neighbour[a][7] + 1) % n
    seen = []
    for data in (codes, neighbour):
        run = run_for(terms_for(held), data)
        seen.append([declared(run.cost), *(spent_by(run, r)[1] for r in (measure(), select(), score(weights=(1, 1))))])
    assert seen[0] == seen[1]
    began, measured, selected, scored = seen[0]
    records = {n: 40 if held is MIXED else 60 for n, columns in held if columns != "abc"}
    vetting = same_summands_cost(len(held)) + vet_cost(terms_for(held), records)
    assert began == declared(AGREE + vetting + (FREE if held is HORIZONTAL else pair_counts_cost(Z16, Z32, 5, 4)))
    errors = absolute_errors_cost(Z32, 9, 2)
    assert measured == declared(AGREE + joint_gaussian_cost(20.0, 12, Z32) + release_cost(Z32, 12))
    noise = joint_gaussian_cost(8 * 30.0, 2, Z32)
    assert scored == declared(AGREE + errors.beside(noise) + release_cost(Z32, 2))
    selection = Selection(2, select_rate(0.5, 2))
    assert selected == declared(AGREE + prepare_cost(selection).beside(errors) + select_cost(selection, Z32))


def select_rate(epsilon, weight):
    return Fraction(epsilon) / (2 * 8 * 2 * weight)


def test_the_ledger_holds_what_was_done():
    run = run_for()
    answered(run.ask(measure()))
    answered(run.ask(select()))
    answered(run.ask(score(sigma=30.0)))
    account = run.servers[0].ledger.to_dict()
    assert [e["call"] for e in account["entries"]] == ["measure", "select", "score"]
    assert {e["noise"] for e in account["entries"]} == {"joint"}
    assert [e["nano_rho"] for e in account["entries"]] == [
        math.ceil(2 / (2 * 400) * 1e9),
        math.ceil(0.25 / 8 * 1e9),
        math.ceil((4 + 16) / (2 * 900) * 1e9),
    ]
    assert account["promise"]["slack_share"] == 0.25
    used = 12 * distance(20.0) + Selection(2, select_rate(0.5, 2)).distance + 2 * distance(8 * 30.0)
    assert float(run.servers[0].ledger._distance) == pytest.approx(used)
    assert {s.ledger.head for s in run.servers} == {account["head"]}


def test_one_candidate_is_chosen_without_a_protocol_and_still_paid_for():
    run = run_for()
    got, (rounds, _) = spent_by(run, select(cliques=(("a",),), weights=(1,), penalties=(0,)))
    assert (got.tolist(), rounds) == ([0], 1)
    assert run.servers[0].ledger.spent == math.ceil(0.25 / 8 * 1e9)


def test_a_selection_without_acceptance_is_tried_again_with_fresh_coins(monkeypatch):
    real, coins = module.select, []

    async def stubborn(session, selection, made, scores):
        coins.append(made)
        found = await real(session, selection, made, scores)
        return None if len(coins) <= 3 else found  # each of three servers once

    monkeypatch.setattr(module, "select", stubborn)
    run = run_for()
    assert answered(run.ask(select())).item() in (0, 1)
    assert len(coins) == 6
    assert len({id(c) for c in coins}) == 6


def test_distributed_noise_is_wider_and_costs_the_same():
    """Sum of three servers' draws: variance 3/2 sigma^2. 600 draws: a 5-sigma band is +-30% of the variance."""
    run = run_for(terms_for(noise="distributed"))
    sigma = 15.0
    request = measure((("a", "c"),) * 50, (sigma,) * 50)
    got = answered(run.ask(request)) - np.tile(counts_of(table(), ("a", "c")), 50)
    assert 1.05 < got.var() / sigma**2 < 1.95
    entry = run.servers[0].ledger.to_dict()["entries"][0]
    assert (entry["noise"], entry["nano_rho"]) == ("distributed", math.ceil(50 * 2 / (2 * sigma**2) * 1e9))
    replies = run.ask(measure(sigmas=(2.0,)))
    assert [r.kind for r in replies] == ["UsageError"] * 3
    assert "must be at least 2.828 for distributed noise" in replies[0].message
    answered(run.ask(select()))


def test_scores_and_wide_counts_take_distributed_noise_too():
    """The noise's message must not be taken for one of the protocol that runs beside it."""
    run = run_for(terms_for(noise="distributed"))
    assert answered(run.ask(score(sigma=200.0))).shape == (2,)
    assert answered(run.ask(measure(sigmas=(3e7,)))).shape == (DOMAIN.cells(("a", "c")),)


def test_an_account_of_one_s_own_is_charged_before_anything_is_computed():
    log = []

    class Watched(Ledger):
        def charge(self, event):
            super().charge(event)
            log.append(type(event).__name__)

    terms = terms_for()
    run = run_for(terms)
    run.servers[1].ledger = Watched(terms.budget, terms.unit)
    answered(run.ask(measure()))
    assert log == ["MeasureEvent"]


@pytest.mark.parametrize("sigma", [8**0.5, 3.0, 4.0, 50.0])
def test_wider_distributed_noise_pays_its_closeness_term(sigma):
    """s^2/(2 drawn^2) + extra_rho(drawn) <= s^2/(2 sigma^2) in exact numbers, at the smallest s^2 = 1."""
    terms = terms_for(noise="distributed", relation="add-remove")
    task = task_of(terms, measure((("a", "c"),) * 100, (sigma,) * 100))
    for draw in task.draws:
        assert draw.sigma > sigma
        saved = 1 / (2 * Fraction(sigma) ** 2) - 1 / (2 * Fraction(draw.sigma) ** 2)
        assert saved >= Fraction(extra_rho(sigma, draw.count))


@pytest.mark.parametrize("party", range(3))
def test_all_that_a_server_receives_in_a_run_is_uniform(party, monkeypatch):
    """Chi-square over bytes, false alarm 1e-6; all records are the same one, so an unmasked message would show."""
    heard = []
    receive = MemoryChannel.receive

    def listening(channel, sender, size):
        payload = receive(channel, sender, size)
        if channel.party == party:
            heard.append(payload)
        return payload

    monkeypatch.setattr(MemoryChannel, "receive", listening)
    # Vetting opens sums over public random sets. An empty set's shares are zero, and all that is opened is: whoever
    # has two summands knows the third, so a server could write these messages itself (test_vetting.py).
    monkeypatch.setattr(counts, "vet", unvetted)
    codes = {a: np.zeros(60, dtype=np.uint8) for a in DOMAIN}
    run = run_for(terms_for(MIXED), codes)
    for request in (measure(), select(), score(), measure((("a", "b"),), (60.0,))):
        answered(run.ask(request))
    seen = np.bincount(np.frombuffer(b"".join(heard), dtype=np.uint8), minlength=256)
    expected = seen.sum() / 256
    assert seen.sum() > 50_000
    assert chi2.sf(((seen - expected) ** 2 / expected).sum(), 255) > 1e-6
