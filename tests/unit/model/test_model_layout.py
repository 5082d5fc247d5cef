"""Sums down and sums back up, against numpy's own axis arguments."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairshare.marginals import Domain
from fairshare.model.contraction import contract
from fairshare.model.layout import Ladder, Reduction, project, reorder

DOMAIN = Domain.from_sizes({"a": 3, "b": 2, "c": 1, "d": 17, "e": 20})
SUBSETS = [c for k in range(6) for c in combinations(DOMAIN.attributes, k)]
TABLE = np.random.default_rng(0).normal(size=DOMAIN.shape)


@pytest.mark.parametrize("smaller", SUBSETS)
def test_reductions_equal_axis_sums(smaller: tuple[str, ...]) -> None:
    axes = tuple(i for i, a in enumerate(DOMAIN.attributes) if a not in smaller)
    step = Reduction.between(DOMAIN, DOMAIN.attributes, smaller)
    np.testing.assert_allclose(step.sum(TABLE), TABLE.sum(axis=axes))
    np.testing.assert_array_equal(step.max(TABLE), TABLE.max(axis=axes))
    small = np.random.default_rng(1).normal(size=DOMAIN.sizes(smaller))
    added, scaled = TABLE.copy(), TABLE.copy()
    step.add_into(added, small)
    step.scale(scaled, small)
    np.testing.assert_array_equal(added, TABLE + np.expand_dims(small, axes))
    np.testing.assert_array_equal(scaled, TABLE * np.expand_dims(small, axes))


@pytest.mark.parametrize(
    "shape", [(1, 20_000), (20_000, 1), (3, 9000), (9000, 3), (130, 130), (7, 300, 40), (40, 300, 7), (4, 9000, 5)]
)
def test_large_sums_equal_axis_sums_beyond_the_block_size(shape: tuple[int, ...]) -> None:
    domain = Domain(tuple("xyz"[: len(shape)]), shape)
    table = np.random.default_rng(0).normal(size=shape)
    for k in range(len(shape)):
        for kept in combinations(range(len(shape)), k):
            names = tuple(domain.attributes[i] for i in kept)
            axes = tuple(i for i in range(len(shape)) if i not in kept)
            np.testing.assert_allclose(
                project(domain, table, domain.attributes, names), table.sum(axis=axes), atol=1e-9
            )


@given(st.lists(st.sampled_from(SUBSETS), max_size=8))
def test_a_ladder_reaches_every_target_by_sums_of_subsets(targets: list[tuple[str, ...]]) -> None:
    ladder = Ladder.build(DOMAIN, DOMAIN.attributes, targets)
    assert ladder.nodes[0] == DOMAIN.attributes
    tables = [TABLE]
    for k in range(1, len(ladder.nodes)):
        assert ladder.parents[k] < k
        assert set(ladder.nodes[k]) < set(ladder.nodes[ladder.parents[k]])
        tables.append(ladder.steps[k].sum(tables[ladder.parents[k]]))
    for target in targets:
        axes = tuple(i for i, a in enumerate(DOMAIN.attributes) if a not in target)
        np.testing.assert_allclose(tables[ladder.where[target]], TABLE.sum(axis=axes), atol=1e-9)


def test_contraction_equals_einsum() -> None:
    rng = np.random.default_rng(2)
    left, right = rng.normal(size=(3, 4, 5, 2)), rng.normal(size=(5, 4, 6))
    names, table = contract((tuple("abcd"), left), (tuple("cbe"), right), "abde")
    np.testing.assert_allclose(reorder(table, names, tuple("abde")), np.einsum("abcd,cbe->abde", left, right))
