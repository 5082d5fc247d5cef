"""Real processes over TLS: a run, and what everybody does when one of them is killed, stopped, or not who it should be.

Each fault must end every process in bounded time, with a typed error and its exit code, and release nothing.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from small import EVERYBODY, SERVERS, prepared

from fairshare.cli.loopback import Consortium, Process
from fairshare.mpc.wire.certificates import certificate_files, create_identity
from fairshare.mpc.wire.durable import ledger_file, spent_in
from fairshare.release import Release

pytestmark = pytest.mark.slow

#: Seconds in which all must have ended after a fault: every deadline in ``small.fields``, and a busy machine.
BOUND = 90.0


class Watch:
    """What the processes have said so far."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._told = threading.Condition()

    def __call__(self, line: str) -> None:
        with self._told:
            self.lines.append(line)
            self._told.notify_all()

    def until(self, words: str, seconds: float = 60.0) -> None:
        with self._told:
            assert self._told.wait_for(lambda: any(words in line for line in self.lines), seconds), self.lines


@contextmanager
def running(consortium: Consortium, names: tuple[str, ...] = EVERYBODY) -> Iterator[tuple[dict[str, Process], Watch]]:
    watch, processes = Watch(), {}
    try:
        for name in names:
            processes[name] = consortium.start(name, watch)
        yield processes, watch
    finally:
        for process in processes.values():
            if process.popen.poll() is None:
                process.popen.send_signal(signal.SIGCONT)
                process.popen.kill()
            process.popen.wait()


def ended(processes: dict[str, Process]) -> dict[str, int]:
    """Everybody's exit code; all within the bound."""
    deadline = time.monotonic() + BOUND
    return {name: p.wait(max(0.1, deadline - time.monotonic())) for name, p in processes.items()}


def nothing_released(consortium: Consortium) -> None:
    assert not consortium.output.exists()
    assert not consortium.output.with_suffix(".release").exists()


@pytest.mark.parametrize("partition", ["horizontal", "vertical"])
def test_a_run_of_processes(tmp_path: Path, partition: str) -> None:
    consortium = prepared(tmp_path, partition)
    processes = consortium.run(seconds=BOUND)
    assert {name: p.popen.returncode for name, p in processes.items()} == dict.fromkeys(EVERYBODY, 0)
    assert Release.load(consortium.output.with_suffix(".release")).table.num_rows > 500
    assert len({processes[n].document["session"] for n in SERVERS}) == 1
    assert processes["s1"].document["rounds"] > 10


@pytest.mark.parametrize("victim", ["s2", "driver"])
@pytest.mark.parametrize("moment", ["s1: linked", "s1: secret marginals", "s1: answered call 2"])
def test_somebody_killed_stops_everybody(tmp_path: Path, victim: str, moment: str) -> None:
    consortium = prepared(tmp_path, start_seconds=20.0)
    with running(consortium) as (processes, watch):
        watch.until(moment)
        processes[victim].popen.kill()
        codes = ended(processes)
    assert codes[victim] == -signal.SIGKILL
    others = [n for n in (*SERVERS, "driver") if n != victim]
    assert {codes[n] for n in others} == {6}, (codes, watch.lines)
    nothing_released(consortium)


@pytest.mark.parametrize("victim", ["s3", "driver"])
def test_somebody_stopped_is_waited_for_no_longer_than_agreed(tmp_path: Path, victim: str) -> None:
    consortium = prepared(tmp_path, step_seconds=5.0, driver_seconds=12.0)
    with running(consortium) as (processes, watch):
        watch.until("s1: answered call 1")
        processes[victim].popen.send_signal(signal.SIGSTOP)
        others = {name: p for name, p in processes.items() if name != victim}
        codes = ended(others)
        assert {codes[n] for n in codes if n in (*SERVERS, "driver")} == {6}, (codes, watch.lines)
        # A driver may be stopped between two sends; then the server that lacks the call is the silent one.
        assert any("sent nothing for" in line for line in watch.lines), watch.lines[-8:]
    nothing_released(consortium)


def test_a_holder_killed_before_it_shares_stops_everybody(tmp_path: Path) -> None:
    consortium = prepared(tmp_path, start_seconds=12.0)
    with running(consortium) as (processes, watch):
        watch.until("waiting for the servers")
        processes["bob"].popen.kill()
        codes = ended(processes)
    assert all(codes[n] == 6 for n in (*SERVERS, "driver")), (codes, watch.lines)
    nothing_released(consortium)


def test_a_terminated_server_says_so_and_stops_everybody(tmp_path: Path) -> None:
    consortium = prepared(tmp_path, start_seconds=20.0)
    with running(consortium) as (processes, watch):
        watch.until("s1: linked")
        processes["s2"].popen.terminate()
        codes = ended(processes)
    assert codes["s2"] == 130
    assert all(codes[n] == 6 for n in ("s1", "s3")), (codes, watch.lines)
    assert any("s2 stopped: it was interrupted or failed" in line for line in watch.lines)
    nothing_released(consortium)


def test_what_was_charged_before_a_kill_stays_charged(tmp_path: Path) -> None:
    consortium = prepared(tmp_path)
    with running(consortium) as (processes, watch):
        watch.until("s1: answered call 1")
        processes["s1"].popen.kill()
        ended(processes)
    kept = spent_in(ledger_file(tmp_path / "s1", consortium.plan, "s1"), consortium.plan)
    assert kept
    again = consortium.start("s1")
    assert again.wait(BOUND) == 4
    assert "nothing is refunded" in again.document["error"]["message"]


def test_a_swapped_key_a_stranger_and_a_tampered_plan_are_refused(tmp_path: Path) -> None:
    consortium = prepared(tmp_path, start_seconds=5.0)
    for ours, theirs in zip(
        certificate_files("bob", tmp_path / "bob"), certificate_files("alice", tmp_path / "alice"), strict=True
    ):
        ours.write_bytes(theirs.read_bytes())
    swapped = consortium.start("bob")
    assert swapped.wait(BOUND) == 2
    assert "is not the certificate that the plan names for bob" in swapped.document["error"]["message"]
    create_identity("alice", tmp_path / "alice", force=True)
    assert consortium.start("alice").wait(BOUND) == 2
    text = consortium.path.read_text()
    consortium.path.write_text(text.replace("epsilon = 4.0", "epsilon = 8.0"))
    tampered = consortium.start("s1")
    assert tampered.wait(BOUND) == 5
    assert "privacy.epsilon (8.0 here, 4.0 there)" in tampered.document["error"]["message"]


def test_the_demo_ends_its_parties_when_it_is_ended(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "fairshare", "demo", "--consortium", "-o", str(tmp_path / "demo")]
    demo = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    assert demo.stderr is not None
    for line in demo.stderr:
        if "listening" in line:
            break
    demo.terminate()
    demo.communicate(timeout=BOUND)
    assert demo.returncode == 130
    left = [p for p in Path("/proc").glob("[0-9]*/cmdline") if str(tmp_path).encode() in _read(p)]
    assert left == []


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes() if int(path.parent.name) != os.getpid() else b""
    except OSError:
        return b""
