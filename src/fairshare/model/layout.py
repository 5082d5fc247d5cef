"""How tables sum down to smaller tables, and how smaller tables are added back into them.

Two ideas make this cheap. Runs of neighbouring axes that are all kept or all summed are merged, so that a projection
is one matrix-vector product with ones over a contiguous table. And the many small tables that one large table serves
(measured cliques, separators) hang below it as a *ladder*: tables that lack the same attribute share the sum over it,
so a large table is read a few times, not once for each.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log, prod

import numpy as np

from fairshare.marginals import Clique, Domain

__all__ = ["Ladder", "Reduction", "project", "reorder"]

_SHORT = 16  # below this inner length einsum sums faster than add.reduce
#: BLAS threads a matrix-vector product from about 9,216 cells on. On tables of this size that wins no time and burns
#: the other cores' (a fit took 1.5 s of CPU instead of 0.04 on a busy machine), so products are kept below it.
_UNTHREADED = 8192


@dataclass(frozen=True)
class Reduction:
    """The sum of a table over the attributes that a smaller table lacks; both have axes in domain order.

    Attributes:
        runs: merged axis lengths of the larger table; kept and summed runs alternate.
        kept: whether each run is kept.
        shape: shape of the smaller table.
    """

    runs: tuple[int, ...]
    kept: tuple[bool, ...]
    shape: tuple[int, ...]

    @classmethod
    def between(cls, domain: Domain, larger: Clique, smaller: Clique) -> "Reduction":
        """The reduction from one clique's table to that of a subset of it."""
        runs: list[int] = []
        kept: list[bool] = []
        inside = set(smaller)
        for attribute in larger:
            size, keep = domain.size_of(attribute), attribute in inside
            if kept and kept[-1] == keep:
                runs[-1] *= size
            else:
                runs.append(size)
                kept.append(keep)
        return cls(tuple(runs), tuple(kept), domain.sizes(smaller))

    def sum(self, table: np.ndarray) -> np.ndarray:
        """The smaller table: sums over the runs that are not kept."""
        runs = list(self.runs)
        flat = table
        for axis in sorted((i for i, k in enumerate(self.kept) if not k), reverse=True):
            before, size, after = prod(runs[:axis]), runs[axis], prod(runs[axis + 1 :])
            flat = _sum_run(flat, before, size, after)
            runs[axis] = 1
        return flat.reshape(self.shape)

    def max(self, table: np.ndarray) -> np.ndarray:
        """As :meth:`sum`, with the maximum."""
        axes = tuple(i for i, k in enumerate(self.kept) if not k)
        top: np.ndarray = table.reshape(self.runs).max(axis=axes)
        return top.reshape(self.shape)

    def spread(self, table: np.ndarray) -> np.ndarray:
        """The smaller table as a view that broadcasts against the larger one reshaped to ``runs``."""
        return table.reshape([r if k else 1 for r, k in zip(self.runs, self.kept, strict=True)])

    def add_into(self, table: np.ndarray, small: np.ndarray) -> None:
        """Add the smaller table to every slice of the larger one, in place (it must be contiguous)."""
        wide = table.reshape(self.runs)
        np.add(wide, self.spread(small), out=wide)

    def scale(self, table: np.ndarray, small: np.ndarray) -> None:
        """Multiply every slice of the larger table by the smaller one, in place (it must be contiguous)."""
        wide = table.reshape(self.runs)
        np.multiply(wide, self.spread(small), out=wide)


def _sum_run(table: np.ndarray, before: int, size: int, after: int) -> np.ndarray:
    """Sum a contiguous table of shape (before, size, after) over its middle axis."""
    if size == 1:
        return table
    if after == 1:
        return _sum_rows(table.reshape(before, size))
    cube = table.reshape(before, size, after)
    if size * after <= _UNTHREADED:
        return np.asarray(np.ones(size) @ cube)
    return np.asarray(cube.sum(axis=1) if after >= _SHORT else np.einsum("bsa->ba", cube))


def _sum_rows(matrix: np.ndarray) -> np.ndarray:
    """Sum each row, by matrix-vector products in blocks that are not threaded."""
    before, size = matrix.shape
    ones = np.ones(size)
    if size > _UNTHREADED:
        return np.asarray(matrix.sum(axis=1))
    rows = _UNTHREADED // size
    whole = before - before % rows
    sums = np.empty(before)
    np.matmul(matrix[:whole].reshape(-1, rows, size), ones, out=sums[:whole].reshape(-1, rows))
    np.matmul(matrix[whole:], ones, out=sums[whole:])
    return sums


def project(domain: Domain, table: np.ndarray, larger: Clique, smaller: Clique) -> np.ndarray:
    """The sum of one table down to a subset of its attributes, both in domain order."""
    return Reduction.between(domain, larger, smaller).sum(table)


def reorder(table: np.ndarray, given: Clique, wanted: Clique) -> np.ndarray:
    """A view of a table with its axes moved from one order of the same attributes to another."""
    return table.transpose([given.index(a) for a in wanted])


@dataclass(frozen=True)
class Ladder:
    """A tree of attribute sets below one clique; its root (position 0) is the clique itself.

    Attributes:
        nodes: attribute sets, parents before children.
        parents: position of each node's parent, -1 for the root.
        steps: for each node but the root, the reduction from its parent (position 0 holds the root's own, unused).
        where: position of each requested target.
    """

    nodes: tuple[Clique, ...]
    parents: tuple[int, ...]
    steps: tuple[Reduction, ...]
    where: dict[Clique, int]

    @classmethod
    def build(cls, domain: Domain, root: Clique, targets: Sequence[Clique]) -> "Ladder":
        """A ladder that serves the given subsets of ``root`` with few reads of large tables.

        Greedy: of all attributes, sum out the one that saves most cells for the targets that lack it, serve those
        from the union of them, and repeat. Not optimal (that is a set cover), but no target costs more than its own
        sum over the root.
        """
        nodes: list[Clique] = [root]
        parents = [-1]
        queue = [(0, [t for t in dict.fromkeys(targets) if t != root])]
        while queue:
            at, waiting = queue.pop(0)
            while waiting:
                group = _best_group(domain, nodes[at], waiting)
                inside = set(group)
                waiting = [t for t in waiting if t not in inside]
                child = domain.clique(a for t in group for a in t)
                nodes.append(child)
                parents.append(at)
                queue.append((len(nodes) - 1, [t for t in group if t != child]))
        steps = [Reduction.between(domain, nodes[max(p, 0)], n) for n, p in zip(nodes, parents, strict=True)]
        where = {n: i for i, n in reversed(list(enumerate(nodes)))}
        return cls(tuple(nodes), tuple(parents), tuple(steps), {t: where[t] for t in (root, *targets)})


def _best_group(domain: Domain, root: Clique, targets: Sequence[Clique]) -> list[Clique]:
    """The targets that lack one attribute of ``root``, for the attribute whose sum they best share."""
    lacking = {a: [t for t in targets if a not in t] for a in root}
    best = max(root, key=lambda a: len(lacking[a]) * log(1 + domain.size_of(a)))
    return lacking[best]
