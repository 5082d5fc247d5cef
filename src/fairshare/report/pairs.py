"""How strongly columns depend on each other, pair by pair."""

from collections.abc import Mapping
from itertools import combinations
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from fairshare.evaluation import cramers_v, cramers_v_of_codes
from fairshare.release import Release

__all__ = ["compared_pairs", "released_pairs"]

#: Columns beyond these are left out of the heat map, those that depend least on any other first.
_MOST_COLUMNS = 60
_MOST_TOLD = 8
#: Enough rows to tell a V of .01, however many the table has.
_MOST_ROWS = 100_000
#: A table of more cells is not laid out: it is nearly empty.
_MOST_CELLS = 1 << 22


def released_pairs(release: Release) -> dict[str, Any]:
    """Bias-corrected Cramer's V of every pair of columns in the synthetic table; or in its first rows, if many."""
    names, sizes = list(release.schema.sizes), release.schema.sizes
    rows = min(release.rows, _MOST_ROWS) if release.rows else 0
    codes = release.model.sample_codes(rows, np.random.default_rng(release.seed))
    wide = {name: codes[name].astype(np.int64) for name in names}
    association = np.eye(len(names))
    for (i, a), (j, b) in combinations(enumerate(names), 2):
        association[i, j] = association[j, i] = _association(wide[a], wide[b], (sizes[a], sizes[b]))
    return _content(names, {"synthetic": association})


def _association(a: npt.NDArray[np.int64], b: npt.NDArray[np.int64], shape: tuple[int, int]) -> float:
    cells = prod(shape)
    if cells > _MOST_CELLS:
        return cramers_v_of_codes(a, b)
    return cramers_v(np.bincount(a * shape[1] + b, minlength=cells).reshape(shape))


def compared_pairs(pairs: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The same in the real table too, and the difference.

    Args:
        pairs: ``columns``, ``v_real`` and ``v_synthetic``; None where the evaluation has none.
    """
    if pairs is None:
        return None
    real, synthetic = np.asarray(pairs["v_real"]), np.asarray(pairs["v_synthetic"])
    return _content(list(pairs["columns"]), {"synthetic": synthetic, "real": real})


def _content(names: list[str], tables: Mapping[str, npt.NDArray[np.float64]]) -> dict[str, Any]:
    shown = _strongest_columns(tables["synthetic"])
    kept = {kind: table[np.ix_(shown, shown)] for kind, table in tables.items()}
    columns = [names[i] for i in shown]
    content: dict[str, Any] = {"columns": columns, "left_out": len(names) - len(shown)}
    content |= {kind: np.round(table, 3).tolist() for kind, table in kept.items()}
    content["strongest"] = _told(columns, kept["synthetic"], kept)
    if "real" in kept:
        content["most_different"] = _told(columns, np.abs(kept["synthetic"] - kept["real"]), kept)
    return content


def _strongest_columns(association: npt.NDArray[np.float64]) -> list[int]:
    if len(association) <= _MOST_COLUMNS:
        return list(range(len(association)))
    off = association - np.diag(np.diag(association))
    return sorted(np.argsort(-off.max(axis=0), kind="stable")[:_MOST_COLUMNS].tolist())


def _told(
    columns: list[str], score: npt.NDArray[np.float64], tables: Mapping[str, npt.NDArray[np.float64]]
) -> list[dict[str, Any]]:
    """The pairs of greatest score, in words: for readers who see no colours, and for print."""
    i, j = np.triu_indices(len(columns), k=1)
    top = np.argsort(-score[i, j], kind="stable")[:_MOST_TOLD]
    return [
        {"pair": [columns[i[t]], columns[j[t]]]}
        | {kind: round(float(table[i[t], j[t]]), 3) for kind, table in tables.items()}
        for t in top
    ]
