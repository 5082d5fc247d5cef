"""The tables of one evaluation, as codes: real, synthetic, and real rows held out from models."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fairshare.errors import DataError
from fairshare.io import read_table
from fairshare.marginals import Domain
from fairshare.release import Release
from fairshare.schema import Schema

__all__ = ["HELD_OUT", "Codes", "Tables", "packed", "row_count", "rows_of", "some_rows", "without_keys"]

#: Share of the real rows held out from the models trained on real rows, where no other rows are given.
HELD_OUT = 0.3
#: Fewest rows that a table needs.
_FEWEST = 4

Codes = Mapping[str, npt.NDArray[np.integer]]


@dataclass(frozen=True, kw_only=True, eq=False)
class Tables:
    """Coded tables over one schema.

    Attributes:
        schema: the public schema.
        domain: its synthesised columns and their sizes.
        real: all real rows that the synthesis saw.
        synthetic: the synthetic rows.
        train: the real rows that models trained on real rows learn from.
        held_out: the real rows on which models are scored.
        unseen: whether the synthesis never saw the held-out rows.
    """

    schema: Schema
    domain: Domain
    real: Codes
    synthetic: Codes
    train: Codes
    held_out: Codes
    unseen: bool

    @classmethod
    def read(cls, real: Any, synthetic: Any, schema: Schema, holdout: Any, rng: np.random.Generator) -> "Tables":
        """Read and encode; without ``holdout`` a random part of the real rows is held out.

        Args:
            real: a path or frame.
            synthetic: a path, a frame or a ``Release``.
            schema: the public schema of all tables.
            holdout: a path or frame of rows that the synthesis never saw, or None.
            rng: draws the split.

        Raises:
            DataError: a table does not fit the schema, or has fewer than four rows.
        """
        made = synthetic.table if isinstance(synthetic, Release) else synthetic
        seen, drawn = _encode("real", real, schema), _encode("synthetic", made, schema)
        if holdout is None:
            order = rng.permutation(row_count(seen))
            held = max(1, round(HELD_OUT * len(order)))
            train, held_out = rows_of(seen, np.sort(order[held:])), rows_of(seen, np.sort(order[:held]))
        else:
            train, held_out = seen, _encode("holdout", holdout, schema)
        return cls(
            schema=schema,
            domain=Domain.from_sizes(schema.sizes),
            real=seen,
            synthetic=drawn,
            train=train,
            held_out=held_out,
            unseen=holdout is not None,
        )


def _encode(name: str, source: Any, schema: Schema) -> Codes:
    expected = without_keys(schema) if name == "synthetic" else schema
    codes = expected.encode(read_table(source, schema=expected))
    if row_count(codes) < _FEWEST:
        raise DataError(f"the {name} table ({row_count(codes)} rows) must have at least {_FEWEST} rows to be evaluated")
    return codes


def without_keys(schema: Schema) -> Schema:
    """The schema of a synthetic table: keys and text are not synthesised."""
    fields = {name: getattr(schema, name) for name in Schema.model_fields}
    kept = tuple(column for column in schema.columns if column.synthesised)
    return Schema(**{**fields, "columns": kept, "person": None, "max_rows_per_person": None})


def row_count(codes: Codes) -> int:
    """Number of rows."""
    return len(next(iter(codes.values())))


def rows_of(codes: Codes, rows: npt.NDArray[Any]) -> Codes:
    """The table of these rows (positions or a mask)."""
    return {name: column[rows] for name, column in codes.items()}


def some_rows(codes: Codes, most: int, rng: np.random.Generator) -> Codes:
    """At most this many rows, drawn without replacement."""
    n = row_count(codes)
    return codes if n <= most else rows_of(codes, rng.choice(n, most, replace=False))


def packed(codes: Codes, domain: Domain, attributes: tuple[str, ...]) -> npt.NDArray[np.int64]:
    """A label 0..k-1 of each row's combination of these attributes, each in use; all 0 for no attributes."""
    label = np.zeros(row_count(codes), dtype=np.int64)
    for attribute in attributes:
        joined = label * domain.size_of(attribute) + codes[attribute]
        label = np.unique(joined, return_inverse=True)[1].astype(np.int64, copy=False)
    return label
