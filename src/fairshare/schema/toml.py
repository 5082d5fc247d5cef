"""TOML out and in: text that ``tomllib`` reads back to the same values, and files that a stranger may have written."""

import json
import re
import tomllib
from datetime import date, datetime
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from fairshare.errors import FairshareError, InternalError

__all__ = ["array", "inline", "key", "read"]

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_WIDTH = 100
#: Parts of a dotted name: the parser needs memory for their number squared, and none of our files has four.
_MOST_PARTS = 16
_PART = r"""(?:(?<![\w-])[\w-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')"""
_DOTTED = re.compile(rf"(?:{_PART}[ \t]*\.[ \t]*){{{_MOST_PARTS}}}")


def key(name: str) -> str:
    """A key, quoted where it must be."""
    return name if _BARE.fullmatch(name) else inline(name)


def inline(value: object) -> str:
    """A value on one line: text, numbers, truth values, dates, and lists and tables of these."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # JSON's escapes are TOML's, but JSON leaves DEL bare, which TOML forbids.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(inline, value)) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key(name)} = {inline(item)}" for name, item in value.items()) + " }"
    raise InternalError(f"no TOML form for {type(value).__name__}")


def array(value: list[object] | tuple[object, ...], comment: str = "") -> str:
    """A list: on one line where it fits, else several lines with the comment beside the opening bracket."""
    flat = inline(value)
    if len(flat) <= _WIDTH:
        return flat + comment
    lines, line = [], "   "
    for item in map(inline, value):
        if len(line) + len(item) + 2 > _WIDTH and line.strip():
            lines.append(line)
            line = "   "
        line += f" {item},"
    return "\n".join(["[" + comment, *lines, line, "]"])


def read(path: str | PathLike[str], *, what: str, most: int, error: type[FairshareError]) -> tuple[str, dict[str, Any]]:
    """The text of a file and what it says, in memory that its size bounds.

    Args:
        path: the file.
        what: what it should be, for messages.
        most: bytes that it may have.
        error: what to raise.

    Raises:
        FairshareError: of that type: the file can't be read, is too large, or is not TOML.
    """
    name = f"{what} {fspath(path)!r}"
    try:
        size = Path(path).stat().st_size
        text = Path(path).read_bytes().decode("utf-8-sig") if size <= most else ""
    except OSError as failed:
        raise error(f"{name} can't be read: {failed.strerror}") from None
    except UnicodeDecodeError:
        raise error(f"{name} is not UTF-8 text: save it as UTF-8") from None
    if size > most:
        raise error(f"{name} must be at most {most} bytes; it is not a {what}")
    if _DOTTED.search(text):
        raise error(f"{name} has a name of more than {_MOST_PARTS} parts; it is not a {what}")
    try:
        fields = tomllib.loads(text)
        long = _has_long_number(fields)
    except tomllib.TOMLDecodeError as failed:
        raise error(f"{name} is not TOML: {failed}") from None
    except (ValueError, RecursionError):  # a number of thousands of digits, thousands of brackets
        raise error(f"{name} is not TOML that can be read: look for a long number or a pile of brackets") from None
    if long:
        raise error(f"{name} has a whole number beyond 64 bits: TOML has none")
    return text, fields


def _has_long_number(value: object) -> bool:
    """Whether a number is in there that the parser takes and Python would refuse to print."""
    if isinstance(value, dict | list):
        return any(map(_has_long_number, value.values() if isinstance(value, dict) else value))
    return isinstance(value, int) and not -(2**63) <= value < 2**63
