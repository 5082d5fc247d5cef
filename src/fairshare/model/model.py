"""The model: a distribution over the whole domain, in closed form."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import isfinite
from types import MappingProxyType

import numpy as np

from fairshare.errors import UsageError
from fairshare.marginals import Clique, Domain
from fairshare.model import arrays
from fairshare.model.contraction import Contraction
from fairshare.model.junction_tree import JunctionTree
from fairshare.model.layout import reorder
from fairshare.model.propagation import Propagation
from fairshare.model.sampling import SamplingMethod, sample_rows

__all__ = ["Model"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Model:
    """A graphical model: density proportional to exp(sum of potentials), zero where declared so.

    Immutable; its tables are computed when first asked for. Attributes in no clique are uniform and independent.

    Attributes:
        domain: attributes and sizes.
        total: number of rows that marginals sum to, above 0.
        potentials: a finite log table for each measured clique, axes in domain order.
        structure: declared cliques without a potential of their own.
        zeros: for each declared clique the cells that are impossible.

    Raises:
        UsageError: a clique or table does not fit the domain, or ``total`` is not a finite number above 0.
    """

    domain: Domain
    total: float
    potentials: Mapping[Clique, np.ndarray]
    structure: tuple[Clique, ...] = ()
    zeros: Mapping[Clique, np.ndarray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not (isfinite(self.total) and self.total > 0):
            raise UsageError(f"total ({self.total}) must be a finite number above 0")
        potentials = {c: np.array(v, dtype=np.float64) for c, v in self.potentials.items()}
        zeros = {c: np.array(v, dtype=np.bool_) for c, v in self.zeros.items()}
        for kind, tables in (("potential", potentials), ("zeros", zeros)):
            for clique, table in tables.items():
                _check_table(self.domain, kind, clique, table)
                table.flags.writeable = False
        for clique in self.structure:
            _check_clique(self.domain, "structure", clique)
        object.__setattr__(self, "potentials", MappingProxyType(potentials))
        object.__setattr__(self, "zeros", MappingProxyType(zeros))
        object.__setattr__(self, "structure", tuple(self.structure))

    @property
    def cliques(self) -> tuple[Clique, ...]:
        """The measured cliques; the filled-in ones are ``junction_tree.cliques``."""
        return tuple(self.potentials)

    @cached_property
    def junction_tree(self) -> JunctionTree:
        """The junction tree of the measured and declared cliques."""
        return JunctionTree.build(self.domain, [*self.potentials, *self.structure, *self.zeros])

    def with_potentials(self, potentials: Mapping[Clique, np.ndarray]) -> "Model":
        """The same model with other potentials."""
        return replace(self, potentials=potentials)

    def marginal(self, clique: Iterable[str]) -> np.ndarray:
        """Expected counts of an attribute set.

        Args:
            clique: attributes in any order; none for the total.

        Returns:
            float64 of shape ``domain.sizes(domain.clique(clique))``: axes in domain order, whatever the order given.

        Raises:
            UsageError: an attribute is not in the domain.
        """
        counts = self._contraction.marginal(self.domain.clique(clique))
        self._contraction.forget()
        return counts

    def marginals(self, cliques: Iterable[Iterable[str]]) -> list[np.ndarray]:
        """As :meth:`marginal` for each; work that several of them need is done once."""
        counts = [self._contraction.marginal(self.domain.clique(c)) for c in cliques]
        self._contraction.forget()
        return counts

    def sample(
        self,
        n: int,
        *,
        seed: int | np.random.Generator | None = None,
        method: SamplingMethod = "rounding",
        given: Mapping[str, int] | None = None,
        order: Sequence[str] | None = None,
    ) -> dict[str, np.ndarray]:
        """Draw rows, in exchangeable order.

        Args:
            n: number of rows, at least 0.
            seed: of the random generator; the same seed gives the same rows.
            method: ``"rounding"`` lets the counts of each group of rows follow the expected counts as closely as
                whole numbers can; ``"independent"`` draws every row on its own.
            given: codes that some attributes shall have in every row; the others follow conditionally.
            order: draw the attributes in this order (the junction tree is built anew for it, and may be larger);
                the model's own order when not given.

        Returns:
            For each attribute, in domain order, int32 codes of shape (n,).

        Raises:
            UsageError: ``n`` is negative, an attribute or code is outside the domain, ``given`` is impossible, or
                ``order`` is not a permutation of the domain.
        """
        if n < 0:
            raise UsageError(f"n ({n}) must be at least 0")
        tree = self.sampling_tree(order)
        evidence: dict[Clique, np.ndarray] = {(a,): _only(self.domain, a, code) for a, code in (given or {}).items()}
        joint = self._calibrate(tree, evidence) if order is not None or evidence else self._contraction
        return sample_rows(tree, joint.marginal, n, np.random.default_rng(seed), method)

    def sampling_tree(self, order: Sequence[str] | None) -> JunctionTree:
        """The tree that :meth:`sample` computes with: for this order of drawing, or the model's own.

        Raises:
            UsageError: the order is not a permutation of the domain.
        """
        if order is None:
            return self.junction_tree
        return JunctionTree.build(self.domain, self.junction_tree.source, order=list(reversed(order)))

    def to_arrays(self) -> dict[str, np.ndarray]:
        """The model as plain arrays (no objects), for ``numpy.savez``."""
        return arrays.pack(self.domain, self.total, self.potentials, self.structure, self.zeros)

    @classmethod
    def from_arrays(cls, stored: Mapping[str, np.ndarray]) -> "Model":
        """The model that :meth:`to_arrays` stored.

        Raises:
            IntegrityError: the arrays are not what :meth:`to_arrays` writes.
        """
        domain, total, potentials, structure, zeros = arrays.unpack(stored)
        return cls(domain=domain, total=total, potentials=potentials, structure=structure, zeros=zeros)

    @cached_property
    def _contraction(self) -> Contraction:
        return self._calibrate(self.junction_tree, {})

    def _calibrate(self, tree: JunctionTree, impossible: Mapping[Clique, np.ndarray]) -> Contraction:
        """Tables of the model conditioned on some cells being impossible."""
        logs = dict(self.potentials).items()
        masks = [*self.zeros.items(), *impossible.items()]
        tables = [*logs, *((c, np.where(mask, -np.inf, 0.0)) for c, mask in masks)]
        propagation = Propagation(tree, [c for c, _ in tables])
        propagation.run([reorder(v, c, t) for (c, v), t in zip(tables, propagation.targets, strict=True)], self.total)
        return Contraction(tree, propagation.domain, propagation.tables, self.total)


def _check_clique(domain: Domain, kind: str, clique: Clique) -> None:
    if clique != domain.clique(clique):
        raise UsageError(f"{kind} clique {clique} must be in domain order, as {domain.clique(clique)}")


def _check_table(domain: Domain, kind: str, clique: Clique, table: np.ndarray) -> None:
    _check_clique(domain, kind, clique)
    if table.shape != domain.sizes(clique):
        raise UsageError(
            f"{kind} of {clique} (shape {table.shape}) must have the domain's shape {domain.sizes(clique)}"
        )
    if not np.isfinite(table).all():
        raise UsageError(f"{kind} of {clique} must be finite")


def _only(domain: Domain, attribute: str, code: int) -> np.ndarray:
    """The mask of all codes but one."""
    size = domain.size_of(attribute)
    if not 0 <= code < size:
        raise UsageError(f"given[{attribute!r}] ({code}) must be a code from 0 to {size - 1}")
    return np.asarray(np.arange(size) != code)
