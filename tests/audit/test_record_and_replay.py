"""The core privacy tests: record and replay on neighbours, and the spend recorder, for every mechanism."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairshare.errors import BudgetError
from fairshare.privacy import Budget, epsilon_of_rho
from tests.audit.mechanisms import MECHANISMS
from tests.audit.spy import check_neighbours, independent_cost, neighbour, random_codes, small_domain, spy

RELATIONS = ["add-remove", "replace-one"]
SHAPES = {
    "three columns": ((2, 3, 4), 60),
    "one column": ((5,), 20),
    "one category": ((1, 1, 3), 20),
    "zero rows": ((2, 3), 0),
    "one row": ((2, 3, 2), 1),
    "more columns than rows": ((2, 2, 3, 2, 4, 2, 2), 3),
}


@pytest.mark.parametrize("name", MECHANISMS)
@pytest.mark.parametrize("relation", RELATIONS)
@pytest.mark.parametrize("shape", SHAPES)
def test_record_and_replay(name, relation, shape):
    sizes, rows = SHAPES[shape]
    rows = max(rows, 1) if relation == "replace-one" else rows
    domain, rng = small_domain(sizes), np.random.default_rng(7)
    for trial in range(3):
        codes = random_codes(domain, rows, rng)
        recorded = spy(codes, domain, relation=relation, seed=trial)
        MECHANISMS[name].run(recorded)
        budget = recorded.ledger.budget
        assert independent_cost(recorded.calls, relation) * 10**9 <= budget.nano_rho
        replayed = spy(neighbour(codes, domain, relation, rng), domain, relation=relation, frozen=recorded.calls)
        MECHANISMS[name].run(replayed)
        check_neighbours(recorded.calls, replayed.calls, relation)


@pytest.mark.parametrize("name", MECHANISMS)
@given(data=st.data())
@settings(max_examples=8)
def test_record_and_replay_on_random_tables(name, data):
    sizes = data.draw(st.lists(st.integers(1, 5), min_size=1, max_size=5))
    relation = data.draw(st.sampled_from(RELATIONS))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    domain = small_domain(sizes)
    codes = random_codes(domain, data.draw(st.integers(1, 40)), rng)
    recorded = spy(codes, domain, relation=relation, epsilon=data.draw(st.sampled_from([0.1, 1.0, 10.0])))
    MECHANISMS[name].run(recorded)
    replayed = spy(
        neighbour(codes, domain, relation, rng),
        domain,
        relation=relation,
        epsilon=recorded.ledger.budget.epsilon,
        frozen=recorded.calls,
    )
    MECHANISMS[name].run(replayed)
    check_neighbours(recorded.calls, replayed.calls, relation)
    assert independent_cost(recorded.calls, relation) * 10**9 <= recorded.ledger.budget.nano_rho


@pytest.mark.parametrize("name", MECHANISMS)
@pytest.mark.parametrize("relation", RELATIONS)
def test_spend_recorder(name, relation):
    """From rho 1e-4 to 10: the noise really asked for costs at most the promise, and nearly all of it is used."""
    domain, rng = small_domain((3, 2, 4, 2)), np.random.default_rng(1)
    codes = random_codes(domain, 200, rng)
    sigmas = []
    for rho in np.geomspace(1e-4, 10, 8):
        recorded = spy(codes, domain, relation=relation, epsilon=epsilon_of_rho(rho, 1e-9))
        try:
            MECHANISMS[name].run(recorded)
        except BudgetError:
            assert rho < 1e-3, "only a tiny budget may be refused"
            continue
        cost = independent_cost(recorded.calls, relation) * 10**9
        assert cost <= recorded.ledger.budget.nano_rho
        assert cost >= 0.9 * recorded.ledger.budget.nano_rho
        assert recorded.ledger.spent <= recorded.ledger.budget.nano_rho
        sigmas.append(next(c.asked[0][1] for c in recorded.calls if c.kind == "measure"))
    assert sigmas == sorted(sigmas, reverse=True), "a smaller epsilon never lowers a sigma"


def test_budget_of_the_published_example():
    """Epsilon 1 at delta 1e-9 is rho .014973 (Canonne, Kamath, Steinke 2020)."""
    assert Budget(epsilon=1, delta=1e-9).rho == pytest.approx(0.014973, rel=1e-4)
