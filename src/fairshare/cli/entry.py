"""From arguments to an exit code: the one place where a command's end, good or bad, becomes a number and a message."""

import signal
import sys
import threading
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import typer

from fairshare.cli.app import app
from fairshare.cli.console import Screen, hush
from fairshare.errors import EXIT_CODES, FairshareError, InternalError

__all__ = ["main"]

_INTERRUPTED = 130
#: What the parser raises on a malformed command line: click's UsageError, wherever typer keeps it.
_MALFORMED: type[Exception] = typer.BadParameter.__mro__[1]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; never raises.

    Args:
        argv: the arguments after the program's name; those of the process when not given.

    Returns:
        One of ``fairshare.errors.EXIT_CODES``.
    """
    given = list(sys.argv[1:] if argv is None else argv)
    # Both change how a failure is told, and a malformed command line is a failure: so they are seen before parsing.
    debug, screen = "--debug" in given, Screen(json="--json" in given)
    _never_choke_on_text()
    try:
        with _terminable():
            code = _run([argument for argument in given if argument != "--debug"])
            sys.stdout.flush()
            return code
    except (BrokenPipeError, SystemExit):  # help is printed by typer's own console, which exits
        # Results are printed after the work is done: it was done, only nobody reads on.
        hush(sys.stdout)
        return 0
    except (KeyboardInterrupt, typer.Abort):
        return _fail(screen, "Interrupted", "interrupted; unfinished files were removed", _INTERRUPTED)
    except FairshareError as error:
        hint = "" if not isinstance(error, InternalError) else f". {_REPORT}"
        notes = "".join(f" ({note})" for note in getattr(error, "__notes__", ()))
        return _fail(screen, type(error).__name__, f"{error}{notes}{hint}", error.exit_code)
    except _MALFORMED as error:
        return _fail(screen, "UsageError", _malformed(error), 2)
    except Exception as error:  # the last line of defence: whatever it is, its message may hold a cell
        return _fail(screen, "InternalError", _fault(error, debug=debug), 1)


def _run(arguments: list[str]) -> int:
    command: Any = typer.main.get_command(app)
    try:
        with command.make_context("fairshare", arguments) as context:
            command.invoke(context)
    except typer.Exit as ended:
        return ended.exit_code
    return 0


def _fail(screen: Screen, kind: str, message: str, code: int) -> int:
    with suppress(BrokenPipeError):
        screen.error(message)
        screen.document({"error": {"type": kind, "message": message, "meaning": EXIT_CODES[code]}, "exit_code": code})
    return code


def _malformed(error: Any) -> str:
    """What the parser found, and where help is."""
    message = error.format_message().strip().rstrip(".")
    path = error.ctx.command_path if error.ctx is not None else "fairshare"
    return f"{message[:1].lower()}{message[1:]}; '{path} --help' shows the options and examples"


_REPORT = (
    "Please report this with the output of 'fairshare --version'; it holds nothing from your data. "
    "--debug shows the way to the fault"
)


def _fault(error: Exception, *, debug: bool) -> str:
    """Where a fault of ours happened. Never its message: that is written by others and may hold a cell."""
    if isinstance(error, MemoryError):
        return "the machine's memory is not enough: declare fewer bins or categories, or fewer --rows"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "fairshare" in Path(frame.filename).parts]
    at = f" at {_place(frames[-1])}" if frames else ""
    stack = "".join(f"\n  {_place(frame)} in {frame.name}" for frame in frames) if debug else ""
    return f"fairshare stopped on a fault of its own ({type(error).__name__}{at}). {_REPORT}{stack}"


def _place(frame: traceback.FrameSummary) -> str:
    parts = Path(frame.filename).parts
    last = len(parts) - 1 - parts[::-1].index("fairshare")
    return f"{'/'.join(parts[last:])}:{frame.lineno}"


@contextmanager
def _terminable() -> Iterator[None]:
    """SIGTERM and a closed terminal end the run as Ctrl-C does, so that unfinished files are removed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    # A caller that ignores a signal (nohup) wants it ignored.
    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    numbers = [getattr(signal, name) for name in names]
    ours = {number: signal.getsignal(number) for number in numbers if signal.getsignal(number) == signal.SIG_DFL}
    for number in ours:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, before in ours.items():
            signal.signal(number, before)


def _never_choke_on_text() -> None:
    """A terminal that can't show a character gets an escape, not a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
