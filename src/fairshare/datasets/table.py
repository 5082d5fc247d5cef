"""A table in the box: rows, schema, and where they come from."""

from dataclasses import dataclass

import pyarrow as pa

from fairshare.schema import Schema

__all__ = ["Dataset"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Dataset:
    """A public table with its reviewed schema.

    Attributes:
        name: short name.
        table: the rows; plain string and int64 columns, missing as null.
        schema: reviewed; its roles describe the columns.
        source: where the rows come from.
        licence: under which terms.
        citation: how to cite them.
    """

    name: str
    table: pa.Table
    schema: Schema
    source: str
    licence: str
    citation: str
