"""The junction tree: which tables the model needs, and how they hang together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from fairshare.errors import UsageError
from fairshare.marginals import Clique, Domain
from fairshare.model.triangulation import Elimination, bits, eliminate, eliminate_in, maximal_masks, resume, weigher

__all__ = ["MOST_CELLS", "JunctionTree"]

#: Cells of the largest tree that a fit makes unless told otherwise, and that a stored model may need: 2 GiB.
MOST_CELLS = 1 << 28
#: Axes of an array: 64 from numpy 2 on.
_MOST_AXES = 64 if np.lib.NumpyVersion(np.__version__) >= "2.0.0" else 32


@dataclass(frozen=True)
class JunctionTree:
    """A junction forest over a whole domain.

    An attribute that no clique mentions is a tree of its own, so every attribute has a host and the tables of the
    forest are all that a model stores. Build it with :meth:`build`.

    Attributes:
        domain: the attributes and their sizes.
        source: the cliques that were asked for, without repeats and without the empty one.
        last: attributes that were eliminated last, on request.
        cliques: the maximal cliques of the triangulation, each in domain order.
        parents: for each clique the position of its parent, or -1 for the root of a component.
        order: positions of the cliques, parents before children.
        elimination_order: the attributes in the order of elimination.
    """

    domain: Domain
    source: tuple[Clique, ...]
    last: Clique
    cliques: tuple[Clique, ...]
    parents: tuple[int, ...]
    order: tuple[int, ...]
    elimination_order: tuple[str, ...]
    _elimination: Elimination
    _masks: tuple[int, ...]

    @classmethod
    def build(
        cls,
        domain: Domain,
        cliques: Iterable[Sequence[str]],
        *,
        last: Iterable[str] = (),
        order: Sequence[str] | None = None,
    ) -> "JunctionTree":
        """Triangulate the graph of the given cliques by minimum-weight elimination.

        Args:
            domain: the attributes and their sizes.
            cliques: attribute sets that some table must hold together.
            last: attributes to eliminate after all others; the tables may get larger for it.
            order: eliminate all attributes in this order instead; candidates can't be priced by ``cells_with`` then.

        Raises:
            UsageError: an attribute is not in the domain, or ``order`` is not a permutation of it.
        """
        source = tuple(dict.fromkeys(c for c in map(domain.clique, cliques) if c))
        late = domain.clique(last)
        graph = [_mask(domain, c) for c in source]
        if order is None:
            elimination = eliminate(domain.shape, graph, _mask(domain, late))
        elif sorted(order) == sorted(domain):
            elimination = eliminate_in([domain.axis(a) for a in order], domain.shape, graph)
        else:
            raise UsageError(f"order ({list(order)}) must hold every attribute of {list(domain)} once")
        masks = maximal_masks(elimination.closed)
        parents, visits = _span(masks)
        return cls(
            domain=domain,
            source=source,
            last=late,
            cliques=tuple(tuple(domain.attributes[v] for v in bits(m)) for m in masks),
            parents=tuple(parents),
            order=tuple(visits),
            elimination_order=tuple(domain.attributes[v] for v in elimination.order),
            _elimination=elimination,
            _masks=tuple(masks),
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, JunctionTree):
            return NotImplemented
        return (self.domain, self.cliques, self.parents) == (other.domain, other.cliques, other.parents)

    def __hash__(self) -> int:
        return hash((self.domain, self.cliques))

    @cached_property
    def cells(self) -> int:
        """Cells of all tables together (8 bytes each)."""
        return sum(self.domain.cells(c) for c in self.cliques)

    @cached_property
    def separators(self) -> tuple[Clique, ...]:
        """For each clique the attributes that it shares with its parent; empty for a root."""
        return tuple(self._shared(i, p) if p >= 0 else () for i, p in enumerate(self.parents))

    @cached_property
    def edges(self) -> tuple[tuple[int, int], ...]:
        """(child, parent) positions, parents first."""
        return tuple((i, self.parents[i]) for i in self.order if self.parents[i] >= 0)

    @cached_property
    def blankets(self) -> tuple[tuple[str, Clique], ...]:
        """Attributes in sampling order, each with the earlier attributes that it depends on.

        This is the elimination backwards: the neighbours of an attribute at its elimination separate it from all
        other attributes that are sampled before it.
        """
        steps = zip(self._elimination.order, self._elimination.closed, strict=True)
        names = self.domain.attributes
        drawn = [(names[v], tuple(names[w] for w in bits(closed & ~(1 << v)))) for v, closed in steps]
        return tuple(reversed(drawn))

    def host(self, clique: Iterable[str]) -> int | None:
        """Position of the smallest table that holds these attributes, or None."""
        mask = _mask(self.domain, clique)
        hosts = [i for i, m in enumerate(self._masks) if mask & m == mask]
        return min(hosts, key=lambda i: self.domain.cells(self.cliques[i])) if hosts else None

    def check_size(self, most_cells: int) -> None:
        """Refuse a tree whose tables are too large, before anything is allocated.

        Args:
            most_cells: of all tables together.

        Raises:
            UsageError: there are more cells, or a table of more axes than an array can have.
        """
        widest = max(self.cliques, key=self.domain.cells, default=())
        if self.cells > most_cells:
            raise UsageError(
                f"cells of the junction tree ({self.cells}) must be at most {most_cells}; its largest table is "
                f"{widest}: measure fewer or smaller cliques, or raise max_cells"
            )
        if (axes := max(map(len, self.cliques), default=0)) > _MOST_AXES:
            raise UsageError(f"columns of one table ({axes}) must be at most {_MOST_AXES}: measure fewer cliques")

    def with_clique(self, clique: Sequence[str]) -> "JunctionTree":
        """The junction tree of the source cliques and one more; the same as a fresh build (about a millisecond)."""
        return JunctionTree.build(self.domain, [*self.source, tuple(clique)], last=self.last)

    def cells_with(self, cliques: Sequence[Clique]) -> np.ndarray:
        """Total cells that the tree would have with each of these cliques added, one at a time.

        Equals ``[self.with_clique(c).cells for c in cliques]``, but resumes the recorded elimination where a
        candidate first touches it, and builds no graph and no tree.

        Returns:
            float64 of shape (len(cliques),); exact up to 2**53 cells.
        """
        late = _mask(self.domain, self.last)
        shape = self.domain.shape
        weigh = weigher(shape)
        total: list[float] = []
        graph = self._elimination.graphs[0] if self.domain.shape else ()
        for clique in cliques:
            mask = _mask(self.domain, clique)
            if all(mask & ~(graph[v] | 1 << v) == 0 for v in bits(mask)):  # no new edge
                total.append(float(self.cells))
                continue
            shared, rest = resume(self._elimination, shape, mask, late)
            total.append(float(sum(map(weigh, maximal_masks([*shared, *rest])))))
        return np.array(total, dtype=np.float64)

    def _shared(self, i: int, j: int) -> Clique:
        both = self._masks[i] & self._masks[j]
        return tuple(self.domain.attributes[v] for v in bits(both))


def _mask(domain: Domain, clique: Iterable[str]) -> int:
    mask = 0
    for attribute in clique:
        mask |= 1 << domain.axis(attribute)
    return mask


def _span(masks: Sequence[int]) -> tuple[list[int], list[int]]:
    """Parents and a parents-first order of a maximum spanning forest by shared attributes (Prim).

    A maximum-weight spanning tree of the clique graph of a chordal graph is a junction tree (Jensen & Jensen 1994).
    Each tree is rooted at its clique with the most attributes, which keeps the forest shallow.
    """
    parents = [-1] * len(masks)
    order: list[int] = []
    best = [0] * len(masks)
    waiting = set(range(len(masks)))
    while waiting:
        i = max(waiting, key=lambda k: (best[k], masks[k].bit_count(), -k))
        waiting.remove(i)
        order.append(i)
        for k in waiting:
            weight = (masks[i] & masks[k]).bit_count()
            if weight > best[k]:
                best[k], parents[k] = weight, i
    return parents, order
