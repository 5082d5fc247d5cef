"""The schema in the words of SDV: metadata that describes the synthetic table to SDV, SDMetrics and their readers."""

from typing import Any, Literal

from fairshare.errors import UsageError
from fairshare.schema.categories import Boolean, Categorical
from fairshare.schema.column import Coded
from fairshare.schema.moments import Date, DateTime
from fairshare.schema.numeric import Integer, Real
from fairshare.schema.schema import Schema

__all__ = ["SPECIFICATIONS", "Specification", "to_sdv"]

#: ``V1`` is read by SDV 1 and 2; ``V2`` (SDV 2) also holds bounds and categories.
Specification = Literal["V1", "V2"]
SPECIFICATIONS: tuple[Specification, ...] = ("V1", "V2")

_DAY_FORMAT = "%Y-%m-%d"
_MOMENT_FORMAT = "%Y-%m-%d %H:%M:%S.%f"


def to_sdv(schema: Schema, *, table: str = "table", specification: Specification = "V1") -> dict[str, Any]:
    """SDV's metadata of the synthetic table: the synthesised columns, without keys and free text.

    Neither version knows bins, roles, zeros or dependencies, and ``V1`` no bounds or categories either, so the way back
    loses them: keep the schema file.

    Args:
        schema: the public schema.
        table: what SDV shall call the table.
        specification: version of the metadata.

    Raises:
        UsageError: there is no such version.

    Source: SDV documentation, Metadata JSON, METADATA_SPEC_VERSION V1; sdv 2.0, ``sdv/metadata``, V2.
    """
    if specification not in SPECIFICATIONS:
        raise UsageError(f"specification ({specification!r}) must be one of {', '.join(SPECIFICATIONS)}")
    coded = (column for column in schema.columns if isinstance(column, Coded))
    columns = {
        column.name: _column(column) | (_ranges(column) if specification == "V2" else _representation(column))
        for column in coded
    }
    return {"tables": {table: {"columns": columns}}, "relationships": [], "METADATA_SPEC_VERSION": specification}


def _column(column: Coded) -> dict[str, Any]:
    match column:
        case Boolean():
            return {"sdtype": "boolean"}
        case Integer() | Real():
            return {"sdtype": "numerical"}
        case Date():
            return {"sdtype": "datetime", "datetime_format": _DAY_FORMAT}
        case DateTime():
            return {"sdtype": "datetime", "datetime_format": _MOMENT_FORMAT}
        case _:
            return {"sdtype": "categorical"}


def _representation(column: Coded) -> dict[str, Any]:
    match column:
        case Integer():
            return {"computer_representation": "Int64"}
        case Real():
            return {"computer_representation": "Float"}
        case _:
            return {}


def _ranges(column: Coded) -> dict[str, Any]:
    """What V2 holds of the public domain."""
    told: dict[str, Any] = {"range_is_nullable": column.nullable}
    match column:
        case Categorical():
            told |= {"range_values": list(column.values)}
        case Integer():
            told |= {"range_min": column.bounds[0], "range_max": column.bounds[1], "decimal_places": 0}
        case Real():
            told |= {"range_min": column.bounds[0], "range_max": column.bounds[1]}
            told |= {} if column.decimals is None else {"decimal_places": column.decimals}
        case Date():
            low, high = (day.isoformat() for day in column.bounds)
            told |= {"range_min": low, "range_max": high}
        case DateTime():
            # Not by strftime, which leaves the zeros of early years out.
            low, high = (moment.isoformat(" ", "microseconds") for moment in column.bounds)
            told |= {"range_min": low, "range_max": high}
    return told
