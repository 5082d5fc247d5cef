"""``fairshare evaluate``: a synthetic table beside the real one."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fairshare.cli.console import Screen
from fairshare.cli.evaluate_private import Delta, Epsilon, Pairs, Private, Purchase
from fairshare.cli.fairness import Admissible, Outcome, Protected
from fairshare.cli.ledger import LedgerPath, RunId
from fairshare.cli.options import Json, Quiet
from fairshare.cli.outputs import writing
from fairshare.errors import UsageError

if TYPE_CHECKING:
    from fairshare.evaluation import Findings, Score
    from fairshare.evaluation.run import Progress
    from fairshare.release import Release

__all__ = ["EXAMPLES", "evaluate"]

EXAMPLES = """\
Examples:
  fairshare evaluate patients.csv synthetic.csv --schema patients.toml
  fairshare evaluate patients.csv synthetic.release --schema patients.toml --report private.html
  fairshare evaluate train.csv synthetic.csv --schema patients.toml --holdout test.csv --json  > findings.json
  fairshare evaluate patients.csv synthetic.release --schema patients.toml --private --epsilon 0.1 --ledger p.ledger

What it prints and writes is computed from real rows: NOT DIFFERENTIALLY PRIVATE, keep it with the holder of the rows.
With --private it is bought instead: distances of columns and pairs with noise, which may be published at their price.
"""

_NONE = "none"

_Real = Annotated[str, typer.Argument(metavar="REAL", help="The real rows: .csv, .parquet, .arrow or .feather.")]
_Synth = Annotated[str, typer.Argument(metavar="SYNTH", help="The synthetic table, or the folder of its release.")]
_Schema = Annotated[Path, typer.Option("--schema", metavar="S.toml", help="The schema that the table was made with.")]
_Holdout = Annotated[
    str | None, typer.Option(metavar="F", help="Real rows that the synthesis never saw: for scores and privacy tests.")
]
_Positive = Annotated[
    str | None, typer.Option(metavar="L", help="The outcome's positive label (default: the second of two).")
]
_Classifiers = Annotated[
    str | None,
    typer.Option(
        metavar="C,D",
        help="logistic_regression, random_forest, gradient_boosting, mlp (default: all); 'none' for quality alone.",
    ),
]
_Seed = Annotated[int, typer.Option("--seed", metavar="S", help="Of splits, shuffles and models.")]
_Report = Annotated[
    Path | None,
    typer.Option("--report", metavar="F.html", help="Write a page as well: private, too.", rich_help_panel="Output"),
]


def evaluate(  # noqa: PLR0917  (typer reads options from the signature)
    real: _Real,
    synth: _Synth,
    schema: _Schema,
    holdout: _Holdout = None,
    protected: Protected = None,
    admissible: Admissible = None,
    outcome: Outcome = None,
    positive: _Positive = None,
    classifiers: _Classifiers = None,
    seed: _Seed = 0,
    report: _Report = None,
    private: Private = False,
    epsilon: Epsilon = None,
    delta: Delta = None,
    pairs: Pairs = None,
    ledger: LedgerPath = None,
    run_id: RunId = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Compare a synthetic table with the real one: quality, usefulness, fairness, privacy."""
    screen = Screen(json=json, quiet=quiet)
    purchase = Purchase(epsilon=epsilon, delta=delta, pairs=pairs, ledger=ledger, run_id=run_id)
    purchase.refuse_unless(private)
    roles = {"protected": protected, "admissible": admissible, "outcome": outcome}
    if private:
        others = {"holdout": holdout, **roles, "positive": positive, "classifiers": classifiers, "report": report}
        purchase.make(screen, real, synth, schema, [f"--{name}" for name, given in others.items() if given is not None])
        return
    if report is not None:
        _check_report(report, [real, synth, schema, *([holdout] if holdout else [])])
    from fairshare.evaluation import evaluate
    from fairshare.release import Release
    from fairshare.schema import Schema

    public = Schema.load(schema)
    release = Release.load(synth) if Path(synth).is_dir() else None
    with _watching(screen) as progress:
        findings = evaluate(
            real,
            synth if release is None else release,
            public,
            holdout=holdout,
            fairness={role: _names(names, public.sizes) for role, names in roles.items() if names},
            positive=positive,
            classifiers=None if classifiers is None else [c for c in classifiers.split(",") if c != _NONE],
            seed=seed,
            progress=progress,
        )
    if report is not None:
        _write_report(report, findings, public, release)
    _show(screen, findings, report)
    screen.document(findings.to_dict())


def _names(given: Sequence[str], known: Any) -> tuple[str, ...]:
    """Columns of an option that may be repeated or hold commas."""
    return tuple(name.strip() for text in given for name in ([text] if text in known else text.split(",")))


def _check_report(path: Path, inputs: Sequence[str | Path]) -> None:
    """Refuse the page's path before minutes of work.

    Raises:
        UsageError: it is not an .html file, a folder, or an input.
    """
    if path.suffix.lower() != ".html" or path.is_dir():
        raise UsageError(f"report ({str(path)!r}) must be a file that ends in .html")
    if path.resolve() in {Path(source).resolve() for source in inputs}:
        raise UsageError(f"report ({str(path)!r}) must not be an input; choose another name")


def _write_report(path: Path, findings: "Findings", schema: Any, release: "Release | None") -> None:
    from fairshare.report import private_report

    page = private_report(findings.to_dict(), schema, release).to_html()
    with writing(path):
        path.write_text(page, encoding="utf-8")


@contextmanager
def _watching(screen: Screen) -> "Iterator[Progress | None]":
    """Which part is being computed: a bar on a terminal, a line a part elsewhere, nothing when quiet."""
    if screen.quiet:
        yield None
        return
    if not screen.err.is_terminal or screen.err.is_dumb_terminal:
        yield lambda part, done, parts: screen.note(f"{part} ({done}/{parts})")
        return
    from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(bar_width=28))
    with Bar(*columns, MofNCompleteColumn(), TimeElapsedColumn(), console=screen.err, transient=True) as bar:
        task = bar.add_task("read", total=None)
        yield lambda part, done, parts: bar.update(task, description=part, completed=done, total=parts)


def _show(screen: Screen, findings: "Findings", report: Path | None) -> None:
    from fairshare.evaluation import METRICS

    named = {key: metric.name for key, metric in METRICS.items()}
    goals = {"lower": "smaller is better", "higher": "larger is better", "near": "near the reference"}
    screen.table(
        "Quality: synthetic against real",
        ["metric", "this table", "columns apart", "half of the real rows", "goal"],
        [
            (named[s.metric], _cell(s), s.references.get("independent"), s.references.get("sampling"), goal)
            for s in findings.scores
            if METRICS[s.metric].topic == "quality"
            for goal in [goals[METRICS[s.metric].goal]]
        ],
    )
    _show_classifiers(screen, findings)
    _show_rest(screen, findings, named)
    facts = [(name, f"{rows:,} rows") for name, rows in findings.rows.items() if rows is not None]
    facts += [("scored on", f"held-out real rows, {findings.held_out}")] if findings.target else []
    facts += [("report", str(report))] if report is not None else []
    screen.summary("Findings", [*facts, ("notice", findings.notice)])
    for score in findings.failed:
        about = ", ".join(x for x in (score.classifier, score.protected, score.scored_on) if x)
        screen.warn(f"{named[score.metric]}{f' ({about})' if about else ''} failed: {score.failed}")
    for note in findings.notes:
        screen.warn(note)


def _show_classifiers(screen: Screen, findings: "Findings") -> None:
    held_out = [s for s in findings.scores if s.classifier is not None and s.scored_on == "held_out"]
    if not held_out:
        return
    kinds = tuple(dict.fromkeys(str(s.classifier) for s in held_out))
    places: dict[tuple[str, str | None], dict[str, str]] = {}
    for score in held_out:
        if not score.metric.endswith("_unmatched"):
            places.setdefault((score.metric, score.protected), {})[str(score.classifier)] = _beside(score)
    target = findings.target or {}
    screen.table(
        f"Trained on synthetic rows (in brackets: on real rows), predicting {target.get('column')}; "
        f"scored on real rows {findings.held_out}",
        ["metric", "between", *kinds],
        [
            (metric, protected or "", *(cells.get(kind, "") for kind in kinds))
            for (metric, protected), cells in places.items()
        ],
    )


def _show_rest(screen: Screen, findings: "Findings", named: dict[str, str]) -> None:
    rows = [
        (named[s.metric], s.protected or "", _cell(s), _references(s))
        for s in findings.scores
        if s.metric in ("dp_table", "cdp_table", "cmi", "dcr_share", "membership_auc") and s.value is not None
    ]
    if rows:
        header = ["metric", "between", "this table", "references"]
        screen.table("The table itself; the privacy tests are smoke tests and no guarantee", header, rows)


def _cell(score: "Score") -> float | str:
    return "failed" if score.value is None else score.value


def _beside(score: "Score") -> str:
    if score.value is None:
        return "failed"
    reference = score.references.get("trained_on_real")
    return f"{score.value:.3f}" + ("" if reference is None else f" ({reference:.3f})")


def _references(score: "Score") -> str:
    told = {name: value for name, value in score.references.items() if value is not None}
    return ", ".join(f"{name.replace('_', ' ')} {value:.4f}" for name, value in told.items())
