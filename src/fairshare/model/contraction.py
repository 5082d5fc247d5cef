"""Marginals that no single table holds, for many attribute sets at once.

The tree is rooted once. What a subtree contributes to a query is the conditional of the query's attributes in it given
the subtree's separator: a message upward that depends only on (subtree, attributes). Messages are kept and shared, so
that all pairs of a domain cost about one message per attribute and edge, each a matrix product. Parts of a query in
different components are independent: their expected counts multiply, and the total divides out once per part but the
first.
"""

from collections.abc import Iterable, Sequence
from math import isqrt, prod

import numpy as np

from fairshare.marginals import Clique, Domain
from fairshare.model.junction_tree import JunctionTree
from fairshare.model.layout import project

__all__ = ["Contraction", "contract"]

_KEPT_CELLS = 1 << 24  # messages are forgotten beyond this many cells (128 MB)

#: Multiply-adds below which OpenBLAS starts no threads (4 x 65,536). On a busy machine the main thread spins while it
#: waits for a thread that has no core: a product of 100 x 100 matrices took 1.6 ms instead of 20 microseconds.
_UNTHREADED = 250_000

Factor = tuple[Clique, np.ndarray]


def contract(left: Factor, right: Factor, keep: Iterable[str]) -> Factor:
    """The product of two tables, summed over the attributes that are not kept, as one batched matrix product.

    Args:
        left: attributes (in any order) and table.
        right: attributes and table; attributes of ``right`` alone must all be kept.
        keep: attributes of the result; attributes of ``left`` alone must all be kept too.

    Returns:
        Attributes (shared ones first, then left, then right) and table.
    """
    (left_names, left_table), (right_names, right_table) = left, right
    wanted = set(keep)
    common = [a for a in left_names if a in right_names]
    batch = [a for a in common if a in wanted]
    summed = [a for a in common if a not in wanted]
    rows = [a for a in left_names if a not in right_names]
    columns = [a for a in right_names if a not in left_names]
    a = left_table.transpose([left_names.index(n) for n in (*batch, *rows, *summed)])
    b = right_table.transpose([right_names.index(n) for n in (*batch, *summed, *columns)])
    nb, ns = len(batch), len(summed)
    batch_shape, row_shape, column_shape = a.shape[:nb], a.shape[nb : nb + len(rows)], b.shape[nb + ns :]
    middle = prod(b.shape[nb : nb + ns])
    lead = prod(batch_shape)
    product = _product(a.reshape(lead, prod(row_shape), middle), b.reshape(lead, middle, prod(column_shape)))
    return (*batch, *rows, *columns), product.reshape(batch_shape + row_shape + column_shape)


def _product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Batched matrix product, in tiles that BLAS does not thread."""
    lead, rows, middle = a.shape
    columns = b.shape[2]
    cells = max(1, _UNTHREADED // max(1, middle))  # of the result, at a time
    height = max(1, min(rows, isqrt(cells)))
    width = max(1, min(columns, cells // height))
    height = max(1, min(rows, cells // width))
    product = np.empty((lead, rows, columns))
    for top in range(0, rows, height):
        for left in range(0, columns, width):
            tile = np.s_[:, top : top + height, left : left + width]
            np.matmul(a[:, top : top + height], b[:, :, left : left + width], out=product[tile])
    return product


class Contraction:
    """Expected counts of any attribute set under a calibrated junction tree.

    Args:
        tree: the junction tree.
        domain: the order of axes; any order of the tree's attributes.
        tables: expected counts of each clique of the tree, axes in the order of ``domain``.
        total: the sum of each table.
    """

    def __init__(self, tree: JunctionTree, domain: Domain, tables: Sequence[np.ndarray], total: float) -> None:
        self._tree = tree
        self._domain = domain
        self._tables = tables
        self._total = total
        self._cliques = [domain.clique(c) for c in tree.cliques]
        self._separators = [domain.clique(s) for s in tree.separators]
        self._children: list[list[int]] = [[] for _ in tree.cliques]
        for child, parent in tree.edges:
            self._children[parent].append(child)
        self._roots = [i for i in tree.order if tree.parents[i] < 0]
        self._behind: list[frozenset[str]] = [frozenset()] * len(tree.cliques)
        for i in reversed(tree.order):
            below = set(tree.cliques[i]).union(*(self._behind[c] for c in self._children[i]))
            self._behind[i] = frozenset(below - set(tree.separators[i]))
        self._messages: dict[tuple[int, frozenset[str]], Factor] = {}
        self._kept = 0

    def marginal(self, clique: Clique) -> np.ndarray:
        """Expected counts over these attributes, axes in the order of ``clique``."""
        query = self._domain.clique(clique)
        host = self._tree.host(clique)
        if host is not None:
            names, table = query, project(self._domain, self._tables[host], self._cliques[host], query)
        else:
            names, table = self._across(query)
        return np.ascontiguousarray(table.transpose([names.index(a) for a in clique]))

    def forget(self) -> None:
        """Drop the messages kept from earlier queries."""
        self._messages.clear()
        self._kept = 0

    def _across(self, query: Clique) -> Factor:
        """Product over components."""
        names: Clique = ()
        table = np.ones(())
        for root in self._roots:
            part = [a for a in query if a in self._behind[root]]
            if part:
                more, counts = self._within(root, frozenset(part))
                table = np.multiply.outer(table, counts) / (self._total if names else 1.0)
                names += more
        return names, table

    def _within(self, root: int, query: frozenset[str]) -> Factor:
        """One component: descend to the lowest table whose subtree holds the query, and join there."""
        i = root
        while True:
            lower = [c for c in self._children[i] if query <= self._behind[c] | set(self._separators[c])]
            if not lower:
                return self._join(i, query)
            i = lower[0]

    def _join(self, i: int, query: frozenset[str]) -> Factor:
        """Expected counts over ``query`` (which lies in the subtree of ``i`` and its separator)."""
        inlets = [c for c in self._children[i] if query & self._behind[c]]
        ports = {a for c in inlets for a in self._separators[c]}
        local = query & set(self._cliques[i])
        names = self._domain.clique(local | ports)
        factor = names, project(self._domain, self._tables[i], self._cliques[i], names)
        for position, c in enumerate(inlets):
            later = {a for other in inlets[position + 1 :] for a in self._separators[other]}
            factor = contract(factor, self._message(c, query & self._behind[c]), query | later)
        return factor

    def _message(self, i: int, query: frozenset[str]) -> Factor:
        """The conditional of ``query`` given the separator of ``i``; 0/0 is 0."""
        known = self._messages.get((i, query))
        if known is not None:
            return known
        separator = self._separators[i]
        names, counts = self._join(i, query | set(separator))
        order = [names.index(a) for a in separator] + [k for k, a in enumerate(names) if a not in separator]
        counts = counts.transpose(order)
        mass = project(self._domain, self._tables[i], self._cliques[i], separator)
        mass = mass.reshape(mass.shape + (1,) * (counts.ndim - mass.ndim))
        table = np.divide(counts, mass, out=np.zeros(counts.shape), where=mass > 0)
        if self._kept + table.size > _KEPT_CELLS:
            self.forget()
        message = tuple(names[k] for k in order), table
        self._messages[i, query] = message
        self._kept += table.size
        return message
