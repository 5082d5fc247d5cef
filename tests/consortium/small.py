"""A small consortium: 600 records of four columns, three servers, two holders, a driver."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from fairshare.cli.loopback import Consortium
from fairshare.mpc.plan import PROTOCOL
from fairshare.schema import Schema
from fairshare.version import __version__

SERVERS = ("s1", "s2", "s3")
EVERYBODY = (*SERVERS, "alice", "bob", "driver")
SCHEMA = Schema.from_domain({"a": 2, "b": 3, "c": 4, "d": 5})
LEFT, RIGHT = ["a", "b"], ["c", "d"]


def rows(count: int = 600) -> pa.Table:
    """Dependent columns."""
    rng = np.random.default_rng(7)
    a = rng.integers(0, 2, count)
    b = (a + rng.integers(0, 2, count)) % 3
    c = (b + rng.integers(0, 2, count)) % 4
    d = (c + a) % 5
    return pa.table({"a": a, "b": b, "c": c, "d": d})


def fields(partition: str = "horizontal", *, cap: int = 400, **limits: float) -> dict[str, Any]:
    """The plan's tree."""
    split = partition == "vertical"
    own = [{"rows": 600, "columns": LEFT}, {"rows": 600, "columns": RIGHT}] if split else [{"row_cap": cap}] * 2
    relation = "replace-one" if split else "add-remove"
    return {
        "format": 1,
        "title": "two clinics",
        "fairshare": __version__,
        "protocol": PROTOCOL,
        "privacy": {"epsilon": 4.0, "delta": 1e-9, "relation": relation},
        "mechanism": {"name": "mst"},
        "data": {"partition": partition, **({"record_key": "id"} if split else {})},
        "limits": {"start_seconds": 30.0, "step_seconds": 15.0, "driver_seconds": 30.0, "frame_mb": 64, **limits},
        "parties": [
            *({"name": name, "role": "server", "address": "127.0.0.1:1"} for name in SERVERS),
            *({"name": name, "role": "holder", **o} for name, o in zip(("alice", "bob"), own, strict=True)),
            {"name": "driver", "role": "driver"},
        ],
        "schema": SCHEMA.to_dict(),
    }


def tables(partition: str = "horizontal") -> dict[str, pa.Table]:
    """Each holder's rows; split ones in an order of their own."""
    whole = rows()
    if partition == "horizontal":
        return {"alice": whole.slice(0, 300), "bob": whole.slice(300)}
    keyed = whole.append_column("id", pa.array([f"k{i}" for i in range(600)]))
    shuffled = keyed.take(np.random.default_rng(1).permutation(600))
    return {"alice": keyed.select([*LEFT, "id"]), "bob": shuffled.select([*RIGHT, "id"])}


def prepared(folder: Path, partition: str = "horizontal", **options: Any) -> Consortium:
    """Keys, plan, approvals and tables in a folder; the driver's output is ``consortium.output``."""
    return Consortium(folder, fields(partition, **options), tables(partition))


def at_once(jobs: dict[str, Callable[[], Any]], seconds: float = 60.0) -> dict[str, Any]:
    """What each job returned or raised, each in a thread; one that outlives the time fails the test."""
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
        thread.join(seconds)
    assert len(found) == len(jobs), f"still running: {set(jobs) - set(found)}"
    return found
