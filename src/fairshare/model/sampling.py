"""Rows from a model: column by column, each given the earlier columns that it depends on.

Rows that agree on those columns form a group, and the group's counts of the new column follow its expected counts:
randomised rounding gives each count the floor or the ceiling of its expectation, with the right mean, and a sum that
is exactly the group's size. Which row of the group gets which code is a fresh uniform permutation for each column:
without it the rounding's order would leak into columns outside the group, correlations that the model does not have.
The same permutations leave the rows in exchangeable order.
"""

from collections.abc import Callable, Iterator
from typing import Literal, assert_never, get_args

import numpy as np

from fairshare.errors import UsageError
from fairshare.marginals import Clique
from fairshare.model.junction_tree import JunctionTree

__all__ = ["SamplingMethod", "round_groups", "sample_rows"]

SamplingMethod = Literal["rounding", "independent"]

_BLOCK = 1 << 21  # cells of (groups x codes) at a time: 16 MB a table
_GOLDEN = (5**0.5 - 1) / 2
_BELOW_ONE = 1 - 2.0**-20  # offsets stay below 1 also after they are added to a count of up to 2**31


def sample_rows(
    tree: JunctionTree,
    joint: Callable[[Clique], np.ndarray],
    n: int,
    rng: np.random.Generator,
    method: SamplingMethod = "rounding",
) -> dict[str, np.ndarray]:
    """Draw ``n`` rows in the reverse of the tree's elimination order.

    Args:
        tree: a junction tree of the model.
        joint: expected counts over a clique, axes in the order given.
        n: number of rows.
        rng: source of randomness.
        method: ``"rounding"`` or ``"independent"``.

    Returns:
        int32 codes of shape (n,) for each attribute, in domain order.

    Raises:
        UsageError: the method has another name.
    """
    if method not in get_args(SamplingMethod):
        raise UsageError(f"method ({method!r}) must be one of {list(get_args(SamplingMethod))}")
    columns: dict[str, np.ndarray] = {}
    for attribute, parents in tree.blankets:
        size = tree.domain.size_of(attribute)
        table = joint((*parents, attribute)).reshape(-1, size)
        groups = _group_codes([columns[p] for p in parents], tree.domain.sizes(parents), n)
        columns[attribute] = _draw(table, groups, rng, method)
    return {a: columns[a] for a in tree.domain.attributes}


def round_groups(expected: np.ndarray, sizes: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Whole counts near expected proportions, by systematic sampling within each group.

    Args:
        expected: non-negative weights, shape (groups, codes); a group without weight counts as uniform.
        sizes: rows in each group, shape (groups,).
        offsets: one number in [0, 1) per group, each uniform on its own.

    Returns:
        int64 counts, shape (groups, codes): row sums are ``sizes``; each count is the floor or the ceiling of
        size x proportion and has that mean over the offset; a zero weight gives a zero count.
    """
    edges = np.cumsum(expected, axis=1)
    whole = edges[:, -1:]
    if not whole.all():
        edges = np.where(whole > 0, edges, np.arange(1.0, edges.shape[1] + 1))
        whole = edges[:, -1:]
    # Dividing first makes the edges of trailing zero weights exactly 1, so they round as the last edge does.
    marks = np.floor(edges / whole * sizes[:, None] + np.minimum(offsets, _BELOW_ONE)[:, None]).astype(np.int64)
    np.minimum(marks, sizes[:, None], out=marks)
    return np.diff(marks, axis=1, prepend=0)


def _group_codes(columns: list[np.ndarray], sizes: tuple[int, ...], n: int) -> np.ndarray:
    """The position of each row in the flattened table of its earlier columns."""
    code = np.zeros(n, dtype=np.int64)
    for column, size in zip(columns, sizes, strict=True):
        code *= size
        code += column
    return code


def _draw(table: np.ndarray, groups: np.ndarray, rng: np.random.Generator, method: SamplingMethod) -> np.ndarray:
    """Codes of one column, given each row's group."""
    n = groups.size
    column = np.zeros(n, dtype=np.int32)
    if n == 0:
        return column
    order = _shuffled_by_group(groups, table.shape[0], rng)
    ordered = groups[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    sizes = np.diff(starts, append=n)
    # Offsets along the golden-ratio sequence are uniform one by one, and spread so evenly over successive groups that
    # the rounding errors of many small groups cancel in the column's own counts.
    offsets = (rng.random() + _GOLDEN * np.arange(starts.size)) % 1.0
    for first, last in _blocks(starts.size, table.shape[1]):
        rows = order[starts[first] : starts[last - 1] + sizes[last - 1]]
        weights = table[ordered[starts[first:last]]]
        if method == "rounding":
            counts = round_groups(weights, sizes[first:last], offsets[first:last]).ravel()
            used = np.flatnonzero(counts)
            column[rows] = np.repeat(used % table.shape[1], counts[used])
        elif method == "independent":
            column[rows] = _independent(weights, sizes[first:last], rng)
        else:
            assert_never(method)
    return column


def _independent(weights: np.ndarray, sizes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One draw per row by inversion, all groups in one sorted search."""
    count, codes = weights.shape
    edges = np.cumsum(weights, axis=1)
    edges = np.where(edges[:, -1:] > 0, edges, np.arange(1.0, codes + 1))
    edges /= edges[:, -1:].copy()
    group = np.repeat(np.arange(count), sizes)
    # float32 draws are multiples of 2**-24 below 1: adding the group's number to them is exact.
    draws = rng.random(group.size, dtype=np.float32).astype(np.float64)
    found = np.searchsorted((edges + np.arange(count)[:, None]).ravel(), draws + group, side="right")
    return np.asarray(found - group * codes)


def _shuffled_by_group(groups: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Positions of the rows, group by group, in uniformly random order within each."""
    shuffled = rng.permutation(groups.size)
    if count == 1:
        return shuffled
    keys = groups[shuffled]
    if count <= 1 << 16:
        keys = keys.astype(np.uint16)  # numpy's stable sort of 16-bit integers is a radix sort
    return shuffled[np.argsort(keys, kind="stable")]


def _blocks(groups: int, codes: int) -> Iterator[tuple[int, int]]:
    """Ranges of groups that together have a bounded number of cells."""
    step = max(1, _BLOCK // codes)
    for first in range(0, groups, step):
        yield first, min(groups, first + step)
