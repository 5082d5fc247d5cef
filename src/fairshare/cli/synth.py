"""``fairshare synth``: one private table in, one synthetic table out."""

import shlex
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fairshare.cli.console import Screen, some
from fairshare.cli.fairness import Admissible, Outcome, Policy, Protected, Saturate, verdict, wish
from fairshare.cli.ledger import LedgerPath, RunId, foreseen, run_name, standing
from fairshare.cli.mechanisms import mechanism_named, mechanisms_help
from fairshare.cli.options import Json, Quiet, Seed
from fairshare.cli.outputs import Outputs, dated_folder
from fairshare.cli.progress import watching
from fairshare.cli.report import check_page, write_report
from fairshare.errors import UsageError

if TYPE_CHECKING:
    from fairshare.release import Release
    from fairshare.schema import Schema

__all__ = ["EXAMPLES", "TableName", "result", "run", "show_release", "source", "synth"]

EXAMPLES = """\
Examples:
  fairshare synth patients.csv --schema patients.toml --epsilon 1 -o synthetic.csv
  fairshare synth patients.parquet --schema patients.toml --epsilon 0.5 --delta 1e-10 -o synthetic.parquet
  fairshare synth patients.csv --schema patients.toml --epsilon 1 --ledger patients.ledger -o synthetic.csv
  fairshare synth patients.csv --schema patients.toml --epsilon 1 --dry-run     (does not open patients.csv)
  fairshare synth 'patients/*.parquet' --schema patients.toml --epsilon 1 -o synthetic.parquet
  fairshare synth postgresql://reader@db/clinic --table patients --schema patients.toml --epsilon 1
  fairshare synth patients.csv --schema patients.toml --epsilon 1 --fairness strict     (roles of the schema)
  fairshare synth patients.csv --schema patients.toml --epsilon 1 --protected sex --admissible age --outcome treated

-o OUT.csv writes OUT.csv and the folder OUT.release, which holds the model, the certificate and the ledger;
without -o both go into a new folder named by date and time. An earlier OUT.csv and OUT.release are replaced.
"""

_PRIVACY, _SYNTHESIS = "Privacy", "Synthesis"

_Data = Annotated[
    str,
    typer.Argument(
        metavar="DATA",
        help="Private table: .csv, .parquet, .arrow or .feather; a folder, 'pattern/*.parquet' or "
        "'s3://bucket/path/*.parquet'; or a database, postgresql://user@host/db, duckdb:file.db, "
        "spark:local[2], with --table.",
    ),
]
TableName = Annotated[
    str | None,
    typer.Option("--table", metavar="T", help="The table's name, where DATA is a database (for Spark also a path)."),
]
_Schema = Annotated[
    Path, typer.Option("--schema", metavar="S.toml", help="What is public about it: see 'fairshare schema init'.")
]
_Epsilon = Annotated[
    float,
    typer.Option(
        metavar="E", help="Privacy loss: 1 is usual, smaller is more private, at most 64.", rich_help_panel=_PRIVACY
    ),
]
_Delta = Annotated[
    float, typer.Option(metavar="D", help="Far below one over the number of rows.", rich_help_panel=_PRIVACY)
]
_Relation = Annotated[
    str,
    typer.Option(
        metavar="R",
        help="Neighbouring tables: add-remove (the number of rows is private) or replace-one.",
        rich_help_panel=_PRIVACY,
    ),
]
_Accept = Annotated[
    bool,
    typer.Option(
        "--accept-inferred-schema",
        help="Go on with values taken from the data that nobody reviewed; the certificate says so.",
        rich_help_panel=_PRIVACY,
    ),
]
_Mechanism = Annotated[str, typer.Option(metavar="M", help=mechanisms_help(), rich_help_panel=_SYNTHESIS)]
_Rows = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Synthetic rows (default: a noisy estimate of the table's number).",
        rich_help_panel=_SYNTHESIS,
    ),
]
_DryRun = Annotated[
    bool,
    typer.Option(
        "--dry-run",
        help="Show what would be measured and spent, from the schema alone; DATA is not opened.",
        rich_help_panel=_SYNTHESIS,
    ),
]
_Output = Annotated[
    Path | None,
    typer.Option(
        "-o",
        "--output",
        metavar="OUT",
        help="OUT.csv, .parquet, .arrow or .feather (default: a new dated folder).",
        rich_help_panel="Output",
    ),
]


_Report = Annotated[
    Path | None,
    typer.Option(
        "--report",
        metavar="F.html",
        help="Also a page on promise, fairness and columns, and OUT.card.md; both may be published.",
        rich_help_panel="Output",
    ),
]


def synth(  # noqa: PLR0917  (typer reads options from the signature)
    data: _Data,
    schema: _Schema,
    epsilon: _Epsilon,
    table: TableName = None,
    delta: _Delta = 1e-9,
    relation: _Relation = "add-remove",
    ledger: LedgerPath = None,
    run_id: RunId = None,
    accept_inferred_schema: _Accept = False,
    mechanism: _Mechanism = "mst",
    rows: _Rows = None,
    seed: Seed = None,
    protected: Protected = None,
    admissible: Admissible = None,
    outcome: Outcome = None,
    fairness: Policy = None,
    saturate: Saturate = False,
    dry_run: _DryRun = False,
    output: _Output = None,
    report: _Report = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Make a differentially private synthetic table from a private one."""
    screen = Screen(json=json, quiet=quiet)
    chosen = mechanism_named(mechanism)
    from fairshare.schema import Schema

    public = Schema.load(schema)
    options: dict[str, Any] = {"epsilon": epsilon, "delta": delta, "mechanism": chosen, "relation": relation}
    options |= {"rows": rows, "seed": seed, "accept_inferred_schema": accept_inferred_schema}
    roles = {"protected": protected, "admissible": admissible, "outcome": outcome}
    options["fairness"] = wish(public, fairness, **roles, saturate=saturate)
    if dry_run and run_id is not None:
        raise UsageError(
            "run-id can't go with --dry-run: a run that is stored costs nothing again, so there is no plan"
        )
    if dry_run:
        _show_plan(screen, public, options, ledger)
        return
    inputs: list[str | Path] = [data, schema, *([] if ledger is None else [ledger])]
    outputs = Outputs.inside(dated_folder()) if output is None else Outputs.beside(output, inputs=inputs)
    card = outputs.table.with_suffix(".card.md")
    if report is not None:
        check_page(report, option="--report", inputs=inputs)
    options |= run_name(ledger, run_id)
    started = time.monotonic()
    release = run(screen, outputs, source(data, table), public, options)
    if report is not None:
        write_report(release, report, card)
    show_release(screen, release, outputs, time.monotonic() - started)
    if report is not None:
        screen.say(f"The page is {report}, the card {card}: both may be published.")
    spent = standing(options)
    if spent is not None:
        left = spent["nano_rho_left"] / spent["nano_rho_total"]
        screen.say(f"Run {spent['run']} is in {spent['path']}; {left:.1%} of its total is left.")
    pages = {} if report is None else {"report": str(report), "card": str(card)}
    screen.document(result(release, outputs) | pages | ({} if spent is None else {"ledger": spent}))


def source(data: str, table: str | None) -> Any:
    """DATA as ``synthesize`` takes it."""
    from fairshare.counting import InDatabase, is_address
    from fairshare.errors import UsageError

    if table is None:
        return data  # a database without its table is refused where it is opened
    if not is_address(data):
        raise UsageError(f"--table ({table!r}) must be left out where DATA is a file")
    return InDatabase(address=data, table=table)


def run(screen: Screen, outputs: Outputs, data: Any, schema: "Schema", options: dict[str, Any]) -> "Release":
    """Synthesise and write, with progress.

    Args:
        screen: where progress goes.
        outputs: where files go.
        data: a path or a frame.
        schema: the public schema.
        options: keyword arguments of ``synthesize``.
    """
    from fairshare.mechanisms import Step
    from fairshare.release import synthesize

    with watching(screen) as progress:

        def write(release: "Release") -> None:
            progress(Step(phase="sample and write", done=0, parts=1, spent=_spent(release)))
            outputs.write(release)

        return synthesize(data, schema, progress=progress, deliver=write, **options)


def result(release: "Release", outputs: Outputs) -> dict[str, Any]:
    """What ``--json`` says of a finished run."""
    certificate = release.certificate
    return {
        "table": str(outputs.table),
        "release": str(outputs.release),
        "rows": release.rows,
        "columns": list(release.schema.sizes),
        "mechanism": certificate["mechanism"]["name"],
        "promise": certificate["promise"],
        "privacy": certificate["privacy"],
        "fit": certificate["model"]["fit"],
        "fairness": certificate["fairness"],
        "warnings": certificate["warnings"],
    }


def show_release(screen: Screen, release: "Release", outputs: Outputs, seconds: float) -> None:
    """The closing words of a run."""
    certificate = release.certificate
    privacy, model = certificate["privacy"], certificate["model"]
    more = f"fairshare sample {shlex.quote(str(outputs.release))} --rows {max(release.rows, 1) * 10} -o more.csv"
    screen.summary(
        "Synthetic table",
        [
            ("rows", f"{release.rows:,} rows of {len(release.schema.sizes)} columns"),
            ("promise", f"epsilon {privacy['epsilon']:g}, delta {privacy['delta']:g}"),
            ("protects", privacy["unit"]),
            ("spent", f"{_spent(release):.1%} of the budget (rho {privacy['rho']:.6f})"),
            ("mechanism", f"{certificate['mechanism']['name']}: {_cliques(model['cliques'])}"),
            ("fit", f"{_fit(model['fit'])} ({model['iterations']} iterations)"),
            *_judged(certificate["fairness"], release.schema),
            ("table", str(outputs.table)),
            ("release", f"{outputs.release}/ (model, certificate, ledger)"),
            ("next", f"{more}\nmore rows cost no privacy"),
        ],
    )
    for warning in certificate["warnings"]:
        screen.warn(warning)
    screen.note(f"took {seconds:.1f} s; the time depends on the data, so keep it")


def _judged(fairness: Mapping[str, Any] | None, schema: "Schema") -> list[tuple[str, str]]:
    if fairness is not None:
        return [("fairness", verdict(fairness))]
    roles = schema.roles
    if not (roles.protected and roles.admissible and roles.outcome):
        return []
    return [("fairness", "not asked for: the schema's roles describe, and ask for nothing; add --fairness strict")]


def _fit(status: str) -> str:
    from fairshare.model import Status

    return "converged" if status == Status.CONVERGED.value else f"stopped early: {status}"


def _spent(release: "Release") -> float:
    privacy = release.certificate["privacy"]
    return float(privacy["nano_rho_spent"] / (privacy["nano_rho_spent"] + privacy["nano_rho_unspent"]))


def _cliques(cliques: list[list[str]]) -> str:
    counts = {size: sum(len(c) == size for c in cliques) for size in sorted({len(c) for c in cliques})}
    return ", ".join(f"{count} {size}-way" for size, count in counts.items()) + " marginals measured"


def _show_plan(screen: Screen, schema: "Schema", options: dict[str, Any], ledger: Path | None) -> None:
    from fairshare.cli.dryrun import dry_run, steps

    mechanism, wished = options["mechanism"], options["fairness"]
    with screen.busy(f"planning {mechanism.name}"):
        account = dry_run(schema, **options)
    after = None if ledger is None else foreseen(ledger, account)
    planned = steps(account)
    share = account["nano_rho_spent"] / account["nano_rho_total"]
    screen.table(
        f"What {mechanism.name} would do",
        ["call", "asks for", "noise", "budget"],
        [(s["call"], s["asks"], s["noise"], f"{s['share']:.1%}") for s in planned],
    )
    screen.summary(
        "Dry run: no data were opened, nothing was spent",
        [
            ("promise", f"epsilon {options['epsilon']:g}, delta {options['delta']:g}"),
            ("protects", account["unit"]),
            ("would spend", f"{share:.1%} of the budget (rho {account['nano_rho_total'] / 1e9:.6f})"),
            ("columns", f"{len(schema.sizes)}, with {sum(schema.sizes.values()):,} codes in all"),
            *([("fairness", f"{wished.policy}: a filter on what may be measured, costs nothing")] if wished else []),
            *_left_after(after),
            ("note", "on real rows a mechanism may take another course; the total stays"),
        ],
    )
    refused = list(schema.unreviewed) if not options["accept_inferred_schema"] else []
    if refused:
        screen.warn(f"synth will refuse this schema until it is reviewed: {some(refused)}")
    if after is not None and after["refused"]:
        screen.warn(f"synth will be refused by {ledger}: {after['refused']}")
    told = {"dry_run": True, "mechanism": mechanism.describe(), "steps": planned, "ledger": account, "refused": refused}
    screen.document(told | ({} if after is None else {"data_set_ledger": after}))


def _left_after(after: dict[str, Any] | None) -> list[tuple[str, str]]:
    if after is None or after["refused"]:
        return []
    left, total = after["nano_rho_left"], after["nano_rho_total"]
    rest = after["nano_rho_left_after"]
    return [
        ("ledger", f"{left / total:.1%} of its total is left, {rest / total:.1%} after the run; nothing is reserved")
    ]
