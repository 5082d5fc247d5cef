"""Columns of days and of moments."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, ClassVar, Literal
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import BeforeValidator, Field, field_validator

from fairshare.schema import parse
from fairshare.schema.grid import Numbers
from fairshare.schema.ordered import Ordered, PrivateQuantiles
from fairshare.schema.parse import Parsed
from fairshare.schema.spec import Count, show

__all__ = ["Date", "DateTime"]

_EPOCH_DAY = date(1970, 1, 1)
_EPOCH = datetime(1970, 1, 1)  # moments without a zone are in UTC throughout
_MICROSECOND = timedelta(microseconds=1)


def _day(given: Any) -> date:
    if isinstance(given, str):
        given = _iso(date, given)
    # A datetime is a date, too, but cutting off its time would change what the file says.
    if isinstance(given, date) and not isinstance(given, datetime):
        return given
    raise ValueError(f"{show(given)} must be a date like 2019-12-31")


def _moment(given: Any) -> datetime:
    if isinstance(given, str):
        given = _iso(datetime, given)
    if isinstance(given, datetime):
        return given if given.tzinfo is None else given.astimezone(UTC).replace(tzinfo=None)
    raise ValueError(f"{show(given)} must be a date with time like 2019-12-31T23:59:59")


def _iso(kind: type[date], text: str) -> date | str:
    """The moment in the text, or the text itself where there is none."""
    try:
        return kind.fromisoformat(text)
    except ValueError:
        return text


Day = Annotated[date, BeforeValidator(_day)]
Moment = Annotated[datetime, BeforeValidator(_moment)]


class Date(Ordered):
    """A column of days; decodes to date32. Reads dates, moments (in UTC) and ISO 8601 text."""

    kind: Literal["date"] = "date"
    bounds: tuple[Day, Day]
    bins: Count | tuple[Day, ...] | PrivateQuantiles | None = None

    reads: ClassVar[tuple[str, ...]] = ("text", "moment")

    def number(self, value: Any) -> int | float:
        """Days since 1970-01-01."""
        return int((value - _EPOCH_DAY).days)

    def value(self, number: float) -> Any:
        """The day that many days after 1970-01-01."""
        return _EPOCH_DAY + timedelta(days=int(number))

    def _read(self, values: pa.Array) -> Parsed:
        return parse.days(values)

    def _arrow(self, numbers: Numbers, missing: npt.NDArray[np.bool_]) -> pa.Array:
        return pa.array(numbers.astype(np.int32), pa.date32(), mask=missing)


class DateTime(Ordered):
    """A column of moments; decodes to microseconds. Reads dates, moments and ISO 8601 text.

    Attributes:
        timezone: name of the zone that decoded moments carry; None for moments without one. Bounds and cells
            that carry no zone are in UTC.
    """

    kind: Literal["datetime"] = "datetime"
    bounds: tuple[Moment, Moment]
    bins: Count | tuple[Moment, ...] | PrivateQuantiles | None = None
    timezone: Annotated[str, Field(strict=True)] | None = None

    reads: ClassVar[tuple[str, ...]] = ("text", "moment")

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str | None) -> str | None:
        if name not in (None, "UTC"):
            try:
                ZoneInfo(name)
            except (KeyError, ValueError, OSError):
                raise ValueError(f"timezone ({show(name)}) must be a zone like Europe/Madrid or UTC") from None
        return name

    def number(self, value: Any) -> int | float:
        """Microseconds since 1970-01-01T00:00."""
        return int((value - _EPOCH) // _MICROSECOND)

    def value(self, number: float) -> Any:
        """The moment that many microseconds after 1970-01-01T00:00."""
        return _EPOCH + timedelta(microseconds=int(number))

    def _read(self, values: pa.Array) -> Parsed:
        return parse.microseconds(values)

    def _arrow(self, numbers: Numbers, missing: npt.NDArray[np.bool_]) -> pa.Array:
        return pa.array(numbers.astype("datetime64[us]"), pa.timestamp("us", self.timezone), mask=missing)
