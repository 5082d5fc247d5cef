"""A model from noisy marginals that somebody else released: no private data are involved."""

from collections.abc import Mapping, Sequence

import numpy as np

from fairshare.marginals import Clique, Domain
from fairshare.model.estimation import Fit, FitOptions, fit
from fairshare.model.measurement import Measurement

__all__ = ["estimate"]


def estimate(
    measurements: Sequence[Measurement],
    domain: Domain | Mapping[str, int],
    *,
    total: float | None = None,
    zeros: Mapping[Clique, np.ndarray] | None = None,
    options: FitOptions | None = None,
) -> Fit:
    """A model from published noisy marginals.

    Args:
        measurements: noisy counts with their scales, e.g.
            ``Measurement(clique=("age", "sex"), values=counts, sigma=20.0)``; attributes in domain order.
        domain: attributes and sizes, also as a plain mapping.
        total: number of rows, if it is public.
        zeros: for a clique the cells that no row may lie in.
        options: of the solver.

    Returns:
        ``.model`` answers ``marginal(attributes)`` and ``sample(n)`` in codes; ``.status`` says how the fit ended.

    Raises:
        UsageError: a measurement does not fit the domain.
    """
    whole = domain if isinstance(domain, Domain) else Domain.from_sizes(domain)
    return fit(whole, measurements, total=total, zeros=zeros, options=options)
