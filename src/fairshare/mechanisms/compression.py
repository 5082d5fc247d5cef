"""Domain compression: values too rare to tell from noise share one code while pairs are measured."""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from fairshare.model import Measurement, Refinement

__all__ = ["Spread", "compress", "compressed_measurement"]

#: How a merged code is split again: in proportion to the noisy counts, or evenly as in the published code.
Spread = Literal["measured", "even"]


def compress(
    measurements: Sequence[Measurement], *, threshold: float, spread: Spread = "measured"
) -> dict[str, Refinement]:
    """Merge values whose noisy count is below ``threshold`` sigmas (McKenna et al. 2021, section 3.3).

    Args:
        measurements: noisy one-way marginals, at most one an attribute.
        threshold: in units of each measurement's sigma; 0 merges nothing but negative counts.
        spread: how merged values share their code's rows afterwards.

    Returns:
        For each attribute with at least two such values, the map to coarser codes and the share of each old code
        within its new one: by its noisy count where that is positive (``measured``), or evenly where none is.
    """
    refinements = {}
    for m in measurements:
        rare = m.values < threshold * np.max(m.sigma)
        if rare.sum() >= 2:
            codes = np.where(rare, 0, np.cumsum(~rare) - 1)
            codes[rare] = int((~rare).sum())
            refinements[m.clique[0]] = Refinement.from_counts(
                codes, m.values if spread == "measured" else np.ones(len(codes))
            )
    return refinements


def compressed_measurement(m: Measurement, refinements: Mapping[str, Refinement]) -> Measurement:
    """A one-way measurement after the merge: a merged cell sums the noise of its parts."""
    refinement = refinements.get(m.clique[0])
    if refinement is None:
        return m
    size = refinement.coarse_size
    variance: NDArray[np.float64] = np.broadcast_to(np.square(m.sigma, dtype=np.float64), m.values.shape)
    return Measurement(
        clique=m.clique,
        values=np.bincount(refinement.codes, weights=m.values, minlength=size),
        sigma=np.sqrt(np.bincount(refinement.codes, weights=variance, minlength=size)),
    )
