"""Every way in which a command can end, as an exit code and a message that holds no data."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from fairshare.cli import main
from fairshare.errors import EXIT_CODES, FairshareError
from fairshare.schema import Schema

FAIRSHARE = [sys.executable, "-m", "fairshare"]
CANARY = "Erika-Mustermann-4711"


def _leaves(kind: type[FairshareError]) -> list[type[FairshareError]]:
    return [kind, *(leaf for child in kind.__subclasses__() for leaf in _leaves(child))]


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch, schema: Path) -> Any:
    """Make ``schema check`` end with this exception, and give its arguments."""

    def arrange(error: BaseException) -> list[str]:
        def load(path: object) -> None:
            secret = CANARY  # a local variable: no traceback may show it
            raise error from ValueError(secret)

        monkeypatch.setattr(Schema, "load", load)
        return ["schema", "check", str(schema)]

    return arrange


@pytest.mark.parametrize("kind", _leaves(FairshareError), ids=lambda kind: kind.__name__)
def test_every_error_has_its_exit_code_and_its_message(kind: type[FairshareError], failing: Any, run: Any) -> None:
    ran = run(*failing(kind("epsilon (0) must be above 0")))
    assert ran.code == kind.exit_code
    assert ran.code in EXIT_CODES
    assert ran.out == ""
    assert ran.err.startswith("error: epsilon (0) must be above 0")


@pytest.mark.parametrize("kind", _leaves(FairshareError), ids=lambda kind: kind.__name__)
def test_every_error_is_one_json_document(kind: type[FairshareError], failing: Any, run: Any) -> None:
    ran = run(*failing(kind("no")), "--json")
    assert ran.code == ran.document["exit_code"] == kind.exit_code
    assert ran.document["error"]["type"] == kind.__name__
    assert ran.document["error"]["message"].startswith("no")
    assert ran.document["error"]["meaning"] == EXIT_CODES[kind.exit_code]


@pytest.mark.parametrize("error", [ValueError(CANARY), KeyError(CANARY), OSError(CANARY), AssertionError(CANARY)])
@pytest.mark.parametrize("flags", [[], ["--debug"], ["--json"], ["--json", "--debug"]])
def test_a_fault_of_ours_shows_where_but_no_value(error: Exception, flags: list[str], failing: Any, run: Any) -> None:
    ran = run(*failing(error), *flags)
    assert ran.code == 1
    assert CANARY not in ran.out + ran.err
    assert type(error).__name__ in ran.err
    assert "fairshare/cli/schema.py:" in ran.err
    assert "Please report" in ran.err
    assert ("in check" in ran.err) == ("--debug" in flags)


def test_memory_is_not_a_fault_to_report(failing: Any, run: Any) -> None:
    ran = run(*failing(MemoryError(CANARY)))
    assert ran.code == 1
    assert "memory" in ran.err
    assert CANARY not in ran.err


@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_ctrl_c(flags: list[str], failing: Any, run: Any) -> None:
    ran = run(*failing(KeyboardInterrupt()), *flags)
    assert ran.code == 130
    assert ran.err == "error: interrupted; unfinished files were removed\n"
    assert not flags or ran.document["exit_code"] == 130


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sytnh"], "no such command 'sytnh'"),
        (["synth"], "missing argument 'DATA'; 'fairshare synth --help' shows the options and examples"),
        (["synth", "x.csv", "--epsilon", "1"], "missing option '--schema'"),
        (["synth", "x.csv", "--schema", "s.toml", "--epsilon", "one"], "invalid value for '--epsilon'"),
        (["synth", "x.csv", "--epsilom", "1"], "no such option: --epsilom"),
        (["schema", "init"], "'fairshare schema init --help' shows"),
    ],
)
def test_a_malformed_command_line(arguments: list[str], message: str, run: Any) -> None:
    ran = run(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err
    as_json = run(*arguments, "--json")
    assert as_json.document["exit_code"] == as_json.code == 2
    assert message in as_json.document["error"]["message"]


@pytest.mark.parametrize("arguments", [[], ["schema"]])
def test_no_command_shows_help(arguments: list[str], run: Any) -> None:
    ran = run(*arguments)
    assert ran.code == 2
    assert "Usage:" in ran.out
    assert "Examples:" in ran.out


def test_version(run: Any) -> None:
    from fairshare import __version__

    ran = run("--version")
    assert (ran.code, ran.out) == (0, f"fairshare {__version__}\n")
    shown = subprocess.run([*FAIRSHARE, "--version"], capture_output=True, text=True, check=True)
    assert shown.stdout == ran.out


def test_signals_are_handed_back(run: Any) -> None:
    before = signal.getsignal(signal.SIGTERM)
    run("--version")
    assert signal.getsignal(signal.SIGTERM) == before


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX")
def test_sigterm_ends_a_run_as_ctrl_c_does(tmp_path: Path, schema: Path) -> None:
    os.mkfifo(tmp_path / "endless.csv")  # reading it waits for a writer that never comes
    arguments = ["synth", "endless.csv", "--schema", schema, "--epsilon", "1", "-o", "out.csv", "--json"]
    before = set(tmp_path.iterdir())
    command = [*FAIRSHARE, *arguments]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            _wait_until_it_reads(tmp_path / "endless.csv")
            process.send_signal(signal.SIGTERM)
            out, _ = process.communicate(timeout=20)
        finally:
            process.kill()
    assert process.returncode == 130
    assert '"exit_code": 130' in out
    assert set(tmp_path.iterdir()) == before


def _wait_until_it_reads(pipe: Path) -> None:
    """A pipe can be opened for writing, without waiting, once somebody reads it."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            os.close(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
        except OSError:
            time.sleep(0.02)
        else:
            return
    pytest.fail("the command did not begin to read within 20 seconds")


@pytest.mark.skipif(os.name != "posix", reason="pipes are POSIX")
def test_a_reader_that_goes_away_is_no_error(schema: Path) -> None:
    for arguments in (["--help"], ["schema", "check", schema], ["schema", "check", schema, "--json"]):
        with _closed_pipe() as write:
            command = [*FAIRSHARE, *arguments]
            ran = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True, check=False)
        assert (ran.returncode, "Error" in ran.stderr) == (0, False)


@pytest.mark.skipif(os.name != "posix", reason="pipes are POSIX")
def test_a_run_whose_watcher_goes_away_is_finished(data: Path, schema: Path, tmp_path: Path) -> None:
    command = [*FAIRSHARE, "synth", data, "--schema", schema, "--epsilon", "1", "-o", tmp_path / "o.csv"]
    with _closed_pipe() as write:
        ran = subprocess.run(command, stdout=write, stderr=write, check=False)
    assert ran.returncode == 0
    assert (tmp_path / "o.csv").is_file()
    assert (tmp_path / "o.release").is_dir()


@contextmanager
def _closed_pipe() -> Iterator[int]:
    """The writing end of a pipe that nobody reads."""
    read, write = os.pipe()
    os.close(read)
    yield write
    os.close(write)


def test_a_terminal_without_unicode(tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text('format = 1\n[[columns]]\nname = "größe"\nkind = "boolean"\n', encoding="utf-8")
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    ran = subprocess.run(
        [*FAIRSHARE, "schema", "check", tmp_path / "s.toml"], env=environment, capture_output=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert b"gr\\xf6\\xdfe" in ran.stdout


def test_main_reads_the_process_arguments(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setattr(sys, "argv", ["fairshare", "--version"])
    assert main() == 0
    assert capsys.readouterr().out.startswith("fairshare ")
