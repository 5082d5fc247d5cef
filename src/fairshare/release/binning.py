"""Private quantile bins, paid for through the curator: a noisy fine histogram, merged in public."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from fairshare.curator import Curator
from fairshare.errors import InternalError
from fairshare.model import Measurement, Refinement
from fairshare.privacy import sigma_for
from fairshare.schema import Ordered, Schema

__all__ = ["buy_bins"]

#: Share of the run's budget for all private bins together.
SHARE = 0.1


def buy_bins(curator: Curator, schema: Schema) -> tuple[dict[str, Refinement], list[Measurement]]:
    """Measure each private-quantiles column on its fine public grid and merge the grid into quantile bins.

    Privacy:
        One ``measure`` call through the curator, with a tenth of the budget; the merge reads its noisy counts only.

    Returns:
        For each such column, the map from grid cells to bins, and the noisy marginal over the bins.
    """
    wanted = schema.private_bins
    if not wanted:
        return {}, []
    sigma = sigma_for(int(curator.ledger.budget.nano_rho * SHARE), len(wanted), curator.ledger.unit)
    counts = curator.measure([(name,) for name in wanted], sigma)
    refinements, measurements = {}, []
    for (name, bins), noisy in zip(wanted.items(), counts, strict=True):
        codes = quantile_codes(noisy, _grid(schema, name), bins)
        refinement = Refinement.from_counts(codes, noisy)
        refinements[name] = refinement
        merged = np.bincount(codes, weights=noisy)
        sigmas = sigma * np.sqrt(np.bincount(codes))
        measurements.append(Measurement(clique=(name,), values=merged, sigma=sigmas))
    return refinements, measurements


def quantile_codes(noisy: NDArray[np.int64], grid: int, bins: int) -> NDArray[np.int64]:
    """The bin of each code: the first ``grid`` codes cut into at most ``bins`` runs of about equal noisy mass.

    Codes from ``grid`` on (other, missing) keep a code of their own.
    """
    mass = np.maximum(noisy[:grid], 0).astype(np.float64)
    if mass.sum() == 0:
        mass[:] = 1.0
    middle = (np.cumsum(mass) - mass / 2) / mass.sum()
    run = np.minimum((middle * bins).astype(np.int64), bins - 1)
    run = np.unique(run, return_inverse=True)[1].astype(np.int64)
    rest = run.max() + 1 + np.arange(len(noisy) - grid)
    return np.concatenate([run, rest])


def _grid(schema: Schema, name: str) -> int:
    column = schema.column(name)
    if not isinstance(column, Ordered):
        raise InternalError(f"private bins on column {name!r}, which has no order")
    return column.value_count


def chain(first: Mapping[str, Refinement], then: Mapping[str, Refinement]) -> dict[str, Refinement]:
    """The refinements of two coarsenings done one after the other."""
    chained = {**first, **then}
    for name in first.keys() & then.keys():
        outer, inner = then[name], first[name]
        chained[name] = Refinement(outer.codes[inner.codes], outer.shares[inner.codes] * inner.shares)
    return chained
