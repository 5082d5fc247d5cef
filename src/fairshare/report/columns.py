"""Single columns: few enough bars to read, from many codes."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from fairshare.release import Release
from fairshare.schema import Coded, Schema

__all__ = ["compared_columns", "released_columns"]

#: A category beyond these joins the others.
_MOST_CATEGORIES = 8
#: Neighbouring bins are joined until no more than these are left.
_MOST_BINS = 32
_CATEGORICAL = ("categorical", "boolean")

Shares = Mapping[str, npt.NDArray[np.float64]]


def released_columns(release: Release) -> list[dict[str, Any]]:
    """Each column's shares in the model, in the schema's order."""
    schema = release.schema
    return [_column(schema, name, {"synthetic": _shares(release.marginal([name]))}) for name in schema.sizes]


def compared_columns(marginals: Mapping[str, Mapping[str, Any]], schema: Schema) -> list[dict[str, Any]]:
    """Each column's shares in the real and the synthetic table, the worst first.

    Args:
        marginals: by column, ``real`` and ``synthetic`` shares of each code, and ``tvd``.
        schema: of both tables.
    """
    worst_first = sorted(marginals, key=lambda name: (-marginals[name]["tvd"], name))
    return [
        _column(schema, name, {kind: np.asarray(marginals[name][kind]) for kind in ("real", "synthetic")})
        | {"tvd": marginals[name]["tvd"]}
        for name in worst_first
    ]


def _shares(counts: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    total = float(counts.sum())
    return counts / total if total > 0 else np.zeros_like(counts)


def _column(schema: Schema, name: str, shares: Shares) -> dict[str, Any]:
    column, labels = schema.column(name), schema.labels(name)
    missing = None
    if isinstance(column, Coded) and column.nullable:
        missing = {kind: _round(values[-1]) for kind, values in shares.items()}
    histogram = column.kind not in _CATEGORICAL and len(labels) - (missing is not None) > _MOST_CATEGORIES
    told: dict[str, Any] = {"name": name, "kind": column.kind, "codes": len(labels)}
    if histogram:
        values = len(labels) - (missing is not None)
        low, high = _ends(labels[0], labels[values - 1])
        told |= {"form": "histogram", "low": low, "high": high, "missing": missing}
        return told | {"bars": _bins(labels[:values], shares, values)}
    by_size = column.kind in _CATEGORICAL
    return told | {"form": "bars", "bars": _categories(labels, shares, by_size=by_size)}


def _bins(labels: Sequence[str], shares: Shares, values: int) -> list[dict[str, Any]]:
    """Neighbouring bins joined, equally many codes to a bar (but to the last): else the picture shows our joining."""
    width = -(-values // _MOST_BINS)
    starts = list(range(0, values, width))
    joined = {kind: np.add.reduceat(table[:values], starts) for kind, table in shares.items()}
    stops = [*starts[1:], values]
    return [
        {"label": _span(labels[first], labels[stop - 1])} | {kind: _round(table[i]) for kind, table in joined.items()}
        for i, (first, stop) in enumerate(zip(starts, stops, strict=True))
    ]


def _categories(labels: Sequence[str], shares: Shares, *, by_size: bool) -> list[dict[str, Any]]:
    """The largest categories, and one bar for all the others."""
    size = sum(shares.values(), start=np.zeros(len(labels)))
    order = np.argsort(-size, kind="stable") if by_size else np.arange(len(labels))
    few = len(labels) <= _MOST_CATEGORIES + 1
    shown, rest = (order, order[:0]) if few else (order[:_MOST_CATEGORIES], order[_MOST_CATEGORIES:])
    bars = [{"label": labels[i]} | {kind: _round(table[i]) for kind, table in shares.items()} for i in shown]
    if len(rest):
        others = {kind: _round(float(table[rest].sum())) for kind, table in shares.items()}
        bars.append({"label": f"{len(rest)} others", "others": True} | others)
    return bars


def _span(first: str, last: str) -> str:
    """A label for joined bins: from the first one's start to the last one's end."""
    if first == last:
        return first
    low, high = _ends(first, last)
    return f"{low} to {high}"


def _ends(first: str, last: str) -> tuple[str, str]:
    """Where the first bin starts and the last one ends, from labels like ``3``, ``3 to 5`` and ``[3.0, 5.5)``."""
    if first.startswith("[") and ", " in first and ", " in last:
        return first.partition(", ")[0][1:], last.partition(", ")[2][:-1]
    return first.partition(" to ")[0], last.rpartition(" to ")[2]


def _round(share: float) -> float:
    return round(float(share), 6)
