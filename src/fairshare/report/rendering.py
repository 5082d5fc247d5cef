"""Our templates, and how values are written in them."""

import re
from collections.abc import Sequence
from functools import cache

import jinja2

__all__ = ["environment", "percent", "plain", "tiny"]

#: What Markdown acts on within a line; an address is kept from becoming a link, too.
_ACTIVE = re.compile(r"([\\`*_{}\[\]#|~>$])")
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@cache
def environment() -> jinja2.Environment:
    """Templates in which whatever enters a page is escaped, and an undefined name is an error, not an empty string."""
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("fairshare.report"),
        autoescape=jinja2.select_autoescape(enabled_extensions=("html",), default=False),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {
        "listed": listed,
        "number": number,
        "percent": percent,
        "plain": plain,
        "share": share,
        "tiny": tiny,
    }
    return made


def percent(value: float) -> str:
    """A share in a sentence: 73.1 %, and never a 0 or a 100 that is not one."""
    if 0 < value < 0.001:
        return "<0.1 %"
    return f"{100 * value:.1f} %" if value < 0.9995 or value == 1 else ">99.9 %"


def share(value: float) -> str:
    """A share where many stand in a column, in per cent."""
    return f"{100 * value:.1f}" if value >= 0.0005 or value == 0 else "<0.1"


def number(value: float | None) -> str:
    """A score."""
    if value is None:
        return "–"
    return f"{value:.3f}" if abs(value) < 10 else f"{value:,.0f}"


def tiny(value: float) -> str:
    """A small probability, as it is written by hand: 10⁻⁹."""
    digits, power = f"{value:.1e}".split("e")
    raised = str(int(power)).translate(_RAISED)
    return f"10{raised}" if digits == "1.0" else f"{digits.removesuffix('.0')}·10{raised}"


def listed(names: Sequence[str], most: int = 12) -> str:
    """Names for a sentence."""
    shown = [*names[:most], *([f"{len(names) - most} more"] if len(names) > most else [])]
    return " and ".join(filter(None, [", ".join(shown[:-1]), *shown[-1:]]))


def plain(text: object) -> str:
    """Text that Markdown leaves alone: no markup, no HTML, no link, one line."""
    words = " ".join(str(text).split())
    return _ACTIVE.sub(r"\\\1", words.replace("&", "&amp;").replace("<", "&lt;")).replace("://", ":&#47;/")
