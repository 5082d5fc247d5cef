"""Belief propagation on a junction tree: from log potentials to every marginal, without overflow.

Each table is kept in tree-conditional form. On the way up, a table over (separator, rest) is exponentiated after a
shift per separator cell and summed to ``r``; shift + log r is the message. So the table divided by ``r`` is the
conditional of rest given separator, and on the way down it is multiplied by the parent's marginal over ``r``: Hugin
propagation (Jensen et al. 1990) in which the division is by a sum that cannot vanish.

The shift need not be the exact maximum: any value near the slice's log sum will do, and the one of the last call is
near. It costs nothing (it is added to the separator's small table), a check on ``r`` tells when it was not near
enough, and only then the exact maximum is taken. One exp per cell, plain sums, float64.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from fairshare.errors import UsageError
from fairshare.marginals import Clique, Domain
from fairshare.model.junction_tree import JunctionTree
from fairshare.model.layout import Ladder, Reduction

__all__ = ["Propagation", "inner_domain"]

_FAR = 1e150  # a slice sum beyond this, or below its inverse, is recomputed with the exact maximum
#: numpy answers a request beyond the address space with an untyped error.
_ADDRESSABLE = 1 << 56


def inner_domain(domain: Domain) -> Domain:
    """The domain with its attributes by ascending size: long inner axes are what makes numpy fast."""
    by_size = sorted(domain.attributes, key=domain.size_of)
    return Domain(tuple(by_size), domain.sizes(by_size))


class _Node:
    """One table of the tree with its ladder, its separator and what is remembered between calls."""

    def __init__(self, domain: Domain, clique: Clique, separator: Clique, targets: Sequence[Clique]) -> None:
        self.clique = clique
        self.separator = separator
        self.ladder = Ladder.build(domain, clique, [*targets, separator])
        self.up = Reduction.between(domain, clique, separator)
        self.separator_at = self.ladder.where[separator]
        self.buffers = [np.empty(domain.sizes(n)) for n in self.ladder.nodes]
        self.shift = np.zeros(domain.sizes(separator))
        self.r = np.ones(domain.sizes(separator))
        self.dead: np.ndarray | None = None

    @property
    def table(self) -> np.ndarray:
        return self.buffers[0]

    def gather(self, given: dict[int, list[np.ndarray]]) -> None:
        """Add up log potentials (by ladder position) into the table."""
        ladder = self.ladder
        started = [False] * len(ladder.nodes)
        for k in reversed(range(len(ladder.nodes))):
            buffer = self.buffers[k]
            for values in given.get(k, ()):
                if started[k]:
                    np.add(buffer, values, out=buffer)
                else:
                    np.copyto(buffer, values)
                    started[k] = True
            if k == 0 or not started[k]:
                continue
            parent, step = ladder.parents[k], ladder.steps[k]
            if started[parent]:
                step.add_into(self.buffers[parent], buffer)
            else:
                np.copyto(self.buffers[parent].reshape(step.runs), step.spread(buffer))
                started[parent] = True
        if not started[0]:
            self.table.fill(0.0)

    def collect(self, given: dict[int, list[np.ndarray]]) -> np.ndarray:
        """The upward step: exponentiate the table, and return the log message to the parent."""
        at = self.separator_at
        self.gather({**given, at: [*given.get(at, ()), -self.shift]})
        np.exp(self.table, out=self.table)
        self.r = self.up.sum(self.table)
        if self.dead is not None:
            self.r = self.r + self.dead
        # Written so that NaN fails the test too. min and max on purpose: both are cheap on a separator.
        if not (self.r.min() > 1 / _FAR and self.r.max() < _FAR):
            self._collect_exactly(given)
        message: np.ndarray = self.shift + np.log(self.r)
        self.shift = message
        if self.dead is not None:
            message = np.where(self.dead > 0, -np.inf, message)
        return message

    def _collect_exactly(self, given: dict[int, list[np.ndarray]]) -> None:
        """As :meth:`collect`, with the exact maximum of each slice as shift; finds slices without any mass."""
        self.gather(given)
        top = self.up.max(self.table)
        empty = np.isneginf(top)
        self.shift = np.where(empty, 0.0, top)
        self.up.add_into(self.table, -self.shift)
        np.exp(self.table, out=self.table)
        self.dead = empty.astype(np.float64) if empty.any() else None
        self.r = self.up.sum(self.table) + empty

    def distribute(self, separator_mass: np.ndarray) -> None:
        """The downward step: the table becomes expected counts, then every ladder table its marginal."""
        self.up.scale(self.table, separator_mass / self.r)
        for k in range(1, len(self.buffers)):
            self.buffers[k] = self.ladder.steps[k].sum(self.buffers[self.ladder.parents[k]])


class Propagation:
    """A workspace that turns potentials on some cliques into expected counts on the same cliques.

    Its buffers are reused: arrays returned by one call are overwritten or replaced by the next. Not thread-safe.

    Args:
        tree: must host every target.
        targets: cliques that carry a potential and whose marginals are wanted.

    Raises:
        UsageError: a target has no table in the tree, or no array could hold the tree's tables.
    """

    def __init__(self, tree: JunctionTree, targets: Sequence[Clique]) -> None:
        tree.check_size(_ADDRESSABLE)
        self.tree = tree
        self.domain = inner_domain(tree.domain)
        self.targets = tuple(self.domain.clique(t) for t in targets)
        served: list[list[Clique]] = [[] for _ in tree.cliques]
        hosts = [_host(tree, t) for t in targets]
        for host, target in zip(hosts, self.targets, strict=True):
            served[host].append(target)
        separators = [self.domain.clique(s) for s in tree.separators]
        for child, parent in tree.edges:
            served[parent].append(separators[child])
        cliques = [self.domain.clique(c) for c in tree.cliques]
        self._nodes = [_Node(self.domain, c, s, t) for c, s, t in zip(cliques, separators, served, strict=True)]
        self._places = [(h, self._nodes[h].ladder.where[t]) for h, t in zip(hosts, self.targets, strict=True)]
        self._inlets = [
            self._nodes[p].ladder.where[s] if p >= 0 else -1 for p, s in zip(tree.parents, separators, strict=True)
        ]
        self.log_partition = 0.0

    def run(self, potentials: Iterable[np.ndarray], total: float) -> list[np.ndarray]:
        """Expected counts of each target under the density proportional to exp(sum of potentials).

        Args:
            potentials: one log table per target, axes in the order of :attr:`targets`; -inf forbids a cell.
            total: the sum of every marginal.

        Returns:
            One table per target, axes as in :attr:`targets`; valid until the next call.

        Raises:
            UsageError: the potentials forbid every cell.
        """
        given: list[dict[int, list[np.ndarray]]] = [{} for _ in self._nodes]
        for (host, at), values in zip(self._places, potentials, strict=True):
            given[host].setdefault(at, []).append(values)
        # A step that went too far may overflow; its value is then not finite, and a line search refuses it.
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            self._collect(given)
            self._distribute(total)
        return [self._nodes[host].buffers[at] for host, at in self._places]

    @property
    def tables(self) -> list[np.ndarray]:
        """Expected counts of each clique of the tree after a call of :meth:`run`; axes in inner order."""
        return [node.table for node in self._nodes]

    def _collect(self, given: list[dict[int, list[np.ndarray]]]) -> None:
        self.log_partition = 0.0
        for i in reversed(self.tree.order):
            message = self._nodes[i].collect(given[i])
            parent = self.tree.parents[i]
            if parent >= 0:
                given[parent].setdefault(self._inlets[i], []).append(message)
            else:
                self.log_partition += float(message)
        if np.isneginf(self.log_partition):
            raise UsageError("zeros must leave at least one cell of the joint table possible; declare fewer of them")

    def _distribute(self, total: float) -> None:
        for i in self.tree.order:
            parent = self.tree.parents[i]
            mass = self._nodes[parent].buffers[self._inlets[i]] if parent >= 0 else np.array(total)
            self._nodes[i].distribute(mass)


def _host(tree: JunctionTree, clique: Clique) -> int:
    host = tree.host(clique)
    if host is None:
        raise UsageError(f"clique {clique} has no table in the junction tree; include it when the tree is built")
    return host
