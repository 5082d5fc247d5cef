"""The claim about interventions, by computing every do() on small models."""

from collections.abc import Sequence
from itertools import chain, combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from fairshare.errors import UsageError
from fairshare.fairness import (
    FairGraph,
    Fairness,
    SamplingOrder,
    check_sampling_order,
    elimination_cliques,
    sampling_order,
    separation,
)
from fairshare.marginals import Domain

CYCLE = [("p", "a1"), ("a1", "o"), ("o", "a2"), ("a2", "p")]
CYCLE_DOMAIN = Domain.from_sizes(dict.fromkeys(["p", "a1", "o", "a2"], 2))
CYCLE_WISH = Fairness(protected=["p"], admissible=["a1", "a2"], outcome=["o"])


def random_joint(domain: Domain, cliques: Sequence[tuple[str, ...]], seed: int) -> NDArray[np.float64]:
    """A positive law that is a product of random potentials on these cliques."""
    rng = np.random.default_rng(seed)
    joint = np.ones(domain.shape)
    for clique in cliques:
        shape = [n if a in clique else 1 for a, n in zip(domain.attributes, domain.shape, strict=True)]
        joint = joint * np.exp(1.5 * rng.normal(size=shape))
    return joint / joint.sum()


def largest_effect(domain: Domain, joint: NDArray[np.float64], found: SamplingOrder, wish: Fairness) -> float:
    """Largest change of an outcome's law under do(protected), do(K), over all K that hold the admissible ones."""
    law = {}
    for attribute, clique in zip(found.order, found.cliques, strict=True):
        away = tuple(i for i, a in enumerate(domain) if a not in clique)
        table = joint.sum(axis=away, keepdims=True)
        law[attribute] = table / table.sum(axis=domain.axis(attribute), keepdims=True)
    free = wish.roles.neutral(domain)
    worst = 0.0
    for extra in chain.from_iterable(combinations(free, k) for k in range(len(free) + 1)):
        fixed = {*wish.protected, *wish.admissible, *extra}
        drawn = np.ones(domain.shape)
        for attribute, table in law.items():
            if attribute not in fixed:
                drawn = drawn * table
        away = tuple(i for i, a in enumerate(domain) if a not in fixed and a not in wish.outcome)
        outcome = drawn.sum(axis=away, keepdims=True)
        axes = tuple(domain.axis(a) for a in wish.protected)
        worst = max(worst, float((outcome.max(axis=axes) - outcome.min(axis=axes)).max()))
    return worst


def largest_dependence(domain: Domain, joint: NDArray[np.float64], wish: Fairness) -> float:
    """Largest |P(o, p | k) - P(o | k) P(p | k)| over all K that hold the admissible attributes."""
    free = wish.roles.neutral(domain)
    protected = tuple(domain.axis(a) for a in wish.protected)
    outcome = tuple(domain.axis(a) for a in wish.outcome)
    worst = 0.0
    for extra in chain.from_iterable(combinations(free, k) for k in range(len(free) + 1)):
        away = tuple(domain.axis(a) for a in free if a not in extra)
        both = joint.sum(axis=away, keepdims=True)
        both = both / both.sum(axis=(*protected, *outcome), keepdims=True)
        apart = both.sum(axis=protected, keepdims=True) * both.sum(axis=outcome, keepdims=True)
        worst = max(worst, float(np.abs(both - apart).max()))
    return worst


@st.composite
def fair_models(draw: st.DrawFn) -> tuple[Domain, Fairness, tuple[tuple[str, ...], ...], int]:
    names = ["p", "a", "o", *(f"x{i}" for i in range(draw(st.integers(1, 3))))]
    roles = {n: draw(st.sampled_from(["protected", "admissible", "outcome", "neutral"])) for n in names[3:]}
    kinds = {"protected": ["p"], "admissible": ["a"], "outcome": ["o"]}
    for name, role in roles.items():
        kinds.setdefault(role, []).append(name)
    kinds.pop("neutral", None)
    wish = Fairness(**kinds, policy="justifiable")
    columns = draw(st.permutations(names))
    domain = Domain.from_sizes({n: draw(st.integers(2, 3)) for n in columns})
    graph = FairGraph(domain, wish)
    for clique in draw(st.lists(st.lists(st.sampled_from(names), min_size=2, max_size=3, unique=True), max_size=9)):
        if graph.allows(tuple(clique)):
            graph.add(domain.clique(clique))
    return domain, wish, graph.cliques, draw(st.integers(0, 2**32 - 1))


def test_the_cycle_sampled_in_the_wrong_order_is_refused_and_indeed_unfair() -> None:
    found = check_sampling_order(CYCLE_DOMAIN, CYCLE, ["a2", "p", "o", "a1"], CYCLE_WISH)
    assert not found.verdict
    assert found.fill_in == (("p", "o"),)
    assert "sample the admissible ones first" in found.verdict.because
    joint = random_joint(CYCLE_DOMAIN, CYCLE, 0)
    assert largest_dependence(CYCLE_DOMAIN, joint, CYCLE_WISH) < 1e-12
    assert largest_effect(CYCLE_DOMAIN, joint, found, CYCLE_WISH) > 0.03


def test_the_cycle_has_a_fair_order() -> None:
    found = sampling_order(CYCLE_DOMAIN, CYCLE, CYCLE_WISH)
    assert found.verdict
    assert found.fill_in == (("a1", "a2"),)
    assert found.cells == 8
    joint = random_joint(CYCLE_DOMAIN, CYCLE, 0)
    assert largest_effect(CYCLE_DOMAIN, joint, found, CYCLE_WISH) < 1e-12


def test_a_cheap_elimination_that_joins_the_sides_is_passed_over() -> None:
    domain = Domain.from_sizes({"a1": 2, "p": 2, "o": 2, "a2": 50})
    assert domain.cells(("a1", "p", "o")) < domain.cells(("p", "a1", "a2"))
    found = sampling_order(domain, CYCLE, CYCLE_WISH)
    assert found.verdict
    assert found.fill_in == (("a1", "a2"),)
    assert found.cells == 200


@settings(max_examples=60)
@given(fair_models(), st.booleans())
def test_a_fair_model_has_a_fair_order_and_no_intervention_moves_the_outcome(
    case: tuple[Domain, Fairness, tuple[tuple[str, ...], ...], int], admissible_first: bool
) -> None:
    domain, wish, cliques, seed = case
    found = sampling_order(domain, cliques, wish, admissible_first=admissible_first)
    assert found.verdict
    joint = random_joint(domain, cliques, seed)
    assert largest_dependence(domain, joint, wish) < 1e-9
    assert largest_effect(domain, joint, found, wish) < 1e-9
    assert {frozenset(c) for c in elimination_cliques(cliques, found.order)} == set(map(frozenset, found.cliques))
    assert all(any(set(c) <= set(drawn) for drawn in found.cliques) for c in cliques)
    if admissible_first:
        assert set(found.order[: len(wish.admissible)]) == set(wish.admissible)


@settings(max_examples=60)
@given(fair_models(), st.data())
def test_whatever_order_is_accepted_is_fair(
    case: tuple[Domain, Fairness, tuple[tuple[str, ...], ...], int], data: st.DataObject
) -> None:
    domain, wish, cliques, seed = case
    found = check_sampling_order(domain, cliques, data.draw(st.permutations(list(domain))), wish)
    if found.verdict:
        assert largest_effect(domain, random_joint(domain, cliques, seed), found, wish) < 1e-9
    else:
        assert found.fill_in


def test_trees_need_no_fill_in_whatever_the_roles() -> None:
    domain = Domain.from_sizes(dict.fromkeys(["p", "x", "a", "o", "y"], 3))
    wish = Fairness(protected=["p"], admissible=["a"], outcome=["o"])
    found = sampling_order(domain, [("p", "x"), ("x", "a"), ("a", "o"), ("a", "y")], wish)
    assert found.verdict
    assert found.fill_in == ()
    assert found.cells == 9


def test_admissible_first_can_cost_a_large_table() -> None:
    k = 5
    names = ["p", "o", *(f"n{i}" for i in range(k)), *(f"a{i}" for i in range(k))]
    domain = Domain.from_sizes(dict.fromkeys(names, 4))
    chain_ = [(f"n{i}", f"n{i + 1}") for i in range(k - 1)]
    leaves = [(f"n{i}", f"a{i}") for i in range(k)]
    wish = Fairness(protected=["p"], admissible=[f"a{i}" for i in range(k)], outcome=["o"])
    cliques = [*chain_, *leaves, ("p", "a0"), ("o", "a1")]
    assert sampling_order(domain, cliques, wish).cells == 16
    first = sampling_order(domain, cliques, wish, admissible_first=True, max_cells=100)
    assert first.cells == 4 ** (k + 1)  # the last of the chain with all admissible leaves
    assert not first.verdict
    assert "more than max_cells (100): allow more" in first.verdict.because


def test_an_unfair_model_has_no_order() -> None:
    found = sampling_order(CYCLE_DOMAIN, [*CYCLE, ("p", "o")], CYCLE_WISH)
    assert not found.verdict
    assert found.order == ()
    assert found.verdict == separation([*CYCLE, ("p", "o")], CYCLE_WISH.roles).verdict


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(UsageError, match=r"max_cells \(0\) must be at least 1"):
        sampling_order(CYCLE_DOMAIN, CYCLE, CYCLE_WISH, max_cells=0)
    with pytest.raises(UsageError, match="must hold every attribute"):
        check_sampling_order(CYCLE_DOMAIN, CYCLE, ["p", "o", "a1"], CYCLE_WISH)
    with pytest.raises(UsageError, match="every attribute of the cliques once"):
        elimination_cliques(CYCLE, ["p", "o", "a1"])
