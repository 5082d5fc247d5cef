"""The tree of commands. Importing it loads typer and nothing of the library."""

from typing import Annotated

import typer

from fairshare.cli import audit, consortium, demo, evaluate, ledger, report, roles, sample, schema, synth, verify
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
  fairshare synth patients.csv --schema patients.toml --epsilon 1 --fairness strict -o fair.csv
  fairshare verify fair.release                        is it fair, is it unchanged? Needs no data
  fairshare evaluate patients.csv synthetic.csv --schema patients.toml   is it good, fair, private? Stays with you
  fairshare report synthetic.release -o report.html    a page that may be published with the table
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
app.add_typer(consortium.app, name="consortium")
app.add_typer(ledger.app, name="ledger")
app.add_typer(roles.app, name="roles")
app.command("audit", cls=Examples, epilog=audit.EXAMPLES)(audit.audit)
app.command("synth", cls=Examples, epilog=synth.EXAMPLES)(synth.synth)
app.command("sample", cls=Examples, epilog=sample.EXAMPLES)(sample.sample)
app.command("demo", cls=Examples, epilog=demo.EXAMPLES)(demo.demo)
app.command("verify", cls=Examples, epilog=verify.EXAMPLES)(verify.verify)
app.command("report", cls=Examples, epilog=report.EXAMPLES)(report.report)
app.command("evaluate", cls=Examples, epilog=evaluate.EXAMPLES)(evaluate.evaluate)
