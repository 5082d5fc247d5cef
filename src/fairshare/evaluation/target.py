"""What is predicted: an outcome column, and which of its values are the positive ones."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from fairshare.errors import UsageError
from fairshare.evaluation.tables import Codes
from fairshare.fairness import Fairness, Roles
from fairshare.schema import Schema
from fairshare.schema.column import Coded

__all__ = ["RoleNames", "Target", "roles_of", "target_of"]

#: Columns by role: ``protected``, ``admissible``, ``outcome``.
RoleNames = Mapping[str, tuple[str, ...]]

_ROLES = ("protected", "admissible", "outcome")


def roles_of(
    schema: Schema, fairness: Fairness | Roles | Mapping[str, Iterable[str]] | None, outcome: str | None
) -> RoleNames:
    """The roles to evaluate: those given, else those that the schema describes.

    Args:
        schema: the public schema.
        fairness: overrides the schema's roles; a mapping overrides the roles that it names.
        outcome: overrides the outcome.

    Raises:
        UsageError: a role names a column that is not synthesised, or the outcome has another role.
    """
    given = fairness if isinstance(fairness, Mapping) else {}
    if unknown := sorted(set(given) - set(_ROLES)):
        raise UsageError(f"fairness ({unknown}) must name roles among {list(_ROLES)}")
    source = fairness if isinstance(fairness, Fairness | Roles) else schema.roles
    roles = {role: tuple(given.get(role, getattr(source, role))) for role in _ROLES}
    if outcome is not None:
        roles["outcome"] = (outcome,)
    for role, names in roles.items():
        if strange := [name for name in names if name not in schema.sizes]:
            raise UsageError(f"{role} ({strange}) must name synthesised columns: {list(schema.sizes)}")
    for first, second in combinations(_ROLES, 2):
        if both := sorted(set(roles[first]) & set(roles[second])):
            raise UsageError(f"{second} ({both}) must not be {first} as well: give each column one role")
    return roles


@dataclass(frozen=True)
class Target:
    """A yes or no question about the outcome column.

    Attributes:
        column: the outcome.
        labels: of the positive codes.
        codes: the positive codes.
        because: why these.
    """

    column: str
    labels: tuple[str, ...]
    codes: tuple[int, ...]
    because: str

    def positive(self, codes: Codes) -> npt.NDArray[np.bool_]:
        """Whether each row's outcome is positive, shape (rows,)."""
        return np.isin(codes[self.column], self.codes)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able content."""
        return {"column": self.column, "positive": list(self.labels), "because": self.because}


def target_of(schema: Schema, roles: RoleNames, positive: str | None) -> Target | None:
    """The question: whether the first outcome column has the positive value; None without an outcome.

    Args:
        schema: the public schema.
        roles: see ``roles_of``.
        positive: label of the positive value. Left out: the upper half of the schema's values, in its order, so of
            two values the second.

    Raises:
        UsageError: there is no such label, or the outcome has one value only.
    """
    if not roles["outcome"]:
        if positive is not None:
            raise UsageError(f"positive ({positive!r}) must come with an outcome column: name it too")
        return None
    column = roles["outcome"][0]
    labels = schema.labels(column)
    if len(labels) < 2:
        raise UsageError(f"outcome {column!r} must have at least two values in the schema")
    if positive is not None:
        if positive not in labels:
            raise UsageError(f"positive ({positive!r}) must be one of the labels of {column!r}: {labels[:20]}")
        return Target(column, (positive,), (labels.index(positive),), "as asked for")
    kind = schema.column(column)
    values = labels[:-1] if isinstance(kind, Coded) and kind.nullable and len(labels) > 2 else labels
    upper = tuple(range((len(values) + 1) // 2, len(values)))
    words = "the second of two values" if len(values) == 2 else "the upper half of the values"
    return Target(column, tuple(values[i] for i in upper), upper, f"{words}, in the schema's order")
