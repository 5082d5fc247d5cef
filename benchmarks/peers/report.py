"""The records as a page of Markdown."""

import os
import platform
from collections.abc import Iterator, Sequence
from statistics import mean, stdev
from typing import Any

from benchmarks.peers.field import ENTRIES, LIBRARIES, OURS, Entry
from benchmarks.peers.store import Store

__all__ = ["BASELINES", "page"]

#: Rows that no library made: the table that was synthesised, and the same with its columns shuffled apart.
BASELINES = ("the real rows", "independent columns")

_HEAD = """\
# fairshare against the field

The same rows ({title}: {seen:,} rows to synthesise, {unseen:,} held out; {columns} columns as integer codes), the same
promise (epsilon {epsilon:g}, delta {delta:g}; one row more or less), the same measures, one run of

    {command}

on {machine}. Every library runs in an environment of its own, with one thread, each run in a process of
its own: reading the codes, the synthesis and writing the rows are inside the figures. **CPU seconds are what counts**:
the machine had other work, so wall time says little. Runs were stopped at the CPU seconds stated; what did not run, or
not to its end, is listed as such.

![Mean TVD 2-way against CPU seconds, both logarithmic](img/peers.svg)
"""

_MEANING = """
## What the rows are

- **AIM 2-way, 1 MB** and **3-way, 80 MB**: workload all 2-way or 3-way marginals of at most {max_cells:,} cells, cap on
  the model's size. **SWIFT** has the 3-way workload. Everything else is each library's default.
- **mbi**'s wheel holds the engine only: its MST and AIM are our ports of the authors' scripts
  (`benchmarks/mbi_mst.py`, `benchmarks/peers/drivers/run_mbi.py`), with the engine's work left to mbi. They draw
  floating-point noise and are here to be timed. **dpsynth** is run from a checkout, with released versions of mbi and
  dp-accounting in place of those that it asks for from GitHub.
- Budgets are converted by each library: zCDP (ours, mbi, smartnoise, dpmm), given as rho (opendp), or calibrated on the
  mechanism's privacy loss (dpsynth), which buys less noise for the same promise.
- **dpsynth** is run as it comes, and merging rare values while it fits (`compress_columns`), as its pipeline does. Its
  calibration of SWIFT starts its search at a budget of 0 and divides by it; here the same search starts above 0. Its
  size cap for SWIFT is on the largest clique, not on the model.
- **smartnoise** takes the categories from the private rows and gives back their exact number; **dpmm** is told their
  number; ours, mbi, opendp and dpsynth estimate it under the promise. opendp may give rows a null that no real row
  has; such rows are left out of its figures, in its favour.
- **TVD**: mean total variation distance of all 1-, 2- and 3-way marginals between the synthetic rows and those they
  stand for. **Accuracy, AUC, dp**: a classifier learns {outcome} from synthetic rows and is asked about the {unseen:,}
  held-out real rows, which no synthesis saw; dp is the largest difference between values of {protected} in the share
  predicted positive, lower is fairer. No fairness was asked of anybody here: what ours does about it is in
  [fair_quality](fair_quality.md).
- **x ours**: CPU seconds divided by those of our mechanism of the same name and settings.

{versions}

Measured {dates}. Figures are means over the runs (peak MB: the largest), in brackets the standard deviation.
"""


def page(real: Any, store: Store, *, epsilon: float, delta: float, max_cells: int) -> str:
    """The whole page.

    Args:
        real: the table (see ``table.Real``).
        store: the finished runs.
        epsilon, delta, max_cells: what was asked of everybody.
    """
    head = _HEAD.format(
        title=real.title,
        seen=real.rows,
        unseen=len(next(iter(real.unseen.values()))),
        columns=len(real.schema.sizes),
        epsilon=epsilon,
        delta=delta,
        command="python -m benchmarks.peers",
        machine=f"{os.cpu_count()} cores ({platform.machine()})",
    )
    meaning = _MEANING.format(
        max_cells=max_cells,
        unseen=len(next(iter(real.unseen.values()))),
        outcome=f"`{real.outcome}`",
        protected=f"`{real.protected}`",
        versions="\n".join(_versions(store)),
        dates=_dates(store),
    )
    parts = [head, *_costs(store), "\n## Useful, and for whom\n", *_uses(store), *_unfinished(store), meaning]
    return "\n".join(parts).rstrip()


def done(store: Store, key: str) -> list[dict[str, Any]]:
    """The runs of an entry that ended well."""
    return [record for record in store.of(key) if record["status"] == "ok"]


def _costs(store: Store) -> Iterator[str]:
    yield "| library | mechanism | runs | CPU s | x ours | wall s | peak MB | TVD 1-way | 2-way | 3-way |"
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for name in BASELINES[1:]:
        yield f"| - | {name}, not private | | | | | | {' | '.join(_tvd(done(store, name)))} |"
    for entry in ENTRIES:
        records = store.of(entry.key)
        if not records:
            continue
        label = f"{entry.label} ({entry.remark})" if entry.remark else entry.label
        if good := done(store, entry.key):
            cpu = mean(r["cpu_s"] for r in good)
            wall, peak = mean(r["wall_s"] for r in good), max(r["peak_mb"] for r in good)
            cost = f"{len(good)} | {cpu:.1f} | {_ratio(store, entry, cpu)} | {wall:.0f} | {peak:.0f}"
            yield f"| {entry.library} | {label} | {cost} | {' | '.join(_tvd(good))} |"
        elif records[-1]["status"] == "limit":
            last = records[-1]
            cost = f"over {last['limit_s']:.0f} | {_ratio(store, entry, last['limit_s'], 'over ')}"
            yield f"| {entry.library} | {label} | 0 | {cost} | | {last['peak_mb']:.0f} | not done | | |"
        else:
            yield f"| {entry.library} | {label} | 0 | | | | | fails | | |"


def _tvd(records: Sequence[dict[str, Any]]) -> Iterator[str]:
    for key in ("tvd_1", "tvd_2", "tvd_3"):
        values = [r["scores"][key] for r in records]
        spread = f" ({stdev(values):.4f})" if len(values) > 1 and key == "tvd_2" else ""
        yield f"{mean(values):.4f}{spread}" if values else ""


def _ratio(store: Store, entry: Entry, cpu: float, prefix: str = "") -> str:
    """CPU seconds against our mechanism of the same name; empty for ours, and where we have none like it."""
    ours = [e for e in ENTRIES if e.library == OURS and e.label in (entry.label, entry.mechanism)]
    good = done(store, ours[0].key) if ours and entry.library != OURS else []
    return f"{prefix}{cpu / mean(r['cpu_s'] for r in good):.0f}x" if good else ""


def _uses(store: Store) -> Iterator[str]:
    yield "| library | mechanism | logistic regression: accuracy | AUC | dp | random forest: accuracy | AUC | dp |"
    yield "|---|---|---|---|---|---|---|---|"
    rows = [("-", name, name) for name in BASELINES] + [(e.library, e.label, e.key) for e in ENTRIES]
    keys = [f"{c}.{m}" for c in ("logistic_regression", "random_forest") for m in ("accuracy", "auc", "dp")]
    for library, label, key in rows:
        if good := done(store, key):
            cells = " | ".join(f"{mean(r['scores'][k] for r in good):.3f}" for k in keys)
            yield f"| {library} | {label} | {cells} |"


def _unfinished(store: Store) -> Iterator[str]:
    lines = []
    for entry in ENTRIES:
        records = store.of(entry.key)
        if not records or done(store, entry.key):
            continue
        last = records[-1]
        if last["status"] == "limit":
            # Some tell how far they were.
            told = f"; last heard: {last['error']}" if "of the budget" in last["error"] else ""
            lines.append(f"- **{entry.key}**: not done after {last['limit_s']:.0f} CPU seconds{told}.")
        else:
            lines.append(f"- **{entry.key}**: fails after {last['cpu_s']:.0f} CPU seconds: `{last['error']}`.")
    if missing := [entry.key for entry in ENTRIES if not store.of(entry.key)]:
        lines.append(f"- Not run this time: {'; '.join(missing)}.")
    if lines:
        yield "\n## What did not run to its end\n"
        yield from lines


def _versions(store: Store) -> Iterator[str]:
    yield "| library | versions | licence |"
    yield "|---|---|---|"
    for library in LIBRARIES.values():
        keys = [e.key for e in ENTRIES if e.library == library.name]
        if found := [r["versions"] for k in keys for r in store.of(k) if "versions" in r]:
            yield f"| {library.name} | {found[-1]} | {library.licence} |"


def _dates(store: Store) -> str:
    dates = sorted({r["date"] for r in store.records.values() if "date" in r})
    return " to ".join(dict.fromkeys((dates[0], dates[-1]))) if dates else "never"
