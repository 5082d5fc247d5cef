from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairshare.errors import DataError, UsageError
from fairshare.evaluation import TablePair, distance
from fairshare.marginals import Domain


def plain_tvd(real, synthetic, clique):
    """The definition, row by row."""
    rows = [list(zip(*(t[a].tolist() for a in clique), strict=True)) for t in (real, synthetic)]
    cells = set(rows[0]) | set(rows[1])
    return sum(abs(rows[0].count(c) / len(rows[0]) - rows[1].count(c) / len(rows[1])) for c in cells) / 2


@st.composite
def pairs(draw):
    domain = Domain.from_sizes({name: draw(st.integers(1, 4)) for name in "abcd"[: draw(st.integers(1, 4))]})
    tables = [
        {
            name: np.array(draw(st.lists(st.integers(0, size - 1), min_size=rows, max_size=rows)), dtype=np.uint8)
            for name, size in zip(domain, domain.shape, strict=True)
        }
        for rows in (draw(st.integers(1, 8)), draw(st.integers(1, 8)))
    ]
    return (*tables, domain)


@given(pairs(), st.integers(1, 3))
def test_equals_the_definition(pair, k):
    real, synthetic, domain = pair
    found = TablePair(real, synthetic, domain).tvd_all(k)
    assert list(found) == list(combinations(domain.attributes, k))
    for clique, value in found.items():
        assert value == pytest.approx(plain_tvd(real, synthetic, clique), abs=1e-12)


@given(pairs())
def test_sparse_and_renumbered_paths_equal_the_dense_one(pair):
    dense = TablePair(*pair).tvd_all(3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(distance, "_DENSE_CELLS", 1)
        assert TablePair(*pair).tvd_all(3) == dense
        patch.setattr(distance, "_INT64_CELLS", 2)
        assert TablePair(*pair).tvd_all(3) == dense


def test_by_hand():
    domain = Domain.from_sizes({"a": 2, "b": 2})
    real = {"a": np.array([0, 0, 1, 1]), "b": np.array([0, 0, 1, 1])}
    synthetic = {"a": np.array([0, 1]), "b": np.array([1, 0])}
    pair = TablePair(real, synthetic, domain)
    # Same columns, no cell in common: (0,0) and (1,1) against (0,1) and (1,0).
    assert pair.tvd_all(1) == {("a",): 0.0, ("b",): 0.0}
    assert pair.tvd(["b", "a"]) == 1.0
    counts = pair.counts(("a", "b"))
    assert [c.tolist() for c in counts] == [[[2, 0], [0, 2]], [[0, 1], [1, 0]]]


def test_equal_proportions_of_different_sizes_are_exactly_zero():
    domain = Domain.from_sizes({"a": 3})
    real, synthetic = {"a": np.arange(3)}, {"a": np.tile(np.arange(3), 7)}
    assert TablePair(real, synthetic, domain).tvd(["a"]) == 0.0


def test_a_domain_beyond_64_bits_is_counted():
    domain = Domain.from_sizes(dict.fromkeys("abcdef", 60_000))
    rng = np.random.default_rng(0)
    real = {name: rng.integers(0, 60_000, 50).astype(np.uint16) for name in domain}
    assert TablePair(real, real, domain).tvd("abcdef") == 0.0
    other = {**real, "f": (real["f"] + 1) % 60_000}
    assert TablePair(real, other, domain).tvd("abcdef") == 1.0
    assert TablePair(real, other, domain).tvd("abcde") == 0.0
    with pytest.raises(UsageError, match="must be at most"):
        TablePair(real, real, domain).counts(("a", "b"))


@pytest.mark.parametrize(
    ("synthetic", "message"),
    [
        ({"a": np.array([0])}, r"synthetic table lacks columns \['b'\]"),
        ({"a": np.array([0]), "b": np.array([0, 1])}, "must have the same number of rows"),
        ({"a": np.array([], dtype=int), "b": np.array([], dtype=int)}, "at least 1"),
        ({"a": np.array([0]), "b": np.array([2])}, "'b' of the synthetic table holds codes outside 0..1"),
        ({"a": np.array([-1]), "b": np.array([0])}, "'a' of the synthetic table holds codes outside 0..1"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(synthetic, message):
    domain = Domain.from_sizes({"a": 2, "b": 2})
    real = {"a": np.array([0, 1]), "b": np.array([0, 1])}
    with pytest.raises(DataError, match=message):
        TablePair(real, synthetic, domain)
