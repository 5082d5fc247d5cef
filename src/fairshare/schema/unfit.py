"""How many cells of a table the schema does not know: for the holder's eyes, before anything is synthesised."""

import numpy as np
import pyarrow as pa
from pyarrow import types

from fairshare.schema.categories import Categorical
from fairshare.schema.column import Coded
from fairshare.schema.ordered import Ordered
from fairshare.schema.parse import blank
from fairshare.schema.schema import Schema
from fairshare.schema.spec import normalise

__all__ = ["unfit_cells"]


def unfit_cells(schema: Schema, table: pa.Table) -> dict[str, int]:
    """For each synthesised column the number of cells that become something else than they say.

    Those are: values that are not listed, out of bounds or can't be read, and, where the column has no code for
    missing, nulls. Exact counts of private rows, with no noise: not for publication.

    Args:
        schema: what is public.
        table: the private rows, of a structure that fits.
    """
    position = {normalise(name): i for i, name in enumerate(table.schema.names)}
    return {
        column.name: _unfit(column, table.column(position[column.name]), schema.missing_values)
        for column in schema.columns
        if isinstance(column, Coded)
    }


def _unfit(column: Coded, cells: pa.ChunkedArray, missing_values: tuple[str, ...]) -> int:
    spelled = missing_values if column.missing_values is None else column.missing_values
    plain = cells.cast(cells.type.value_type) if types.is_dictionary(cells.type) else cells
    strict = _strict(column)
    lost = strict.encode(plain, missing_values) == strict.missing_code
    empty = np.concatenate([np.zeros(0, dtype=bool), *(blank(chunk, spelled) for chunk in plain.chunks)])
    return int(np.count_nonzero(lost if not column.nullable else lost & ~empty))


def _strict(column: Coded) -> Coded:
    """The same column with a missing code for whatever it does not know."""
    fields = column.model_dump() | {"nullable": True}
    if isinstance(column, Categorical):
        fields["other"] = None
    if isinstance(column, Ordered):
        fields["outside"] = "missing"
    return type(column)(**fields)
