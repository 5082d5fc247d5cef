"""Cells of an experiment: each is run once, kept as a line of JSON, and never run again while its settings stand."""

import json
import os
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from fairshare import __version__

__all__ = ["Cell", "Store", "fill"]

#: The settings of one run, JSON-able.
Cell = dict[str, Any]


def _key(cell: Cell) -> str:
    """All settings and the version of the package, as text that does not depend on their order."""
    return json.dumps({**cell, "fairshare": __version__}, sort_keys=True)


class Store:
    """Finished cells in a file, a line each, written when it is done."""

    def __init__(self, path: Path) -> None:
        self._path = path
        text = path.read_text() if path.exists() else ""
        # A run that was killed may leave half a line at the end: only what a line break ends was written whole.
        whole, _, half = text.rpartition("\n")
        if half:
            path.write_text(whole + "\n" if whole else "")
        entries = [json.loads(line) for line in whole.splitlines()]
        self._found = {json.dumps(entry["cell"], sort_keys=True): entry["result"] for entry in entries}

    def __contains__(self, cell: Cell) -> bool:
        return _key(cell) in self._found

    def add(self, cell: Cell, result: Any) -> None:
        self._found[_key(cell)] = result
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a") as file:
            file.write(json.dumps({"cell": json.loads(_key(cell)), "result": result}) + "\n")

    def of(self, cells: Iterable[Cell]) -> list[Any]:
        """Results of those of the cells that are finished, in their order."""
        return [self._found[_key(cell)] for cell in cells if cell in self]


def _polite() -> None:
    os.nice(10)


def fill(title: str, store: Store, cells: Iterable[Cell], work: Callable[[Cell], Any], deadline: float) -> bool:
    """Run what is missing, in order, on at most two processes; whether all cells are finished.

    Args:
        title: for the progress bar.
        store: where results go.
        cells: settings, the most wanted first.
        work: a module's function from settings to a JSON-able result.
        deadline: in seconds of ``time.monotonic``; no cell is begun after it.
    """
    missing = [cell for cell in cells if cell not in store]
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    if not missing:
        return True
    workers = min(2, os.cpu_count() or 1, len(missing))
    with (
        ProcessPoolExecutor(workers, initializer=_polite) as pool,
        Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as bar,
    ):
        task, waiting, running = bar.add_task(title, total=len(missing)), iter(missing), {}
        while True:
            while len(running) < workers and time.monotonic() < deadline and (cell := next(waiting, None)) is not None:
                running[pool.submit(work, cell)] = cell
            if not running:
                break
            done = next(as_completed(running))
            store.add(running.pop(done), done.result())
            bar.advance(task)
    return all(cell in store for cell in missing)
