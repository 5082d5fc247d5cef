"""From SDV's metadata to a draft of a schema, with everything that was taken from it or is missing marked for review.

Metadata say what kind a column is; version V2 may say bounds and categories, V1 hardly ever does. SDV detects both from
the rows, so nothing here counts as public before a person has looked at it: what the metadata say is marked, what they
don't say is taken from the table and marked (``draft``), or left as a gap that the schema file asks for.
"""

import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from os import PathLike, fspath
from pathlib import Path
from typing import Any, Final, TypeGuard

import pyarrow as pa

from fairshare.errors import DataError, SchemaError
from fairshare.schema import file
from fairshare.schema.draft import draft_column
from fairshare.schema.schema import Schema
from fairshare.schema.spec import nearest, normalise, show

__all__ = ["SdvDraft", "draft_from_sdv", "read_sdv"]

_VERSIONS: Final = ("V1", "V2", "SINGLE_TABLE_V1", "SINGLE_TABLE_V2")
_MAX_BYTES: Final = 64 * 2**20
#: Formats of moments that fairshare reads.
_ISO: Final = re.compile(r"%Y-%m-%d(?P<time>[ T]%H:%M(:%S(\.%f)?)?(%z|Z)?)?")
_MOST_DECIMALS: Final = 12
#: What a table tells of a column whose domain the metadata tell.
_LEARNED: Final = ("nullable", "missing_values")
#: Kinds of ours that an sdtype may mean.
_AGREES: Final = {
    "categorical": ("categorical", "boolean"),
    "ordinal": ("categorical", "boolean", "integer"),
    "numerical": ("integer", "real"),
    "datetime": ("date", "datetime"),
}
#: The field without which a kind has no domain.
_DOMAIN: Final = dict.fromkeys(("integer", "real", "date", "datetime"), "bounds") | {"categorical": "categories"}


@dataclass(frozen=True)
class SdvDraft:
    """A schema that is still to be reviewed, and perhaps to be completed.

    Attributes:
        columns: fields of each column, as the schema file has them.
        gaps: by column, the fields that neither metadata nor table told.
    """

    columns: tuple[Mapping[str, Any], ...]
    gaps: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def schema(self) -> Schema:
        """The schema, where nothing is missing.

        Raises:
            SchemaError: a column has a gap, or the metadata contradict themselves.
        """
        if self.gaps:
            raise SchemaError(
                f"SDV's metadata do not say {', '.join(f'{n}.{f}' for n, found in self.gaps.items() for f in found)}: "
                "give the table as well, or complete the schema file"
            )
        return Schema.from_dict({"columns": list(self.columns)})

    def save(self, path: str | PathLike[str]) -> None:
        """Write a schema file that asks for what is missing and for review of the rest.

        Raises:
            SchemaError: nothing is missing and the metadata contradict themselves.
        """
        if not self.gaps:
            self.schema()
        file.write(path, file.to_toml({"format": 1, "columns": self.columns}, drafted=True, gaps=self.gaps))


@dataclass(frozen=True)
class _Told:
    """What the metadata say of one column.

    Attributes:
        sdtype: their word for it.
        kind: ours; a guess unless ``certain``.
        fields: of the kind, as far as they are told.
        note: for people.
        certain: whether ``kind`` follows from the metadata.
    """

    sdtype: str
    kind: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""
    certain: bool = True

    @property
    def gap(self) -> str | None:
        """The field of the domain that is not told."""
        domain = _DOMAIN.get(self.kind)
        return domain if domain not in self.fields else None

    def tree(self, name: str, learned: Mapping[str, Any]) -> dict[str, Any]:
        """The column as the schema file has it, with everything marked; ``learned`` is what is not told here."""
        note = {"note": self.note} if self.note else {}
        coded = learned if self.kind in (*_DOMAIN, "boolean") else {}
        return {"name": name, **note, "unreviewed": {"kind": self.kind, **coded, **self.fields}}


def read_sdv(path: str | PathLike[str]) -> Any:
    """The JSON in a metadata file.

    Raises:
        SchemaError: the file can't be read, is not JSON or too large.
    """
    try:
        if Path(path).stat().st_size > _MAX_BYTES:
            raise SchemaError(f"SDV metadata {fspath(path)!r} must be at most {_MAX_BYTES // 2**20} MB")
        return json.loads(Path(path).read_bytes())
    except OSError as error:
        raise SchemaError(f"SDV metadata {fspath(path)!r} can't be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise SchemaError(f"SDV metadata {fspath(path)!r} is not JSON: save it with Metadata.save_to_json") from None


def draft_from_sdv(metadata: Any, data: pa.Table | None = None, *, table: str | None = None) -> SdvDraft:
    """A draft from SDV's metadata (V1 or V2, of one table or of several).

    Args:
        metadata: as ``Metadata.to_dict`` gives it.
        data: the private table; what the metadata don't say is then taken from it. Without it nothing is read, and the
            draft has gaps.
        table: which table, where the metadata hold several.

    Raises:
        SchemaError: these are not metadata, or hold several tables and none was named.
        DataError: the table lacks a column that the metadata name.

    Source: SDV documentation, Metadata JSON; sdv 2.0, ``sdv/metadata``.
    """
    chosen = _table(metadata, table)
    told = {normalise(name): _told(name, found, chosen) for name, found in _mapping(chosen, "columns").items()}
    if data is None:
        return _without_data(told)
    names = [normalise(name) for name in data.column_names]
    if lost := [name for name in told if name not in names]:
        raise DataError(
            f"the table has no column {lost[0]!r}, which SDV's metadata name: add it, or remove it from the metadata"
        )
    columns = (_with_data(name, told.get(name), cells) for name, cells in zip(names, data.columns, strict=True))
    return SdvDraft(tuple(columns))


def _table(metadata: Any, wanted: str | None) -> Mapping[str, Any]:
    if not isinstance(metadata, Mapping):
        raise SchemaError("SDV metadata must be a JSON object with tables or columns")
    version = metadata.get("METADATA_SPEC_VERSION", "V2")
    if version not in _VERSIONS:
        raise SchemaError(f"METADATA_SPEC_VERSION ({show(version)}) must be one of {', '.join(_VERSIONS)}")
    if "tables" not in metadata:
        return metadata
    tables = _mapping(metadata, "tables")
    if wanted is None and len(tables) != 1:
        raise SchemaError(f"SDV metadata hold {len(tables)} tables ({show(list(tables))}): name one")
    name = next(iter(tables)) if wanted is None else wanted
    if name not in tables:
        raise SchemaError(f"SDV metadata hold no table {wanted!r}: {nearest(name, tuple(map(str, tables)))}")
    return _mapping(tables, name)


def _mapping(fields: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = fields.get(name)
    if not isinstance(found, Mapping) or not all(isinstance(key, str) for key in found):
        raise SchemaError(f"SDV metadata: {name} must be a JSON object, one entry each")
    return found


def _told(name: str, fields: Any, table: Mapping[str, Any]) -> _Told:
    if not isinstance(fields, Mapping) or not isinstance(fields.get("sdtype"), str):
        raise SchemaError(f"SDV metadata: column {name!r} must have an sdtype")
    sdtype = fields["sdtype"]
    if sdtype == "id" or name == table.get("primary_key"):
        several = name == table.get("sequence_key")
        note = "may have several rows: name it as person, with max_rows_per_person" if several else ""
        return _Told(sdtype, "key", note=note)
    nullable = fields.get("range_is_nullable")
    shared = {"nullable": nullable} if isinstance(nullable, bool) else {}
    match sdtype:
        case "boolean":
            return _Told(sdtype, "boolean", shared)
        case "categorical" | "ordinal":
            return _Told(sdtype, "categorical", shared | _categories(fields))
        case "numerical":
            return _numbers(fields, shared)
        case "datetime":
            return _moments(fields, shared)
        case _:
            return _Told(sdtype, "text", note=f"SDV calls it {show(sdtype)}: left out of the synthetic table")


def _categories(fields: Mapping[str, Any]) -> dict[str, Any]:
    values = fields.get("range_values", fields.get("order"))
    if not isinstance(values, list) or not values or any(isinstance(v, list | dict) or v is None for v in values):
        return {}
    if len({type(value) for value in values}) > 1 or isinstance(values[0], float):
        values = [value if isinstance(value, str) else json.dumps(value) for value in values]
    return {"categories": tuple(values)}


def _numbers(fields: Mapping[str, Any], shared: dict[str, Any]) -> _Told:
    places, stored = fields.get("decimal_places"), fields.get("computer_representation")
    ends = [end for name in ("range_min", "range_max") if _is_finite(end := fields.get(name))]
    known = len(ends) == 2
    if places == 0 or (isinstance(stored, str) and stored.startswith(("Int", "UInt"))):
        whole = known and all(end == int(end) for end in ends)
        return _Told("numerical", "integer", shared | ({"bounds": tuple(map(int, ends))} if whole else {}))
    told = shared | ({"bounds": tuple(map(float, ends))} if known else {})
    if isinstance(places, int) and 0 < places <= _MOST_DECIMALS:
        told["decimals"] = places
    return _Told("numerical", "real", told, certain=known or places is not None or stored == "Float")


def _is_finite(number: object) -> TypeGuard[int | float]:
    """Whether it is a number that a float can hold; JSON holds others."""
    return isinstance(number, int | float) and -sys.float_info.max <= number <= sys.float_info.max


def _moments(fields: Mapping[str, Any], shared: dict[str, Any]) -> _Told:
    form = fields.get("datetime_format")
    if not isinstance(form, str):
        return _Told("datetime", "datetime", shared, certain=False)
    iso = _ISO.fullmatch(form)
    if iso is None:
        wish = "write it as 2019-12-31 or 2019-12-31T23:59:59 to synthesise it"
        return _Told("datetime", "text", note=f"SDV reads it as {show(form)}: {wish}", certain=False)
    kind = "datetime" if iso["time"] else "date"
    try:
        ends = [datetime.strptime(str(fields.get(end)), form) for end in ("range_min", "range_max")]
    except ValueError:
        return _Told("datetime", kind, shared)
    bounds = tuple(end.date() if kind == "date" else end for end in ends)
    return _Told("datetime", kind, {**shared, "bounds": bounds})


def _without_data(told: Mapping[str, _Told]) -> SdvDraft:
    """What may be missing is not known either: a missing code costs accuracy, not privacy, and asks for review."""
    columns = tuple(found.tree(name, {"nullable": True}) for name, found in told.items())
    return SdvDraft(columns, {name: (found.gap,) for name, found in told.items() if found.gap is not None})


def _with_data(name: str, found: _Told | None, cells: pa.ChunkedArray) -> dict[str, Any]:
    """The metadata's word where they have one, else what ``draft`` finds in the cells."""
    categories = found is not None and found.kind == "categorical"
    drafted = file.column_tree(draft_column(name, cells, as_categories=categories))
    marked = drafted.get("unreviewed", {})
    if found is not None and found.certain and found.gap is None:
        return found.tree(name, {key: marked.get(key, drafted.get(key)) for key in _LEARNED if key in drafted | marked})
    kind = drafted.get("kind", marked.get("kind"))
    if found is not None and found.kind == "text" and kind not in _AGREES["datetime"]:
        return found.tree(name, {})
    if found is None or kind in _AGREES[found.sdtype]:
        return drafted if found is not None else drafted | {"note": _joined(drafted, "not in SDV's metadata")}
    return drafted | {"note": _joined(drafted, f"SDV's metadata call it {found.sdtype}")}


def _joined(drafted: Mapping[str, Any], remark: str) -> str:
    return "; ".join(filter(None, [drafted.get("note"), remark]))
