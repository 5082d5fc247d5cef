"""What each role would mean for each attribute, from the schema alone."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fairshare.fairness.roles import Fairness, Role

__all__ = ["RoleNote", "explain_roles"]

_MEANING = {
    Role.PROTECTED: "its influence on an outcome must pass through an admissible attribute",
    Role.ADMISSIBLE: "its influence on an outcome is justified; it may share a clique with any attribute",
    Role.OUTCOME: "it must not depend on a protected attribute once the admissible ones are fixed",
    Role.NEUTRAL: "it may take the protected or the outcome side of the model, but never join them",
}


@dataclass(frozen=True)
class RoleNote:
    """One attribute's role and what each choice would forbid.

    Attributes:
        attribute: its name.
        role: its role now.
        meaning: that role in words.
        forbids: for each role that the attribute could have, with the others' roles as they are, the attributes
            with which it could then never share a clique; None if the choice would empty another role.
    """

    attribute: str
    role: Role
    meaning: str
    forbids: Mapping[Role, tuple[str, ...] | None]


def explain_roles(attributes: Iterable[str], fairness: Fairness) -> tuple[RoleNote, ...]:
    """Explain every attribute's role, and what other choices would forbid.

    Args:
        attributes: the table's attributes (a ``Domain`` will do).
        fairness: roles and policy.

    Returns:
        One note per attribute, in the given order. ``forbids`` counts pairs that the policy refuses whatever
        the model holds; ``justifiable`` and ``exact`` refuse further cliques as the model grows.
    """
    attributes = tuple(attributes)
    notes = []
    for attribute in attributes:
        role = _declared(attribute, fairness)
        forbids = {choice: _forbidden(attribute, choice, attributes, fairness) for choice in Role}
        meaning = _MEANING[role]
        if role is Role.NEUTRAL and fairness.saturate:
            meaning = f"saturate=True counts it as protected: {_MEANING[Role.PROTECTED]}"
        elif role is Role.NEUTRAL and fairness.policy == "strict":
            meaning = "policy 'strict' keeps it out of every clique with an outcome"
        notes.append(RoleNote(attribute, role, meaning, forbids))
    return tuple(notes)


def _declared(attribute: str, fairness: Fairness) -> Role:
    """The role that was written down, before ``saturate``."""
    neutral = bool(fairness.roles.neutral([attribute]))
    return Role.NEUTRAL if neutral else fairness.roles.role_of(attribute)


def _forbidden(attribute: str, choice: Role, attributes: tuple[str, ...], fairness: Fairness) -> tuple[str, ...] | None:
    now = _declared(attribute, fairness)
    if choice is not now and now is not Role.NEUTRAL and len(getattr(fairness, now.value)) == 1:
        return None
    others = [a for a in attributes if a != attribute]
    return tuple(a for a in others if _kept_apart(choice, _declared(a, fairness), fairness))


def _kept_apart(a: Role, b: Role, fairness: Fairness) -> bool:
    """Whether no clique may ever hold attributes of these two roles."""
    apart_from_outcome = {Role.PROTECTED}
    if fairness.saturate or fairness.policy == "strict":
        apart_from_outcome.add(Role.NEUTRAL)
    return (a is Role.OUTCOME and b in apart_from_outcome) or (b is Role.OUTCOME and a in apart_from_outcome)
