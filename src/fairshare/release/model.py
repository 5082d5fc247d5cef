"""The released model: a graphical model in the mechanism's codes, seen in the schema's."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from fairshare.errors import UsageError
from fairshare.marginals import Clique, Domain
from fairshare.model import JunctionTree, Model, Refinement, SamplingMethod
from fairshare.schema import Schema

__all__ = ["ReleasedModel"]


class ReleasedModel:
    """A model of the schema's columns. Everything here is post-processing: it costs no privacy.

    Args:
        model: the fitted model, over codes that the mechanism may have coarsened.
        refinements: for each coarsened column, how to return to the schema's codes.
        schema: the public schema.
        order: draw columns in this order, where fairness asks for one.
    """

    def __init__(
        self,
        model: Model,
        refinements: Mapping[str, Refinement],
        schema: Schema,
        order: Sequence[str] | None = None,
    ) -> None:
        self.fitted = model
        self.order = None if order is None else tuple(order)
        self.refinements = dict(refinements)
        self.domain = Domain.from_sizes(schema.sizes)
        self._schema = schema

    @property
    def cliques(self) -> tuple[Clique, ...]:
        """The measured cliques, tuples of column names; never the ones that triangulation fills in."""
        return self.fitted.cliques

    @property
    def junction_tree(self) -> JunctionTree:
        """The junction tree; its ``cliques`` are the triangulated ones."""
        return self.fitted.junction_tree

    @property
    def total(self) -> float:
        """The estimated number of rows of the private table (from noisy counts)."""
        return self.fitted.total

    def marginal(self, attributes: Sequence[str]) -> NDArray[np.float64]:
        """Expected counts of some columns' codes, shape ``(size, ...)`` in the order given.

        Raises:
            UsageError: unknown or repeated column.
        """
        clique = self.domain.clique(attributes)
        if len(clique) != len(attributes):
            raise UsageError(f"columns {list(attributes)} must be named once each")
        table = self.fitted.marginal(clique)
        for axis, attribute in enumerate(clique):
            if attribute in self.refinements:
                table = self.refinements[attribute].refine(table, axis)
        return np.transpose(table, [clique.index(a) for a in attributes])

    def sample_codes(
        self,
        n: int,
        rng: np.random.Generator,
        *,
        method: SamplingMethod = "rounding",
        given: Mapping[str, int] | None = None,
    ) -> dict[str, NDArray[np.integer]]:
        """``n`` rows of the schema's codes, one array a column.

        Args:
            n: number of rows, at least 0.
            rng: seeded generator: governs sampling only, never privacy noise.
            method: ``rounding`` (randomised rounding of expected counts) or ``independent`` draws.
            given: fix some columns to a code.
        """
        fixed = dict(given or {})
        coarse = {a: int(self.refinements[a].codes[c]) if a in self.refinements else c for a, c in fixed.items()}
        codes = self.fitted.sample(n, seed=rng, method=method, given=coarse, order=self.order)
        for attribute, refinement in self.refinements.items():
            codes[attribute] = refinement.sample(codes[attribute], rng)
        for attribute, code in fixed.items():
            codes[attribute] = np.full(n, code)
        return codes
