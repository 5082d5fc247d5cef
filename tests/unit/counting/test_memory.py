import numpy as np
import pytest

from fairshare.counting import CodedTable
from fairshare.errors import DataError
from fairshare.marginals import Domain

DOMAIN = Domain.from_sizes({"a": 3, "b": 1, "c": 300, "d": 2})


def table(rows, seed=0, domain=DOMAIN):
    rng = np.random.default_rng(seed)
    return {
        a: rng.integers(0, n, rows).astype(np.uint8 if n <= 256 else np.uint16)
        for a, n in zip(domain, domain.shape, strict=True)
    }


@pytest.mark.parametrize("rows", [0, 1, 1000, 70_000, 140_001])
@pytest.mark.parametrize("clique", [(), ("a",), ("c",), ("a", "c"), ("a", "b", "d"), ("a", "b", "c", "d")])
def test_counts_equal_histogramdd(rows, clique):
    codes = table(rows)
    counts = CodedTable(DOMAIN, codes).count(clique)
    assert counts.dtype == np.int64
    assert counts.shape == DOMAIN.sizes(clique)
    expected = np.zeros(DOMAIN.sizes(clique), dtype=np.int64)
    np.add.at(expected, tuple(codes[a] for a in clique), 1 if clique else rows)
    assert np.array_equal(counts, expected)


def test_large_marginals_are_counted_in_one_block():
    domain = Domain.from_sizes({"x": 400, "y": 400})
    codes = table(150_000, domain=domain)
    counts = CodedTable(domain, codes).count(("x", "y"))
    expected = np.bincount(codes["x"].astype(int) * 400 + codes["y"], minlength=160_000)
    assert np.array_equal(counts.ravel(), expected)


def test_faults_are_named():
    with pytest.raises(DataError, match="lacks columns"):
        CodedTable(DOMAIN, {"a": np.zeros(2, np.uint8)})
    codes = table(10)
    with pytest.raises(DataError, match="differ in length"):
        CodedTable(DOMAIN, {**codes, "a": codes["a"][:5]})
    with pytest.raises(DataError, match=r"column 'd' holds codes outside 0\.\.1"):
        CodedTable(DOMAIN, {**codes, "d": np.full(10, 2, np.uint8)})


def test_more_columns_of_one_code_than_an_array_has_axes():
    domain = Domain.from_sizes({f"c{i}": 1 for i in range(100)} | {"z": 2})
    counts = CodedTable(domain, table(10, domain=domain)).counts([(a,) for a in domain] + [("c7", "z")])
    assert [c.sum() for c in counts] == [10] * 102
    assert counts[-1].shape == (1, 2)
