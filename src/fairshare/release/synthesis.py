"""The main job: one private table in, one release out."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from os import PathLike
from typing import Any

from fairshare.counting import CountingEngine, open_table
from fairshare.counting.engine import Watch
from fairshare.curator.trusted import TrustedCurator
from fairshare.errors import DataError, SchemaError, UsageError
from fairshare.fairness import FairGraph, Fairness
from fairshare.io import frame_kind
from fairshare.marginals import Domain
from fairshare.mechanisms import MST, Mechanism, Progress, Step
from fairshare.privacy import Budget, Ledger, Noise, PrivacyUnit, Relation, TableNoise
from fairshare.release.arguments import check_kinds
from fairshare.release.assembly import assemble
from fairshare.release.fair import grantable
from fairshare.release.packing import pack, unpack
from fairshare.release.record import MAX_ROWS
from fairshare.release.release import Release
from fairshare.release.spending import Deliver, fingerprint, plan_of, spend
from fairshare.schema import Schema

__all__ = ["check_promise", "opened", "synthesize"]


#: Seconds between two steps that say that counting goes on.
_HEARTBEAT = 1.0


def _silent(step: Step) -> None:
    pass


def synthesize(
    table: Any,
    schema: Schema,
    *,
    epsilon: float,
    delta: float,
    mechanism: Mechanism | None = None,
    relation: Relation = "add-remove",
    rows: int | None = None,
    seed: int | None = None,
    fairness: Fairness | None = None,
    noise: Noise | None = None,
    accept_inferred_schema: bool = False,
    progress: Progress | None = None,
    ledger: str | PathLike[str] | None = None,
    run_id: str | None = None,
    deliver: Deliver | None = None,
) -> Release:
    """A differentially private synthetic table.

    Args:
        table: a path (.csv, .parquet, .arrow), a folder or pattern of such files, a pyarrow, pandas or polars table,
            a ``fairshare.counting.InDatabase``, or a ``CountingEngine``, which stays open. Files larger than memory
            should hold are scanned, not read; what is in a database is counted there.
        schema: the public schema: columns, categories, bounds, bins.
        epsilon: privacy loss, in (0, 64]; 1 is usual, smaller is more private.
        delta: in [2^-64, 1); far below one over the number of rows, e.g. 1e-9.
        mechanism: what is measured; ``fairshare.MST()`` when not given.
        relation: ``add-remove`` (default) or ``replace-one`` neighbours.
        fairness: roles and policy that the model must meet; without it roles in the schema only describe.
        rows: number of synthetic rows; when not given, the model's noisy estimate of the table's.
        seed: governs sampling of rows only; privacy noise cannot be seeded.
        noise: another vetted source of noise, such as ``fairshare.OpenDPNoise()``.
        accept_inferred_schema: go on though the schema holds unreviewed values taken from the data.
        progress: called with a ``Step`` as the run goes on.
        ledger: the data set's ledger file (``fairshare ledger new``): all runs on it share one total, and this one
            is refused beyond it.
        run_id: with a ledger, the name of the run; the same name, plan and input again returns the stored release.
        deliver: called with the release before this returns and, with a ledger, after it is on record.

    Returns:
        The release; ``.table`` is in the frame type of ``table``.

    Raises:
        UsageError: an argument is out of range.
        SchemaError: the schema was not reviewed.
        DataError: the table's structure does not fit the schema.
        BudgetError: the budget is too small for the mechanism, or the ledger does not cover it.
        IntegrityError: the ledger can't be trusted.
        NotFairError: a declared zero or dependency ties protected to outcome, or the model did not come out fair;
            nothing is released.

    Privacy:
        (epsilon, delta)-DP for one unit under ``relation``: a row, or a person with at most the schema's
        ``max_rows_per_person`` rows (the rest are dropped). The certificate and ledger say what was spent.
    """
    check_kinds(schema, mechanism, fairness)
    budget = Budget(epsilon=epsilon, delta=delta)
    unit = PrivacyUnit(relation=relation, max_rows=schema.max_rows_per_person or 1)
    _check(schema, budget, rows, seed, accept_inferred_schema)
    if fairness is not None:
        fairness.check(Domain.from_sizes(schema.sizes))
        FairGraph(schema.sizes, fairness, schema.impossible)  # declared cliques must pass before anything is spent
    mechanism = MST() if mechanism is None else mechanism
    fairness, notes = (None, ()) if fairness is None else grantable(fairness, mechanism)
    noise = TableNoise() if noise is None else noise
    report = progress or _silent

    account = Ledger(budget, unit)
    compute = partial(
        _compute,
        table,
        schema,
        account,
        mechanism=mechanism,
        fairness=fairness,
        notes=notes,
        noise=noise,
        rows=rows,
        seed=seed,
        report=report,
    )
    if ledger is None:
        if run_id is not None:
            raise UsageError(f"run_id ({run_id!r}) needs a ledger: it names one of a ledger's runs")
        release = compute()
        if deliver is not None:
            deliver(release)
        return release
    plan = plan_of(
        promise=[float(epsilon), float(delta), unit.describe()],
        schema=schema.digest,
        mechanism=mechanism.describe(),
        fairness=fairness,
        noise=noise.name,
        sampling=[rows, seed],
    )
    return spend(
        ledger,
        run_id=run_id,
        plan=plan,
        content=partial(fingerprint, table, schema),
        account=account,
        compute=compute,
        pack=pack,
        unpack=unpack,
        deliver=deliver,
    )


def _compute(
    table: Any,
    schema: Schema,
    account: Ledger,
    *,
    mechanism: Mechanism,
    fairness: Fairness | None,
    notes: tuple[str, ...],
    noise: Noise,
    rows: int | None,
    seed: int | None,
    report: Progress,
) -> Release:
    with opened(table, schema, account, report) as engine:
        return assemble(
            TrustedCurator(engine, ledger=account, noise=noise),
            schema,
            mechanism,
            fairness=fairness,
            notes=notes,
            noise=noise,
            rows=rows,
            seed=seed,
            frame=frame_kind(table),
            progress=report,
        )


def _check(schema: Schema, budget: Budget, rows: int | None, seed: int | None, accept: bool) -> None:
    if rows is not None and (isinstance(rows, bool) or not isinstance(rows, int) or not 0 <= rows <= MAX_ROWS):
        raise UsageError(f"rows ({rows}) must be an integer between 0 and {MAX_ROWS}")
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int) or seed < 0):
        raise UsageError(f"seed ({seed}) must be an integer of at least 0")
    check_promise(schema, budget, accept=accept)


def check_promise(schema: Schema, budget: Budget, *, accept: bool = False) -> None:
    """Refuse a promise that the schema does not bear, before anything is spent.

    Args:
        schema: the public schema.
        budget: the promise.
        accept: go on though the schema holds unreviewed values.

    Raises:
        UsageError: delta is too large for the declared number of rows.
        SchemaError: nothing is synthesised, or the schema was not reviewed.
    """
    if schema.expected_rows is not None and budget.delta * schema.expected_rows >= 1:
        raise UsageError(
            f"delta ({budget.delta}) must be below 1/expected_rows ({1 / schema.expected_rows:.1g}): at this delta one "
            "whole record could be published; 1e-9 is a good choice"
        )
    if not schema.sizes:
        raise SchemaError("the schema must have at least one column to synthesise; it has only keys")
    if schema.unreviewed and not accept:
        shown = ", ".join(schema.unreviewed[:8]) + (", ..." if len(schema.unreviewed) > 8 else "")
        raise SchemaError(
            f"the schema holds values taken from the private table that nobody has reviewed ({shown}). Check them and "
            "remove their review marks, or pass --accept-inferred-schema (accept_inferred_schema=True): the "
            "certificate will then say so"
        )


def _heartbeat(ledger: Ledger, report: Callable[[Step], None]) -> Watch:
    """Says by the clock that a scan goes on, and never how far: parts done, or one step a part, would tell the rows."""
    last = time.monotonic()

    def watch(done: int, parts: int) -> None:
        nonlocal last
        del done, parts  # private
        if time.monotonic() - last >= _HEARTBEAT:
            report(Step(phase="count", done=0, parts=0, spent=ledger.spent / ledger.budget.nano_rho))
            last = time.monotonic()

    return watch


@contextmanager
def opened(source: Any, schema: Schema, ledger: Ledger, report: Callable[[Step], None]) -> Iterator[CountingEngine]:
    """What counts the source; whatever can fail without reading the rows fails here, before the ledger is charged."""
    engine = open_table(source, schema, watch=_heartbeat(ledger, report))
    try:
        report(Step(phase="read", done=1, parts=2, spent=0.0))
        if engine.domain != Domain.from_sizes(schema.sizes):
            raise DataError("the engine's domain must be the schema's: build the engine with the same schema")
        limit = schema.max_rows_per_person
        if limit is not None and engine.max_rows_per_person != limit:
            raise DataError(
                f"the engine must limit one person's rows to max_rows_per_person ({limit}), which the promise rests "
                "on: build the engine with the same schema"
            )
        engine.check()
        report(Step(phase="read", done=2, parts=2, spent=0.0))
        yield engine
    finally:
        if engine is not source:
            engine.close()
