"""Adult in two vertical halves, all 2-way, epsilon 1, every party a process over TLS on this machine.

    python benchmarks/consortium.py                       SWIFT and AIM, on loopback and with 40 ms round trips
    python benchmarks/consortium.py --mechanism swift --round-trip-ms 0

Wall seconds run from the start of the first process to the end of the last: interpreter start, keys and handshakes,
sharing, the mechanism's fits and the writing of the table are all in. The delay is added in every party's links.
"""

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

from fairshare.cli.consortium_demo import demo_fields, split_adult, traffic
from fairshare.cli.loopback import Consortium
from fairshare.datasets import load_adult

#: Seconds of wall time that the design aims at: (mechanism, round trip in ms) -> goal.
GOALS = {("swift", 0): 20, ("swift", 40): 60, ("aim", 0): 180, ("aim", 40): 600}


def measure(mechanism: str, round_trip_ms: int, partition: str) -> dict[str, object]:
    adult = load_adult()
    fields = demo_fields(adult, partition=partition, mechanism=mechanism)
    tables, holders = split_adult(adult, partition)
    fields["parties"] += holders
    with tempfile.TemporaryDirectory() as folder:
        consortium = Consortium(Path(folder), fields, tables, delay_ms=round_trip_ms / 2)
        started = time.monotonic()
        processes = consortium.run()
        wall = time.monotonic() - started
        failed = {n: p.told[-1:] for n, p in processes.items() if p.popen.returncode}
        assert not failed, failed
        driver = processes[consortium.plan.driver.name].document["consortium"]
        cost = traffic(processes)
    return {
        "mechanism": mechanism,
        "partition": partition,
        "round_trip_ms": round_trip_ms,
        "wall_seconds": round(wall, 1),
        "goal_seconds": GOALS.get((mechanism, round_trip_ms)) if partition == "vertical" else None,
        "driver_seconds": driver["seconds"],
        "server_cpu_seconds": cost["server_cpu_seconds"],
        "mb_between_servers": round(cost["bytes_between_servers"] / 1e6, 1),
        "mb_from_holders": round(cost["bytes_from_holders"] / 1e6, 1),
        "rounds": cost["rounds"],
        "calls": cost["calls"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mechanism", action="append", choices=["swift", "aim", "mst", "mwem"])
    parser.add_argument("--round-trip-ms", action="append", type=int)
    parser.add_argument("--partition", default="vertical", choices=["horizontal", "vertical", "mixed"])
    options = parser.parse_args()
    print(f"# load average before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)
    for mechanism in options.mechanism or ["swift", "aim"]:
        for delay in options.round_trip_ms or [0, 40]:
            print(json.dumps(measure(mechanism, delay, options.partition)), flush=True)


if __name__ == "__main__":
    main()
