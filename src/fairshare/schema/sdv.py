"""The schema in the words of SDV: metadata that describes the synthetic table to SDV, SDMetrics and their readers."""

from typing import Any

from fairshare.schema.categories import Boolean
from fairshare.schema.column import Column
from fairshare.schema.moments import Date, DateTime
from fairshare.schema.numeric import Integer, Real
from fairshare.schema.schema import Schema

__all__ = ["to_sdv"]


def to_sdv(schema: Schema, *, table: str = "table") -> dict[str, Any]:
    """SDV's metadata (version V1) of the synthetic table: the synthesised columns, without keys and free text.

    SDV knows no public bounds, bins or categories, so the way back loses them: keep the schema file.

    Args:
        schema: the public schema.
        table: what SDV shall call the table.

    Source: SDV documentation, Metadata JSON, METADATA_SPEC_VERSION V1.
    """
    columns = {column.name: _column(column) for column in schema.columns if column.synthesised}
    return {"METADATA_SPEC_VERSION": "V1", "tables": {table: {"columns": columns}}, "relationships": []}


def _column(column: Column) -> dict[str, Any]:
    match column:
        case Boolean():
            return {"sdtype": "boolean"}
        case Integer():
            return {"sdtype": "numerical", "computer_representation": "Int64"}
        case Real():
            return {"sdtype": "numerical", "computer_representation": "Float"}
        case Date():
            return {"sdtype": "datetime", "datetime_format": "%Y-%m-%d"}
        case DateTime():
            return {"sdtype": "datetime", "datetime_format": "%Y-%m-%d %H:%M:%S.%f"}
        case _:
            return {"sdtype": "categorical"}
