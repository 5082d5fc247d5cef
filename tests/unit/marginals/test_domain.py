import pytest

from fairshare.errors import UsageError
from fairshare.marginals import Domain, all_k_way, downward_closure, overlap_weights

ABC = Domain.from_sizes({"a": 2, "b": 3, "c": 5})


def test_algebra():
    assert ABC.clique(["c", "a", "a"]) == ("a", "c")
    assert ABC.cells(("a", "c")) == 10
    assert ABC.cells(()) == 1
    assert ABC.project(["c", "b"]) == Domain(("b", "c"), (3, 5))
    assert list(ABC) == ["a", "b", "c"]
    assert "a" in ABC
    assert "x" not in ABC


@pytest.mark.parametrize(
    ("attributes", "shape", "message"),
    [(("a", "a"), (1, 1), "different names"), (("a",), (0,), "at least 1"), (("a",), (1, 2), "one size")],
)
def test_refused(attributes, shape, message):
    with pytest.raises(UsageError, match=message):
        Domain(attributes, shape)


def test_unknown_attribute_is_named():
    with pytest.raises(UsageError, match="'x' is not in the domain"):
        ABC.clique(["a", "x"])


def test_workloads():
    assert all_k_way(ABC, 2) == [("a", "b"), ("a", "c"), ("b", "c")]
    assert all_k_way(ABC, 2, max_cells=10) == [("a", "b"), ("a", "c")]
    assert downward_closure([("a", "b"), ("b", "c")]) == [("a",), ("b",), ("c",), ("a", "b"), ("b", "c")]
    weights = overlap_weights({("a", "b"): 2.0, ("b", "c"): 1.0}, [("a",), ("b",), ("a", "b")])
    assert weights == {("a",): 2.0, ("b",): 3.0, ("a", "b"): 5.0}
    with pytest.raises(UsageError, match="k"):
        all_k_way(ABC, 4)


def test_overlap_weights_follow_their_definition():
    wide = Domain.from_sizes({f"c{i}": 2 for i in range(100)})
    workload = {clique: 1.0 + i % 7 for i, clique in enumerate(all_k_way(wide, 3))}
    candidates = all_k_way(wide, 2)
    weights = overlap_weights(workload, candidates)  # held against each other, these cliques would take minutes
    for clique in candidates[::990]:
        assert weights[clique] == sum(w * len(set(clique) & set(q)) for q, w in workload.items())
