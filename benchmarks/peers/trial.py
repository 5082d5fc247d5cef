"""One run of one library in a process of its own, with a limit on processor time."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Trial", "reason", "run"]

USAGE = Path(__file__).resolve().parents[1] / "usage.py"
# Wall time is not what counts, but a process that waits for ever must end.
PATIENCE = 6
# How usage.py ends when the command was killed: minus SIGKILL or SIGXCPU, as an exit code.
KILLED = {256 - signal.SIGKILL, 256 - signal.SIGXCPU}
# One thread for everybody: the figure is processor time, and threads that wait for each other spend it.
ONE_THREAD = {
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS"), "1"),
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
}


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What became of a run.

    Attributes:
        status: "ok"; "limit" when its time was up; "failed".
        cpu_s: user and system seconds of all its processes.
        wall_s: elapsed seconds.
        peak_mb: largest resident set, in 10^6 bytes.
        error: the last line of what it said, unless it is ok.
    """

    status: str
    cpu_s: float
    wall_s: float
    peak_mb: float
    error: str = ""


def run(command: Sequence[str], limit_s: int, extra_env: Mapping[str, str]) -> Trial:
    """Run a command, measured by ``usage.py``, until it ends or has used its processor seconds."""

    capped = ["/bin/sh", "-c", 'ulimit -t "$0" && exec "$@"', str(limit_s)]
    measured = [*capped, sys.executable, "-I", "-S", str(USAGE), *command]
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(
            measured,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            env={**os.environ, **ONE_THREAD, **extra_env},
            start_new_session=True,
        )
        try:
            out, _ = process.communicate(timeout=PATIENCE * limit_s + 60)
        except subprocess.TimeoutExpired:
            wall = float(PATIENCE * limit_s + 60)
            return Trial(status="limit", cpu_s=float("nan"), wall_s=wall, peak_mb=float("nan"), error="stood still")
        finally:
            _end(process)
        said.seek(0)
        text = said.read()
    used = json.loads(out)
    if process.returncode == 0:
        return Trial(status="ok", **used)
    # What the kernel ends at its limit dies by a signal; ticks and seconds of start-up are not counted alike.
    over = process.returncode in KILLED and used["cpu_s"] >= 0.8 * limit_s
    return Trial(status="limit" if over else "failed", error=reason(text), **used)


def _end(process: "subprocess.Popen[str]") -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def reason(text: str) -> str:
    """The line of a traceback, or of a library's output, that tells most: the last with letters in it."""
    lines = [line.strip() for line in text.splitlines() if any(c.isalpha() for c in line)]
    return lines[-1][:200] if lines else "said nothing"
