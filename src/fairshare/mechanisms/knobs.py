"""What every mechanism's configuration can do: describe itself, and refuse a knob that is out of range."""

import math
from dataclasses import asdict
from typing import Any, ClassVar

from fairshare.errors import UsageError

__all__ = ["Knobs", "above_zero", "at_least_one", "share"]


class Knobs:
    """A frozen dataclass whose fields are knobs.

    Attributes:
        name: the mechanism's, on the command line.
    """

    name: ClassVar[str]

    def describe(self) -> dict[str, Any]:
        """Name and knobs, JSON-able."""
        return {"name": self.name, **asdict(self)}  # type: ignore[call-overload]


def share(name: str, value: float, usual: float) -> None:
    """Refuse what is no proper share of something."""
    if not 0 < value < 1:
        raise UsageError(f"{name} ({value}) must be between 0 and 1; {usual:g} is usual")


def above_zero(name: str, value: float, usual: float) -> None:
    """Refuse what is not above zero, or no number."""
    if not 0 < value < math.inf:
        raise UsageError(f"{name} ({value}) must be above 0; {usual:g} is usual")


def at_least_one(name: str, value: int | None, usual: str) -> None:
    """Refuse a number below 1; None stands for the usual one."""
    if value is not None and value < 1:
        raise UsageError(f"{name} ({value}) must be at least 1; {usual}")
