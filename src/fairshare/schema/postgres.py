"""Encoding as a PostgreSQL expression: the code of a cell, computed where the cell is.

Listed values are not translated but asked for: the column's own ``encode`` says which code each literal has, and which
code everything else has, so the expression can't disagree about them. Bins are binary searches over the grid's own
numbers (``width_bucket``), with the clamping of `Ordered`.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa

from fairshare.errors import DataError
from fairshare.schema import parse
from fairshare.schema.categories import Categorical
from fairshare.schema.column import Coded
from fairshare.schema.moments import Date, DateTime
from fairshare.schema.numeric import Integer
from fairshare.schema.ordered import Ordered
from fairshare.schema.postgres_text import literal, moment_in, nearest_int8, number_in, truth_word

__all__ = ["ARROW_TYPES", "code_expression", "quoted"]

#: Arrow's name for what each PostgreSQL type holds; a coded column of another type is refused.
ARROW_TYPES: dict[str, pa.DataType] = {
    "text": pa.string(),
    "varchar": pa.string(),
    "bool": pa.bool_(),
    "int2": pa.int16(),
    "int4": pa.int32(),
    "int8": pa.int64(),
    "float4": pa.float32(),
    "float8": pa.float64(),
    "numeric": pa.decimal128(38, 9),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "timestamptz": pa.timestamp("us", "UTC"),
}
_TEXT, _INTEGERS, _FLOATS = ("text", "varchar"), ("int2", "int4", "int8"), ("float4", "float8")
_DAY = 86_400_000_000


def quoted(name: str) -> str:
    """An identifier."""
    return '"' + name.replace('"', '""') + '"'


def code_expression(column: Coded, name: str, kind: str, missing_values: tuple[str, ...]) -> str:
    """SQL for the code of one cell: an integer, never null, for every cell.

    Args:
        column: how to encode.
        name: the column's name in the table, as it is there.
        kind: PostgreSQL's type, a key of `ARROW_TYPES`.
        missing_values: the schema's spellings of missing.

    Raises:
        DataError: PostgreSQL can't read this type as the column does; the message says what to do.
    """
    cell = quoted(name)
    spelled = missing_values if column.missing_values is None else column.missing_values
    if isinstance(column, Ordered):
        return _binned(column, cell, kind, spelled)
    if kind in _TEXT:
        return _texts(column, cell, spelled)
    if kind == "bool":
        probes = pa.array([False, True])
        return _listed(
            cell, ["false", "true"], _ask(column, probes, spelled), column=column, spelled=spelled, other=probes[:1]
        )
    if kind in (*_INTEGERS, *_FLOATS):
        return _numbered(column, cell, kind, spelled)
    raise DataError(
        f"column {column.name!r} holds {kind} in PostgreSQL, which can't be encoded there as kind = {column.kind!r}: "
        "copy the table with this column as text (CREATE TABLE ... AS SELECT), which is read as any kind"
    )


# -- listed values


def _ask(column: Coded, cells: pa.Array, spelled: tuple[str, ...]) -> list[int]:
    return [int(code) for code in column.encode(cells, spelled)]


def _texts(column: Coded, cell: str, spelled: tuple[str, ...]) -> str:
    """Text: first the cells that are spelled as a category or as missing, then what the others can be read as."""
    words = isinstance(column, Categorical) and isinstance(column.categories[0], str)
    listed = sorted({*spelled, *(map(str, column.values) if words and isinstance(column, Categorical) else ())})
    listed = [x for x in listed if "\0" not in x]  # no cell of PostgreSQL can hold a NUL
    whole, other = pa.array(listed, pa.string()), pa.array(["\0"])
    (null,), (rest,) = _ask(column, pa.nulls(1, pa.string()), spelled), _ask(column, other, spelled)
    found = str(rest) if words else _read(column, cell, rest)
    codes = _ask(column, whole, spelled)
    whens = " ".join(
        f"WHEN {_text(x)} THEN {code}" for x, code in zip(listed, codes, strict=True) if found != str(code)
    )
    if whens:
        found = f'CASE ({_composed(cell, listed)}) COLLATE "C" {whens} ELSE {found} END'
    return found if null == rest else f"CASE WHEN {cell} IS NULL THEN {null} ELSE {found} END"


def _read(column: Coded, cell: str, rest: int) -> str:
    """Text that is spelled in no listed way, as truth values or integers."""
    plain = column.model_copy(update={"missing_values": ()})
    if isinstance(column, Categorical) and not isinstance(column.categories[0], bool):
        values = pa.array(list(map(int, column.values)), pa.int64())
        key, literals = "x", [str(x) for x in values.to_pylist()]
    else:
        values = pa.array([*parse.TRUE, *parse.FALSE])
        key, literals = truth_word(cell), list(map(literal, values.to_pylist()))
    whens = " ".join(f"WHEN {x} THEN {code}" for x, code in zip(literals, _ask(plain, values, ()), strict=True))
    found = f"CASE {key} {whens} ELSE {rest} END"
    return f"(SELECT {found} FROM {number_in(cell, whole=True, exact=True)})" if key == "x" else found  # noqa: S608


def _listed(
    key: str, literals: list[str], codes: list[int], *, column: Coded, spelled: tuple[str, ...], other: pa.Array
) -> str:
    """``CASE key WHEN ...``: the code of each literal, of null, and of everything else (as of ``other``)."""
    (null,), (rest,) = _ask(column, pa.nulls(1, other.type), spelled), _ask(column, other, spelled)
    whens = " ".join(f"WHEN {x} THEN {code}" for x, code in zip(literals, codes, strict=True) if code != rest)
    found = f"CASE {key} {whens} ELSE {rest} END" if whens else str(rest)
    return found if null == rest else f"CASE WHEN {key} IS NULL THEN {null} ELSE {found} END"


def _numbered(column: Coded, cell: str, kind: str, spelled: tuple[str, ...]) -> str:
    """Listed values against a column of numbers: the numbers that any listed text or integer could be."""
    values: Iterable[Any] = column.values if isinstance(column, Categorical) else ()
    words = [str(value) for value in (*values, *spelled, "0", "1")]
    numbers: dict[str, int | float] = {}
    for word in words:
        if kind in _INTEGERS and re.fullmatch(r"[+-]?[0-9]{1,18}", word):
            numbers[word] = int(word)
        elif kind in _FLOATS and re.fullmatch(parse.NUMBER, word.strip()):
            numbers[word] = float(word)
    if kind in _FLOATS:
        numbers |= {"nan": np.nan, "inf": np.inf, "-inf": -np.inf, "zero": 0.0}
    arrow = pa.int64() if kind in _INTEGERS else pa.float64()
    if kind == "float4":  # a listed 0.1 is not the float4 nearest to 0.1, and compares as float8 here as there
        cell = f"{cell}::float8"
    distinct = sorted(set(numbers.values()), key=repr)
    probes = pa.array(distinct, arrow, from_pandas=False)
    other = next(x for x in range(2, len(distinct) + 3) if x not in distinct)
    codes = _ask(column, probes, spelled)
    literals = [_number(x, arrow) for x in distinct]
    found = _listed(cell, literals, codes, column=column, spelled=spelled, other=pa.array([other], arrow))
    if kind in _FLOATS:  # equal in SQL, yet only one of them is printed with a sign
        (negative,), (zero,) = (_ask(column, pa.array([x]), spelled) for x in (-0.0, 0.0))
        if negative != zero:
            sign = f"CASE WHEN {cell}::text = '-0' THEN {negative} ELSE {zero} END"
            found = f"CASE WHEN {cell} = 0 THEN {sign} ELSE {found} END"
    return found


def _composed(cell: str, listed: list[str]) -> str:
    """A cell in NFC, where that could be one of the listed texts.

    Text of one byte a letter is ASCII, which is in NFC: looking first is three times as fast. Text of more than 16
    times the bytes is none of them (a letter is at least one byte, decomposes into at most four, and each of those is
    at most four bytes in another spelling), and normalize() fails on a very long one.
    """
    longest = 16 * max(len(x.encode()) for x in listed)
    short = f"octet_length({cell}) BETWEEN char_length({cell}) + 1 AND {longest}"
    return f"CASE WHEN {short} THEN normalize({cell}, NFC) ELSE {cell} END"


# -- bins


def _binned(column: Ordered, cell: str, kind: str, spelled: tuple[str, ...]) -> str:
    if kind not in _TEXT:
        return _located(column, *_value(column, cell, kind), spelled)
    if isinstance(column, Date | DateTime):
        read, infinite = moment_in(cell, days=isinstance(column, Date)), ""
    else:
        read, infinite = number_in(cell, whole=isinstance(column, Integer)), "far"
    return f"(SELECT {_located(column, 'x', infinite, spelled)} FROM {read})"  # noqa: S608  (names are quoted)


def _located(column: Ordered, value: str, infinite: str, spelled: tuple[str, ...]) -> str:
    """The code of a number of the grid."""
    grid = column.grid
    arrow = pa.int64() if grid.is_integer else pa.float64()
    lost = column.value_count if column.nullable else column.fallback
    tests = [f"{value} IS NULL"]
    if column.nullable:
        sentinels = column._read(pa.array(spelled, pa.string()))
        tests += [infinite] if infinite else []
        tests += [f"{value} = {_number(x, arrow)}" for x in sentinels.values[sentinels.valid].tolist()]
    if column.outside == "missing":
        tests += [f"{value} < {_number(grid.low, arrow)}", f"{value} > {_number(grid.top, arrow)}"]
    if grid.unit:
        low, top = _number(grid.low, arrow), _number(grid.top, arrow)
        code = f"(least(greatest({value}, {low}), {top}) - {low})"
    elif grid.size == 1:
        code = "0"
    else:
        starts = ",".join(_digits(x) for x in grid.starts[1:].tolist())
        code = f"width_bucket({value}, '{{{starts}}}'::{'int8' if grid.is_integer else 'float8'}[])"
    return f"CASE WHEN {' OR '.join(tests)} THEN {lost} ELSE {code} END::int8"


def _value(column: Ordered, cell: str, kind: str) -> tuple[str, str]:
    """The number of the grid, null for null and NaN; and the test for an infinity, if the type has any."""
    moment = kind in ("date", "timestamp", "timestamptz")
    if moment:
        return (_days if isinstance(column, Date) else _microseconds)(cell, kind), ""
    whole = isinstance(column, Integer)
    if kind == "bool" or kind in _INTEGERS:
        return f"{cell}{'::int4' if kind == 'bool' else ''}::{'int8' if whole else 'float8'}", ""
    infinite = f"{cell} IN ('Infinity', '-Infinity')"
    if kind == "numeric":
        # Casting what float8 can't hold would end the query: clamp what is too large, cut what is too small.
        real = (
            f"CASE WHEN {cell} = 'NaN' THEN NULL WHEN {cell} > 1e308 THEN 'Infinity' "
            f"WHEN {cell} < -1e308 THEN '-Infinity' WHEN abs({cell}) < 1e-300 THEN 0 ELSE {cell}::float8 END::float8"
        )
        if not whole:
            return f"({real})", infinite
        exact = f"scale({cell}) = 0 AND abs({cell}) < 1e18"
        return f"CASE WHEN {exact} THEN {cell}::int8 ELSE {nearest_int8(f'({real})')} END", infinite
    real = f"nullif({cell}::float8, 'NaN')"
    return (nearest_int8(real) if whole else real), infinite


def _days(cell: str, kind: str) -> str:
    day = {"date": cell, "timestamp": f"{cell}::date", "timestamptz": f"({cell} AT TIME ZONE 'UTC')::date"}[kind]
    return f"(CASE WHEN isfinite({cell}) THEN ({day} - DATE '1970-01-01')::int8 END)"


def _microseconds(cell: str, kind: str) -> str:
    if kind == "date":
        limit = (2**63 - 1) // _DAY
        days = f"least(greatest(({cell} - DATE '1970-01-01')::int8, -{limit}), {limit})"
        return f"(CASE WHEN isfinite({cell}) THEN {days} * {_DAY} END)"
    # extract() is an exact number since PostgreSQL 14.
    ticks = f"least(greatest(extract(epoch FROM {cell}) * 1000000, -{2**63 - 1}), {2**63 - 1})"
    return f"(CASE WHEN isfinite({cell}) THEN ({ticks})::int8 END)"


# -- literals


def _text(value: str) -> str:
    return literal(unicodedata.normalize("NFC", value))


def _digits(value: float) -> str:
    return repr(value) if np.isfinite(value) else {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}[repr(value)]


def _number(value: float, arrow: pa.DataType) -> str:
    return f"'{_digits(value)}'::{'float8' if pa.types.is_floating(arrow) else 'int8'}"
