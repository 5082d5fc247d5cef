"""Real databases, started for the tests and gone with them."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: Set where an engine that is not installed is a failure and not a reason to skip.
REQUIRED = "FAIRSHARE_REQUIRE_ENGINES"


def postgres_programs() -> Path | None:
    """The folder of initdb and postgres; Debian keeps them off the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    program = shutil.which("initdb") or (found[-1] if found else None)
    return None if program is None else Path(program).resolve().parent


@contextmanager
def postgres_server() -> Iterator[str]:
    """The address of a new server's database, on a socket that only this machine's user can reach."""
    programs = postgres_programs()
    assert programs is not None
    # PostgreSQL refuses to run as root; as root, be the user that its package made.
    user = "postgres" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="fs-pg-", dir="/tmp"))
    if user is not None:
        os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
    data, log = folder / "data", folder / "log"

    def run(*command: str) -> None:
        done = subprocess.run(command, user=user, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(
                f"{command[0]} failed: {done.stdout}{done.stderr}{log.read_text() if log.exists() else ''}"
            )

    try:
        run(str(programs / "initdb"), "-D", str(data), "-U", "law", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
        options = f"-c listen_addresses= -k {folder} -c fsync=off -c shared_buffers=32MB -c max_connections=12"
        run(str(programs / "pg_ctl"), "-D", str(data), "-l", str(log), "-o", options, "-w", "start")
        try:
            yield f"postgresql:///postgres?host={folder}&user=law"
        finally:
            run(str(programs / "pg_ctl"), "-D", str(data), "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
