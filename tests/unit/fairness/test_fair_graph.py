import numpy as np
import pytest

from fairshare.errors import NotFairError, UsageError
from fairshare.fairness import FairGraph, Fairness, allows, fair_tree, separation

NAMES = ["o1", "o2", "p1", "p2", "a1", "a2", "n1", "n2"]


def wish(policy: str = "justifiable", *, saturate: bool = False) -> Fairness:
    return Fairness(
        protected=["p1", "p2"], admissible=["a1", "a2"], outcome=["o1", "o2"], policy=policy, saturate=saturate
    )


def test_separation_names_the_shortest_joining_path() -> None:
    found = separation([("o1", "n1"), ("n1", "n2", "a1"), ("n2", "p1"), ("n1", "p2")], wish().roles)
    assert not found.verdict
    assert found.path == ("p2", "n1", "o1")
    assert "path p2 - n1 - o1 joins protected 'p2' to outcome 'o1'" in found.verdict.because
    assert found.components == (("n1", "n2", "o1", "p1", "p2"),)


def test_separation_holds_through_admissible_attributes() -> None:
    found = separation([("o1", "a1", "n1"), ("a1", "p1"), ("a1", "a2"), ("p2",)], wish().roles)
    assert found.verdict
    assert found.components == (("n1", "o1"), ("p1",), ("p2",))
    assert found.path == ()


@pytest.mark.parametrize(
    ("clique", "strict", "justifiable", "saturated"),
    [
        (("o1", "o2", "a1", "a2"), True, True, True),
        (("o1", "n1"), False, True, False),
        (("o1", "a1", "n1"), False, True, False),
        (("p1", "n1", "a1", "p2"), True, True, True),
        (("o1", "p1"), False, False, False),
        (("o1", "p1", "a1"), False, False, False),
        (("a1",), True, True, True),
        (("o1",), True, True, True),
    ],
)
def test_each_policy_on_an_empty_model(
    clique: tuple[str, ...], strict: bool, justifiable: bool, saturated: bool
) -> None:
    assert bool(allows(clique, [], wish("strict"))) == strict
    assert bool(allows(clique, [], wish("justifiable"))) == justifiable
    assert bool(allows(clique, [], wish("exact"))) == justifiable
    assert bool(allows(clique, [], wish(saturate=True))) == saturated


def test_refusals_say_what_ties_a_neutral_attribute_to_a_side() -> None:
    verdict = allows(("o1", "n2"), [("p1", "n1"), ("n1", "n2")], wish())
    assert verdict.because == (
        "('o1', 'n2') would join neutral 'n2' (tied to protected 'p1') to outcome 'o1': "
        "without the admissible attributes no component may hold both"
    )
    assert "clique with an outcome may hold otherwise only" in allows(("o1", "n1"), [], wish("strict")).because


def test_graph_grows_and_refuses() -> None:
    graph = FairGraph(NAMES, wish(), [("p1", "n1"), ("o1", "n2")])
    pool = graph.candidates([("n1", "n2"), ("n1", "a1"), ("o2", "n1"), ("o2", "n2", "a1"), ("a1", "a2")])
    assert graph.allowed(pool).tolist() == [False, True, False, True, True]
    with pytest.raises(NotFairError, match=r"would join neutral 'n1'.*filter candidates"):
        graph.add(("n1", "n2"))
    assert graph.cliques == (("p1", "n1"), ("o1", "n2"))
    graph.add(("n2", "o2"))
    assert graph.separation().verdict
    assert graph.allowed(graph.candidates([])).shape == (0,)


def test_graph_refuses_an_unfair_start_and_unknown_names() -> None:
    with pytest.raises(NotFairError):
        FairGraph(NAMES, wish(), [("p1", "n1"), ("o1", "n1")])
    with pytest.raises(UsageError, match="'zip' is not among"):
        FairGraph(NAMES, wish()).allows(("o1", "zip"))
    with pytest.raises(UsageError, match="at least one attribute"):
        FairGraph(NAMES, wish()).candidates([()])


def test_fair_tree_takes_a_mapping_and_gives_pairs_in_order() -> None:
    names = ["o1", "n1", "p1", "a1"]
    scores = {("o1", "n1"): 9, ("p1", "n1"): 8, ("o1", "p1"): 7, ("a1", "o1"): 3, ("n1", "a1"): 2, ("p1", "a1"): 1}
    exact = fair_tree(scores, names, wish("exact"))
    assert exact.edges == (("o1", "n1"), ("o1", "a1"), ("p1", "a1"))
    assert (exact.weight, exact.optimal, exact.gap) == (13.0, True, 0.0)
    strict = fair_tree(scores, names, wish("strict"))
    assert strict.edges == (("n1", "p1"), ("o1", "a1"), ("n1", "a1"))
    assert strict.weight == 13.0


@pytest.mark.parametrize(
    ("weights", "names", "message"),
    [
        (np.zeros((2, 2)), ["o1", "p1", "a1"], r"shape \(2, 2\)\) must be of shape \(3, 3\)"),
        (np.full((3, 3), np.nan), ["o1", "p1", "a1"], "finite and symmetric"),
        (np.triu(np.ones((3, 3)), 1), ["o1", "p1", "a1"], "finite and symmetric"),
        ({("o1", "p1"): 1.0}, ["o1", "p1", "a1"], r"\('o1', 'a1'\) is missing"),
        (np.zeros((3, 3)), ["o1", "p1", "n1"], "must include an admissible attribute"),
    ],
)
def test_bad_weights_are_refused(weights: object, names: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        fair_tree(weights, names, wish("exact"))


@pytest.mark.parametrize("limits", [{"node_limit": -1}, {"deadline": -0.5}])
def test_bad_limits_are_refused(limits: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="must be at least 0"):
        fair_tree(np.zeros((3, 3)), ["o1", "p1", "a1"], wish("exact"), **limits)


def test_a_deadline_gives_the_best_tree_so_far_with_a_gap() -> None:
    names = ["o1", "n1", "n2", "p1", "a1"]
    weights = np.ones((5, 5))
    weights[[0, 1, 2], [1, 2, 3]] = weights[[1, 2, 3], [0, 1, 2]] = 3.0
    tree = fair_tree(weights, names, wish("exact"), deadline=0)
    assert tree.nodes == 0
    assert not tree.optimal
    assert tree.gap == tree.bound - tree.weight == 2.0
    assert separation(tree.edges, wish().roles).verdict
