"""Real databases, started for the tests and gone with them."""

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
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


def java_is_there() -> bool:
    """Whether a Java runs; Debian's stub of one does not."""
    java = shutil.which("java")
    return java is not None and not subprocess.run([java, "-version"], capture_output=True, check=False).returncode


@contextmanager
def spark_cluster() -> Iterator[str]:
    """The address of a standalone Spark cluster: one master and one worker, each a process of its own."""
    import pyspark

    home = Path(pyspark.__file__).parent
    folder = Path(tempfile.mkdtemp(prefix="fs-spark-", dir="/tmp"))
    environment = {
        **os.environ,
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_WORKER_DIR": str(folder),
    }
    started: list[subprocess.Popen[bytes]] = []

    def start(kind: str, *arguments: str) -> Path:
        log = folder / f"{kind}.log"
        program = [str(home / "bin" / "spark-class"), f"org.apache.spark.deploy.{kind.lower()}.{kind}"]
        with log.open("wb") as file:
            started.append(subprocess.Popen([*program, *arguments], env=environment, stdout=file, stderr=file))
        return log

    try:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        address = f"spark://127.0.0.1:{port}"
        log = start("Master", "--host", "127.0.0.1", "--port", str(port), "--webui-port", "0")
        _wait_for(log, "New state: ALIVE")
        log = start("Worker", "--host", "127.0.0.1", "--cores", "2", "--memory", "1g", "--webui-port", "0", address)
        _wait_for(log, "Successfully registered with master")
        yield address
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait(timeout=30)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(log: Path, words: str, seconds: float = 90.0) -> None:
    end = time.monotonic() + seconds
    while words not in log.read_text(errors="replace"):
        if time.monotonic() > end:
            raise RuntimeError(f"no {words!r} in {seconds:.0f} s: {log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.2)
