"""Whom the promise protects: the unit of privacy and the neighbour relation, and the sensitivities they set."""

from dataclasses import dataclass
from typing import Literal, get_args

from fairshare.errors import UsageError

__all__ = ["PrivacyUnit", "Relation"]

Relation = Literal["add-remove", "replace-one"]


@dataclass(frozen=True, kw_only=True)
class PrivacyUnit:
    """Two tables are neighbours when they differ in one unit: one row, or one person with up to ``max_rows`` rows.

    Attributes:
        relation: ``add-remove`` (one unit present or absent; the number of rows is private) or ``replace-one``
            (one unit's rows changed). Where the unit is one row, the number of rows is then the same in neighbours and
            may be public; a person's rows may be replaced by more or fewer of them, so there it stays private.
        max_rows: rows that one unit may contribute (``m`` below). The curator enforces it by truncation.

    Privacy:
        A marginal is a histogram: each row adds one to exactly one of its cells. Adding or removing m rows
        therefore moves a marginal by at most m in L1 and by at most m in L2 (all m rows in one cell). Replacing up
        to m rows by up to m moves it by at most 2m in L1 and sqrt(2) m in L2 (m leave one cell, m enter another).

    Raises:
        UsageError: unknown relation, or ``max_rows`` below 1.
    """

    relation: Relation = "add-remove"
    max_rows: int = 1

    def __post_init__(self) -> None:
        if self.relation not in get_args(Relation):
            raise UsageError(f"relation ({self.relation!r}) must be one of {', '.join(get_args(Relation))}")
        if not isinstance(self.max_rows, int) or not 1 <= self.max_rows <= 2**20:
            raise UsageError(f"max_rows ({self.max_rows}) must be an integer between 1 and {2**20}")

    @property
    def l2_squared(self) -> int:
        """Squared L2 sensitivity of one marginal, in rows squared."""
        return self.max_rows**2 * (1 if self.relation == "add-remove" else 2)

    @property
    def l1(self) -> int:
        """L1 sensitivity of one marginal, and so of one unweighted L1 error, in rows."""
        return self.max_rows * (1 if self.relation == "add-remove" else 2)

    def describe(self) -> str:
        """One phrase for a report."""
        who = "one row" if self.max_rows == 1 else f"one person with up to {self.max_rows} rows"
        return f"{who} {'added or removed' if self.relation == 'add-remove' else 'replaced'}"
