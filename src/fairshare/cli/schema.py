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
    from fairshare.schema import Column, Schema
    from fairshare.schema.sdv_reader import SdvDraft

__all__ = ["app"]

_GROUP = """\
Examples:
  fairshare schema init patients.csv -o patients.toml
  fairshare schema check patients.toml patients.csv
  fairshare schema export patients.toml --sdv metadata.json
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
Examples:
  fairshare schema init patients.csv -o patients.toml
  fairshare schema init patients.csv --from-sdv metadata.json -o patients.toml
  fairshare schema init --from-sdv metadata.json -o patients.toml     (opens no data, leaves gaps to fill in)

Then open patients.toml, look at each line that ends in "# REVIEW: taken from the data", replace its value by what
is known without the data (a code book, a legal limit), and remove the mark. What SDV's metadata say is marked, too,
for SDV finds it in the data.
""",
)
def init(  # noqa: PLR0917  (typer reads options from the signature)
    output: Annotated[Path, typer.Option("-o", "--output", metavar="S.toml", help="The schema file to write.")],
    data: Annotated[
        str | None,
        typer.Argument(metavar="DATA", help="Private table: .csv, .parquet, .arrow or .feather."),
    ] = None,
    from_sdv: Annotated[
        Path | None,
        typer.Option("--from-sdv", metavar="M.json", help="Take kinds, bounds and categories from SDV's metadata."),
    ] = None,
    sdv_table: Annotated[
        str | None, typer.Option("--sdv-table", metavar="T", help="Which of several tables in the metadata.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Draft a schema from a look at the private table, with every value taken from it marked for review."""
    screen = Screen(json=json, quiet=quiet)
    inputs: list[str | Path] = [source for source in (data, from_sdv) if source is not None]
    if not inputs:
        raise UsageError("DATA must be given, or --from-sdv with SDV's metadata")
    if sdv_table is not None and from_sdv is None:
        raise UsageError(f"--sdv-table ({sdv_table!r}) names a table of SDV's metadata: give --from-sdv, too")
    _check_output(output, inputs, force=force)
    from fairshare.schema.sdv_reader import SdvDraft

    drafted = _draft(screen, data, from_sdv, sdv_table)
    with writing(output):
        drafted.save(output)
    if isinstance(drafted, SdvDraft):
        _tell_gaps(screen, output, drafted)
    else:
        _tell_draft(screen, output, drafted, data)


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

    public, unfit = Schema.load(path), {}
    if data is not None:
        from fairshare.io import read_table
        from fairshare.schema.unfit import unfit_cells

        with screen.busy(f"reading {data}"):
            table = read_table(data, schema=public)
            unfit = {name: (count, table.num_rows) for name, count in unfit_cells(public, table).items() if count}
    _show(screen, f"{path}", public, values=True)
    _tell_unfit(screen, public, unfit)
    screen.say(f"The schema is valid{'' if data is None else ', and the structure of the table fits it'}.")
    if public.unreviewed:
        screen.warn(f"not reviewed, so synth will refuse it: {some(public.unreviewed)}")
    screen.document({"schema": str(path), "data": data, "valid": True, **_described(public, values=True)})


@app.command(
    cls=Examples,
    epilog="""\
Examples:
  fairshare schema export patients.toml --sdv metadata.json
  fairshare schema export patients.toml --sdv metadata.json --sdv-version V2

V1 is read by SDV 1 and 2 and names kinds alone; V2 (SDV 2) also holds bounds and categories. Neither knows bins or
roles: keep the schema file.
""",
)
def export(  # noqa: PLR0917  (typer reads options from the signature)
    path: Annotated[Path, typer.Argument(metavar="S.toml", help="The schema file.")],
    sdv: Annotated[Path, typer.Option("--sdv", metavar="M.json", help="Write SDV's metadata of the synthetic table.")],
    sdv_version: Annotated[str, typer.Option("--sdv-version", metavar="V", help="V1 or V2.")] = "V1",
    sdv_table: Annotated[
        str, typer.Option("--sdv-table", metavar="T", help="What SDV shall call the table.")
    ] = "table",
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write what a schema says in the words of other libraries: SDV's metadata."""
    screen = Screen(json=json, quiet=quiet)
    _check_output(sdv, [path], option="--sdv", force=force)
    from json import dumps

    from fairshare.schema import Schema
    from fairshare.schema.sdv import to_sdv

    metadata = to_sdv(Schema.load(path), table=sdv_table, specification=sdv_version)  # type: ignore[arg-type]  # it checks
    with writing(sdv):
        sdv.write_text(dumps(metadata, indent=4) + "\n", encoding="utf-8")
    named = len(metadata["tables"][sdv_table]["columns"])
    screen.summary(
        f"SDV's metadata of {path}",
        [("file", str(sdv)), ("columns", f"{named}"), ("version", f"{sdv_version}: Metadata.load_from_json reads it")],
    )
    screen.document({"sdv": str(sdv), "metadata": metadata})


def _check_output(output: Path, inputs: list[str | Path], *, option: str = "-o", force: bool) -> None:
    """Refuse a file that holds somebody's work, or is an input.

    Raises:
        UsageError: it is one.
    """
    if output.exists() and not force:
        raise UsageError(
            f"{option} ({str(output)!r}) exists, and may hold a review; name another file, or pass --force"
        )
    if output.resolve() in {Path(source).resolve() for source in inputs}:
        raise UsageError(f"{option} ({str(output)!r}) must not be an input; choose another name")


def _draft(screen: Screen, data: str | None, from_sdv: Path | None, sdv_table: str | None) -> "Schema | SdvDraft":
    """A schema to review; or, of metadata that don't tell everything, one to complete as well."""
    from fairshare.io import read_table
    from fairshare.schema import draft
    from fairshare.schema.sdv_reader import draft_from_sdv, read_sdv

    metadata = None if from_sdv is None else read_sdv(from_sdv)
    with screen.busy(f"reading {data or from_sdv}"):
        table = None if data is None else read_table(data)
        if from_sdv is None:
            return draft(table)
        found = draft_from_sdv(metadata, table, table=sdv_table)
    return found if found.gaps else found.schema()


def _tell_draft(screen: Screen, output: Path, drafted: "Schema", data: str | None) -> None:
    _show(screen, f"Draft of {output}", drafted, values=False)
    if drafted.unreviewed:
        source = "the private rows" if data is not None else "SDV's metadata, which may know them from the private rows"
        screen.say(f"\nWhy review: the schema is public, and these values came from {source}.")
        for field in dict.fromkeys(mark.rpartition(".")[2] for mark in drafted.unreviewed):
            screen.say(f"  {field:<15} {_WHY.get(field, 'it was taken from the values')}")
    check = f"fairshare schema check {shlex.quote(str(output))}" + ("" if data is None else f" {shlex.quote(data)}")
    screen.say(f'\nNext: edit {output} (each line that ends in "# REVIEW"), then\n  {check}')
    screen.document({"schema": str(output), **_described(drafted, values=False)})


def _tell_gaps(screen: Screen, output: Path, drafted: "SdvDraft") -> None:
    names = [f"{name}.{field}" for name, fields in drafted.gaps.items() for field in fields]
    screen.warn(f"SDV's metadata do not say, and nothing was invented: {some(names)}")
    screen.say(f'\nNext: fill in {output} (each line that says "# REVIEW"), or give the table as well, then')
    screen.say(f"  fairshare schema check {shlex.quote(str(output))}")
    screen.document({"schema": str(output), "gaps": names, "reviewed": False})


def _described(schema: "Schema", *, values: bool) -> dict[str, Any]:
    """JSON-able; ``values``: with labels, which of a draft are the private table's."""
    return {
        "columns": [
            {"name": c.name, "kind": c.kind, "codes": schema.sizes.get(c.name), "unreviewed": list(c.unreviewed)}
            | ({"labels": schema.labels(c.name), "unknown_becomes": _unknown(c)} if values and c.synthesised else {})
            for c in schema.columns
        ],
        "unreviewed": list(schema.unreviewed),
        "reviewed": not schema.unreviewed,
        "digest": schema.digest,
    }


def _tell_unfit(screen: Screen, schema: "Schema", unfit: dict[str, tuple[int, int]]) -> None:
    """What of the table the schema does not know; on the screen alone, for the counts are the private rows'."""
    for column in schema.columns:
        if column.name in unfit:
            count, rows = unfit[column.name]
            far = " or the nearest bin" if hasattr(column, "bounds") else ""
            screen.warn(
                f"{column.name}: {count:,} of {rows:,} cells are not in the schema; they become {_unknown(column)}{far}"
            )
    if unfit:
        screen.note("these counts are of the private rows: keep them; --json leaves them out")


def _unknown(column: "Column") -> str:
    """What a value becomes that the schema doesn't know."""
    return str(getattr(column, "unknown_label", ""))


def _show(screen: Screen, title: str, schema: "Schema", *, values: bool) -> None:
    screen.table(
        title,
        ["column", "kind", "codes", *(["unknown values become"] if values else []), "to review", "note"],
        [
            (
                c.name,
                c.kind,
                f"{size:,}" if (size := schema.sizes.get(c.name)) else "left out",
                *([_unknown(c)] if values else []),
                ", ".join(c.unreviewed),
                c.note,
            )
            for c in schema.columns
        ],
    )
