"""One cell: a release by one party or by a consortium, and what the paper measures on it."""

import time
from pathlib import Path
from typing import Any

from caps.data import KEY, Table
from cells import Cell
from judging import Bench

import fairshare
from fairshare.evaluation import quality

__all__ = ["CLASSIFIERS", "DELTA", "EPSILON", "MECHANISMS", "REAL", "SETTINGS", "cell", "work"]

#: The settings of the authors' code: all pairs, models up to 80 and 25 MB.
MECHANISMS = {"AIM": fairshare.AIM(workload=2, max_model_mb=80), "MWEM+PGM": fairshare.MWEM(max_model_mb=25)}
#: The real rows themselves, in place of a synthetic table.
REAL = "Real rows"
#: How the rows lie, and which neighbours are promised. Under vertical splits it can only be replace-one.
SETTINGS = (
    ("central", "add-remove"),
    ("horizontal", "add-remove"),
    ("central", "replace-one"),
    ("vertical", "replace-one"),
)
CLASSIFIERS = ("logistic_regression", "random_forest")
EPSILON, DELTA = 1.0, 1e-9


def cell(table: str, mechanism: str, split: str, relation: str, sample: int) -> Cell:
    """The settings of one run."""
    return {
        "table": table,
        "mechanism": mechanism,
        "split": split,
        "relation": relation,
        "epsilon": EPSILON,
        "delta": DELTA,
        "sample": sample,
    }


def work(folder: Path, cell: Cell) -> dict[str, Any]:
    """The figures of a cell; the private tables are in ``folder``."""
    table, found = Table.load(folder, cell["table"]), {}
    train = table.train
    if cell["mechanism"] != REAL:
        start = time.process_time()
        made = _release(table, cell)
        seconds = time.process_time() - start
        train = {a: made.table[a].to_numpy() for a in table.domain}
        distance = quality(table.train, train, table.domain)
        cost = made.certificate.get("consortium", {})
        found = {
            "error": distance.tvd_2,
            "cpu_seconds": round(seconds, 2),
            "rounds": cost.get("rounds"),
            "sent_mb": max(cost["sent_mb"]) if cost else None,
        }
    bench = Bench(table.schema, table.target, table.held_out)
    return {**found, "scores": bench.scores(train, CLASSIFIERS, cell["sample"])}


def _release(table: Table, cell: Cell) -> fairshare.Release:
    ask = {name: cell[name] for name in ("epsilon", "delta", "relation")}
    ask["mechanism"] = MECHANISMS[cell["mechanism"]]
    if cell["split"] == "central":
        return fairshare.synthesize(table.whole(), table.coded_schema, **ask)
    key = KEY if cell["split"] == "vertical" else None
    return fairshare.simulate(table.among_two(cell["split"]), table.coded_schema, record_key=key, **ask)
