"""Plain values to TOML text that ``tomllib`` reads back to the same values."""

import json
import re
from datetime import date, datetime

from fairshare.errors import InternalError

__all__ = ["array", "inline", "key"]

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_WIDTH = 100


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
