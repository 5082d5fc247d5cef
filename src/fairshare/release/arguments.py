"""What a caller may have mistaken for an argument: a path for a schema, a name for a mechanism or a wish."""

from typing import Any

from fairshare.errors import UsageError
from fairshare.fairness import Fairness
from fairshare.schema import Schema

__all__ = ["check_kinds"]


def check_kinds(schema: Any, mechanism: Any, fairness: Any) -> None:
    """Refuse arguments of another kind, before anything is opened.

    Raises:
        UsageError: says what to give instead.
    """
    if not isinstance(schema, Schema):
        raise UsageError(f"schema (a {type(schema).__name__}) must be a Schema: read a file with Schema.load(path)")
    if mechanism is not None and (isinstance(mechanism, str | type) or not hasattr(mechanism, "run")):
        raise UsageError(f"mechanism ({mechanism!r}) must be an object, such as fairshare.MST() or fairshare.AIM()")
    if not isinstance(fairness, Fairness | None):
        raise UsageError(
            f"fairness ({fairness!r}) must be a Fairness: fairshare.Fairness(protected=['a'], admissible=['b'], "
            "outcome=['c'], policy='strict')"
        )
