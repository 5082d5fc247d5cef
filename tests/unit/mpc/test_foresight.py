"""Randomness made ahead of need: what is guessed, that it serves once, and that a wrong guess is dropped."""

import itertools

import pytest
from small_runs import DOMAIN, answered, measure, run_for, score, select, terms_for

from fairshare.mpc import randomness
from fairshare.mpc.answers import release_cost
from fairshare.mpc.cost import FREE, everyone
from fairshare.mpc.foresight import Foresight, Noise
from fairshare.mpc.gaussian import joint_gaussian_cost
from fairshare.mpc.ring import Z32
from fairshare.mpc.rounds import complete
from fairshare.mpc.scores import absolute_errors_cost
from fairshare.mpc.select import prepare_cost, select_cost
from fairshare.mpc.tasks import Draw, task_of

AGREE = everyone(64)
TERMS = terms_for()


def spent(run, work):
    """The measured cost of some work."""
    before = run.cost
    work()
    sent = [b - a for a, b in zip(before.sent, run.cost.sent, strict=True)]
    return run.cost.rounds - before.rounds, sent


def declared(cost):
    return cost.rounds, list(cost.sent)


def ahead(run):
    run._each(lambda p: complete(run.servers[p].make_ahead(run._sessions[p])))


def test_what_followed_last_time_is_guessed():
    foresight = Foresight()
    assert foresight.next() is None
    chosen, measured = task_of(TERMS, select()), task_of(TERMS, measure(sigmas=(20.0,)))
    for task in (measured, chosen, measured):
        foresight.saw(task, winner=1)
    assert foresight.next() == chosen.selection
    foresight.saw(chosen, winner=1)
    assert foresight.next() == Noise(Draw(20.0, DOMAIN.cells(chosen.cliques[1])), measured.ring)
    foresight.saw(chosen, winner=0)
    assert foresight.next() == chosen.selection  # now a selection followed a selection, as in MST
    foresight.saw(task_of(TERMS, score()))
    assert foresight.next() is None


def test_calls_cost_less_by_what_was_made_ahead():
    run = run_for()
    for _ in range(2):
        winner = int(answered(run.ask(select()))[0])
        answered(run.ask(measure(cliques=((("a",), ("a", "b"))[winner],), sigmas=(20.0,))))
    selection = task_of(TERMS, select()).selection
    assert spent(run, lambda: ahead(run)) == declared(prepare_cost(selection))
    assert spent(run, lambda: ahead(run)) == declared(FREE)  # one stock is enough
    errors, chosen = absolute_errors_cost(Z32, 9, 2), select_cost(selection, Z32)
    winners = []
    assert spent(run, lambda: winners.append(int(answered(run.ask(select()))[0]))) == declared(AGREE + errors + chosen)
    clique = (("a",), ("a", "b"))[winners[0]]
    cells = DOMAIN.cells(clique)
    assert spent(run, lambda: ahead(run)) == declared(joint_gaussian_cost(20.0, cells, Z32))
    asked = measure(cliques=(clique,), sigmas=(20.0,))
    assert spent(run, lambda: run.ask(asked)) == declared(AGREE + release_cost(Z32, cells))
    fresh = AGREE + joint_gaussian_cost(20.0, cells, Z32) + release_cost(Z32, cells)
    assert spent(run, lambda: run.ask(asked)) == declared(fresh)  # noise is used once


def test_a_wrong_guess_is_dropped(monkeypatch):
    """Another scale and another number of cells are drawn afresh, at the scale that was charged."""
    drawn = []
    real = randomness.joint_gaussian

    async def recorded(session, sigma, count, ring, tape):
        drawn.append((sigma, count))
        return await real(session, sigma, count, ring, tape)

    monkeypatch.setattr(randomness, "joint_gaussian", recorded)
    run = run_for()
    answered(run.ask(select()))
    answered(run.ask(measure(cliques=(("a",),), sigmas=(20.0,))))
    winner = int(answered(run.ask(select()))[0])
    ahead(run)
    stocked = (20.0, (3, 6)[winner])
    drawn.clear()
    answered(run.ask(measure(cliques=((("a",), ("a", "b"))[winner],), sigmas=(30.0,))))
    assert drawn == [(30.0, stocked[1])] * 3
    assert all(s._randomness._noise is None for s in run.servers)
    ahead(run)  # coins now
    answered(run.ask(select(epsilon=0.25)))
    assert all(s._randomness._coins is None for s in run.servers)


@pytest.mark.parametrize("made", ["noise", "coins"])
def test_what_was_made_ahead_serves_once_even_inside_a_call(made, monkeypatch):
    """A selection that is tried again must not toss the coins of its first attempt."""
    fresh = itertools.count()

    async def counted(*_):
        return next(fresh)

    monkeypatch.setattr(randomness, "prepare", counted)
    monkeypatch.setattr(randomness, "joint_gaussian", counted)
    monkeypatch.setattr(randomness, "concatenate", lambda parts: parts[0])
    source = randomness.Randomness("joint", None, None)
    draw, selection = Draw(20.0, 3), task_of(TERMS, select()).selection
    source._foresight.next = lambda: Noise(draw, Z32) if made == "noise" else selection
    complete(source.make_ahead(None))

    async def used():
        return await (source.noise(None, [draw], Z32) if made == "noise" else source.coins(None, selection))

    assert [complete(used()) for _ in range(3)] == [0, 1, 2]


def test_what_another_call_did_not_use_is_dropped():
    run = run_for()
    for _ in range(2):
        answered(run.ask(select()))
        answered(run.ask(measure(cliques=(("a",),), sigmas=(20.0,))))
    answered(run.ask(select()))
    ahead(run)
    assert all(s._randomness._noise is not None for s in run.servers)
    answered(run.ask(select()))
    assert all(s._randomness._noise is None for s in run.servers)
    run = run_for()
    answered(run.ask(select()))
    answered(run.ask(select()))
    ahead(run)
    assert all(s._randomness._coins is not None for s in run.servers)
    answered(run.ask(measure()))
    assert all(s._randomness._coins is None for s in run.servers)
