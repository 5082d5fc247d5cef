"""Arrow cells to numbers, truth values and text, each cell by itself.

A cell's result never depends on another cell, so that one odd record can't change how the others are read.
Nothing here raises on a value: what can't be read is marked as not valid.
"""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

__all__ = [
    "BEYOND",
    "FALSE",
    "LARGEST",
    "LONGEST_WORD",
    "MOMENT",
    "NUMBER",
    "TRUE",
    "Codes",
    "Parsed",
    "blank",
    "booleans",
    "days",
    "flatten",
    "integers",
    "is_text",
    "microseconds",
    "per_distinct",
    "pieces",
    "reals",
    "texts",
    "utf8",
]

#: Integers in a schema stay below this, so that text is read exactly and widths of bins fit 64 bits.
BEYOND = 10**18
_INTEGER = r"^[+-]?[0-9]{1,18}$"
#: Text that is read as a real number.
NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$|^[+-]?(?i:inf|infinity)$"
#: Text that is read as a moment.
MOMENT = (
    r"^(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"
    r"(?:[T ](?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:\.(?P<fraction>[0-9]{1,9}))?)?"
    r" ?(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})?)?$"
)
#: Lower-case spellings of truth values.
TRUE = ("true", "t", "yes", "y", "1")
FALSE = ("false", "f", "no", "n", "0")
_DAY = 86_400_000_000
#: Bytes of a cell of text that can be read as a number, moment or truth value; a bound that databases can keep.
LONGEST_WORD = 1000
_INT64 = np.iinfo(np.int64)
#: The largest float64 below 2^63, where reals are clamped.
LARGEST = int(np.nextafter(2.0**63, 0))
#: Bytes of text that are read at a time: far enough below 2^31 that NFC and lower case (threefold at most) fit too.
_PIECE = 1 << 28
_MICROSECONDS = {"s": 1_000_000, "ms": 1_000, "us": 1}

Codes = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Parsed:
    """Values of shape (n,), int64 or float64, and whether each could be read; if not, it is the lowest of its type.

    Infinities are not valid, yet keep their side, so that a column with no missing code can clamp them.
    """

    values: npt.NDArray[Any]
    valid: npt.NDArray[np.bool_]


def flatten(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """One contiguous array."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
        if isinstance(column, pa.ChunkedArray):  # some dictionary types stay chunked
            column = pa.concat_arrays(column.unify_dictionaries().chunks)
    return column


def pieces(column: pa.Array | pa.ChunkedArray) -> list[pa.Array]:
    """Contiguous arrays that are the column when joined; one where Arrow's 32-bit offsets surely suffice."""
    if column.nbytes <= _PIECE:
        return [flatten(column)]
    if isinstance(column, pa.ChunkedArray):
        return [piece for chunk in column.chunks for piece in pieces(chunk)]
    if len(column) == 1 or not is_text(column.type):
        return [column]
    half = len(column) // 2
    return [*pieces(column.slice(0, half)), *pieces(column.slice(half))]


def per_distinct(array: pa.Array, encode: Callable[[pa.Array], Codes]) -> Codes:
    """``encode(array)``, with text encoded once per distinct value."""
    if is_text(array.type):
        array = array.dictionary_encode()
    if not pa.types.is_dictionary(array.type):
        return encode(array)
    # A null cell gets the code of the null that is added as the last distinct value.
    distinct = [encode(piece) for piece in pieces(array.dictionary)]
    codes = np.concatenate([*distinct, encode(pa.nulls(1, array.dictionary.type))])
    found: Codes = codes[pc.fill_null(array.indices.cast(pa.int64()), -1).to_numpy(zero_copy_only=False)]
    return found


def is_text(kind: pa.DataType) -> bool:
    """Whether the type is one of Arrow's three string types."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def texts(array: pa.Array) -> pa.Array:
    """Cells as NFC text; integral floats without their ``.0``, truth values as ``true`` and ``false``."""
    if pa.types.is_floating(array.type):
        # Arrow writes 3.0 as "3", which is how a table with nulls in an integer column should compare.
        array = array.cast(pa.float64())
    if is_text(array.type):
        array = utf8(array)
    if not pa.types.is_string(array.type):
        array = array.cast(pa.string())
    return array if pc.all(pc.string_is_ascii(array), min_count=0).as_py() else _composed(array)


def _composed(array: pa.Array) -> pa.Array:
    """Cells in NFC. By Python and one by one: up to pyarrow 25 Arrow's own NFC took accents apart; few need it."""
    cells = (None if cell is None else unicodedata.normalize("NFC", cell) for cell in array.to_pylist())
    return pa.array(cells, array.type)


def utf8(array: pa.Array) -> pa.Array:
    """Text with U+FFFD for bytes that are not UTF-8, and null for a cell of more than 256 MB."""
    if array.nbytes > _PIECE:
        if pa.types.is_string_view(array.type):
            array = array.cast(pa.large_string())
        array = pc.if_else(pc.less_equal(pc.binary_length(array), _PIECE), array, None)
    try:
        array.validate(full=True)
    except pa.ArrowInvalid:
        if pa.types.is_string_view(array.type):
            array = array.cast(pa.large_string())
        cells = array.cast(pa.large_binary()).to_pylist()
        return pa.array([None if cell is None else cell.decode("utf-8", "replace") for cell in cells], array.type)
    return array


def blank(array: pa.Array, spelled: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    """Which cells are null, NaN or one of the spellings of missing."""
    empty = pc.is_null(array, nan_is_null=True)
    if spelled:
        empty = pc.or_(empty, pc.is_in(texts(array), value_set=pa.array(spelled, pa.string())))
    found: npt.NDArray[np.bool_] = empty.to_numpy(zero_copy_only=False)
    return found


def integers(array: pa.Array, *, exact: bool = False) -> Parsed:
    """Cells as int64: reals are rounded (with ``exact``, fractions are not valid), huge ones clamped to 64 bits."""
    kind = array.type
    if pa.types.is_null(kind):
        return _nothing(len(array), np.int64)
    if pa.types.is_boolean(kind):
        array, kind = array.cast(pa.int64()), pa.int64()
    if pa.types.is_integer(kind):
        present = _present(array)
        values = pc.fill_null(array, 0).to_numpy(zero_copy_only=False)
        if pa.types.is_uint64(kind):
            values = np.minimum(values, np.uint64(_INT64.max))
        return Parsed(np.where(present, values.astype(np.int64), _INT64.min), present)
    if pa.types.is_floating(kind):
        return _rounded(_floats(array), exact=exact)
    text = _words(array)
    short = pc.match_substring_regex(text, _INTEGER)
    digits = pc.replace_substring_regex(pc.if_else(short, text, None), r"^\+", "").cast(pa.int64())
    whole, other = integers(digits), _rounded(reals(text), exact=exact)
    return Parsed(np.where(whole.valid, whole.values, other.values), whole.valid | other.valid)


def reals(array: pa.Array) -> Parsed:
    """Cells as float64; NaN and infinities are not valid."""
    kind = array.type
    if pa.types.is_null(kind):
        return _nothing(len(array), np.float64)
    if pa.types.is_boolean(kind):
        array = array.cast(pa.int8())
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return _floats(array)
    text = _words(array)
    return _floats(pc.if_else(pc.match_substring_regex(text, NUMBER), text, None).cast(pa.float64()))


def booleans(array: pa.Array) -> Parsed:
    """Cells as 0 and 1: truth values, the numbers 0 and 1, and true/false, t/f, yes/no, y/n in any case."""
    if not is_text(array.type):
        parsed = integers(array, exact=True)
        valid = parsed.valid & ((parsed.values == 0) | (parsed.values == 1))
        return Parsed(np.where(valid, parsed.values, 0), valid)
    text = pc.utf8_lower(_words(array))
    true = pc.fill_null(pc.is_in(text, value_set=pa.array(TRUE)), fill_value=False)
    false = pc.fill_null(pc.is_in(text, value_set=pa.array(FALSE)), fill_value=False)
    is_true = true.to_numpy(zero_copy_only=False)
    return Parsed(is_true.astype(np.int64), is_true | false.to_numpy(zero_copy_only=False))


def days(array: pa.Array) -> Parsed:
    """Cells as days since 1970-01-01; a time of day is cut off, a zoned moment is taken in UTC."""
    if pa.types.is_date32(array.type):
        return integers(array.cast(pa.int32()))
    moments = microseconds(array)
    return Parsed(np.where(moments.valid, moments.values // _DAY, _INT64.min), moments.valid)


def microseconds(array: pa.Array) -> Parsed:
    """Cells as microseconds since 1970-01-01T00:00; a zoned moment is taken in UTC."""
    kind = array.type
    if pa.types.is_null(kind):
        return _nothing(len(array), np.int64)
    if pa.types.is_date32(kind):
        return _scaled(integers(array.cast(pa.int32())), _DAY)
    if pa.types.is_date64(kind):
        return _scaled(integers(array.cast(pa.int64())), 1_000)
    if not pa.types.is_timestamp(kind):
        return _moments(_words(array))
    ticks = integers(array.cast(pa.int64()))
    if kind.unit == "ns":
        return Parsed(np.where(ticks.valid, ticks.values // 1_000, _INT64.min), ticks.valid)
    return _scaled(ticks, _MICROSECONDS[kind.unit])


def _words(array: pa.Array) -> pa.Array:
    """Text without white space at its ends, null where it is too long to be read."""
    text = texts(array)
    return pc.utf8_trim_whitespace(pc.if_else(pc.less_equal(pc.binary_length(text), LONGEST_WORD), text, None))


def _present(array: pa.Array) -> npt.NDArray[np.bool_]:
    present: npt.NDArray[np.bool_] = array.is_valid().to_numpy(zero_copy_only=False)
    return present


def _nothing(rows: int, dtype: type[np.int64] | type[np.float64]) -> Parsed:
    lowest = _INT64.min if dtype is np.int64 else -np.inf
    return Parsed(np.full(rows, lowest, dtype=dtype), np.zeros(rows, dtype=bool))


def _floats(array: pa.Array) -> Parsed:
    """Numeric cells as float64 with nulls and NaN at -inf."""
    values = pc.fill_null(array.cast(pa.float64(), safe=False), np.nan).to_numpy(zero_copy_only=False)
    return Parsed(np.where(np.isnan(values), -np.inf, values), np.isfinite(values))


def _rounded(parsed: Parsed, *, exact: bool) -> Parsed:
    """Reals to the nearest int64 (ties to even)."""
    nearest = np.rint(parsed.values)
    valid = parsed.valid & (nearest == parsed.values) if exact else parsed.valid
    whole = np.clip(nearest, -(2.0**63), float(LARGEST)).astype(np.int64)
    return Parsed(whole, valid)


def _scaled(parsed: Parsed, factor: int) -> Parsed:
    """Times ``factor``, clamped to 64 bits."""
    limit = _INT64.max // factor
    return Parsed(np.where(parsed.valid, np.clip(parsed.values, -limit, limit) * factor, _INT64.min), parsed.valid)


def _moments(text: pa.Array) -> Parsed:
    """ISO 8601 text, ``2019-12-31`` or ``2019-12-31T23:59:59.999999+01:00``, as microseconds."""
    parts = pc.extract_regex(text, pattern=MOMENT)
    found = _present(parts)

    def part(name: str) -> Codes:
        field = pc.fill_null(pc.struct_field(parts, name), "")
        return integers(pc.if_else(pc.equal(field, ""), "0", field)).values

    month, day, hour, minute, second = map(part, ("month", "day", "hour", "minute", "second"))
    months = (part("year") - 1970) * 12 + month - 1
    first = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    after = (months + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    fraction = pc.utf8_slice_codeunits(pc.utf8_rpad(pc.struct_field(parts, "fraction"), 6, "0"), 0, 6)
    micros = integers(pc.fill_null(fraction, "0")).values
    clock = ((hour * 60 + minute) * 60 + second) * 1_000_000 + micros
    valid = found & (month >= 1) & (month <= 12) & (day >= 1) & (day <= after - first)
    valid &= (hour < 24) & (minute < 60) & (second < 60)
    values = (first + day - 1) * _DAY + clock - _offset(pc.struct_field(parts, "zone"))
    return Parsed(np.where(valid, values, _INT64.min), valid)


def _offset(zone: pa.Array) -> Codes:
    """Microseconds east of UTC that ``+01:00`` stands for; 0 for ``Z`` and for none."""
    digits = pc.replace_substring_regex(pc.fill_null(zone, ""), r"[^0-9]", "")
    clock = integers(pc.if_else(pc.equal(digits, ""), "0", digits)).values
    west = pc.starts_with(pc.fill_null(zone, ""), "-").to_numpy(zero_copy_only=False)
    offset: Codes = np.where(west, -1, 1) * ((clock // 100) * 60 + clock % 100) * 60_000_000
    return offset
