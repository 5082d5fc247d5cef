"""``fairshare roles``: what each column's role would forbid, from the schema alone."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fairshare.cli.console import Screen, some
from fairshare.cli.fairness import Admissible, Outcome, Policy, Protected, Saturate, wish
from fairshare.cli.options import Examples, ExamplesGroup, Json, Quiet, help_when_bare
from fairshare.errors import UsageError

if TYPE_CHECKING:
    from fairshare.fairness import Fairness, RoleNote
    from fairshare.schema import Schema

__all__ = ["app"]

_GROUP = """\
Example:
  fairshare roles suggest patients.toml
"""

#: Words in a column's name that often mean an attribute which the law protects. A hint for a person, no more.
_OFTEN_PROTECTED = (
    "age",
    "birth",
    "born",
    "citizen",
    "color",
    "colour",
    "disab",
    "ethnic",
    "gender",
    "marital",
    "migra",
    "nation",
    "native",
    "orientation",
    "pregnan",
    "race",
    "relig",
    "sex",
)

app = typer.Typer(
    cls=ExamplesGroup, epilog=_GROUP, rich_markup_mode="rich", add_completion=False, invoke_without_command=True
)


@app.callback()
def roles(context: typer.Context) -> None:
    """Who may influence whom: the roles of columns, for fair tables."""
    help_when_bare(context)


@app.command(
    cls=Examples,
    epilog="""\
Examples:
  fairshare roles suggest patients.toml
  fairshare roles suggest patients.toml --protected sex,age --admissible diagnosis --outcome treated
  fairshare roles suggest patients.toml --fairness justifiable

Roles that are not given are those under [roles] in the schema.
""",
)
def suggest(  # noqa: PLR0917  (typer reads options from the signature)
    path: Annotated[Path, typer.Argument(metavar="S.toml", help="The schema file.")],
    protected: Protected = None,
    admissible: Admissible = None,
    outcome: Outcome = None,
    policy: Policy = None,
    saturate: Saturate = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Explain each column's role, and what each other choice would forbid. No data are needed."""
    screen = Screen(json=json, quiet=quiet)
    from fairshare.fairness import explain_roles
    from fairshare.schema import Schema

    public = Schema.load(path)
    try:
        made = wish(
            public,
            policy or "strict",
            protected=protected,
            admissible=admissible,
            outcome=outcome,
            saturate=saturate,
        )
    except UsageError as error:
        raise UsageError(f"{error}{_hint(public)}") from None
    if made is None:  # a policy is always given above
        raise AssertionError
    notes = explain_roles(public.sizes, made)
    _show(screen, path, made, notes)
    screen.document({"schema": str(path), "policy": made.policy, "saturate": saturate, "columns": _plain(notes)})


def _plain(notes: Sequence["RoleNote"]) -> list[dict[str, Any]]:
    return [
        {
            "name": note.attribute,
            "role": note.role.value,
            "meaning": note.meaning,
            "forbids": {role.value: None if f is None else list(f) for role, f in note.forbids.items()},
            "often_protected": _often_protected(note.attribute),
        }
        for note in notes
    ]


def _show(screen: Screen, path: Path, made: "Fairness", notes: Sequence["RoleNote"]) -> None:
    from fairshare.fairness import Role

    screen.table(
        f"Roles in {path}: the model never ties a column directly to those it is kept apart from",
        ["column", "role", "kept apart from"],
        [(n.attribute, n.role.value, _names(n.forbids[n.role])) for n in notes],
    )
    screen.table(
        "If you changed its role alone, it would be kept apart from",
        ["column", *(f"as {role.value}" for role in Role)],
        [(n.attribute, *("(its role)" if n.role is r else _few(n.forbids[r]) for r in Role)) for n in notes],
    )
    for role, meaning in {n.role: n.meaning for n in notes}.items():
        screen.say(f"  {role.value:<10}  {meaning}")
    neutral = [n.attribute for n in notes if n.role is Role.NEUTRAL]
    if made.policy != "strict" and neutral and not made.saturate:
        screen.say(
            f"\nUnder '{made.policy}' more pairs are refused as the model grows, and these neutral columns may come to "
            f"sit beside an outcome, as proxies: {some(neutral)}. --saturate or --fairness strict prevents it."
        )
    if unprotected := [name for name in neutral if _often_protected(name)]:
        screen.say(f"\nBy their names, these neutral columns are often protected by law: {some(unprotected)}")
    screen.say(f"\nNext: write what you decide under [roles] in {path}, then synth with --fairness {made.policy}")


def _names(columns: Sequence[str] | None) -> str:
    return some(columns or (), most=6) or "nothing"


def _few(columns: Sequence[str] | None) -> str:
    """As much as a narrow cell holds; ``--json`` has all of it."""
    if columns is None:
        return "(none else has its role)"
    return some(columns) or "nothing" if len(columns) <= 2 else f"{len(columns)} columns"


def _often_protected(name: str) -> bool:
    """Whether a word of the name begins like an attribute that is often protected."""
    return any(word.startswith(_OFTEN_PROTECTED) for word in re.split(r"[^a-z]+", name.lower()))


def _hint(schema: "Schema") -> str:
    found = [name for name in schema.sizes if _often_protected(name)]
    return f" (by their names, often protected: {some(found)})" if found else ""
