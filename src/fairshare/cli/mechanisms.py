"""Mechanisms by the name that a person types."""

from typing import TYPE_CHECKING

from fairshare.errors import UsageError

if TYPE_CHECKING:
    from fairshare.mechanisms import Mechanism

__all__ = ["MECHANISMS", "mechanism_named", "mechanisms_help"]

#: Name -> (class in fairshare.mechanisms, what it does in a few words). A new mechanism is one line here.
MECHANISMS: dict[str, tuple[str, str]] = {
    "mst": ("MST", "every column, and a private spanning tree of pairs"),
    "aim": ("AIM", "round by round, the marginal that the model gets most wrong"),
    "swift": ("SWIFT", "all pairs scored at once, then one clique tree measured"),
    "mwem": ("MWEM", "the worst pair, once for each column"),
    "privbayes": ("PrivBayes", "a Bayesian network, measured once"),
}


def mechanism_named(name: str) -> "Mechanism":
    """The mechanism with its defaults.

    Raises:
        UsageError: unknown name; the message lists the known ones.
    """
    from fairshare import mechanisms

    if name.lower() not in MECHANISMS:
        raise UsageError(f"mechanism ({name!r}) must be one of {', '.join(MECHANISMS)}")
    made: Mechanism = getattr(mechanisms, MECHANISMS[name.lower()][0])()
    return made


def mechanisms_help() -> str:
    """All names with their few words, for ``--help``."""
    return "What is measured: " + "; ".join(f"{name} ({words})" for name, (_, words) in MECHANISMS.items()) + "."
