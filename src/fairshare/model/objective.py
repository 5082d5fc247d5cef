"""The estimation problem and its dual.

Primal, over the distributions p of the domain with marginals p_m:

    minimise  L(p) + t n KL(p || q),      L(p) = sum_m ||n p_m - y_m||^2 / (2 sigma_m^2)

L is the least squares of private-pgm (McKenna, Sheldon, Miklau 2019). Its minimiser fits the noise: its loss is well
below half the number of cells, which is where the true table's loss lies. So the entropy relative to a reference q
decides where the data do not: t = prior / sigma shrinks a cell towards q when its expected count is below about
prior x sigma, that is, when it cannot be told from noise. The first q is the product of the estimated one-way counts.
Strong dependence is shrunk too, by prior x sigma x log(p / q); so the problem is solved a few times, each answer the
next reference (Bregman iteration, Osher et al. 2005): what the data insist on is then kept, noise is not learnt yet.

Dual (Fenchel): the minimiser is p(x) ~ q(x) exp(sum_m theta_m(x_m)), potentials on the measured cliques only, with

    minimise  F(theta) = n log Z(theta) - <theta, y> + sum_m t sigma_m^2 ||theta_m||^2 / 2

smooth, strongly convex and unconstrained, whose gradient n p_m - y_m + t sigma_m^2 theta_m is one belief propagation.
Each theta certifies itself: the primal objective at p(theta) exceeds the optimum by at most
``sum_m ||gradient_m||^2 / (2 sigma_m^2)``, the duality gap. The optimum is unique, so warm and cold starts agree.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import prod

import numpy as np

from fairshare.marginals import Clique
from fairshare.model.layout import reorder
from fairshare.model.measurement import Measurement, one_way_estimates
from fairshare.model.propagation import Propagation

__all__ = ["Objective", "Point", "dot"]


@dataclass(frozen=True, eq=False)
class Point:
    """The dual objective at one theta.

    Attributes:
        theta: flat dual variables.
        value: F(theta).
        gradient: of F.
        counts: expected counts of the measured cliques, flat.
        gap: the duality gap, in units of the loss.
    """

    theta: np.ndarray
    value: float
    gradient: np.ndarray
    counts: np.ndarray
    gap: float


class Objective:
    """The dual objective over one flat vector: all potentials, clique by clique, axes in inner order.

    Args:
        propagation: whose first targets are the measured cliques; any further targets are given by ``fixed``.
        measurements: at most one per clique, cliques in domain order.
        total: number of rows n.
        prior: weight of the entropy relative to 1 / sigma.
        fixed: constant log potentials of the further targets (declared zeros: 0 or -inf), axes in inner order.
    """

    def __init__(
        self,
        propagation: Propagation,
        measurements: Sequence[Measurement],
        total: float,
        prior: float,
        fixed: Sequence[np.ndarray] = (),
    ) -> None:
        self._propagation = propagation
        self._total = total
        self._fixed = list(fixed)
        self._inner = propagation.targets[: len(measurements)]
        self._shapes = [propagation.domain.sizes(c) for c in self._inner]
        self._bounds = np.cumsum([0, *(prod(s) for s in self._shapes)])
        self._cliques = [m.clique for m in measurements]
        self.counts = self._pack([_align(m, total) for m in measurements])
        self.variance = self._pack([m.variance for m in measurements])
        sigma = np.exp(np.log(self.variance).mean() / 2) if self.variance.size else 1.0
        self.ridge = self.variance * (prior / sigma)
        self.base = self._independent(measurements)

    def _pack(self, tables: Sequence[np.ndarray]) -> np.ndarray:
        """One table per measured clique, axes in domain order, as one flat vector."""
        pairs = zip(tables, self._cliques, self._inner, strict=True)
        return _flat([reorder(table, clique, inner) for table, clique, inner in pairs])

    @property
    def cells(self) -> int:
        """Number of measured cells."""
        return int(self.counts.size)

    def at(self, theta: np.ndarray) -> Point:
        """One belief propagation."""
        tables = self._propagation.run([*self.split(self.base + theta), *self._fixed], self._total)
        counts = _flat(tables[: len(self._inner)])
        pull = self.ridge * theta
        value = self._total * self._propagation.log_partition - dot(theta, self.counts) + 0.5 * dot(theta, pull)
        gradient = counts - self.counts + pull
        return Point(theta, value, gradient, counts, 0.5 * dot(gradient, gradient / self.variance))

    def recentre(self, theta: np.ndarray) -> None:
        """Make the distribution at ``theta`` the reference; it is at zero from now on."""
        self.base = self.base + theta

    def split(self, flat: np.ndarray) -> list[np.ndarray]:
        """One view per measured clique, axes in inner order."""
        return [flat[a:b].reshape(s) for (a, b), s in zip(pairwise(self._bounds), self._shapes, strict=True)]

    def potentials(self, theta: np.ndarray) -> dict[Clique, np.ndarray]:
        """Log potentials reference + theta of each measured clique, axes in domain order."""
        return self.tables(self.base + theta)

    def tables(self, flat: np.ndarray) -> dict[Clique, np.ndarray]:
        """One table per measured clique, axes in domain order."""
        views = zip(self._cliques, self._inner, self.split(flat), strict=True)
        return {c: np.ascontiguousarray(reorder(v, i, c)) for c, i, v in views}

    def start(self, potentials: Mapping[Clique, np.ndarray]) -> np.ndarray:
        """The theta that gives these potentials; those that no measured clique holds are left out."""
        flat = np.zeros(self.counts.size)
        views = self.split(flat)
        for clique, values in potentials.items():
            hosts = [k for k, c in enumerate(self._inner) if set(clique) <= set(c)]
            if hosts:
                k = min(hosts, key=lambda k: views[k].size)
                views[k] += self._spread(clique, values, k)
        flat -= self.base
        return flat

    def _independent(self, measurements: Sequence[Measurement]) -> np.ndarray:
        """Log of the first reference, each attribute's part in the smallest measured clique that holds it."""
        flat = np.zeros(self.counts.size)
        views = self.split(flat)
        for attribute, counts in one_way_estimates(measurements, self._total).items():
            k = min((k for k, c in enumerate(self._inner) if attribute in c), key=lambda k: views[k].size)
            views[k] += self._spread((attribute,), np.log(counts / self._total), k)
        return flat

    def _spread(self, clique: Clique, values: np.ndarray, k: int) -> np.ndarray:
        """A small table in a shape that broadcasts against the k-th measured one."""
        sizes = self._propagation.domain.sizes(self._inner[k])
        shape = [s if a in clique else 1 for a, s in zip(self._inner[k], sizes, strict=True)]
        spread: np.ndarray = reorder(values, clique, tuple(a for a in self._inner[k] if a in clique)).reshape(shape)
        return spread


def dot(a: np.ndarray, b: np.ndarray) -> float:
    """The inner product, without BLAS: its threads cost more than they give at these lengths."""
    return float(np.einsum("i,i->", a, b))


def _align(m: Measurement, total: float) -> np.ndarray:
    """Noisy counts shifted in proportion to their variance so that they sum to the total.

    Every marginal sums to the total, so the shift moves the loss by a constant and the optimum not at all.
    """
    excess = float(m.values.sum()) - total
    return np.asarray(m.values - m.variance * (excess / m.variance.sum()))


def _flat(tables: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate([t.ravel() for t in tables]) if tables else np.zeros(0)
