"""``fairshare ledger``: one privacy budget for a data set, shared by all runs on it."""

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fairshare.cli.console import Screen
from fairshare.cli.options import Examples, ExamplesGroup, Json, Quiet, help_when_bare

if TYPE_CHECKING:
    from fairshare.privacy import History

__all__ = ["LedgerPath", "RunId", "app", "foreseen", "run_name", "standing"]

_GROUP = """\
Examples:
  fairshare ledger new patients.ledger --epsilon 3 --delta 1e-9
  fairshare synth patients.csv --schema patients.toml --epsilon 1 --ledger patients.ledger -o synthetic.csv
  fairshare ledger show patients.ledger
"""
_PANEL = "Privacy"

LedgerPath = Annotated[
    Path | None,
    typer.Option(
        "--ledger",
        metavar="L",
        help="Spend from the data set's ledger ('fairshare ledger new'); refused beyond its total.",
        rich_help_panel=_PANEL,
    ),
]
RunId = Annotated[
    str | None,
    typer.Option(
        "--run-id",
        metavar="ID",
        help="Name the run in the ledger. The same ID, options and data again return the stored release.",
        rich_help_panel=_PANEL,
    ),
]
_Path = Annotated[Path, typer.Argument(metavar="PATH", help="The ledger file.")]

app = typer.Typer(
    cls=ExamplesGroup, epilog=_GROUP, rich_markup_mode="rich", add_completion=False, invoke_without_command=True
)


@app.callback()
def ledger(context: typer.Context) -> None:
    """Keep one privacy budget for a data set, across runs, crashes and processes."""
    help_when_bare(context)


@app.command(
    cls=Examples,
    epilog="""\
Examples:
  fairshare ledger new patients.ledger --epsilon 3 --delta 1e-9
  fairshare ledger new visits.ledger --epsilon 1 --delta 1e-9 --max-rows-per-person 5

The total is set once. Keep PATH and the folder PATH.d together, and on a local disk; PATH.d holds a secret key.
""",
)
def new(  # noqa: PLR0917  (typer reads options from the signature)
    path: _Path,
    epsilon: Annotated[float, typer.Option(metavar="E", help="Privacy loss that all runs together may cause.")],
    delta: Annotated[float, typer.Option(metavar="D", help="The delta of the total, and of every run.")],
    relation: Annotated[str, typer.Option(metavar="R", help="Neighbouring tables: add-remove or replace-one.")] = (
        "add-remove"
    ),
    max_rows_per_person: Annotated[
        int, typer.Option(metavar="M", help="As in the schema, where a person may have several rows.")
    ] = 1,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Make a ledger with a total that runs may spend."""
    from fairshare.privacy import Budget, DurableLedger, PrivacyUnit

    unit = PrivacyUnit(relation=relation, max_rows=max_rows_per_person)  # type: ignore[arg-type]  # it checks
    made = DurableLedger.create(path, Budget(epsilon=epsilon, delta=delta), unit)
    _tell(Screen(json=json, quiet=quiet), "New ledger", path, made.history())


@app.command(cls=Examples, epilog="Example:\n  fairshare ledger show patients.ledger --json\n")
def show(path: _Path, json: Json = False, quiet: Quiet = False) -> None:
    """Show what was promised, spent and is left, and every run."""
    from fairshare.privacy import DurableLedger

    _tell(Screen(json=json, quiet=quiet), "Ledger", path, DurableLedger(path).history())


@app.command(
    cls=Examples,
    epilog="""\
Examples:
  fairshare ledger verify patients.ledger
  fairshare ledger verify patients.ledger --head 5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef

A head is the hash of the whole history. Note it elsewhere: --head then shows that nothing was taken back since.
""",
)
def verify(
    path: _Path,
    head: Annotated[str | None, typer.Option(metavar="H", help="A head noted earlier.")] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Check every page, every hash and every stored release."""
    from fairshare.privacy import DurableLedger

    _tell(Screen(json=json, quiet=quiet), "The ledger verifies", path, DurableLedger(path).verify(head))


def run_name(ledger: Path | None, wanted: str | None) -> dict[str, Any]:
    """The ledger's part of the options of ``synthesize``; a run gets a name, so that it can be told."""
    if ledger is None:
        return {"run_id": wanted} if wanted is not None else {}
    import secrets

    return {"ledger": ledger, "run_id": secrets.token_hex(8) if wanted is None else wanted}


def foreseen(ledger: Path, account: Mapping[str, Any]) -> dict[str, Any]:
    """What a run that a dry run has planned would leave in the ledger, or why it would be refused.

    Args:
        ledger: the ledger's path.
        account: the planned run's own (``Ledger.to_dict``).
    """
    from fairshare.errors import BudgetError
    from fairshare.privacy import Budget, DurableLedger, PrivacyUnit

    promise, durable = account["promise"], DurableLedger(ledger)
    budget = Budget(epsilon=promise["epsilon"], delta=promise["delta"])
    unit = PrivacyUnit(relation=promise["relation"], max_rows=promise["max_rows"])
    history = durable.history()
    told = {"path": str(ledger), "nano_rho_total": history.total, "nano_rho_left": history.remaining}
    try:
        return {**told, "nano_rho_left_after": durable.foresee(budget, unit), "refused": None}
    except BudgetError as error:
        return {**told, "nano_rho_left_after": None, "refused": str(error)}


def standing(options: dict[str, Any]) -> dict[str, Any] | None:
    """After a run: the ledger, the run's name and what is left; None without a ledger."""
    if "ledger" not in options:
        return None
    from fairshare.privacy import DurableLedger

    account = DurableLedger(options["ledger"]).history().to_dict()
    left = {name: account[name] for name in ("nano_rho_total", "nano_rho_left", "head")}
    return {"path": str(options["ledger"]), "run": options["run_id"], **left}


def _tell(screen: Screen, title: str, path: Path, history: "History") -> None:
    account = history.to_dict()
    total, promise = account["nano_rho_total"], account["promise"]
    if account["runs"]:
        screen.table(
            "Runs",
            ["run", "state", "epsilon", "share of the total"],
            [(r["run"], r["state"], f"{r['epsilon']:g}", f"{r['nano_rho'] / total:.1%}") for r in account["runs"]],
        )
    screen.summary(
        title,
        [
            ("promise", f"epsilon {promise['epsilon']:g}, delta {promise['delta']:g}, for all runs together"),
            ("protects", account["unit"]),
            ("spent", f"{account['nano_rho_spent'] / total:.1%} of rho {total / 1e9:.6f}"),
            ("left", f"rho {account['nano_rho_left'] / 1e9:.6f}"),
            ("runs", f"{len(account['runs'])}"),
            ("head", account["head"]),
            ("next", f"fairshare synth DATA --schema S.toml --epsilon E --ledger {shlex.quote(str(path))}"),
        ],
    )
    screen.document({"ledger": str(path), **account})
