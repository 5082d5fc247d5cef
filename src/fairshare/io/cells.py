"""Python objects as text, each by itself: what a column of objects holds elsewhere never changes how one is read."""

import datetime as dt
import re
from collections.abc import Iterable
from contextlib import suppress
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa

__all__ = ["as_text", "text_of"]

_QUICK = frozenset((str, bytes, float, type(None)))
#: What is no text in a string or in bytes; U+001A and its number stand for it, so that different ones stay so.
_NO_TEXT = re.compile("[\ud800-\udfff]")
#: Decimals of more places than this are written with an exponent; Python writes no longer integers.
_PLACES = 4300


def as_text(cells: Iterable[Any]) -> pa.Array | pa.ChunkedArray:
    """A text column, shape (cells,), of objects of any types; never fails. Each cell is ``text_of`` that cell."""
    listed = list(cells)
    # Where all are of these types Arrow agrees with `text_of`, or refuses: text, UTF-8 bytes, None and NaN.
    if _QUICK.issuperset(map(type, listed)):
        with suppress(pa.ArrowException, UnicodeError, TypeError, ValueError):
            return pa.array(listed, pa.string(), from_pandas=True)
    return pa.array([text_of(cell) for cell in listed], pa.string())


def text_of(cell: Any) -> str | None:
    """One object as text, or None for what is missing or of no known type; a function of the object's value alone.

    Text stays (what UTF-8 can't hold becomes U+001A and its number: different keys stay different), truth values are
    ``true`` and ``false``, integral numbers have no point, dates and times are ISO 8601. What ``str`` makes of
    other types may be an address or an order: by it one person could be many.
    """
    with suppress(Exception):
        return _text_of(cell)
    return None


def _text_of(cell: Any) -> str | None:
    if isinstance(cell, str):
        return _clean(cell)
    if isinstance(cell, bytes | bytearray | memoryview):
        return _clean(bytes(cell).decode("utf-8", "surrogateescape"))
    if isinstance(cell, bool | np.bool_):
        return "true" if cell else "false"
    if isinstance(cell, int | np.integer) and not isinstance(cell, np.timedelta64):
        return str(int(cell))
    if isinstance(cell, float | np.floating):
        return _real(float(cell))
    if isinstance(cell, Decimal):
        return _decimal(cell)
    if isinstance(cell, dt.datetime):
        return cell.isoformat(" ") if cell == cell else None  # noqa: PLR0124 - NaT differs from itself
    if isinstance(cell, dt.date | dt.time):
        return cell.isoformat()
    if isinstance(cell, np.datetime64):
        return None if np.isnat(cell) else str(cell)
    return str(cell) if isinstance(cell, UUID) or _is_label(cell) else None


def _clean(text: str) -> str:
    return _NO_TEXT.sub(lambda found: f"\x1a{ord(found[0]):x}", text)


def _real(value: float) -> str | None:
    if value != value:  # noqa: PLR0124 - NaN differs from itself
        return None
    return str(int(value)) if value.is_integer() else repr(value)


def _decimal(value: Decimal) -> str | None:
    if not value.is_finite():
        return None if value.is_nan() else ("-inf" if value.is_signed() else "inf")
    if value.is_zero():
        return "0"
    if abs(value.adjusted()) > _PLACES:
        return str(value)
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _is_label(cell: object) -> bool:
    """Whether the object is a pandas interval or period, which columns made by ``pandas.cut`` hold as categories."""
    kind = type(cell)
    return kind.__module__.partition(".")[0] == "pandas" and kind.__name__ in ("Interval", "Period")
