"""A model as plain arrays, for npz files that hold no pickled object."""

from collections.abc import Mapping, Sequence
from math import isfinite

import numpy as np

from fairshare.errors import FairshareError, IntegrityError
from fairshare.marginals import Clique, Domain

__all__ = ["pack", "unpack"]

_FORMAT = 1

Content = tuple[Domain, float, dict[Clique, np.ndarray], tuple[Clique, ...], dict[Clique, np.ndarray]]

#: Largest potential, in natural logarithms: sums of some thousands of them stay finite.
_MOST = 1e100


def pack(
    domain: Domain,
    total: float,
    potentials: Mapping[Clique, np.ndarray],
    structure: Sequence[Clique],
    zeros: Mapping[Clique, np.ndarray],
) -> dict[str, np.ndarray]:
    """Arrays of numbers and of fixed-width text; cliques are rows of a boolean membership matrix."""
    packed = {
        "format": np.array(_FORMAT),
        "attributes": np.array(domain.attributes, dtype=np.str_),
        "shape": np.array(domain.shape, dtype=np.int64),
        "total": np.array(total, dtype=np.float64),
        "potential_cliques": _members(domain, potentials),
        "structure_cliques": _members(domain, structure),
        "zeros_cliques": _members(domain, zeros),
    }
    packed.update({f"potential_{k}": v for k, v in enumerate(potentials.values())})
    packed.update({f"zeros_{k}": v for k, v in enumerate(zeros.values())})
    return packed


def unpack(stored: Mapping[str, np.ndarray]) -> Content:
    """The content of :func:`pack`, checked.

    Raises:
        IntegrityError: an array is missing, or has the wrong type, shape or range.
    """
    if int(_array(stored, "format", "iu", 0)) != _FORMAT:
        raise IntegrityError(f"format of the stored model must be {_FORMAT}; read it with the version that wrote it")
    try:
        names = _array(stored, "attributes", "U", 1).tolist()
        domain = Domain(tuple(names), tuple(_array(stored, "shape", "iu", 1).tolist()))
    except IntegrityError:
        raise
    except FairshareError as error:
        raise IntegrityError(f"the stored model's domain is malformed: {error}") from error
    total = float(_array(stored, "total", "f", 0))
    if not (isfinite(total) and total > 0):
        raise IntegrityError(f"total of the stored model ({total}) must be a finite number above 0")
    potentials = _tables(stored, domain, "potential", "f")
    zeros = _tables(stored, domain, "zeros", "b")
    return domain, total, potentials, tuple(_cliques(stored, domain, "structure")), zeros


def _members(domain: Domain, cliques: Mapping[Clique, np.ndarray] | Sequence[Clique]) -> np.ndarray:
    rows = [[a in clique for a in domain.attributes] for clique in cliques]
    return np.array(rows, dtype=np.bool_).reshape(len(rows), len(domain))


def _array(stored: Mapping[str, np.ndarray], name: str, kinds: str, ndim: int) -> np.ndarray:
    try:
        array = np.asarray(stored[name])
    except (KeyError, ValueError) as error:  # numpy refuses pickled objects with ValueError
        raise IntegrityError(f"the stored model has no readable array {name!r}") from error
    if array.dtype.kind not in kinds or array.ndim != ndim:
        raise IntegrityError(f"array {name!r} of the stored model has the wrong type or number of axes")
    return array


def _cliques(stored: Mapping[str, np.ndarray], domain: Domain, kind: str) -> list[Clique]:
    members = _array(stored, f"{kind}_cliques", "b", 2)
    if members.shape[1] != len(domain):
        raise IntegrityError(f"array '{kind}_cliques' of the stored model must have one column per attribute")
    return [tuple(a for a, inside in zip(domain.attributes, row, strict=True) if inside) for row in members]


def _tables(stored: Mapping[str, np.ndarray], domain: Domain, kind: str, kinds: str) -> dict[Clique, np.ndarray]:
    tables: dict[Clique, np.ndarray] = {}
    for k, clique in enumerate(_cliques(stored, domain, kind)):
        table = _array(stored, f"{kind}_{k}", kinds, len(clique))
        if clique in tables or table.shape != domain.sizes(clique) or not (np.abs(table) <= _MOST).all():
            raise IntegrityError(
                f"array '{kind}_{k}' of the stored model must be finite, of the clique's shape, and once"
            )
        tables[clique] = table
    return tables
