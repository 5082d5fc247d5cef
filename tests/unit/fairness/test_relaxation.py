import numpy as np

from fairshare.fairness import FairGraph, Fairness
from fairshare.fairness.graph import FREE, OUTCOME_SIDE, PROTECTED_SIDE
from fairshare.fairness.relaxation import Relaxation

NAMES = ["o", "n", "p", "a"]
WISH = Fairness(protected=["p"], admissible=["a"], outcome=["o"], policy="exact")


def relaxation(n_p: float) -> Relaxation:
    """o - n weighs 5, n - p as given, o - p 9; each is 2 away from the admissible attribute."""
    matrix = np.array([[0, 5, 9, 2], [5, 0, n_p, 2], [9, n_p, 0, 2], [2, 2, 2, 0]], dtype=float)
    return Relaxation.of(matrix, FairGraph(NAMES, WISH))


def edges(r: Relaxation) -> list[tuple[str, str]]:
    return [(NAMES[u], NAMES[v]) for u, v in zip(r.U, r.V, strict=True)]


def test_forbidden_and_dominated_edges_are_dropped() -> None:
    assert edges(relaxation(3)) == [("o", "n"), ("n", "p"), ("o", "a"), ("n", "a"), ("p", "a")]
    assert edges(relaxation(1)) == [("o", "n"), ("o", "a"), ("n", "a"), ("p", "a")]


def test_root_bound_conflict_and_repair() -> None:
    r = relaxation(3)
    tree, bound = r.root()
    assert bound == 10.0
    assert r.conflict(tree, r.sides) == [1]
    for side, weight in ((OUTCOME_SIDE, 9.0), (PROTECTED_SIDE, 7.0)):
        sides = r.sides.copy()
        assert sides[1] == FREE
        sides[1] = side
        repaired, found = r.repair(tree, sides)
        assert found == weight
        assert r.conflict(repaired, sides) == []
        assert r.repair(repaired, sides)[1] == weight


def test_complete_follows_the_heaviest_edges() -> None:
    r = relaxation(3)
    tree, _ = r.root()
    assert r.complete(tree, r.sides)[1] == OUTCOME_SIDE
