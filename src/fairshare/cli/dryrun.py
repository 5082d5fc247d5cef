"""What a run would ask and spend, from public facts alone: the same run on a table of no rows."""

from collections.abc import Mapping
from itertools import groupby
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fairshare.schema import Schema

__all__ = ["dry_run", "steps"]


def dry_run(schema: "Schema", **options: Any) -> Mapping[str, Any]:
    """The account that a run would leave, in the form of ``Ledger.to_dict``.

    A mechanism that adapts to noisy answers may take another course on real rows; what it may spend in all is the
    same, and every call's cost is computed before data are touched, so no rows are needed to know it.

    Args:
        schema: the public schema, reviewed or not.
        options: keyword arguments of ``synthesize``.

    Raises:
        UsageError: an option is out of range.
        BudgetError: the budget is too small for the mechanism.
    """
    import pyarrow as pa

    from fairshare.release import synthesize

    unseen = pa.table({column.name: pa.nulls(0) for column in schema.columns})
    return synthesize(unseen, schema, **{**options, "accept_inferred_schema": True}).ledger


def steps(account: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The account's calls for a reader: selections in a row become one step.

    Returns:
        For each step the call, how many calls, what they ask, their noise, and their share of the budget.
    """
    return [
        _step(call, noise, list(entries), account["nano_rho_total"])
        for (call, noise, _), entries in groupby(account["entries"], key=_kind)
    ]


def _kind(entry: Mapping[str, Any]) -> tuple[str, str, str]:
    """Call, noise, and what keeps the entry apart: rounds of selections are one step, others are their own."""
    if entry["call"] == "select":
        return "select", f"epsilon {entry['epsilon']:.4g} each", ""
    sigmas = entry["sigmas"] if entry["call"] == "measure" else [entry["sigma"]]
    span = dict.fromkeys(f"{sigma:.4g}" for sigma in (min(sigmas), max(sigmas)))
    return entry["call"], f"sigma {' to '.join(span)} rows", entry["hash"]


def _step(call: str, noise: str, entries: list[Mapping[str, Any]], total: int) -> dict[str, Any]:
    asks = {"measure": _marginals, "score": _scores, "select": _selections}[call](entries)
    share = sum(entry["nano_rho"] for entry in entries) / total
    return {"call": call, "calls": len(entries), "asks": asks, "noise": noise, "share": share}


def _marginals(entries: list[Mapping[str, Any]]) -> str:
    cliques = [clique for entry in entries for clique in entry["cliques"]]
    counts = {size: sum(len(c) == size for c in cliques) for size in sorted({len(c) for c in cliques})}
    return ", ".join(f"{count} {size}-way marginal{'s' if count > 1 else ''}" for size, count in counts.items())


def _scores(entries: list[Mapping[str, Any]]) -> str:
    return f"the error of {sum(len(entry['candidates']) for entry in entries)} candidates"


def _selections(entries: list[Mapping[str, Any]]) -> str:
    return f"{len(entries)} of {max(entry['candidates'] for entry in entries)} candidates, one at a time"
