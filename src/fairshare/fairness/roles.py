"""Who may influence whom: the roles of attributes, and the policy that keeps them apart."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, get_args

from fairshare.errors import UsageError
from fairshare.marginals import Domain

__all__ = ["Fairness", "Policy", "Role", "Roles"]

#: How candidates are filtered; see :class:`Fairness`.
Policy = Literal["strict", "justifiable", "exact"]


class Role(StrEnum):
    """What an attribute is, to the fairness criterion."""

    PROTECTED = "protected"
    ADMISSIBLE = "admissible"
    OUTCOME = "outcome"
    NEUTRAL = "neutral"


@dataclass(frozen=True, kw_only=True)
class Roles:
    """Roles of attributes; whatever is not named is neutral.

    Justifiable fairness (Salimi et al. 2019, section 3): no intervention on a protected attribute changes an
    outcome once the admissible attributes, or any superset of them, are fixed.

    Attributes:
        protected: attributes whose influence on the outcome must be justified; at least one.
        admissible: attributes through which an influence is justified; at least one.
        outcome: attributes to be decided fairly; at least one.
        saturate: treat every neutral attribute as protected (PreFair, Proposition 6).

    Raises:
        UsageError: a set is empty or not a list of names, or two sets overlap.
    """

    protected: tuple[str, ...]
    admissible: tuple[str, ...]
    outcome: tuple[str, ...]
    saturate: bool = False

    def __post_init__(self) -> None:
        seen: dict[str, str] = {}
        for name in ("protected", "admissible", "outcome"):
            attributes = _names(name, getattr(self, name))
            object.__setattr__(self, name, attributes)
            for attribute in attributes:
                if attribute in seen:
                    raise UsageError(
                        f"{name} ({list(attributes)}) must be disjoint from {seen[attribute]}, and without "
                        f"repeats, but {attribute!r} is in both: remove it from one of them"
                    )
                seen[attribute] = name

    def role_of(self, attribute: str) -> Role:
        """The role that the criterion sees: with ``saturate``, a neutral attribute counts as protected."""
        if attribute in self.admissible:
            return Role.ADMISSIBLE
        if attribute in self.outcome:
            return Role.OUTCOME
        return Role.PROTECTED if self.saturate or attribute in self.protected else Role.NEUTRAL

    def neutral(self, attributes: Iterable[str]) -> tuple[str, ...]:
        """Those of these attributes that no role names, in the given order, ``saturate`` or not."""
        named = {*self.protected, *self.admissible, *self.outcome}
        return tuple(a for a in attributes if a not in named)

    def check(self, domain: Domain) -> None:
        """Refuse roles that do not fit a table.

        Raises:
            UsageError: a name is not a column, or a protected or outcome attribute has a single value, so that
                the criterion would hold without saying anything.
        """
        for name in ("protected", "admissible", "outcome"):
            for attribute in getattr(self, name):
                if attribute not in domain:
                    raise UsageError(
                        f"{name} ({attribute!r}) must be a column of the schema, which has "
                        f"{list(domain.attributes)}: correct the name"
                    )
                if name != "admissible" and domain.size_of(attribute) < 2:
                    raise UsageError(
                        f"{name} ({attribute!r}) must have at least 2 values in the schema, it has 1: nothing "
                        "can depend on it; declare its other values or leave it out of the roles"
                    )


@dataclass(frozen=True, kw_only=True)
class Fairness:
    """A wish for justifiable fairness: roles and the policy that grants it.

    Every policy meets the same criterion (:func:`fairshare.fairness.separation`) and filters public candidates,
    so it costs no privacy budget. They differ in what else they refuse:

    - ``strict`` (PreFair's Greedy, the default): a clique with an outcome may hold otherwise only outcome and
      admissible attributes, so no inadmissible proxy sits beside the outcome.
    - ``justifiable``: a clique may not join a component that holds a protected attribute to one that holds an
      outcome. Richer models, same criterion; a neutral proxy may sit beside the outcome.
    - ``exact``: the spanning tree of greatest weight that meets the criterion (MST only). Mechanisms that grow
      cliques one by one are given ``justifiable`` instead; the release's certificate then names that policy and
      warns of the difference.

    Attributes:
        protected: see :class:`Roles`.
        admissible: see :class:`Roles`.
        outcome: see :class:`Roles`.
        policy: one of ``strict``, ``justifiable``, ``exact``.
        saturate: see :class:`Roles`.

    Raises:
        UsageError: a set is empty, two sets overlap, or the policy is unknown.
    """

    protected: tuple[str, ...]
    admissible: tuple[str, ...]
    outcome: tuple[str, ...]
    policy: Policy = "strict"
    saturate: bool = False
    roles: Roles = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.policy not in get_args(Policy):
            raise UsageError(f"policy ({self.policy!r}) must be one of {list(get_args(Policy))}")
        roles = Roles(
            protected=self.protected,
            admissible=self.admissible,
            outcome=self.outcome,
            saturate=self.saturate,
        )
        for name in ("protected", "admissible", "outcome"):
            object.__setattr__(self, name, getattr(roles, name))
        object.__setattr__(self, "roles", roles)

    def check(self, domain: Domain) -> None:
        """Refuse roles that do not fit a table; see :meth:`Roles.check`."""
        self.roles.check(domain)


def _names(field_name: str, value: object) -> tuple[str, ...]:
    """A role's attributes as a tuple of names."""
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise UsageError(f"{field_name} ({value!r}) must be a list of column names: write [{value!r}]")
    names = tuple(value)
    if not names:
        raise UsageError(f"{field_name} ([]) must name at least one column: justifiable fairness needs all three sets")
    for name in names:
        if not isinstance(name, str) or not name:
            raise UsageError(f"{field_name} ({name!r}) must be a list of non-empty column names")
    return names
