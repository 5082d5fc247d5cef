"""``fairshare sample``: more rows from a release, at no privacy cost."""

from pathlib import Path
from typing import Annotated

import typer

from fairshare.cli.console import Screen
from fairshare.cli.options import Json, Quiet, Seed
from fairshare.cli.outputs import check_target, writing
from fairshare.errors import UsageError

__all__ = ["EXAMPLES", "sample"]

EXAMPLES = """\
Examples:
  fairshare sample synthetic.release --rows 1000000 -o more.parquet
  fairshare sample synthetic.release --rows 500 --given sex=Female --given married=true --seed 7 -o women.csv
"""


def sample(  # noqa: PLR0917  (typer reads options from the signature)
    release: Annotated[Path, typer.Argument(metavar="RELEASE", help="The folder that synth wrote (OUT.release).")],
    rows: Annotated[int, typer.Option(metavar="N", help="How many rows.")],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="F", help="A file: .csv, .parquet, .arrow or .feather.")
    ],
    given: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN=LABEL", help="Fix a column to one of the schema's labels; may be repeated."),
    ] = None,
    seed: Seed = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Draw more synthetic rows from a release. It costs no privacy."""
    screen = Screen(json=json, quiet=quiet)
    check_target(output, inputs=[])
    if seed is not None and seed < 0:
        raise UsageError(f"seed ({seed}) must be an integer of at least 0")
    from fairshare.io import write_batches
    from fairshare.release import Release

    with screen.busy(f"drawing {rows:,} rows"):
        loaded = Release.load(release)
        fixed = _fixed(given or [], list(loaded.schema.sizes))
        tables = loaded.stream(rows, seed=seed, given=fixed)
        with writing(output):
            write_batches(tables, output, missing=loaded.schema.missing_spellings)
    where = f" with {', '.join(given or [])}" if given else ""
    screen.say(f"{rows:,} rows{where} in {output}; no privacy was spent")
    screen.document({"table": str(output), "release": str(release), "rows": rows, "given": fixed, "seed": seed})


def _fixed(given: list[str], columns: list[str]) -> dict[str, str]:
    """``COLUMN=LABEL`` pairs; either side may hold an equals sign."""
    fixed: dict[str, str] = {}
    for pair in given:
        cuts = [at for at, character in enumerate(pair) if character == "="]
        if not cuts:
            raise UsageError(f"given ({pair!r}) must be COLUMN=LABEL, such as --given sex=Female")
        cut = next((at for at in cuts if pair[:at] in columns), cuts[0])
        if pair[:cut] in fixed:
            raise UsageError(f"given names column {pair[:cut]!r} twice; give it one label")
        fixed[pair[:cut]] = pair[cut + 1 :]
    return fixed
