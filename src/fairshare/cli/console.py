"""What a person or a program sees: one voice on two streams.

Results for people go to stdout, unless ``--json`` claims it for one document; everything that happens on the way
(progress, warnings, errors) goes to stderr. Colour and boxes appear on terminals only, and never under NO_COLOR.
"""

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from functools import cached_property
from typing import Any

from rich.console import Console, RenderableType
from rich.text import Text

__all__ = ["Screen", "clean", "hush", "some"]

#: Width of tables where there is no terminal to ask.
_PLAIN_WIDTH = 110
#: Words up to this length are not broken, however narrow the terminal.
_UNBROKEN = 14


def clean(text: object) -> str:
    """The text without what could steer a terminal: control characters and lone surrogates become escapes.

    File and column names come from strangers' files; a name must not be able to recolour or rewrite the screen.
    """
    safe = str(text).encode("utf-8", "backslashreplace").decode("utf-8")
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in safe)


class Screen:
    """The two streams of one command.

    Args:
        json: stdout is for one JSON document; people are spoken to on stderr.
        quiet: say nothing but results and errors.
    """

    def __init__(self, *, json: bool = False, quiet: bool = False) -> None:
        self.json = json
        self.quiet = quiet

    @cached_property
    def err(self) -> Console:
        """The stream for what happens on the way."""
        return _console(stderr=True)

    @cached_property
    def people(self) -> Console:
        """The stream on which a person reads the result."""
        return self.err if self.json else _console(stderr=False)

    def document(self, content: Mapping[str, Any]) -> None:
        """The one JSON document of this command, where ``--json`` asked for it."""
        if self.json:
            # ASCII only: readable by any locale, and whole even where a path is not valid Unicode.
            print(json.dumps(content, indent=2, allow_nan=False), flush=True)  # noqa: T201

    def summary(self, title: str, facts: Sequence[tuple[str, str]]) -> None:
        """The closing words of a command: a panel on a terminal, plain lines elsewhere, nothing when quiet."""
        if self.quiet:
            return
        facts = [(name, clean(value)) for name, value in facts]
        if self.people.is_terminal:
            self.people.print(_panel(clean(title), facts))
            return
        width = max((len(name) for name, _ in facts), default=0)
        self.say(title)
        for name, value in facts:
            first, *more = value.split("\n")
            self.say("\n".join([f"  {name:<{width}}  {first}", *(f"  {'':<{width}}  {line}" for line in more)]))

    def table(self, title: str, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """A small table for a person; numbers to the right, nothing when quiet."""
        if self.quiet:
            return
        from rich import box
        from rich.table import Table

        self.say(f"\n{title}", style="bold")
        grid = Table(box=box.SIMPLE_HEAD)
        for axis, name in enumerate(header):
            cells = [row[axis] for row in rows]
            numeric = bool(cells) and all(isinstance(cell, int | float) for cell in cells)
            words = max((len(word) for cell in cells for word in _cell(cell).split()), default=0)
            width = min(words, _UNBROKEN)
            grid.add_column(Text(name), justify="right" if numeric else "left", overflow="fold", min_width=width)
        for row in rows:
            grid.add_row(*(Text(_cell(value)) for value in row))
        self.people.print(grid)

    def say(self, text: str, *, style: str = "") -> None:
        """One line for a person, with the result."""
        if not self.quiet:
            self.people.print(clean(text), style=style, soft_wrap=True)

    def note(self, text: str) -> None:
        """One line on the way."""
        if not self.quiet:
            self.err.print(clean(text), style="dim", soft_wrap=True)

    def busy(self, text: str) -> AbstractContextManager[object]:
        """A spinner on a terminal while the block runs; silence elsewhere."""
        if self.quiet or not self.err.is_terminal or self.err.is_dumb_terminal:
            return nullcontext()
        return self.err.status(Text(clean(text)))

    def warn(self, text: str) -> None:
        """Something that a person should know before using the result."""
        if not self.quiet:
            self._labelled("warning", "bold yellow", text)

    def error(self, text: str) -> None:
        """Why the command stops; shown even when quiet."""
        self._labelled("error", "bold red", text)

    def _labelled(self, label: str, style: str, text: str) -> None:
        self.err.print(Text.assemble((f"{label}: ", style), clean(text)), soft_wrap=not self.err.is_terminal)


class _Voice(Console):
    """A console that falls silent when its reader goes away (``| head``), and lets the work go on."""

    def on_broken_pipe(self) -> None:
        """Say nothing more; what is still buffered goes nowhere."""
        self.quiet = True
        hush(self.file)


def hush(stream: Any) -> None:
    """Point a stream whose reader has gone at nothing, so that flushing it at exit is no error."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _console(*, stderr: bool) -> Console:
    console = _Voice(stderr=stderr, markup=False, highlight=False, emoji=False)
    if not console.is_terminal:
        console.width = _PLAIN_WIDTH
    return console


def _panel(title: str, facts: Sequence[tuple[str, str]]) -> RenderableType:
    from rich.panel import Panel
    from rich.table import Table

    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in facts:
        grid.add_row(Text(name), Text(value))
    return Panel(grid, title=Text(title, style="bold"), title_align="left", border_style="green", padding=(1, 2))


def some(names: Sequence[str], most: int = 8) -> str:
    """The first few names, and how many there are."""
    more = f" ... ({len(names)} in all)" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _cell(value: object) -> str:
    return f"{value:.4f}" if isinstance(value, float) else clean(value)
