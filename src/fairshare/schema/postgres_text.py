"""Reading text in PostgreSQL as numbers, moments and truth values: what `parse` reads, as SQL.

As there, no cell is an error. Each cast stands in a branch of a CASE that only text in the form of the cast's type gets
to, and numbers of a size that the type can't hold have branches of their own. Each answer is a subquery over no table,
so that a cell is matched once, whatever is then asked about its value; OFFSET 0 keeps the planner from undoing that.
"""

import re
from functools import cache

import pyarrow as pa
import pyarrow.compute as pc

from fairshare.schema import parse

__all__ = ["literal", "moment_in", "nearest_int8", "number_in", "truth_word"]

#: Without a backslash, which is special in strings where a server is set so.
_DECIMAL = "^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)"
_PLAIN = f"{_DECIMAL}$"
_SCIENTIFIC = f"{_DECIMAL}[eE][+-]?0*[0-9]{{1,4}}$"
#: Exponents of five digits and more: of a word of 1,000 letters they leave nothing but 0 and infinity.
_EXTREME = f"{_DECIMAL}[eE][+-]?[0-9]+$"
#: Digits that no float8 overflows at.
_SURELY = 300
#: At half the last place above the largest float8 rounding gives infinity, at half the smallest it gives 0 (IEEE 754).
_INFINITE = str(2**1024 - 2**970)
_NOTHING = f"{5**1075}e-1075"
_MICROSECONDS = 86_400_000_000


def literal(text: str) -> str:
    """A standard-conforming string: only the quote is special."""
    return "'" + text.replace("'", "''") + "'"


def _word(cell: str) -> str:
    """SQL for the text of a cell without white space at its ends; null where it is too long to be read.

    Its collation is C: letters and ranges are those of ASCII. NFC is left out: it changes no text into one of the forms
    below, and turns white space into white space only.
    """
    return (
        f"(CASE WHEN octet_length({cell}) <= {parse.LONGEST_WORD} "
        f'THEN btrim({cell}, {literal(_white_space())}) END COLLATE "C")'
    )


def truth_word(cell: str) -> str:
    """SQL for what is compared with the spellings of truth values: in small letters."""
    # In the C collation lower() maps ASCII only; no other letter has a lower case among the letters of these words.
    return f"lower({_word(cell)})"


def number_in(cell: str, *, whole: bool, exact: bool = False) -> str:
    """SQL for FROM: the columns ``x``, null where the cell is no number, and ``far``, whether it is infinite.

    Args:
        cell: SQL of type text.
        whole: x is an int8, rounded as `parse.integers` does; else a float8.
        exact: what has a fraction is no number.
    """
    words = _select(f"{_word(cell)} AS word")
    reals = _select(f"word, {_REAL} AS number", words)
    x = "number"
    if whole:
        nearest = nearest_int8("number")
        if exact:
            nearest = f"CASE WHEN number = round(number) THEN {nearest} END"
        x = f"CASE WHEN word ~ '^[+-]?[0-9]{{1,18}}$' THEN word::int8 ELSE {nearest} END"
    far = "number IN ('Infinity', '-Infinity')"
    return _select(f"{x} AS x, {far} AS far", reals)


def nearest_int8(real: str) -> str:
    """SQL for the nearest int8, ties to even, clamped."""
    return (
        f"(CASE WHEN {real} >= {parse.LARGEST}::float8 THEN {parse.LARGEST} WHEN {real} <= {-(2**63)}::float8 "
        f"THEN '{-(2**63)}'::int8 ELSE round({real})::int8 END)"
    )


def moment_in(cell: str, *, days: bool) -> str:
    """SQL for FROM: the column ``x``, days or microseconds since 1970 as int8, null where the cell is no moment."""
    words = _select(f"{_word(cell)} AS word")
    moments = _select(f"CASE WHEN word ~ '{_MOMENT}' THEN word END AS m", words)
    clock = _select(", ".join(f"{sql} AS {name}" for name, sql in _PARTS.items()), moments)
    months = "((year - 1970) * 12 + month - 1)"
    first, after = _first(months), _first(f"{months} + 1")
    firsts = _select(f"*, {first} AS first, {after} AS after", clock)
    valid = "month BETWEEN 1 AND 12 AND day BETWEEN 1 AND after - first AND hour < 24 AND minute < 60 AND second < 60"
    since = "((hour * 60 + minute) * 60 + second) * 1000000::int8 + micros - east"
    x = f"(first + day - 1) * {_MICROSECONDS} + {since}"
    if days:
        x = f"first + day - 1 + floor(({since})::numeric / {_MICROSECONDS})::int8"
    return _select(f"CASE WHEN {valid} THEN {x} END::int8 AS x", firsts)


def _select(columns: str, source: str = "") -> str:
    """A subquery for FROM, computed once a row."""
    return f"(SELECT {columns}{source and f' FROM {source}'} OFFSET 0) AS read"  # noqa: S608  (no cell is pasted in)


@cache
def _white_space() -> str:
    """Every character that reading numbers and truth values ignores at both ends."""
    known = pa.array([chr(i) for i in range(1, 0x10000) if not 0xD800 <= i < 0xE000])
    return "".join(known.filter(pc.equal(pc.utf8_length(pc.utf8_trim_whitespace(known)), 0)).to_pylist())


def _signed(size: str) -> str:
    return f"CASE WHEN left(word, 1) = '-' THEN '-{size}'::float8 ELSE '{size}'::float8 END"


#: The float8 that a word stands for, null for none. numeric, which is exact, says what a cast to float8 would refuse.
_SIZE = "abs(word::numeric)"
_SAFE = (
    f"CASE WHEN {_SIZE} >= {_INFINITE} THEN {_signed('Infinity')} WHEN {_SIZE} <= {_NOTHING} THEN 0 "
    "ELSE word::float8 END"
)
_REAL = (
    f"CASE WHEN word ~ '{_PLAIN}' THEN CASE WHEN length(word) <= {_SURELY} THEN word::float8 ELSE {_SAFE} END "
    f"WHEN word ~ '{_SCIENTIFIC}' THEN {_SAFE} "
    f"WHEN word ~ '{_EXTREME}' "
    f"THEN CASE WHEN word ~ '^[+-]?[0.]*[eE]|[eE]-' THEN 0 ELSE {_signed('Infinity')} END "
    f"WHEN word ~* '^[+-]?(inf|infinity)$' THEN {_signed('Infinity')} END"
)

_MOMENT = re.sub(r"\?P<\w+>", "", parse.MOMENT).replace(r"\.", "[.]")
_HHMM = "coalesce(regexp_replace(substring(m, '[+-][0-9:]+$'), '[+:-]', '', 'g'), '0')::int8"
#: Year to minute stand where they stand; seconds, their fraction and the zone, like +01:00, where there are any.
_PARTS = {
    "year": "left(m, 4)::int4",
    "month": "substr(m, 6, 2)::int4",
    "day": "substr(m, 9, 2)::int4",
    "hour": "CASE WHEN length(m) > 10 THEN substr(m, 12, 2)::int4 ELSE 0 END",
    "minute": "CASE WHEN length(m) > 10 THEN substr(m, 15, 2)::int4 ELSE 0 END",
    "second": "CASE WHEN substr(m, 17, 1) = ':' THEN substr(m, 18, 2)::int4 ELSE 0 END",
    "micros": "CASE WHEN substr(m, 20, 1) = '.' THEN rpad(substring(m, '[.]([0-9]+)'), 6, '0')::int8 ELSE 0 END",
    "east": f"CASE WHEN length(m) <= 16 THEN 0 ELSE CASE WHEN m ~ '-[0-9:]+$' THEN -1 ELSE 1 END "
    f"* ({_HHMM} / 100 * 60 + {_HHMM} % 100) * 60000000 END",
}


def _first(months: str) -> str:
    """Days from 1970 to the first of a month, counted from January 1970; of any month of four-digit years."""
    return f"((DATE '1970-01-01' + make_interval(months => {months}))::date - DATE '1970-01-01')::int8"
