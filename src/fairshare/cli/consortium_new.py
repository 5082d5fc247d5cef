"""``fairshare consortium new``: write a plan, guided by questions or from options alone."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fairshare.cli.console import Screen
from fairshare.cli.mechanisms import mechanism_named
from fairshare.cli.options import Json, Quiet
from fairshare.cli.outputs import writing
from fairshare.cli.parties import knobs_for
from fairshare.errors import UsageError

if TYPE_CHECKING:
    from fairshare.schema import Schema

__all__ = ["EXAMPLES", "new"]

EXAMPLES = """\
Examples:
  fairshare consortium new plan.toml --schema patients.toml
  fairshare consortium new plan.toml --schema patients.toml --holder alice=20000 --holder bob=30000! --server s1=h1:7001
  fairshare consortium new plan.toml --schema patients.toml --relation replace-one --record-key id --holder a=99:age,sex

Give --server three times. --holder NAME=ROWS is the most rows that it may have; NAME=ROWS! declares their number
public; NAME=ROWS:COLUMN,COLUMN says that it has these columns only.
"""


def new(  # noqa: PLR0917  (typer reads options from the signature)
    path: Annotated[Path, typer.Argument(metavar="PLAN.toml", help="The plan to write.")],
    schema: Annotated[Path, typer.Option("--schema", metavar="S.toml", help="What is public about the table.")],
    server: Annotated[list[str] | None, typer.Option("--server", metavar="NAME=HOST:PORT", help="Three times.")] = None,
    holder: Annotated[
        list[str] | None, typer.Option("--holder", metavar="NAME=ROWS[:COLUMNS]", help="Once for each holder.")
    ] = None,
    driver: Annotated[str, typer.Option("--driver", metavar="NAME", help="Who runs the mechanism.")] = "driver",
    epsilon: Annotated[float, typer.Option(metavar="E", help="Privacy loss: 1 is usual.")] = 1.0,
    delta: Annotated[float, typer.Option(metavar="D", help="Far below one over the number of rows.")] = 1e-9,
    relation: Annotated[
        str, typer.Option(metavar="R", help="add-remove, or replace-one (split columns).")
    ] = "add-remove",
    noise: Annotated[str, typer.Option(metavar="N", help="joint or distributed.")] = "joint",
    mechanism: Annotated[str, typer.Option(metavar="M", help="swift, mst, aim, mwem or privbayes.")] = "swift",
    fairness: Annotated[
        str | None, typer.Option(metavar="POLICY", help="strict, justifiable or exact, with the schema's roles.")
    ] = None,
    record_key: Annotated[
        str | None, typer.Option("--record-key", metavar="COLUMN", help="Matches records where columns are split.")
    ] = None,
    order: Annotated[int, typer.Option(metavar="K", help="Marginals of up to K columns may be asked for.")] = 2,
    title: Annotated[str, typer.Option(metavar="TEXT", help="For people.")] = "",
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write a commented plan. Without --server and --holder it asks for them."""
    screen = Screen(json=json, quiet=quiet)
    if path.exists() and not force:
        raise UsageError(f"{str(path)!r} exists; name another file, or pass --force")
    from fairshare.mpc.plan import Plan
    from fairshare.mpc.plan_file import save_plan
    from fairshare.schema import Schema

    public = Schema.load(schema)
    mechanism_named(mechanism)
    servers = [_server(entry) for entry in server or _asked("server", "NAME=HOST:PORT", 3, screen)]
    holders = [_holder(entry) for entry in holder or _asked("holder", "NAME=ROWS[:COLUMNS]", None, screen)]
    tree = _draft(public, [*servers, *holders, {"name": driver, "role": "driver"}], title=title or path.stem)
    tree["privacy"] = {"epsilon": epsilon, "delta": delta, "relation": relation, "noise": noise}
    tree["mechanism"] = {"name": mechanism, "knobs": knobs_for(mechanism.lower(), order)}
    tree["data"] = {"partition": _partition(public, holders), "order": order}
    if any("columns" in h for h in holders):
        tree["data"]["record_key"] = record_key or _one("Column that names the record in every holder's file", screen)
    if fairness is not None:
        tree["fairness"] = {**public.roles.model_dump(mode="json"), "policy": fairness}
    plan = Plan(tree)
    with writing(path):
        save_plan(plan, path)
    screen.say(
        f"{path} is a draft. Next: each party runs 'fairshare consortium keys NAME' and sends its fingerprint; put it "
        f"into its [[parties]] table, send {path} to everybody, and let everybody run 'fairshare consortium approve'."
    )
    parties = [p.name for p in plan.parties]
    screen.document({"plan": str(path), "parties": parties, "missing": list(plan.absent_fingerprints)})


def _draft(schema: "Schema", parties: list[dict[str, Any]], *, title: str) -> dict[str, Any]:
    from fairshare.mpc.plan import PROTOCOL
    from fairshare.version import __version__

    versions = {"fairshare": __version__, "protocol": PROTOCOL}
    return {"format": 1, "title": title, **versions, "parties": parties, "schema": schema.to_dict()}


def _server(entry: str) -> dict[str, Any]:
    name, equals, address = entry.partition("=")
    if not equals:
        raise UsageError(f"server ({entry!r}) must be NAME=HOST:PORT, such as s1=s1.example.org:7001")
    return {"name": name, "role": "server", "address": address}


def _holder(entry: str) -> dict[str, Any]:
    name, equals, rest = entry.partition("=")
    rows, _, columns = rest.partition(":")
    number = rows.removesuffix("!")
    if not equals or not number.isdecimal():
        raise UsageError(f"holder ({entry!r}) must be NAME=ROWS or NAME=ROWS:COLUMN,COLUMN, such as alice=20000")
    made: dict[str, Any] = {"name": name, "role": "holder", "rows" if rows.endswith("!") else "row_cap": int(number)}
    if columns:
        made["columns"] = [c.strip() for c in columns.split(",")]
    return made


def _partition(schema: "Schema", holders: list[dict[str, Any]]) -> str:
    named = [c for h in holders for c in h.get("columns", schema.sizes)]
    if all(set(h.get("columns", schema.sizes)) == set(schema.sizes) for h in holders):
        return "horizontal"
    return "vertical" if len(named) == len(set(named)) else "mixed"


def _asked(what: str, form: str, number: int | None, screen: Screen) -> list[str]:
    """Entries from a person, where there is one."""
    if not screen.err.is_terminal:
        raise UsageError(
            f"--{what} {form} must be given, {number or 'once for each'} times: nobody is here to be asked"
        )
    found: list[str] = []
    while number is None or len(found) < number:
        ending = "" if number is not None or not found else ", or nothing to end"
        entry = _one(f"{what} {len(found) + 1} ({form}{ending})", screen, empty=bool(ending))
        if not entry:
            break
        found.append(entry)
    return found


def _one(words: str, screen: Screen, *, empty: bool = False) -> str:
    if not screen.err.is_terminal:
        raise UsageError(f"{words.lower()} must be given by an option: nobody is here to be asked")
    answer: str = typer.prompt(words, default="" if empty else None, show_default=False, err=True)
    return answer.strip()
