"""Public maps from codes to coarser codes. A coarse marginal is a sum of cells, so sensitivity does not change."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from fairshare.errors import UsageError
from fairshare.marginals.domain import Domain

__all__ = ["coarse_domain", "coarse_sum", "compose", "own_maps"]

N = TypeVar("N", bound=np.integer)


def own_maps(domain: Domain, maps: Mapping[str, NDArray[np.integer]]) -> dict[str, NDArray[np.int64]]:
    """Copies that nobody else can change after they were checked.

    Raises:
        UsageError: a map does not give every code of its attribute one integer.
    """
    owned = {}
    for name, codes in dict(maps).items():
        axis = domain.axis(name)
        attribute, size = domain.attributes[axis], domain.shape[axis]
        try:
            given = np.array(codes)
        except ValueError:
            raise UsageError(f"the map of {attribute!r} must be one row of whole numbers") from None
        if given.shape != (size,) or given.dtype.kind not in "iu":
            raise UsageError(f"the map of {attribute!r} must give each of its {size} codes a new code in 0..k-1")
        owned[attribute] = given.astype(np.int64)
        owned[attribute].flags.writeable = False
    return owned


def coarse_domain(domain: Domain, maps: Mapping[str, NDArray[np.integer]]) -> Domain:
    """The domain after the maps.

    Raises:
        UsageError: a map does not give every old code a new one in 0..k-1, each in use.
    """
    sizes = dict(zip(domain.attributes, domain.shape, strict=True))
    for attribute, codes in maps.items():
        size = domain.size_of(attribute)
        used = np.unique(codes)
        if len(codes) != size or not np.array_equal(used, np.arange(len(used))):
            raise UsageError(f"the map of {attribute!r} must give each of its {size} codes a new code in 0..k-1")
        sizes[attribute] = len(used)
    return Domain.from_sizes(sizes)


def compose(
    first: Mapping[str, NDArray[np.int64]], then: Mapping[str, NDArray[np.integer]]
) -> dict[str, NDArray[np.int64]]:
    """The maps that do one after the other."""
    composed = dict(first)
    for attribute, codes in then.items():
        after = np.asarray(codes, dtype=np.int64)
        composed[attribute] = after[first[attribute]] if attribute in first else after
    return composed


def coarse_sum(counts: NDArray[N], maps: Sequence[NDArray[np.int64] | None], shape: tuple[int, ...]) -> NDArray[N]:
    """Counts over fine cells, shape (fine...), summed into coarse cells, shape ``shape``; in the counts' own type."""
    for axis, codes in enumerate(maps):
        if codes is not None:
            order = np.argsort(codes, kind="stable")
            starts = np.searchsorted(codes[order], np.arange(shape[axis]))
            counts = np.add.reduceat(np.take(counts, order, axis=axis), starts, axis=axis, dtype=counts.dtype)
    return counts
