"""The schema file: TOML in and out, review marks, and the JSON Schema that describes it.

A value that was taken from the data and not reviewed since stands under the key ``unreviewed``::

    unreviewed.bounds = [17, 90]  # REVIEW: taken from the data

To review it is to make it public knowledge (``bounds = [16, 100]``) and to remove ``unreviewed.`` and the
comment. State, value and comment share one line, and a comment that stays behind is refused, so they can't drift.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from copy import deepcopy
from datetime import date
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from fairshare.errors import SchemaError
from fairshare.schema import toml
from fairshare.schema.column import Column
from fairshare.schema.spec import Spec

__all__ = ["column_tree", "digest", "json_schema", "merge_unreviewed", "plain", "read", "to_toml", "tree", "write"]

#: Largest file that is read.
_MOST_BYTES = 64 * 2**20
REVIEW = "# REVIEW: taken from the data"
_MARK = "unreviewed"
_ALWAYS = ("name", "kind", "columns", "format")
_STRUCTURE = ("zeros", "dependencies")
_MISSING = "# REVIEW: not known; give what is public and remove the first #"
_FORMS = {"categories": '["...", "..."]', "bounds": "[..., ...]"}

_TITLE = """\
# A fairshare schema: what is public about the table. Everything in it may end up in the synthetic table's
# domain, so nothing in it may be learned from the private rows.
"""
_WARNING = f"""\
#
# DRAFT. This file was drafted from private data. Every line that ends in "{REVIEW}" tells
# something about somebody: a largest salary is one person's salary, a rare category says that somebody has it,
# and nullable = false says that nobody left the cell empty. Differential privacy does not cover what the schema
# gives away. For each such line:
#   1. replace the value by what is known without the data (a code book, a legal limit, a round number);
#   2. remove "{_MARK}." before it and the comment behind it: that is the review.
# Until then "fairshare synth" refuses the file, unless told --accept-inferred-schema, which the certificate shows.
"""


def tree(schema: Spec) -> dict[str, Any]:
    """The fields of a schema as the file has them: defaults left out, unreviewed ones under their key."""
    fields = _fields(schema)
    fields["columns"] = [column_tree(column) for column in fields.pop("columns")]
    if "roles" in fields:
        fields["roles"] = _fields(fields["roles"])
    for name in _STRUCTURE:
        if name in fields:
            fields[name] = [_fields(record) for record in fields[name]]
    return fields


def plain(value: Any) -> Any:
    """The same tree for JSON: lists for tuples, ISO text for dates."""
    if isinstance(value, Mapping):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


def digest(fields: Mapping[str, Any]) -> str:
    """SHA-256 of the tree as JSON with sorted keys, in hex."""
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def to_toml(fields: Mapping[str, Any], *, drafted: bool, gaps: Mapping[str, Sequence[str]] | None = None) -> str:
    """The file's text for a tree; drafts get the header that says why they need review.

    Args:
        fields: the tree.
        drafted: whether anything in it is still to be reviewed.
        gaps: by column, fields that nobody knows yet: each gets a comment that asks for it, and the file is refused
            until it is there.
    """
    tables = ("roles", "columns", *_STRUCTURE)
    scalars = [f"{name} = {toml.inline(v)}" for name, v in fields.items() if name not in tables]
    parts = [_TITLE + (_WARNING if drafted else ""), "\n".join(scalars)]
    if "roles" in fields:
        parts.append("[roles]\n" + "\n".join(f"{name} = {toml.inline(v)}" for name, v in fields["roles"].items()))
    parts += [
        "[[columns]]\n" + "\n".join(_column_lines(column) + _asking(gaps, column)) for column in fields["columns"]
    ]
    for name in _STRUCTURE:
        parts += [f"[[{name}]]\n" + "\n".join(_column_lines(record)) for record in fields.get(name, ())]
    return "\n\n".join(part.rstrip("\n") for part in parts) + "\n"


def read(path: str | PathLike[str]) -> dict[str, Any]:
    """The tree in a schema file.

    Raises:
        SchemaError: the file can't be read, is not TOML, or has a review comment that no mark goes with.
    """
    text, fields = toml.read(path, what="schema file", most=_MOST_BYTES, error=SchemaError)
    for number, line in enumerate(text.splitlines(), start=1):
        if line.rstrip().endswith(REVIEW) and not line.lstrip().startswith((_MARK, "#")):
            raise SchemaError(
                f"line {number} of schema file {fspath(path)!r} says {REVIEW!r} but is not marked: "
                f'remove the comment if the value is reviewed, else put "{_MARK}." before the key'
            )
    return fields


def write(path: str | PathLike[str], text: str) -> None:
    """Write the file's text as UTF-8."""
    Path(path).write_text(text, encoding="utf-8", newline="\n")


def merge_unreviewed(fields: Mapping[str, Any]) -> dict[str, Any]:
    """A column's fields with those under ``unreviewed`` moved up, and their names in its place.

    Raises:
        SchemaError: a field is given twice, or ``unreviewed`` is no table.
    """
    marked = fields.get(_MARK, {})
    if not isinstance(marked, Mapping):
        raise SchemaError(f"{_MARK} must be a table of fields, like {_MARK}.bounds = [0, 9]")
    if twice := sorted(set(marked) & set(fields)):
        raise SchemaError(f"{twice[0]} is given twice: remove {_MARK}.{twice[0]} if the other is reviewed")
    return {**fields, **marked, _MARK: tuple(marked)}


def json_schema(model: type[Spec]) -> dict[str, Any]:
    """The JSON Schema of the file whose records are ``model``."""
    document = model.model_json_schema()
    document = {"$schema": "https://json-schema.org/draft/2020-12/schema", **document}
    for definition in document["$defs"].values():
        fields = definition["properties"]
        if _MARK not in fields:
            continue
        definition["required"] = ["name"]  # the rest may stand under the mark
        values = {name: deepcopy(field) for name, field in fields.items() if name not in ("name", "note", _MARK)}
        fields[_MARK] = {
            "type": "object",
            "description": "Fields that were taken from the data and not reviewed since.",
            "properties": values,
            "additionalProperties": False,
        }
    return document


def _fields(record: Spec) -> dict[str, Any]:
    """Fields that are not at their default, in order."""
    fields = {name: (getattr(record, name), field) for name, field in type(record).model_fields.items()}
    return {name: value for name, (value, field) in fields.items() if name in _ALWAYS or value != field.default}


def column_tree(column: Column) -> dict[str, Any]:
    """A column's fields as the file has them."""
    # A marked field is written even at its default: nullable = false is taken from the data, too.
    fields = _fields(column) | {name: getattr(column, name) for name in column.unreviewed}
    fields = {name: _fields(value) if isinstance(value, Spec) else value for name, value in fields.items()}
    if fields.pop(_MARK, ()):
        fields[_MARK] = {name: fields.pop(name) for name in column.unreviewed}
    return fields


def _column_lines(fields: Mapping[str, Any]) -> list[str]:
    lines = []
    for name, value in fields.items():
        entries = value if name == _MARK else {name: value}
        prefix, comment = (f"{_MARK}.", f"  {REVIEW}") if name == _MARK else ("", "")
        for key, item in entries.items():
            text = toml.array(item, comment) if isinstance(item, list | tuple) else toml.inline(item) + comment
            lines.append(f"{prefix}{key} = {text}")
    return lines


def _asking(gaps: Mapping[str, Sequence[str]] | None, column: Mapping[str, Any]) -> list[str]:
    return [f"# {field} = {_FORMS[field]}  {_MISSING}" for field in (gaps or {}).get(column["name"], ())]
