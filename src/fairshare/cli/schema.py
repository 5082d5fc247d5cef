"""``fairshare schema``: draft and check what is public about a table."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fairshare.cli.console import Screen, some
from fairshare.cli.options import Examples, ExamplesGroup, Json, Quiet, help_when_bare
from fairshare.cli.outputs import writing
from fairshare.errors import UsageError

if TYPE_CHECKING:
    from fairshare.schema import Schema

__all__ = ["app"]

_GROUP = """\
Examples:
  fairshare schema init patients.csv -o patients.toml
  fairshare schema check patients.toml patients.csv
"""

#: Why a value taken from the data needs a person's eye.
_WHY = {
    "bounds": "the smallest and the largest value belong to two persons",
    "categories": "a rare category says that somebody has it",
    "nullable": "it says whether anybody left the cell empty",
    "kind": "it was guessed from the values",
    "missing_values": "how missing is spelled was guessed from the values",
    "decimals": "how finely values are written was read from them",
    "bins": "the edges follow from the smallest and the largest value",
}

app = typer.Typer(
    cls=ExamplesGroup, epilog=_GROUP, rich_markup_mode="rich", add_completion=False, invoke_without_command=True
)


@app.callback()
def schema(context: typer.Context) -> None:
    """Draft and check a schema: the file that says what is public about a table."""
    help_when_bare(context)


@app.command(
    cls=Examples,
    epilog="""\
Example:
  fairshare schema init patients.csv -o patients.toml

Then open patients.toml, look at each line that ends in "# REVIEW: taken from the data", replace its value by what
is known without the data (a code book, a legal limit), and remove the mark.
""",
)
def init(
    data: Annotated[str, typer.Argument(metavar="DATA", help="Private table: .csv, .parquet, .arrow or .feather.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="S.toml", help="The schema file to write.")],
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Draft a schema from a look at the private table, with every value taken from it marked for review."""
    screen = Screen(json=json, quiet=quiet)
    if output.exists() and not force:
        raise UsageError(f"-o ({str(output)!r}) exists, and may hold a review; name another file, or pass --force")
    if output.resolve() == Path(data).resolve():
        raise UsageError(f"-o ({str(output)!r}) must not be the data; choose another name")
    from fairshare.io import read_table
    from fairshare.schema import draft

    with screen.busy(f"reading {data}"):
        drafted = draft(read_table(data))
    with writing(output):
        drafted.save(output)
    _show(screen, f"Draft of {output}", drafted)
    if drafted.unreviewed:
        screen.say("\nWhy review: the schema is public, and these values came from the private rows.")
        for field in dict.fromkeys(mark.rpartition(".")[2] for mark in drafted.unreviewed):
            screen.say(f"  {field:<15} {_WHY.get(field, 'it was taken from the values')}")
    check = f"fairshare schema check {shlex.quote(str(output))} {shlex.quote(data)}"
    screen.say(f'\nNext: edit {output} (each line that ends in "# REVIEW"), then\n  {check}')
    screen.document({"schema": str(output), **_described(drafted)})


@app.command(
    cls=Examples,
    epilog="""\
Examples:
  fairshare schema check patients.toml
  fairshare schema check patients.toml patients.csv
""",
)
def check(
    path: Annotated[Path, typer.Argument(metavar="S.toml", help="The schema file.")],
    data: Annotated[
        str | None, typer.Argument(metavar="[DATA]", help="Also check that this table's structure fits.")
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Check a schema file, and that a table's structure fits it; list columns, sizes and what is not reviewed."""
    screen = Screen(json=json, quiet=quiet)
    from fairshare.schema import Schema

    public = Schema.load(path)
    if data is not None:
        from fairshare.io import read_table

        with screen.busy(f"reading {data}"):
            read_table(data, schema=public)
    _show(screen, f"{path}", public)
    screen.say(f"The schema is valid{'' if data is None else ', and the structure of the table fits it'}.")
    if public.unreviewed:
        screen.warn(f"not reviewed, so synth will refuse it: {some(public.unreviewed)}")
    screen.document({"schema": str(path), "data": data, "valid": True, **_described(public)})


def _described(schema: "Schema") -> dict[str, Any]:
    return {
        "columns": [
            {"name": c.name, "kind": c.kind, "codes": schema.sizes.get(c.name), "unreviewed": list(c.unreviewed)}
            for c in schema.columns
        ],
        "unreviewed": list(schema.unreviewed),
        "reviewed": not schema.unreviewed,
        "digest": schema.digest,
    }


def _show(screen: Screen, title: str, schema: "Schema") -> None:
    screen.table(
        title,
        ["column", "kind", "codes", "to review", "note"],
        [
            (
                c.name,
                c.kind,
                f"{size:,}" if (size := schema.sizes.get(c.name)) else "left out",
                ", ".join(c.unreviewed),
                c.note,
            )
            for c in schema.columns
        ],
    )
