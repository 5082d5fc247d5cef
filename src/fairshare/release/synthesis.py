"""The main job: one private table in, one release out."""

import os
from collections.abc import Callable
from typing import Any

from fairshare.counting import CodedTable
from fairshare.curator.trusted import TrustedCurator
from fairshare.errors import SchemaError, UsageError
from fairshare.fairness import Fairness
from fairshare.io import frame_kind, read_table
from fairshare.marginals import Domain
from fairshare.mechanisms import MST, Mechanism, Progress, Step
from fairshare.privacy import Budget, Ledger, Noise, PrivacyUnit, Relation, TableNoise
from fairshare.release.account import certificate
from fairshare.release.binning import buy_bins, chain
from fairshare.release.fair import judge
from fairshare.release.model import ReleasedModel
from fairshare.release.release import MAX_ROWS, Release
from fairshare.schema import Schema
from fairshare.version import __version__

__all__ = ["synthesize"]


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
) -> Release:
    """A differentially private synthetic table.

    Args:
        table: a path (.csv, .parquet, .arrow) or a pyarrow, pandas or polars table.
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

    Returns:
        The release; ``.table`` is in the frame type of ``table``.

    Raises:
        UsageError: an argument is out of range.
        SchemaError: the schema was not reviewed.
        DataError: the table's structure does not fit the schema.
        BudgetError: the budget is too small for the mechanism.
        NotFairError: the model did not come out fair; nothing is released.

    Privacy:
        (epsilon, delta)-DP for one unit under ``relation``: a row, or a person with at most the schema's
        ``max_rows_per_person`` rows (the rest are dropped). The certificate and ledger say what was spent.
    """
    budget = Budget(epsilon=epsilon, delta=delta)
    unit = PrivacyUnit(relation=relation, max_rows=schema.max_rows_per_person or 1)
    _check(schema, budget, rows, seed, accept_inferred_schema)
    if fairness is not None:
        fairness.check(Domain.from_sizes(schema.sizes))
    mechanism = MST() if mechanism is None else mechanism
    noise = TableNoise() if noise is None else noise
    report = progress or _silent

    curator = _curator(table, schema, Ledger(budget, unit), noise, report)
    bins, start = buy_bins(curator, schema)
    outcome = mechanism.run(
        curator.coarsen({name: r.codes for name, r in bins.items()}), start=start, fairness=fairness, progress=report
    )
    judged, order = (None, None) if fairness is None else judge(outcome.fit.model, fairness)
    model = ReleasedModel(outcome.fit.model, chain(bins, outcome.refinements), schema, order)
    return Release(
        schema=schema,
        model=model,
        rows=round(model.total) if rows is None else rows,
        seed=int.from_bytes(os.urandom(6)) if seed is None else seed,
        ledger=curator.ledger.to_dict(),
        certificate=certificate(
            schema=schema,
            mechanism=mechanism,
            outcome=outcome,
            ledger=curator.ledger,
            noise=noise,
            version=__version__,
            fairness=judged,
        ),
        frame=frame_kind(table),
    )


def _check(schema: Schema, budget: Budget, rows: int | None, seed: int | None, accept: bool) -> None:
    if rows is not None and (isinstance(rows, bool) or not isinstance(rows, int) or not 0 <= rows <= MAX_ROWS):
        raise UsageError(f"rows ({rows}) must be an integer between 0 and {MAX_ROWS}")
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int) or seed < 0):
        raise UsageError(f"seed ({seed}) must be an integer of at least 0")
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


def _curator(
    source: Any, schema: Schema, ledger: Ledger, noise: Noise, report: Callable[[Step], None]
) -> TrustedCurator:
    table = read_table(source, schema=schema)
    report(Step(phase="read", done=1, parts=2, spent=0.0))
    table = schema.limit_rows(table)
    coded = CodedTable(Domain.from_sizes(schema.sizes), schema.encode(table))
    report(Step(phase="read", done=2, parts=2, spent=0.0))
    return TrustedCurator(coded, ledger=ledger, noise=noise)
