"""The tree of commands. Importing it loads typer and nothing of the library."""

from typing import Annotated

import typer

from fairshare.cli import demo, sample, schema, synth
from fairshare.cli.options import Examples, ExamplesGroup, help_when_bare
from fairshare.errors import EXIT_CODES
from fairshare.version import __version__

__all__ = ["app"]

_EPILOG = """\
Examples:
  fairshare demo                                       a tour, on public data, in seconds
  fairshare schema init patients.csv -o patients.toml  draft what is public about your table
  fairshare schema check patients.toml patients.csv    is it complete, is it reviewed?
  fairshare synth patients.csv --schema patients.toml --epsilon 1 -o synthetic.csv
  fairshare sample synthetic.release --rows 100000 -o more.csv

Exit codes:
""" + "\n".join(f"  {code:>3}  {words}" for code, words in EXIT_CODES.items())

app = typer.Typer(
    name="fairshare",
    cls=ExamplesGroup,
    epilog=_EPILOG,
    rich_markup_mode="rich",
    add_completion=False,
    invoke_without_command=True,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"fairshare {__version__}")
        raise typer.Exit


@app.callback()
def fairshare(
    context: typer.Context,
    version: Annotated[  # noqa: ARG001  (its callback acts)
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    debug: Annotated[  # noqa: ARG001  (entry.py acts: it is allowed anywhere on the line)
        bool, typer.Option("--debug", help="On a fault, show where it happened; never any data.")
    ] = False,
) -> None:
    """One synthetic table from sensitive ones: differentially private, with an account of what it cost."""
    help_when_bare(context)


app.add_typer(schema.app, name="schema")
app.command("synth", cls=Examples, epilog=synth.EXAMPLES)(synth.synth)
app.command("sample", cls=Examples, epilog=sample.EXAMPLES)(sample.sample)
app.command("demo", cls=Examples, epilog=demo.EXAMPLES)(demo.demo)
