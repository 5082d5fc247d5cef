"""A server trusts no driver: what it refuses, and that a refusal costs and opens nothing."""

import math

import numpy as np
import pytest
from small_runs import (
    DOMAIN,
    HORIZONTAL,
    MIXED,
    answered,
    contributions_for,
    measure,
    run_for,
    score,
    select,
    table,
    terms_for,
)

from fairshare.errors import DataError, PeerError, UsageError
from fairshare.marginals import Domain
from fairshare.mpc.contribution import Contribution, contribute
from fairshare.mpc.requests import Finish, Offers, Refusal, Score, Select
from fairshare.mpc.ring import Z16, Z32
from fairshare.mpc.server import Server
from fairshare.mpc.simulate import SimulatedServers
from fairshare.mpc.tasks import task_of
from fairshare.mpc.terms import SLACK_SHARE, Owner, Terms
from fairshare.privacy import Budget, PrivacyUnit

TRIPLE = ("a", "b", "c")
TERMS_BUDGET = Budget(epsilon=1.0, delta=1e-6, slack_share=SLACK_SHARE)
HOSTILE = {
    "repeated candidates": select(cliques=(("a",), ("a",)), estimates=np.zeros(6)),
    "weightless": select(weights=(0, 0)),
    "negative weight": score(weights=(-1, 2)),
    "heavy": score(weights=(1, 2**16 + 1)),
    "fewer weights": select(weights=(1,)),
    "fewer penalties": select(penalties=(1,)),
    "penalty": select(penalties=(0, 8 * 2**40 + 1)),
    "negative estimate": score(estimates=-np.ones(9)),
    "huge estimate": score(estimates=np.full(9, 8 * 2**40 + 1)),
    "huge estimates in all": score(estimates=np.full(9, 8 * 2**40)),
    "estimates missing": score(estimates=np.zeros(8)),
    "order of columns": measure(cliques=(("c", "a"),)),
    "unknown column": measure(cliques=(("z",),)),
    "no clique": measure(cliques=(), sigmas=()),
    "fewer sigmas": measure(sigmas=()),
    "no noise": measure(sigmas=(0.0,)),
    "negative noise": measure(sigmas=(-1.0,)),
    "infinite noise": measure(sigmas=(math.inf,)),
    "undefined noise": measure(sigmas=(math.nan,)),
    "score without noise": score(sigma=0.0),
    "epsilon next to 0": select(epsilon=1e-100),
    "epsilon 0": select(epsilon=0.0),
    "epsilon infinite": select(epsilon=math.inf),
    "epsilon negative": select(epsilon=-1.0),
    "map too short": measure(maps={"a": np.array([0, 1])}),
    "map with a gap": measure(maps={"a": np.array([0, 2, 2])}),
    "map of nothing": measure(maps={"z": np.array([0])}),
    "not shared": measure(cliques=(TRIPLE,)),
}


@pytest.mark.parametrize("request_", HOSTILE.values(), ids=HOSTILE)
def test_hostile_requests_cost_and_open_nothing(request_):
    """Asked without the wire, whose encoding would refuse some of them before."""
    run = run_for()
    before = run.cost
    for server, session in zip(run.servers, run._sessions, strict=True):
        with pytest.raises(UsageError):
            server.answer(session, request_).send(None)
        assert server.ledger.spent == 0
    assert run.cost == before
    answered(run.ask(measure()))  # the run goes on


@pytest.mark.parametrize("request_", [measure(sigmas=(0.1,)), select(epsilon=50.0), score(sigma=0.1)])
def test_nobody_can_overspend(request_):
    run = run_for()
    answered(run.ask(measure()))
    before, spent = run.cost, run.servers[0].ledger.spent
    replies = run.ask(request_)
    assert [r.kind for r in replies] == ["BudgetError"] * 3
    assert run.cost.rounds == before.rounds + 1  # they agreed that they were asked the same, and no more
    assert [s.ledger.spent for s in run.servers] == [spent] * 3
    answered(run.ask(measure()))  # a refusal does not end the run


def test_sensitivity_is_computed_from_the_weights():
    """There is no field that could understate it: a heavier candidate costs more at the same sigma."""
    run = run_for()
    for weights, sigma in (((1, 2), 30.0), ((100, 2), 3000.0)):
        before = run.servers[0].ledger.spent
        answered(run.ask(score(sigma=sigma, weights=weights)))
        squared = sum((2 * w) ** 2 for w in weights)
        assert run.servers[0].ledger.spent - before == math.ceil(squared / (2 * sigma**2) * 1e9)


@pytest.mark.parametrize("held", [HORIZONTAL, MIXED])
def test_the_largest_scores_do_not_wrap(held):
    estimates = np.zeros(9)
    estimates[[0, 8]] = 8 * 2**40  # eighths of a row
    run = run_for(terms_for(held))
    top = 2**16
    got = answered(run.ask(score(sigma=top * 100.0, estimates=estimates, weights=(top, top), penalties=(0, 8 * 2**40))))
    assert abs(got[0] / 8 - top * 2**40) < top * 5000
    assert abs(got[1] / 8) < top * 5000
    chosen = select(epsilon=1.0, estimates=estimates, weights=(top, top), penalties=(0, 8 * 2**40))
    assert answered(run.ask(chosen)).tolist() == [0]


def test_scores_that_only_estimates_make_large_do_not_wrap():
    """The first is 2^20 rows off, at the largest weight: 2^39 eighths, where errors alone would fit 32 bits."""
    estimates = np.zeros(9)
    estimates[0] = 8 * 2**20
    chosen = select(epsilon=1.0, estimates=estimates, weights=(2**16, 2**16), penalties=(0, 0))
    for _ in range(5):
        assert answered(run_for(terms_for()).ask(chosen)).tolist() == [0]


def test_the_samplers_distance_is_charged_too():
    run = run_for(terms_for(delta=1e-12, share=terms_for(delta=0.5).budget.slack_share / 2**18))
    replies = run.ask(select())
    assert [r.kind for r in replies] == ["BudgetError"] * 3
    assert "distance from their ideals" in replies[0].message


def test_a_driver_that_tells_servers_different_things_gets_nothing():
    run = run_for()
    one, other = measure(sigmas=(20.0,)), measure(sigmas=(20.5,))
    replies = run.ask_each([one.to_bytes(), other.to_bytes(), one.to_bytes()])
    assert all(isinstance(r, Refusal) and r.kind == "PeerError" for r in replies)
    assert any("nothing was opened" in r.message for r in replies)
    assert [s.state for s in run.servers] == ["broken"] * 3
    assert [r.kind for r in run.ask(measure())] == ["PeerError"] * 3
    assert all(s.ledger.spent == 0 for s in run.servers)  # agreed first, so honest ledgers stay equal


def test_a_server_that_lies_at_an_opening_is_named():
    run = run_for()
    secrets = run.servers[1]._marginals._known
    secrets["a", "c"] = secrets["a", "c"] + secrets["a", "c"]
    replies = run.ask(measure())
    told = [r.message for r in replies if isinstance(r, Refusal)]
    assert any("disagree about a share at an opening" in message for message in told)
    assert all("servers 1" in m or "and 1" in m for m in told if "disagree" in m)
    assert [run.servers[p].state for p in (0, 2)] == ["broken"] * 2


def test_nothing_is_answered_before_or_after_a_run():
    server = Server(terms_for(), 0)
    with pytest.raises(UsageError, match=r"state \(collecting\) must be serving"):
        server.answer(None, measure()).send(None)
    with pytest.raises(UsageError, match="still missing: north, south"):
        server.begin(None).send(None)
    run = run_for()
    assert answered(run.ask(Finish())).size == 0
    for request in (measure(), select(), Finish()):
        replies = run.ask(request)
        assert [r.kind for r in replies] == ["UsageError"] * 3
        assert "state (finished) must be serving" in replies[0].message
    assert [s.ledger.spent for s in run.servers] == [0] * 3


def test_each_holder_shares_once_for_this_server_and_these_terms():
    terms = terms_for()
    north, south = contributions_for(terms, table())
    server = Server(terms, 0)
    server.accept(north[0])
    assert server.missing == ("south",)
    with pytest.raises(UsageError, match="north has contributed already"):
        server.accept(north[0])
    with pytest.raises(PeerError, match="another server or plan"):
        server.accept(south[1])
    with pytest.raises(PeerError, match="another server or plan"):
        server.accept(contributions_for(terms_for(epsilon=2.0), table())[1][0])
    for data, party, told in (
        (south[1].to_bytes(), 0, "for server 1, and this is server 0"),
        (contributions_for(terms_for(epsilon=2.0), table())[1][0].to_bytes(), 0, "another plan"),
        (south[0].to_bytes()[:-1], 0, "ends inside an array"),
        (south[0].to_bytes() + b"x", 0, "bytes are left over"),
    ):
        with pytest.raises(PeerError, match=told):
            Contribution.from_bytes(data, terms, party)


def test_holders_check_themselves():
    terms, mixed = terms_for(), terms_for(MIXED)
    with pytest.raises(DataError, match=r"north has 101 rows, and may have 100"):
        contribute(terms, "north", table(101))
    with pytest.raises(UsageError, match="hashes of record keys must be given"):
        contribute(mixed, "left", table())
    with pytest.raises(DataError, match="lacks columns"):
        contribute(terms, "north", {"a": table()["a"]})
    with pytest.raises(UsageError, match=r"owner \('east'\) must be one of north, south"):
        contribute(terms, "east", table())


def test_records_that_do_not_match_stop_the_run():
    terms = terms_for(MIXED)
    whole, left, _ = contributions_for(terms, table(40))
    right = contributions_for(terms, table(60))[2]
    with pytest.raises(DataError, match="records do not fit together"):
        SimulatedServers(terms, [whole, left, right], deadline=5.0)


def test_estimates_that_would_wrap_around_64_bits_are_refused():
    """2^21 cells of 2^43 eighths each sum to 2^64, which is 0 in 64 bits: scores would get a ring too small."""
    domain = Domain.from_sizes({"a": 2048, "b": 1024})
    owners = (Owner(name="north", attributes=("a", "b"), most_rows=100),)
    terms = Terms(domain=domain, budget=TERMS_BUDGET, unit=PrivacyUnit(), owners=owners)
    for cells in (2**21, 2**20):
        estimates = np.zeros(2**21, dtype=np.int64)
        estimates[:cells] = 8 * 2**40
        offered = Offers(cliques=(("a", "b"),), estimates=estimates, weights=(1,), penalties=(0,))
        for asked in (Select(offers=offered, epsilon=1.0), Score(offers=offered, sigma=30.0)):
            with pytest.raises(UsageError, match="at most 2\\^40 rows in all"):
                task_of(terms, asked)


def test_marginals_that_are_large_before_their_codes_are_merged_are_refused():
    sizes = dict.fromkeys("abc", 1024)
    owners = tuple(Owner(name=n, attributes=(n,), most_rows=100) for n in sizes)
    unit = PrivacyUnit(relation="replace-one")
    terms = Terms(domain=Domain.from_sizes(sizes), budget=TERMS_BUDGET, unit=unit, owners=owners, order=1)
    maps = {a: np.arange(1024) % 2 for a in sizes}
    with pytest.raises(UsageError, match="before its codes are merged"):
        task_of(terms, measure(cliques=(("a", "b", "c"),), maps=maps))


def test_rows_are_shared_in_a_ring_with_room_for_all_codes_of_a_column():
    """65,537 ones would add up to one in 16 bits."""
    owners = tuple(Owner(name=n, attributes=(n,), most_rows=100) for n in "ab")
    for codes, ring in ((2**16 - 1, Z16), (2**16, Z32), (2**16 + 1, Z32)):
        terms = Terms(
            domain=Domain.from_sizes({"a": codes, "b": 2}),
            budget=TERMS_BUDGET,
            unit=PrivacyUnit(relation="replace-one"),
            owners=owners,
        )
        assert terms.row_ring is ring


def test_terms_are_checked():
    for held, more, told in (
        (HORIZONTAL[:1] * 2, {}, "different names"),
        ((("x", "ab"),), {}, "no owner has column 'c'"),
        ((("x", "ba"), ("y", "c")), {}, "in the schema's order"),
        (MIXED, {"relation": "add-remove"}, "must be replace-one"),
        (HORIZONTAL, {"noise": "none"}, r"noise \('none'\) must be"),
        (HORIZONTAL, {"order": 9}, r"order \(9\)"),
        ((), {}, r"owners \(0 of them\)"),
    ):
        with pytest.raises(UsageError, match=told):
            terms_for(held, **more)
    assert terms_for(HORIZONTAL, relation="add-remove").partition == "horizontal"
    assert {h: terms_for(h).partition for h in (MIXED, MIXED[1:])} == {MIXED: "mixed", MIXED[1:]: "vertical"}
    assert len({terms_for(noise=n, order=o).digest for n in ("joint", "distributed") for o in (1, 2)}) == 4
    assert DOMAIN.attributes == TRIPLE
