"""Where a run is: bars on a terminal, a few plain lines elsewhere, nothing when quiet."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fairshare.cli.console import Screen

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

    from fairshare.mechanisms import Progress, Step

__all__ = ["watching"]

#: Seconds between two plain lines of one phase.
_PATIENCE = 10.0


@contextmanager
def watching(screen: Screen) -> "Iterator[Progress]":
    """A callback for ``Step``s, drawn on stderr while the block runs; the bars vanish when it ends."""
    if screen.quiet:
        yield lambda _: None
    elif screen.err.is_terminal and not screen.err.is_dumb_terminal:
        with _rich_bars(screen) as progress:
            yield _Bars(progress)
    else:
        yield _Lines(screen)


def _rich_bars(screen: Screen) -> "RichProgress":
    from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as RichProgress

    return RichProgress(
        SpinnerColumn(finished_text="✓"),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=28),
        MofNCompleteColumn(),
        TextColumn("budget spent {task.fields[spent]:>4.0%}", markup=False),
        TimeElapsedColumn(),
        console=screen.err,
        transient=True,
    )


class _Bars:
    """One bar a phase; a phase is over when the next begins, however many parts it had left."""

    def __init__(self, progress: "RichProgress") -> None:
        self._progress = progress
        self._phase = "read"  # what every run does first, and reports only when it is done
        self._task: TaskID = progress.add_task(self._phase, total=None, spent=0.0)

    def __call__(self, step: "Step") -> None:
        if step.phase != self._phase:
            self._finish()
            self._phase = step.phase
            self._task = self._progress.add_task(step.phase, total=step.parts or None, spent=step.spent)
        self._progress.update(self._task, completed=step.done, total=step.parts or None, spent=step.spent)

    def _finish(self) -> None:
        done = max(1.0, next(task.completed for task in self._progress.tasks if task.id == self._task))
        self._progress.update(self._task, total=done, completed=done)


class _Lines:
    """One line when a phase begins, and one every ten seconds while it lasts."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._phase = ""
        self._last = 0.0

    def __call__(self, step: "Step") -> None:
        now = time.monotonic()
        if step.phase == self._phase and now - self._last < _PATIENCE:
            return
        again = f" {step.done}/{step.parts}" if step.phase == self._phase and step.parts else ""
        self._screen.note(f"{step.phase}{again} (budget spent {step.spent:.0%})")
        self._phase, self._last = step.phase, now
