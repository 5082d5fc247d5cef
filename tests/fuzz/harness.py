"""Coverage-guided fuzzing of one reader with Atheris: ``python -m tests.fuzz.harness READER [libFuzzer's options]``.

Python code of ours and the parsers of the standard library that it uses are instrumented. The address space may grow
by a fixed amount over what the process has when it begins; beyond that a reader raises ``MemoryError``, a finding.
"""

import ctypes
import re
import resource
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["fairshare", "tomllib", "tests.fuzz.readers"]):
    from tests.fuzz.readers import GOOD, READERS, refused_or_read

#: What a reader may take beside what the process has, in bytes.
MEMORY = 1 << 30


def limit_memory() -> None:
    status = Path("/proc/self/status").read_text()
    (now,) = re.findall(r"VmSize:\s+(\d+) kB", status)
    resource.setrlimit(resource.RLIMIT_AS, ((int(now) << 10) + MEMORY, resource.RLIM_INFINITY))


def leave_at_once() -> None:
    """Skip what libraries do at exit: the fuzzer holds Python's lock then, for which a thread of Arrow's may wait."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "on_exit"):  # it calls _exit(status); the last to register is the first to be called
        libc.on_exit(ctypes.cast(libc._exit, ctypes.c_void_p), None)


def main() -> None:
    reader = READERS[sys.argv[1]]
    for good in GOOD[sys.argv[1]]():  # warm: caches are filled before memory is limited
        refused_or_read(reader, good)
    limit_memory()
    leave_at_once()
    atheris.Setup([sys.argv[0], *sys.argv[2:]], lambda content: refused_or_read(reader, content))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
