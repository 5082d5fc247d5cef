"""What a table is, in public: columns, bounds, categories, bins; and the way from cells to codes and back.

Everything here is public knowledge. A cell is encoded by this knowledge alone, cell by cell: no value in the data
changes the domain, the dtypes, or another cell's code, and no value raises.
"""

from typing import Any

from fairshare.schema import file
from fairshare.schema.categories import Boolean, Categorical
from fairshare.schema.column import MAX_CODES, Coded, Column
from fairshare.schema.draft import draft
from fairshare.schema.moments import Date, DateTime
from fairshare.schema.numeric import Integer, Real
from fairshare.schema.ordered import Ordered, PrivateQuantiles
from fairshare.schema.schema import Roles, Schema
from fairshare.schema.skipped import Key, Text
from fairshare.schema.structure import Dependency, Zeros

__all__ = [
    "MAX_CODES",
    "Boolean",
    "Categorical",
    "Coded",
    "Column",
    "Date",
    "DateTime",
    "Dependency",
    "Integer",
    "Key",
    "Ordered",
    "PrivateQuantiles",
    "Real",
    "Roles",
    "Schema",
    "Text",
    "Zeros",
    "draft",
    "schema_json",
]


def schema_json() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of the schema file, for editors and other tools."""
    return file.json_schema(Schema)
