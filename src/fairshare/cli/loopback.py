"""A whole consortium on one machine, as real processes that speak TLS: for the demo, tests and benchmarks."""

import json
import os
import secrets
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa


__all__ = ["Consortium", "Process", "free_addresses"]

#: Seconds that a process may take to end in order before it is killed.
_GRACE = 10.0
_PORTS = range(20_000, 32_000)
#: One thread each: the processes share the machine.
_ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def free_addresses(count: int) -> list[str]:
    """Loopback addresses on which nobody listened a moment ago, below the ports that outgoing connections are given."""
    found: list[str] = []
    while len(found) < count:
        port = _PORTS.start + secrets.randbelow(len(_PORTS))
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            if (address := f"127.0.0.1:{port}") not in found:
                found.append(address)
    return found


@dataclass(eq=False)
class Process:
    """One party's process.

    Attributes:
        name: the party.
        popen: the process.
        told: the lines that it wrote to stderr.
    """

    name: str
    popen: "subprocess.Popen[str]"
    told: list[str] = field(default_factory=list)
    _out: list[str] = field(default_factory=list)
    _readers: list[threading.Thread] = field(default_factory=list)

    def listen(self, report: Callable[[str], None]) -> None:
        """Read both streams as they come, so that the process never waits for a reader."""

        def lines() -> None:
            with self.popen.stderr or nullcontext(()) as stream:
                for line in stream:
                    self.told.append(line.rstrip())
                    report(line.rstrip())

        def document() -> None:
            with self.popen.stdout or nullcontext(StringIO()) as stream:
                self._out.append(stream.read())

        self._readers = [threading.Thread(target=work, daemon=True) for work in (lines, document)]
        for reader in self._readers:
            reader.start()

    def wait(self, seconds: float) -> int:
        """Its exit code.

        Raises:
            subprocess.TimeoutExpired: it is still running.
        """
        code = self.popen.wait(seconds)
        for reader in self._readers:
            reader.join(seconds)
        return code

    @property
    def document(self) -> dict[str, Any]:
        """What it said in JSON at its end."""
        found: dict[str, Any] = json.loads(self._out[0]) if self._out and self._out[0].strip() else {}
        return found

    def stop(self) -> None:
        """End it: in order, or else by force."""
        if self.popen.poll() is None:
            self.popen.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.popen.wait(_GRACE)
            if self.popen.poll() is None:
                self.popen.kill()
                self.popen.wait()


class Consortium:
    """A plan, its parties' keys and tables in one folder, and their processes.

    Args:
        folder: where everything goes; each party's things lie in a folder of its name.
        fields: a plan's tree, without addresses and fingerprints.
        tables: each holder's rows.
        delay_ms: added to each message's way.
    """

    def __init__(
        self,
        folder: Path,
        fields: Mapping[str, Any],
        tables: "Mapping[str, pa.Table]",
        *,
        delay_ms: float = 0.0,
    ) -> None:
        from fairshare.io import write_table
        from fairshare.mpc.plan import Plan
        from fairshare.mpc.plan_file import save_plan
        from fairshare.mpc.wire.approvals import approve
        from fairshare.mpc.wire.certificates import create_identity
        from fairshare.mpc.wire.matching import create_secret

        self.folder = folder
        self.path = folder / "plan.toml"
        self.secret = folder / "match.key"
        self._delay_ms = delay_ms
        folder.mkdir(parents=True, exist_ok=True)
        addresses = iter(free_addresses(3))
        parties = [dict(p) for p in fields["parties"]]
        identities = {p["name"]: create_identity(p["name"], folder / p["name"], force=True) for p in parties}
        for party in parties:
            party["fingerprint"] = identities[party["name"]].fingerprint
            if party["role"] == "server":
                party["address"] = next(addresses)
        self.plan: Plan = Plan({**fields, "parties": parties})
        save_plan(self.plan, self.path)
        for identity in identities.values():
            approve(self.plan, self.path, identity)
        self.secret.unlink(missing_ok=True)
        create_secret(self.secret)
        for name, table in tables.items():
            write_table(table, self.data(name))

    def data(self, name: str) -> Path:
        """A holder's table."""
        return self.folder / name / "table.parquet"

    @property
    def output(self) -> Path:
        """Where the driver writes the synthetic table."""
        return self.folder / self.plan.driver.name / "synthetic.csv"

    def command(self, name: str) -> list[str]:
        """The arguments of a party's command, after ``fairshare``."""
        keys = ["--keys", str(self.folder / name), "--json", "--delay-ms", str(self._delay_ms)]
        role = self.plan.party(name).role
        if role == "server":
            return ["consortium", "server", name, str(self.path), "--state", str(self.folder / name), *keys]
        if role == "driver":
            return ["consortium", "run", str(self.path), "-o", str(self.output), *keys]
        match = ["--match-key", str(self.secret)]
        return ["consortium", "contribute", name, str(self.path), str(self.data(name)), *match, *keys]

    def start(self, name: str, report: Callable[[str], None] = lambda _: None, *more: str) -> Process:
        """Start one party."""
        arguments = [sys.executable, "-m", "fairshare", *self.command(name), *more]
        popen = subprocess.Popen(  # noqa: S603 - our own command, no shell
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **_ONE_THREAD},
        )
        process = Process(name, popen)
        process.listen(report)
        return process

    def run(
        self,
        report: Callable[[str], None] = lambda _: None,
        *,
        seconds: float = 3600.0,
        more: Mapping[str, Sequence[str]] | None = None,
    ) -> dict[str, Process]:
        """Start everybody and wait until all have ended; nothing of ours runs afterwards.

        Args:
            report: told each line that a party writes to stderr.
            seconds: after which they are ended.
            more: further arguments of some parties.

        Raises:
            subprocess.TimeoutExpired: somebody still ran after so many seconds, and was ended.
        """
        processes: dict[str, Process] = {}
        deadline = time.monotonic() + seconds
        try:
            for party in self.plan.parties:
                processes[party.name] = self.start(party.name, report, *(more or {}).get(party.name, ()))
            for process in processes.values():
                process.wait(max(0.1, deadline - time.monotonic()))
        finally:
            for process in processes.values():
                process.stop()
        return processes
