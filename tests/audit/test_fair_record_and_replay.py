"""Fairness filters public candidates: a fair run asks the same on any table that gives the same noisy answers."""

import numpy as np
import pytest

from fairshare.fairness import FairGraph, Fairness, separation
from tests.audit.mechanisms import MECHANISMS
from tests.audit.spy import check_neighbours, independent_cost, neighbour, random_codes, small_domain, spy

SIZES = (2, 3, 2, 4, 3, 2, 2)
WISHES = {
    f"{policy}{', saturated' if saturate else ''}": Fairness(
        protected=("x0", "x4"), admissible=("x2", "x3"), outcome=("x5",), policy=policy, saturate=saturate
    )
    for policy, saturate in (("strict", False), ("justifiable", False), ("exact", False), ("justifiable", True))
}
#: ``exact`` differs from ``justifiable`` for MST only.
CASES = [(name, wish) for name in MECHANISMS for wish in WISHES if wish != "exact" or name.startswith("mst")]


def offered(call):
    """The cliques that a call names."""
    return call.arguments[0] if call.kind == "measure" else [candidate[0] for candidate in call.arguments[0]]


def recorded(name, wish, seed, relation="add-remove"):
    domain = small_domain(SIZES)
    codes = random_codes(domain, 1000, np.random.default_rng(seed))
    run = spy(codes, domain, relation=relation, seed=seed)
    MECHANISMS[name].run(run, fairness=WISHES[wish])
    return run, codes, domain


@pytest.mark.parametrize(("name", "wish"), CASES)
def test_neighbours_are_asked_the_same(name, wish):
    relation = "replace-one" if wish == "justifiable" else "add-remove"
    run, codes, domain = recorded(name, wish, 3, relation)
    assert independent_cost(run.calls, relation) * 10**9 <= run.ledger.budget.nano_rho
    other = neighbour(codes, domain, relation, np.random.default_rng(4))
    replayed = spy(other, domain, relation=relation, frozen=run.calls)
    MECHANISMS[name].run(replayed, fairness=WISHES[wish])
    check_neighbours(run.calls, replayed.calls, relation)


@pytest.mark.parametrize(("name", "wish"), CASES)
def test_any_other_table_with_the_same_answers_is_asked_the_same(name, wish):
    """Candidates are a function of the answers: not even a table without a row in common changes one."""
    run, _, domain = recorded(name, wish, 5)
    stranger = spy(random_codes(domain, 37, np.random.default_rng(6)), domain, frozen=run.calls)
    MECHANISMS[name].run(stranger, fairness=WISHES[wish])
    assert [(c.kind, c.arguments) for c in stranger.calls] == [(c.kind, c.arguments) for c in run.calls]


@pytest.mark.parametrize(("name", "wish"), CASES)
def test_only_what_the_policy_allows_is_selected_or_measured(name, wish):
    """The filter from its definition, beside the run: selections one by one, measurements all together."""
    run, _, domain = recorded(name, wish, 7)
    graph = FairGraph(domain, WISHES[wish])
    for call in run.calls:
        if call.kind == "select":
            assert all(graph.allows(clique) for clique in offered(call) if clique)
            if chosen := offered(call)[call.answer]:
                graph.add(chosen)
    measured = [clique for call in run.calls if call.kind == "measure" for clique in offered(call) if clique]
    assert separation(measured, WISHES[wish].roles).verdict
    FairGraph(domain, WISHES[wish], measured)  # raises where the policy's own rule is broken


@pytest.mark.parametrize("name", MECHANISMS)
def test_fairness_costs_no_budget(name):
    """The first noise is drawn at the scale it would have without a wish, and no other kind of call appears."""
    domain = small_domain(SIZES)
    codes = random_codes(domain, 1000, np.random.default_rng(8))
    free, fair = (spy(codes, domain, seed=8) for _ in range(2))
    MECHANISMS[name].run(free)
    MECHANISMS[name].run(fair, fairness=WISHES["strict"])
    assert free.calls[0].asked == fair.calls[0].asked
    assert {c.kind for c in fair.calls} == {c.kind for c in free.calls}
    assert fair.ledger.spent <= fair.ledger.budget.nano_rho
