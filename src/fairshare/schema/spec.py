"""The base of every record in a schema file: frozen, closed to unknown keys, with messages a person can act on."""

import unicodedata
from datetime import date, datetime
from difflib import get_close_matches
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictStr, ValidationError
from pydantic_core import ErrorDetails

from fairshare.errors import SchemaError

__all__ = ["Count", "Label", "Spec", "nearest"]

_LONGEST_ECHO = 60
_WORDING = {
    "a valid integer": "a whole number",
    "a valid ": "a ",
    "greater than or equal to": "at least",
    "less than or equal to": "at most",
}


def normalise(label: str) -> str:
    """The NFC form of a name or category, which both schema and data are compared in.

    Raises:
        ValueError: the label holds a lone surrogate, which no UTF-8 file can.
    """
    try:
        label.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("labels must be valid Unicode text; remove the lone surrogate") from None
    return unicodedata.normalize("NFC", label)


#: Text in the schema: NFC, and encodable as UTF-8.
Label = Annotated[StrictStr, AfterValidator(normalise)]

#: A whole number of at least one.
Count = Annotated[int, Field(strict=True, ge=1)]


class Spec(BaseModel):
    """A frozen record that refuses unknown keys.

    Raises:
        SchemaError: a field is missing, unknown or outside its range. A schema is public, so messages may
            show its values.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def __init__(self, **fields: Any) -> None:
        try:
            super().__init__(**fields)
        except ValidationError as error:
            # A misspelt key also leaves its field missing: say the former.
            first = min(error.errors(include_url=False), key=lambda detail: detail["type"] != "extra_forbidden")
            raise SchemaError(_explain(first, tuple(type(self).model_fields))) from None


def nearest(word: str, known: tuple[str, ...]) -> str:
    """``; did you mean 'x'?`` and the known words, as the end of a message."""
    close = get_close_matches(word, known, n=1, cutoff=0.6)
    guess = f"did you mean {close[0]!r}? " if close else ""
    return f"{guess}Known are {', '.join(map(repr, known))}"


def show(value: object) -> str:
    """The value as a message shows it: as in the file, cut where it is long."""
    if isinstance(value, date | datetime):
        text = value.isoformat()
    elif isinstance(value, tuple | list):
        text = "[" + ", ".join(map(show, value[:8])) + (", ...]" if len(value) > 8 else "]")
    else:
        text = repr(value)
    return text if len(text) <= _LONGEST_ECHO else text[:_LONGEST_ECHO] + "..."


def _explain(error: ErrorDetails, known: tuple[str, ...]) -> str:
    """One pydantic error in the house style."""
    place = ".".join(str(part) for part in error["loc"] if isinstance(part, str) and part in known)
    if error["type"] == "extra_forbidden":
        key = str(error["loc"][-1])
        return f"unknown key {key!r}: {nearest(key, known)}"
    if error["type"] == "missing":
        return f"{error['loc'][0]} is missing: add it"
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    message = error["msg"].removeprefix("Input should be ")
    for theirs, ours in _WORDING.items():
        message = message.replace(theirs, ours)
    return f"{place} ({show(error['input'])}) must be {message}"
