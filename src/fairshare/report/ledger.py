"""What each step of a run spent, for a reader: like calls in a row become one step."""

from collections.abc import Mapping
from itertools import groupby
from typing import Any

__all__ = ["ledger"]

#: With more steps than these (adaptive mechanisms take hundreds) all calls of one kind become one step.
_MOST_STEPS = 8
_SIZES = {0: "rows", 1: "columns", 2: "pairs"}
_NAMES = {"measure": "counted", "select": "chose", "score": "scored"}


def ledger(account: Mapping[str, Any]) -> dict[str, Any]:
    """The account's steps with their share of the budget.

    Args:
        account: what ``Ledger.to_dict`` gives.
    """
    total = account["nano_rho_total"]
    steps = [_step(list(entries), total) for _, entries in groupby(account["entries"], key=_kind)]
    if len(steps) > _MOST_STEPS:
        ordered = sorted(account["entries"], key=lambda entry: str(_kind(entry)))
        steps = [_step(list(entries), total) for _, entries in groupby(ordered, key=_kind)]
    return {
        "steps": steps,
        "calls": len(account["entries"]),
        "spent": account["nano_rho_spent"] / total,
        "unspent": account["nano_rho_unspent"] / total,
        "rho": total / 1e9,
        "epsilon_spent": account["epsilon_spent_at_delta"],
        "accountant": account["accountant"],
        "head": account["head"],
    }


def _kind(entry: Mapping[str, Any]) -> tuple[str, str]:
    """Calls of one kind ask the same sort of question."""
    if entry["call"] == "measure":
        sizes = {len(clique) for clique in entry["cliques"]}
        return "measure", _SIZES.get(sizes.pop(), "sets") if len(sizes) == 1 else "sets"
    return str(entry["call"]), ""


def _step(entries: list[Mapping[str, Any]], total: int) -> dict[str, Any]:
    call, what = _kind(entries[0])
    asks = {"measure": _counted, "select": _chose, "score": _scored}[call](entries, what)
    return {
        "call": call,
        "did": _NAMES[call],
        "asks": asks,
        "noise": _noise(call, entries),
        "calls": len(entries),
        "share": sum(entry["nano_rho"] for entry in entries) / total,
    }


def _counted(entries: list[Mapping[str, Any]], what: str) -> str:
    cliques = [clique for entry in entries for clique in entry["cliques"]]
    if what == "rows":
        return "the number of rows"
    if what == "sets":
        combinations = "1 combination" if len(cliques) == 1 else f"{len(cliques)} combinations"
        return f"{combinations} of up to {max(map(len, cliques))} columns"
    singular = {"columns": "single column", "pairs": "pair of columns"}[what]
    plural = {"columns": "single columns", "pairs": "pairs of columns"}[what]
    return f"1 {singular}" if len(cliques) == 1 else f"{len(cliques)} {plural}"


def _chose(entries: list[Mapping[str, Any]], _what: str) -> str:
    most = max(entry["candidates"] for entry in entries)
    return f"{len(entries)} of {most} candidates to count, one at a time"


def _scored(entries: list[Mapping[str, Any]], _what: str) -> str:
    return f"{sum(len(entry['candidates']) for entry in entries)} candidates for what to count"


def _noise(call: str, entries: list[Mapping[str, Any]]) -> str:
    if call == "select":
        return "random choice, epsilon " + _span([entry["epsilon"] for entry in entries]) + " each"
    if call == "score":
        return "noise of about ±" + _span([entry["sigma"] for entry in entries]) + " on each score"
    return "noise of about ±" + _span([s for entry in entries for s in entry["sigmas"]]) + " rows on each count"


def _span(values: list[float]) -> str:
    return " to ".join(dict.fromkeys(f"{value:.3g}" for value in (min(values), max(values))))
