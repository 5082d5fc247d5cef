"""Laws of the fairness filter and of the fair trees, against brute force that shares no code with them."""

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations, product
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from fairshare.fairness import FairGraph, Fairness, fair_tree, separation

POLICIES = ("strict", "justifiable", "exact")
ROLES = ("protected", "admissible", "outcome", "neutral")
Cliques = list[tuple[str, ...]]


# --- oracles -----------------------------------------------------------------------------------------------


def oracle_is_fair(cliques: Cliques, fairness: Fairness) -> bool:
    """The criterion by transitive closure of the adjacency matrix without the admissible attributes."""
    names = sorted({a for c in cliques for a in c} - set(fairness.admissible))
    reach = np.eye(len(names), dtype=bool)
    for clique in cliques:
        rest = [names.index(a) for a in clique if a in names]
        reach[np.ix_(rest, rest)] = True
    for _ in names:
        reach = reach @ reach
    outcome = np.array([n in fairness.outcome for n in names], dtype=bool)
    named = {*fairness.protected, *(set(names) - set(fairness.outcome) if fairness.saturate else ())}
    protected = np.array([n in named for n in names], dtype=bool)
    return not (reach & protected[:, None] & outcome[None, :]).any()


def all_spanning_trees(d: int) -> list[list[tuple[int, int]]]:
    """Every labelled tree on d nodes, by decoding its Prüfer sequence."""
    trees = []
    for code in product(range(d), repeat=d - 2):
        degree = [1 + code.count(v) for v in range(d)]
        edges = []
        for v in code:
            leaf = degree.index(1)
            edges.append((min(leaf, v), max(leaf, v)))
            degree[leaf] -= 1
            degree[v] -= 1
        u, w = (v for v in range(d) if degree[v] == 1)
        trees.append([*edges, (u, w)])
    return trees


TREES = {d: all_spanning_trees(d) for d in range(3, 8)}


def brute_force_weight(
    weights: NDArray[np.float64], names: list[str], fairness: Fairness, held: Cliques | None = None
) -> float:
    """Weight of the heaviest fair spanning tree, over all d^(d-2) trees."""
    ranked = sorted(((sum(weights[e] for e in t), t) for t in TREES[len(names)]), key=lambda pair: -pair[0])
    for weight, tree in ranked:
        if oracle_is_fair([*[(names[i], names[j]) for i, j in tree], *(held or [])], fairness):
            return float(weight)
    raise AssertionError("no fair spanning tree")


# --- strategies --------------------------------------------------------------------------------------------


@st.composite
def wishes(draw: st.DrawFn, low: int = 3, high: int = 8) -> tuple[list[str], Fairness]:
    """Attributes in any column order, and roles with at least one of each named kind."""
    d = draw(st.integers(low, high))
    roles = [
        "protected",
        "admissible",
        "outcome",
        *draw(st.lists(st.sampled_from(ROLES), min_size=d - 3, max_size=d - 3)),
    ]
    names = [f"x{i}" for i in range(d)]
    kinds = {kind: [n for n, r in zip(names, roles, strict=True) if r == kind] for kind in ROLES}
    kinds.pop("neutral")
    fairness = Fairness(**kinds, policy=draw(st.sampled_from(POLICIES)), saturate=draw(st.booleans()))
    return draw(st.permutations(names)), fairness


@st.composite
def selections(draw: st.DrawFn) -> tuple[list[str], Fairness, Cliques]:
    names, fairness = draw(wishes())
    clique = st.lists(st.sampled_from(names), min_size=1, max_size=4, unique=True)
    cliques = draw(st.lists(clique, min_size=1, max_size=12))
    return names, fairness, [tuple(sorted(c, key=names.index)) for c in cliques]


@st.composite
def weighted(draw: st.DrawFn, low: int = 3, high: int = 6) -> tuple[list[str], Fairness, NDArray[np.float64]]:
    names, fairness = draw(wishes(low, high))
    d = len(names)
    kind = draw(st.sampled_from(["ties", "signed", "uniform"]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    upper = {
        "ties": lambda: rng.integers(0, 4, (d, d)).astype(float),
        "signed": lambda: rng.normal(size=(d, d)),
        "uniform": lambda: rng.random((d, d)),
    }[kind]()
    upper = np.triu(upper, 1)
    return names, fairness, upper + upper.T


# --- the filter --------------------------------------------------------------------------------------------


Filter = Callable[[list[str], Fairness, Cliques], Cliques]


def select(names: list[str], fairness: Fairness, cliques: Cliques) -> Cliques:
    """A mechanism's loop: each round the first allowed candidate is taken."""
    graph = FairGraph(names, fairness)
    left = list(cliques)
    while left:
        open_ = graph.allowed(graph.candidates(left))
        assert open_.tolist() == [bool(graph.allows(c)) for c in left]
        if not open_.any():
            break
        graph.add(left.pop(int(open_.argmax())))
    return list(graph.cliques)


def assert_selection_is_fair(filter_: Filter, names: list[str], fairness: Fairness, cliques: Cliques) -> None:
    """The law that every filter obeys, and that each mutant below breaks."""
    taken = filter_(names, fairness, cliques)
    assert oracle_is_fair(taken, fairness)
    if fairness.policy == "strict":
        allowed = {*fairness.outcome, *fairness.admissible}
        assert all(set(c) <= allowed for c in taken if set(c) & set(fairness.outcome))


@given(selections())
def test_every_policy_selects_a_fair_model(case: tuple[list[str], Fairness, Cliques]) -> None:
    assert_selection_is_fair(select, *case)


@given(selections())
def test_criterion_equals_the_oracle(case: tuple[list[str], Fairness, Cliques]) -> None:
    _, fairness, cliques = case
    found = separation(cliques, fairness.roles)
    assert bool(found.verdict) == oracle_is_fair(cliques, fairness)
    assert separation([c[::-1] for c in reversed(cliques)], fairness.roles) == found
    joined = [set(c) for c in cliques]
    for a, b in zip(found.path, found.path[1:], strict=False):
        assert any({a, b} <= c for c in joined)
    assert not set(found.path) & set(fairness.admissible)


@given(selections())
def test_justifiable_refuses_only_what_breaks_the_criterion(case: tuple[list[str], Fairness, Cliques]) -> None:
    names, fairness, cliques = case
    graph = FairGraph(names, replace(fairness, policy="justifiable"))
    for clique in cliques:
        fair_with = oracle_is_fair([*graph.cliques, clique], fairness)
        assert bool(graph.allows(clique)) == fair_with
        if fair_with:
            graph.add(clique)


@given(wishes())
def test_admissible_pairs_never_get_stuck(case: tuple[list[str], Fairness]) -> None:
    names, fairness = case
    graph = FairGraph(names, fairness)
    for a, b in product(fairness.admissible, names):
        graph.add((a, b) if a != b else (a,))
    assert len(graph.cliques) == len(fairness.admissible) * len(names)


# --- mutants of the filter ---------------------------------------------------------------------------------


def takes_everything(names: list[str], fairness: Fairness, cliques: Cliques) -> Cliques:
    return cliques


def checks_pairs_only(names: list[str], fairness: Fairness, cliques: Cliques) -> Cliques:
    """Forgets the components: a neutral chain joins the sides."""
    return [c for c in cliques if oracle_is_fair([c], fairness)]


def changes_the_list_while_it_walks(names: list[str], fairness: Fairness, cliques: Cliques) -> Cliques:
    """The fault of PreFair's published code: after each removal the next candidate is not looked at."""
    left = list(cliques)
    for clique in left:
        if not FairGraph(names, fairness).allows(clique):
            left.remove(clique)
    return left


def lets_the_last_one_through(names: list[str], fairness: Fairness, cliques: Cliques) -> Cliques:
    return [*select(names, fairness, cliques[:-1]), cliques[-1]]


MUTANTS = [
    (mutant, policy)
    for mutant in (takes_everything, checks_pairs_only, changes_the_list_while_it_walks, lets_the_last_one_through)
    for policy in POLICIES
    # The rule of `strict` is about single cliques, so checking them one by one is right there, no mutant.
    if (mutant, policy) != (checks_pairs_only, "strict")
]


@pytest.mark.parametrize(("mutant", "policy"), MUTANTS)
def test_mutants_of_the_filter_turn_the_law_red(mutant: Filter, policy: str) -> None:
    fairness = Fairness(protected=["p"], admissible=["a"], outcome=["o"], policy=policy)
    names = ["o", "n", "a", "p", "q"]
    cliques = [("a", "p"), ("n", "q"), ("o", "n"), ("n", "p"), ("o", "p"), ("o", "a", "p")]
    if mutant is lets_the_last_one_through:
        cliques = [*cliques, ("o", "n", "p")]
    with pytest.raises(AssertionError):
        assert_selection_is_fair(mutant, names, fairness, cliques)
    assert_selection_is_fair(select, names, fairness, cliques)


# --- fair trees --------------------------------------------------------------------------------------------


@given(weighted(high=9))
def test_every_policy_builds_a_fair_spanning_tree(case: tuple[list[str], Fairness, NDArray[np.float64]]) -> None:
    names, fairness, weights = case
    tree = fair_tree(weights, names, fairness)
    assert len(tree.edges) == len(names) - 1
    reach = {names[0]}
    for _ in names:
        reach |= {x for edge in tree.edges for x in edge if set(edge) & reach}
    assert reach == set(names)
    assert_selection_is_fair(lambda *_: list(tree.edges), names, fairness, [])
    assert tree.weight == pytest.approx(sum(weights[names.index(a), names.index(b)] for a, b in tree.edges))
    assert tree.bound >= tree.weight


@settings(max_examples=150)
@given(weighted())
def test_exact_equals_brute_force_over_all_spanning_trees(
    case: tuple[list[str], Fairness, NDArray[np.float64]],
) -> None:
    names, fairness, weights = case
    tree = fair_tree(weights, names, replace(fairness, policy="exact"))
    assert tree.optimal
    assert tree.weight == pytest.approx(brute_force_weight(weights, names, fairness))


@settings(max_examples=10)
@given(weighted(low=7, high=7))
def test_exact_equals_brute_force_over_seven_attributes(
    case: tuple[list[str], Fairness, NDArray[np.float64]],
) -> None:
    names, fairness, weights = case
    tree = fair_tree(weights, names, replace(fairness, policy="exact"))
    assert tree.weight == pytest.approx(brute_force_weight(weights, names, fairness))


@settings(max_examples=30)
@given(weighted(low=4), st.data())
def test_exact_respects_cliques_held_already(
    case: tuple[list[str], Fairness, NDArray[np.float64]], data: st.DataObject
) -> None:
    names, fairness, weights = case
    fairness = replace(fairness, policy="exact")
    pairs = st.sampled_from([c for k in (2, 3) for c in combinations(names, k)])
    held = select(names, fairness, data.draw(st.lists(pairs, max_size=3)))
    tree = fair_tree(weights, names, fairness, given=held)
    assert oracle_is_fair([*tree.edges, *held], fairness)
    assert tree.weight == pytest.approx(brute_force_weight(weights, names, fairness, held))


@given(weighted(high=9))
def test_saturated_policies_agree(case: tuple[list[str], Fairness, NDArray[np.float64]]) -> None:
    names, fairness, weights = case
    trees = [fair_tree(weights, names, replace(fairness, saturate=True, policy=p)) for p in POLICIES]
    assert all(t.optimal for t in trees)
    assert [t.weight for t in trees] == pytest.approx([trees[0].weight] * 3)
    assert trees[2].nodes == 0


@given(weighted(low=5, high=12), st.integers(0, 3))
def test_limited_search_brackets_the_optimum(case: tuple[list[str], Fairness, NDArray[np.float64]], limit: int) -> None:
    names, fairness, weights = case
    fairness = replace(fairness, policy="exact")
    best = fair_tree(weights, names, fairness)
    early = fair_tree(weights, names, fairness, node_limit=limit)
    assert early.nodes <= limit
    assert early.weight <= best.weight + 1e-9
    assert early.bound >= best.weight - 1e-9
    assert early.optimal == (early.gap == 0.0)
    for policy in ("strict", "justifiable"):
        greedy = fair_tree(weights, names, replace(fairness, policy=policy))
        assert greedy.weight <= early.weight + 1e-9
        assert greedy.bound >= best.weight - 1e-9
        assert not greedy.optimal or greedy.weight == pytest.approx(best.weight)


@given(weighted(low=5, high=10), st.randoms(use_true_random=False))
def test_exact_weight_does_not_depend_on_the_column_order(
    case: tuple[list[str], Fairness, NDArray[np.float64]], random: Random
) -> None:
    names, fairness, weights = case
    order = list(range(len(names)))
    random.shuffle(order)
    fairness = replace(fairness, policy="exact")
    tree = fair_tree(weights, names, fairness)
    other = fair_tree(weights[np.ix_(order, order)], [names[i] for i in order], fairness)
    assert other.weight == pytest.approx(tree.weight)


def test_a_mutant_tree_without_the_filter_turns_the_law_red() -> None:
    names = ["o", "n", "p", "a"]
    fairness = Fairness(protected=["p"], admissible=["a"], outcome=["o"], policy="exact")
    weights = np.array([[0, 5, 1, 1], [5, 0, 5, 2], [1, 5, 0, 1], [1, 2, 1, 0]], dtype=float)
    unfiltered = [("o", "n"), ("n", "p"), ("n", "a")]
    with pytest.raises(AssertionError):
        assert_selection_is_fair(lambda *_: unfiltered, names, fairness, [])
    assert fair_tree(weights, names, fairness).weight == brute_force_weight(weights, names, fairness) == 8.0


# --- 3-SAT -------------------------------------------------------------------------------------------------

Formula = list[tuple[int, int, int]]


def sat_gadget(formula: Formula, variables: int) -> tuple[NDArray[np.float64], list[str], Fairness, float]:
    """A 3-CNF formula as a fair tree problem: satisfiable iff a fair tree reaches the threshold.

    Our own reduction (PreFair proves hardness by one from 3-SAT too). Nodes: an admissible ``a``; a neutral node
    for each literal; a protected node for each clause; an outcome node for each variable. Weights: 2 between a
    literal and ``a``; 1 between a clause and each of its literals, and between a variable's node and both its
    literals; else 0. Some heaviest fair tree holds all edges of weight 2, always allowed; contract them. Each
    clause and variable node can then earn 1 once, as its edges of weight 1 close cycles: a clause iff one of its
    literals is not on the outcome side, a variable iff one of its literals is. Threshold: all earn. "x is true
    iff the node x is not on the outcome side" then satisfies each clause with a positive literal among its
    earners, and each with a negative one, as x's own node is on the outcome side if that of not-x is not.
    Conversely, put the true literals on the protected side and the false ones on the outcome side.
    """
    literals = [sign * v for v in range(1, variables + 1) for sign in (1, -1)]
    clauses, owners = [f"c{i}" for i in range(len(formula))], [f"v{v}" for v in range(1, variables + 1)]
    names = [*clauses, *map(str, literals), *owners, "a"]
    weights = np.zeros((len(names), len(names)))

    def put(x: str, y: str, value: float) -> None:
        weights[names.index(x), names.index(y)] = weights[names.index(y), names.index(x)] = value

    for literal in literals:
        put(str(literal), "a", 2)
        put(f"v{abs(literal)}", str(literal), 1)
    for clause, members in zip(clauses, formula, strict=True):
        for literal in members:
            put(clause, str(literal), 1)
    fairness = Fairness(protected=clauses, admissible=["a"], outcome=owners, policy="exact")
    return weights, names, fairness, 2.0 * len(literals) + len(formula) + variables


def satisfiable(formula: Formula, variables: int) -> bool:
    return any(
        all(any((literal > 0) == truth[abs(literal) - 1] for literal in clause) for clause in formula)
        for truth in product([False, True], repeat=variables)
    )


ALL_SIGNS: Formula = [(1 * a, 2 * b, 3 * c) for a, b, c in product((1, -1), repeat=3)]


@pytest.mark.parametrize(
    ("formula", "variables", "expected"),
    [
        (ALL_SIGNS, 3, False),
        (ALL_SIGNS[1:], 3, True),
        ([*ALL_SIGNS[:4], (-1, 4, 2), (-1, -4, 2), (-1, 4, -2), (-1, -4, -2)], 4, False),
        ([*ALL_SIGNS[:4], (-1, 4, 2), (-1, -4, 2), (-1, 4, -2)], 4, True),
    ],
)
def test_sat_gadgets_of_known_formulas(formula: Formula, variables: int, expected: bool) -> None:
    weights, names, fairness, threshold = sat_gadget(formula, variables)
    assert satisfiable(formula, variables) == expected
    tree = fair_tree(weights, names, fairness)
    assert tree.optimal
    assert (tree.weight >= threshold) == expected


@settings(max_examples=25)
@given(st.data(), st.integers(3, 5))
def test_sat_gadgets_of_random_formulas(data: st.DataObject, variables: int) -> None:
    clause = st.lists(st.integers(1, variables), min_size=3, max_size=3, unique=True).flatmap(
        lambda vs: st.tuples(*(st.sampled_from([v, -v]) for v in vs))
    )
    formula = data.draw(st.lists(clause, min_size=1, max_size=12))
    weights, names, fairness, threshold = sat_gadget(formula, variables)
    tree = fair_tree(weights, names, fairness)
    assert tree.optimal
    assert (tree.weight >= threshold) == satisfiable(formula, variables)
