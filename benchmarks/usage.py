"""What a command costs: processor time, memory and wall time of a process and all its descendants.

A process started from a large one inherits its peak memory on Linux (the maximum survives ``exec``), so the command
is started from a fresh interpreter that runs this file and holds almost nothing.
"""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Usage:
    """Costs of one command.

    Attributes:
        cpu_s: user and system seconds over all threads and descendants.
        peak_mb: largest resident set of any one process, in 10^6 bytes.
        wall_s: elapsed seconds.
    """

    cpu_s: float
    peak_mb: float
    wall_s: float


def measure(command: Sequence[str]) -> Usage:
    """Run a command to its end and measure it; its output goes nowhere unless it fails."""
    done = subprocess.run([sys.executable, "-I", "-S", __file__, *command], check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr}")
    return Usage(**json.loads(done.stdout))


def descendants() -> dict[int, tuple[str, float]]:
    """Command line and processor seconds of every process begun from this one and still there (Linux)."""
    tick = os.sysconf("SC_CLK_TCK")
    parents, found = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        parents[int(folder.name)] = int(fields[1])
        found[int(folder.name)] = command, (int(fields[11]) + int(fields[12])) / tick
    mine = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in mine} - mine:
        mine |= more
    return {pid: found[pid] for pid in mine if pid in found and pid != os.getpid()}


def _main() -> None:
    start = time.perf_counter()
    status = subprocess.run(sys.argv[1:], check=False, stdout=subprocess.DEVNULL).returncode
    wall = time.perf_counter() - start
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    unit = 1 if sys.platform == "darwin" else 1024  # bytes on macOS, kibibytes on Linux
    peak = used.ru_maxrss * unit / 1e6
    print(json.dumps({"cpu_s": used.ru_utime + used.ru_stime, "peak_mb": peak, "wall_s": wall}))
    raise SystemExit(status)


if __name__ == "__main__":
    _main()
