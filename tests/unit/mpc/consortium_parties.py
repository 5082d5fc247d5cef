"""A small consortium in a folder: keys, certificates, an approved plan; and nodes as threads of this process."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fairshare.cli.loopback import free_addresses
from fairshare.mpc.plan import PROTOCOL, Plan
from fairshare.mpc.wire.certificates import Identity, create_identity
from fairshare.schema import Schema
from fairshare.version import __version__

SERVERS = ("s1", "s2", "s3")
NAMES = (*SERVERS, "alice", "bob", "driver")


def fields(**changes: Any) -> dict[str, Any]:
    """A plan's tree: three servers, two holders with rows, one driver."""
    tree: dict[str, Any] = {
        "format": 1,
        "title": "two clinics",
        "fairshare": __version__,
        "protocol": PROTOCOL,
        "privacy": {"epsilon": 1.0, "delta": 1e-9},
        "mechanism": {"name": "mst", "knobs": {"compress_below": 2.0}},
        "data": {"partition": "horizontal"},
        "limits": {"start_seconds": 10.0, "step_seconds": 5.0, "driver_seconds": 20.0, "frame_mb": 64},
        "parties": [
            *({"name": n, "role": "server", "address": f"127.0.0.1:{7001 + i}"} for i, n in enumerate(SERVERS)),
            {"name": "alice", "role": "holder", "row_cap": 400},
            {"name": "bob", "role": "holder", "row_cap": 400},
            {"name": "driver", "role": "driver"},
        ],
        "schema": Schema.from_domain({"a": 2, "b": 3, "c": 4}).to_dict(),
    }
    return {**tree, **changes}


def consortium(folder: Path, **changes: Any) -> tuple[Plan, dict[str, Identity], dict[str, str]]:
    """A plan with fingerprints, everybody's identity, and everybody's certificate."""
    tree = fields(**changes)
    identities = {p["name"]: create_identity(p["name"], folder / p["name"]) for p in tree["parties"]}
    addresses = iter(free_addresses(3))
    for party in tree["parties"]:
        party["fingerprint"] = identities[party["name"]].fingerprint
        if party["role"] == "server":
            party["address"] = next(addresses)
    return Plan(tree), identities, {name: i.pem for name, i in identities.items()}


def at_once(**jobs: Callable[[], Any]) -> dict[str, Any]:
    """What each job returned or raised, each in a thread of its own; a job that hangs fails the test."""
    found: dict[str, Any] = {}

    def work(name: str, job: Callable[[], Any]) -> None:
        try:
            found[name] = job()
        except BaseException as error:
            found[name] = error

    threads = [threading.Thread(target=work, args=item, daemon=True) for item in jobs.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(found) == len(jobs), f"still running: {set(jobs) - set(found)}"
    return found
