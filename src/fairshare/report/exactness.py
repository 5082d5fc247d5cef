"""How far the model may be from the private table: bounds that follow from the released noise, at no cost."""

from collections.abc import Mapping, Sequence
from typing import Any

from fairshare.release import Release

__all__ = ["exactness"]

#: Marginals of each size that are told; the certificate has all.
_MOST = 60
_TITLES = {1: "Single columns", 2: "Pairs of columns", 3: "Triples of columns"}


def exactness(release: Release) -> dict[str, Any] | None:
    """The certificate's bounds as shares of the rows, the widest first; None where it has none.

    A bound is on the L1 distance of counts; half of it, over the model's number of rows, is the share of rows that
    would have to change to make the model's marginal the table's, but for the difference of their numbers of rows (half
    of which comes on top; it is small, for it is noise on one count).

    Returns:
        ``confidence`` of each bound by itself; ``groups`` by number of columns, each with ``bounds`` (columns, share,
        L1 in rows, basis, and ``joined``: the columns of which rare values were joined before they were measured) and
        how many were ``left_out``.

    Source: McKenna, Mullins, Sheldon, Miklau 2022, AIM, section 6; see ``mechanisms/uncertainty.py``.
    """
    told = release.certificate.get("uncertainty")
    total = float(release.model.total)
    if not told or not told["bounds"] or total <= 0:
        return None
    joined = set(told["codes_merged_in"])
    sizes = sorted({len(bound["columns"]) for bound in told["bounds"]})
    return {
        "confidence": told["confidence"],
        "rows": round(total),
        "joined": list(told["codes_merged_in"]),
        "groups": [
            _group(size, [b for b in told["bounds"] if len(b["columns"]) == size], joined, total) for size in sizes
        ],
    }


def _group(size: int, bounds: Sequence[Mapping[str, Any]], joined: set[str], total: float) -> dict[str, Any]:
    widest_first = sorted(bounds, key=lambda bound: -bound["l1"])
    return {
        "columns": size,
        "title": _TITLES.get(size, f"{size} columns together"),
        "bounds": [
            {
                "columns": list(bound["columns"]),
                "share": round(min(1.0, bound["l1"] / (2 * total)), 6),
                "l1": bound["l1"],
                "basis": bound["basis"],
                "joined": [name for name in bound["columns"] if name in joined],
            }
            for bound in widest_first[:_MOST]
        ],
        "left_out": max(0, len(widest_first) - _MOST),
    }
