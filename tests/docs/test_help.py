"""Help teaches: every command has examples that parse, the exit codes are listed, and it comes at once."""

import re
import resource
import shlex
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from fairshare.cli import main
from fairshare.cli.app import app
from fairshare.errors import EXIT_CODES

HELP = [sys.executable, "-m", "fairshare", "--help"]


def _commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield path, command
    for name, child in getattr(command, "commands", {}).items():
        yield from _commands(child, (*path, name))


COMMANDS = dict(_commands(typer.main.get_command(app)))


def _examples(text: str) -> list[list[str]]:
    """The command lines of an epilog; what stands behind two spaces is a remark."""
    lines = [line.strip() for line in text.splitlines() if line.startswith("  fairshare ")]
    return [shlex.split(re.split(r"\s{2,}", line)[0])[1:] for line in lines]


def _help(capsys: pytest.CaptureFixture[str], *path: str) -> str:
    assert main([*path, "--help"]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_teaches_by_an_example(path: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    shown = _help(capsys, *path)
    own = [example for example in _examples(shown) if example[: len(path)] == list(path)]
    assert own, f"'fairshare {' '.join(path)} --help' shows no example of itself"


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_example_parses(path: tuple[str, ...]) -> None:
    for example in _examples(COMMANDS[path].epilog or ""):
        taken = max((known for known in COMMANDS if tuple(example[: len(known)]) == known), key=len)
        COMMANDS[taken].make_context("fairshare", example[len(taken) :])


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_option_has_help(path: tuple[str, ...]) -> None:
    for parameter in COMMANDS[path].params:
        assert parameter.help, f"{' '.join(path)}: {parameter.name}"


def test_the_front_page_lists_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    shown = _help(capsys)
    for code, words in EXIT_CODES.items():
        assert f"  {code:>3}  {words}" in shown


def test_help_loads_nothing_of_the_library() -> None:
    heavy = ("numpy", "pyarrow", "pydantic", "narwhals", "cryptography", "fairshare.release", "fairshare.schema")
    program = (
        f"import sys; from fairshare.cli import main; main(['--help']); print([m for m in {heavy} if m in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert shown.splitlines()[-1] == "[]"


def test_help_takes_less_than_half_a_second_of_cpu() -> None:
    # CPU time, and the best of three: other work on the machine is not what is measured. Typical: 0.25 s.
    assert min(_cpu_seconds() for _ in range(3)) < 0.5


def _cpu_seconds() -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(HELP, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_help_without_colour_on_a_pipe() -> None:
    shown = subprocess.run(HELP, capture_output=True, check=True).stdout
    assert b"\x1b" not in shown
