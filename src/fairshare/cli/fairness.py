"""A wish for fairness on the command line: its options, the wish they make, and the words for what came of it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fairshare.errors import UsageError

if TYPE_CHECKING:
    from fairshare.fairness import Fairness
    from fairshare.schema import Schema

__all__ = ["Admissible", "Outcome", "Policy", "Protected", "Saturate", "verdict", "wish"]

_PANEL = "Fairness"
_ROLES = ("protected", "admissible", "outcome")

Protected = Annotated[
    list[str] | None,
    typer.Option(
        metavar="A,B",
        help="Columns whose influence on an outcome must be justified (default: the schema's roles).",
        rich_help_panel=_PANEL,
    ),
]
Admissible = Annotated[
    list[str] | None,
    typer.Option(metavar="C,D", help="Columns through which an influence is justified.", rich_help_panel=_PANEL),
]
Outcome = Annotated[
    list[str] | None,
    typer.Option(metavar="E", help="Columns that are to be decided fairly.", rich_help_panel=_PANEL),
]
Policy = Annotated[
    str | None,
    typer.Option(
        "--fairness",
        metavar="P",
        help="strict (only admissible columns beside an outcome; the default beside --protected, --admissible or "
        "--outcome), justifiable (richer, and warns about proxies) or exact (the heaviest fair tree, mst only). "
        "Without any of these a table is not made fair, whatever roles the schema has.",
        rich_help_panel=_PANEL,
    ),
]
Saturate = Annotated[
    bool,
    typer.Option("--saturate", help="Columns without a role count as protected.", rich_help_panel=_PANEL),
]


def wish(
    schema: "Schema",
    policy: str | None,
    *,
    protected: Sequence[str] | None = None,
    admissible: Sequence[str] | None = None,
    outcome: Sequence[str] | None = None,
    saturate: bool = False,
) -> "Fairness | None":
    """The wish that these options make, checked against the schema; None where nothing was wished.

    A role that is not given is the schema's. Roles without a policy mean ``strict``.

    Raises:
        UsageError: a role is empty, names no synthesised column or one with a single value; two roles overlap; the
            policy is unknown.
    """
    given = {"protected": protected, "admissible": admissible, "outcome": outcome}
    if policy is None and not any(given.values()):
        if saturate:
            raise UsageError("saturate (True) must come with --fairness or roles: add --fairness strict")
        return None
    from fairshare.fairness import Fairness
    from fairshare.marginals import Domain

    roles = {role: _columns(role, names, schema) for role, names in given.items()}
    made = Fairness(**roles, policy=policy or "strict", saturate=saturate)  # type: ignore[arg-type]  # it checks
    made.check(Domain.from_sizes(schema.sizes))
    return made


def _columns(role: str, given: Sequence[str] | None, schema: "Schema") -> tuple[str, ...]:
    """The columns of one role: those given (an option may be repeated, or hold commas), else the schema's."""
    if not given:
        if not (declared := tuple(getattr(schema.roles, role))):
            raise UsageError(
                f"{role} ([]) must name at least one column: pass --{role}, or add it to the schema's roles"
            )
        return declared
    names = tuple(name for text in given for name in ([text] if text in schema.sizes else text.split(",")))
    names = tuple(name.strip() if name not in schema.sizes else name for name in names)
    if not all(names):
        raise UsageError(f"{role} ({','.join(given)!r}) must be column names with commas between: remove the empty one")
    left_out = {column.name: column.kind for column in schema.columns if column.name not in schema.sizes}
    for name in names:
        if name in left_out:
            raise UsageError(f"{role} ({name!r}) must be synthesised, but is a {left_out[name]} column: leave it out")
    return names


def verdict(judged: Mapping[str, Any]) -> str:
    """A certificate's words on fairness, in a line or two."""
    roles = "; ".join(f"{role} {', '.join(judged[role])}" for role in _ROLES)
    policy = judged["policy"] + (", saturated" if judged["saturate"] else "")
    also = "interventions on the sampler too" if judged["interventions"] else "nothing claimed of interventions"
    near = len(judged["proxies"])
    proxies = f", {near} proxy warning{'s' if near != 1 else ''}" if near else ", no proxy beside an outcome"
    return f"{'justifiably fair' if judged['fair'] else 'NOT FAIR'} (policy {policy}; {also}{proxies})\n{roles}"
