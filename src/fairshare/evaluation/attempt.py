"""One failure must not cost the rest: each number is computed on its own, and says why where it can't be."""

from collections.abc import Callable, Mapping
from typing import Any

from fairshare.errors import FairshareError
from fairshare.evaluation.findings import Score

__all__ = ["attempt", "failure", "reason"]


def attempt(
    metric: str,
    compute: Callable[[], float],
    *,
    references: Mapping[str, Callable[[], float]] | None = None,
    **named: Any,
) -> Score:
    """A score, or a failed score with its reason; a reference that fails is None.

    Args:
        metric: key in ``METRICS``.
        compute: gives the number.
        references: give the numbers to compare with.
        named: other fields of ``Score``.
    """
    try:
        value = compute()
    except Exception as error:  # whatever it is, it is this metric's result
        return failure(metric, error, **named)
    compared = {name: _or_none(reference) for name, reference in (references or {}).items()}
    return Score(metric=metric, value=float(value), references=compared, **named)


def failure(metric: str, error: Exception | str, **named: Any) -> Score:
    """The score of a metric that failed."""
    return Score(metric=metric, value=None, failed=error if isinstance(error, str) else reason(error), **named)


def reason(error: Exception) -> str:
    """Why, in words that hold no cell: our own messages never do, those of others may."""
    if isinstance(error, FairshareError):
        return str(error)
    return f"stopped by {type(error).__name__}; its message is left out, for it may hold a cell"


def _or_none(compute: Callable[[], float]) -> float | None:
    try:
        return float(compute())
    except Exception:  # a reference is help, not a result
        return None
