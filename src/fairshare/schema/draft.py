"""A first schema from a look at the data, with everything that was learned from it marked for review."""

import re
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fairshare.schema import parse
from fairshare.schema.categories import Boolean, Categorical
from fairshare.schema.column import Column, family
from fairshare.schema.grid import Numbers
from fairshare.schema.moments import Date, DateTime
from fairshare.schema.numeric import Integer, Real
from fairshare.schema.ordered import ONE_CODE_EACH, Ordered
from fairshare.schema.schema import Schema
from fairshare.schema.skipped import Key, Text

__all__ = ["draft", "draft_column"]

#: Text with more different values than this is taken for a key.
_MOST_CATEGORIES = 256
#: Integers of a wide range with at most this many different values are taken for codes.
_MOST_SPARSE_CODES = 32
_BINS = 64
_SPELLINGS = ("", "?", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "None", "none", ".")
_ID_NAME = re.compile(r"(?i)(^|[^a-z])(id|uuid|guid|key|ssn|mrn)$")
_INTEGER_TEXT = r"^[+-]?(0|[1-9][0-9]{0,17})$"  # 00123 is a code, not a number
_REAL_TEXT = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
_LEADING_ZERO = r"^[+-]?0[0-9]"
_DAY_TEXT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_ZONED = r"(Z|[+-][0-9]{2}:?[0-9]{2})$"
_STEPS = (1, 1.5, 2, 3, 5, 7)


def draft(table: pa.Table) -> Schema:
    """A schema for this table, to be reviewed by a person before anything is released under it.

    Kinds of text columns, bounds, categories, spellings of missing and whether a column may be null are all
    learned from the private values, and all marked in `Schema.unreviewed`.

    Args:
        table: text (as read from CSV, where the draft finds the kinds) or typed columns.

    Raises:
        SchemaError: column names repeat, or no column can be synthesised.
    """
    columns: tuple[Any, ...] = tuple(
        draft_column(name, cells) for name, cells in zip(table.column_names, table.columns, strict=True)
    )
    return Schema(columns=columns)


def draft_column(name: str, cells: pa.Array | pa.ChunkedArray, *, as_categories: bool = False) -> Column:
    """One column of ``draft``.

    Args:
        name: as in the header.
        cells: text or typed cells.
        as_categories: take numbers and moments for categories, unless they have too many different values.
    """
    cells = parse.flatten(cells)
    found = _column(name, cells)
    return _as_categories(found, cells) if as_categories and isinstance(found, Ordered) else found


def _column(name: str, cells: pa.Array) -> Column:
    if pa.types.is_dictionary(cells.type):
        cells = cells.dictionary_decode()
    group = family(cells.type)
    if group == "text":
        return _text_column(name, parse.texts(cells))
    nullable = cells.null_count > 0
    seen = cells.drop_null()
    if group == "other" or len(seen) == 0:
        note = "no value seen" if group == "null" or len(seen) == 0 else f"{cells.type} can't be synthesised"
        return Text(name=name, note=note, unreviewed=("kind",))
    shared = {"name": name, "nullable": nullable, "unreviewed": ("nullable",)}
    if group == "boolean":
        return Boolean(**shared)
    if group == "moment":
        return _moment_column(shared, seen, getattr(cells.type, "tz", None))
    if pa.types.is_floating(cells.type):
        finite = parse.reals(seen)
        shared["nullable"] = nullable or not bool(finite.valid.all())
        values = finite.values[finite.valid]
        whole = len(values) > 0 and bool(np.all((values == np.rint(values)) & (np.abs(values) < 2**53)))
        if whole and shared["nullable"]:  # integers that a frame holds as floats for the sake of their nulls
            return _integer_column(shared, values.astype(np.int64))
        return _real_column(shared, values)
    if pa.types.is_decimal(cells.type) and cells.type.scale > 0:
        return _real_column(shared, parse.reals(seen).values)
    return _integer_column(shared, parse.integers(seen).values)


def _text_column(name: str, cells: pa.Array) -> Column:
    """A column of text, whose kind is found from its values."""
    distinct = cells.drop_null().unique()
    spelled = [value for value in _SPELLINGS if pc.index(distinct, value).as_py() >= 0]
    rest = distinct.filter(pc.invert(pc.is_in(distinct, value_set=pa.array(spelled, pa.string()))))
    if len(rest) == 0:
        return Text(name=name, note="no value seen", unreviewed=("kind",))
    numeric = pc.and_(
        pc.match_substring_regex(rest, _REAL_TEXT), pc.invert(pc.match_substring_regex(rest, _LEADING_ZERO))
    )
    odd = rest.filter(pc.invert(numeric))
    if len(odd) == 1 and len(rest) > 1 and not _any(pc.match_substring_regex(odd, "[0-9]")):
        # One word among numbers stands for missing.
        spelled, rest = [*spelled, odd[0].as_py()], rest.filter(numeric)
    shared: dict[str, Any] = {"name": name, "nullable": cells.null_count > 0 or bool(spelled)}
    shared["unreviewed"] = ("kind", "nullable")
    if [*spelled] not in ([], [""]):
        shared |= {"missing_values": tuple(spelled), "unreviewed": (*shared["unreviewed"], "missing_values")}
    seen = cells.drop_null()
    seen = seen.filter(pc.invert(pc.is_in(seen, value_set=pa.array(spelled, pa.string()))))
    if _all(pc.match_substring_regex(rest, _INTEGER_TEXT)):
        return _integer_column(shared, parse.integers(seen).values)
    if _all(pc.match_substring_regex(rest, _REAL_TEXT)) and not _any(pc.match_substring_regex(rest, _LEADING_ZERO)):
        return _real_column(shared, parse.reals(seen).values)
    if _all(pc.is_in(pc.utf8_lower(rest), value_set=pa.array(["true", "false"]))):
        return Boolean(**shared)
    if parse.microseconds(rest).valid.all():
        if _all(pc.match_substring_regex(rest, _DAY_TEXT)):
            return _moment_column(shared, pa.array(parse.days(seen).values.astype(np.int32)).cast(pa.date32()), None)
        zone = "UTC" if _any(pc.match_substring_regex(rest, _ZONED)) else None
        return _moment_column(shared, pa.array(parse.microseconds(seen).values).cast(pa.timestamp("us")), zone)
    return _category_column(shared, rest, len(seen))


def _as_categories(found: Ordered, cells: pa.Array) -> Column:
    whole = pa.types.is_integer(cells.type)
    values = (cells if whole else parse.texts(cells)).drop_null().unique()
    if not whole:
        values = values.filter(pc.invert(pc.is_in(values, value_set=pa.array(found.missing_values or ("",)))))
    if not 0 < len(values) <= _MOST_CATEGORIES:
        return found
    shared: dict[str, Any] = {"name": found.name, "nullable": found.nullable, "missing_values": found.missing_values}
    kept = tuple(mark for mark in found.unreviewed if mark in shared)
    return Categorical(
        **_marked({**shared, "unreviewed": ("kind", *kept)}, categories=tuple(sorted(values.to_pylist())))
    )


def _category_column(shared: dict[str, Any], distinct: pa.Array, rows: int) -> Column:
    if len(distinct) > _MOST_CATEGORIES or (rows > 20 and len(distinct) > rows / 2):
        note = "too many different values for categories: taken for a key, left out of the synthetic table"
        return Key(name=shared["name"], note=note, unreviewed=("kind",))
    return Categorical(**_marked(shared, categories=tuple(sorted(distinct.to_pylist()))))


def _integer_column(shared: dict[str, Any], values: Numbers) -> Column:
    low, high = (int(x) for x in np.clip([values.min(), values.max()], 1 - parse.BEYOND, parse.BEYOND - 1))
    distinct = np.unique(values)
    counted = len(values) > ONE_CODE_EACH and len(distinct) == len(values) == high - low + 1
    if counted or (_ID_NAME.search(shared["name"]) and len(distinct) == len(values) > 1):
        note = "every value is different: taken for a key, left out of the synthetic table"
        return Key(name=shared["name"], note=note, unreviewed=("kind",))
    if high - low < ONE_CODE_EACH:
        return Integer(**_marked(shared, bounds=(low, high)))
    if len(distinct) <= _MOST_SPARSE_CODES and distinct[0] >= low and distinct[-1] <= high:
        return Categorical(**_marked(shared, categories=tuple(distinct.tolist())))
    if _heavy_tailed(values):
        edges = tuple(int(edge) for edge in _growing_edges(low, high, finest=1) if edge == int(edge))
        return Integer(**_marked({**shared, "note": _heavy_note()}, bounds=(low, high), bins=edges))
    return Integer(**_marked({**shared, "bins": _BINS}, bounds=(low, high)))


def _real_column(shared: dict[str, Any], values: Numbers) -> Column:
    if len(values) == 0:
        return Text(name=shared["name"], note="no value seen", unreviewed=("kind",))
    low, high = float(values.min()), float(values.max())
    if low == high:
        high = low + max(1.0, abs(low))
    decimals = next((d for d in range(7) if np.array_equal(np.round(values, d), values)), None)
    if decimals is not None:
        shared = _marked(shared, decimals=decimals)
    if _heavy_tailed(values):
        finest = 10.0 ** (np.floor(np.log10(max(abs(low), abs(high)))) - 5)
        edges = tuple(map(float, _growing_edges(low, high, finest=finest)))
        return Real(**_marked({**shared, "note": _heavy_note()}, bounds=(low, high), bins=edges))
    return Real(**_marked({**shared, "bins": _BINS}, bounds=(low, high)))


def _moment_column(shared: dict[str, Any], values: pa.Array, timezone: str | None) -> Column:
    is_date = pa.types.is_date(values.type)
    numbers = (parse.days if is_date else parse.microseconds)(values).values
    kind = Date if is_date else DateTime
    unit = "datetime64[D]" if is_date else "datetime64[us]"
    low, high = (np.asarray(x).astype(unit).item() for x in (numbers.min(), numbers.max()))
    shared = shared if is_date else {**shared, "timezone": timezone}
    return kind(**_marked({**shared, "bins": _BINS}, bounds=(low, high)))


def _marked(shared: dict[str, Any], **taken: Any) -> dict[str, Any]:
    """The fields with these, taken from the data, added and marked."""
    return {**shared, **taken, "unreviewed": (*shared["unreviewed"], *taken)}


def _all(mask: pa.Array) -> bool:
    return bool(pc.all(mask).as_py())


def _any(mask: pa.Array) -> bool:
    return bool(pc.any(mask).as_py())


def _heavy_tailed(values: Numbers) -> bool:
    """Whether nine tenths of the values lie in a fifth of the range."""
    least, low, high, most = np.quantile(values.astype(np.float64), [0, 0.05, 0.95, 1])
    return bool(most - least > 5 * (high - low))


def _heavy_note() -> str:
    return "heavy tail: bins grow with the value; bins = { private_quantiles = 32 } would buy them with budget"


def _growing_edges(low: float, high: float, *, finest: float) -> list[float]:
    """Edges at 1, 1.5, 2, 3, 5, 7 times powers of ten on both sides of zero, within the bounds."""
    largest = max(abs(low), abs(high))
    decades = finest * 10.0 ** np.arange(np.ceil(np.log10(largest / finest)) + 1)
    positive = np.outer(decades, _STEPS).ravel()
    edges = np.concatenate([-positive[::-1], [0.0], positive])
    inner = edges[(edges > low) & (edges < high)]
    return [low, *inner.tolist(), high]
