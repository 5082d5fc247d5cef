"""Kill ``fairshare synth --ledger`` again and again, at a random moment each time, and look at what is left.

    python tools/kill_campaign.py --kills 1000 --folder campaign

Each round forks a process that runs the command on German credit and gets SIGKILL at a random moment: every other one
anywhere in a run, the rest about its end, where the release is put on record and written. Then: the ledger verifies;
whatever was written is whole; a release or table exists only for a run that the ledger holds as revealed, and is the
release that it holds; a run that showed progress beyond reading is on record. Rounds are written to
FOLDER/rounds.jsonl, and a campaign that was stopped goes on where it was.
"""

import argparse
import json
import os
import random
import secrets
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from fairshare.cli import main as fairshare
from fairshare.io import write_table
from fairshare.privacy import Budget, DurableLedger, PrivacyUnit
from fairshare.release import Release

DELTA = 1e-9
EPSILON = 0.05
DATA = Path(__file__).parents[1] / "src/fairshare/datasets/data"


class CampaignError(Exception):
    """The campaign found what must not be."""


def run_and_kill(folder: Path, name: str, after: float | None) -> tuple[int, str]:
    """One run in a process of its own, killed ``after`` seconds; its wait status and what it said."""
    log = folder / f"{name}.log"
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    child = os.fork()
    if child == 0:
        os.dup2(descriptor, 1)
        os.dup2(descriptor, 2)
        arguments = [DATA / "german_credit.parquet", "--schema", DATA / "german_credit.toml", "--epsilon", EPSILON]
        arguments += ["--ledger", folder / "g.ledger", "--run-id", name, "-o", folder / f"{name}.csv"]
        os._exit(fairshare(["synth", *map(str, arguments)]))
    os.close(descriptor)
    if after is not None:
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    said = log.read_text()
    log.unlink()
    return status, said


def look(folder: Path, name: str, said: str) -> dict[str, object]:
    """The state after a kill; raises ``CampaignError`` if anything is released and unrecorded, or half written."""
    history = DurableLedger(folder / "g.ledger").verify()
    run = history.runs.get(name)
    table, release = folder / f"{name}.csv", folder / f"{name}.release"
    for path in (table, release):
        if path.exists() and (run is None or run.revealed is None):
            raise CampaignError(f"{path.name} exists, and the ledger says {run and run.state}")
    if "measure" in said and run is None:
        raise CampaignError(f"{name} showed its progress and is not in the ledger")
    if release.exists():
        loaded = Release.load(release)
        if loaded.certificate["privacy"]["ledger_head"] != run.revealed["ledger_head"]:
            raise CampaignError(f"{release.name} is not the release in the ledger")
        if table.exists():
            check_table(table, loaded)
    elif table.exists():
        raise CampaignError(f"{table.name} was written before its release")
    return {"state": run.state if run else "absent", "release": release.exists(), "table": table.exists()}


def check_table(path: Path, release: Release) -> None:
    """The table on disk is the release's, to the last byte."""
    with tempfile.TemporaryDirectory() as scratch:
        again = Path(scratch) / path.name
        write_table(release.table, again, missing=release.schema.missing_spellings)
        if again.read_bytes() != path.read_bytes():
            raise CampaignError(f"{path.name} is not the release's table")


def resume(folder: Path, name: str) -> None:
    """A revealed run gives its release again; a burnt one gives nothing."""
    before = DurableLedger(folder / "g.ledger").history()
    status, said = run_and_kill(folder, name, None)
    after = DurableLedger(folder / "g.ledger").history()
    revealed = before.runs[name].revealed is not None
    if os.waitstatus_to_exitcode(status) != (0 if revealed else 4) or after.spent != before.spent:
        raise CampaignError(f"{name} was resumed with {status}, spent {before.spent} -> {after.spent}: {said}")
    look(folder, name, said)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--folder", type=Path, default=Path("campaign"))
    options = parser.parse_args()
    folder: Path = options.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "g.ledger").exists():
        DurableLedger.create(folder / "g.ledger", Budget(epsilon=20, delta=DELTA), PrivacyUnit())
    rounds = folder / "rounds.jsonl"
    seen = [json.loads(line) for line in rounds.read_text().splitlines()] if rounds.exists() else []
    whole = duration(folder)
    while sum(bool(s["killed"]) for s in seen) < options.kills:
        name = f"kill-{len(seen):05}"
        late = len(seen) % 2 == 1
        status, said = run_and_kill(folder, name, random.uniform(whole * 0.9 if late else 0, whole * 1.05))
        found = look(folder, name, said) | {"killed": os.waitstatus_to_exitcode(status) == -signal.SIGKILL}
        if late:  # what happens at the end takes milliseconds, so aim there, whatever else the machine is doing
            whole *= 1.02 if found["state"] in {"absent", "reserve", "bind"} else 0.95
        if len(seen) % 5 == 0 and found["state"] != "absent":
            resume(folder, name)
        seen.append(found)
        with rounds.open("a") as file:
            file.write(json.dumps(found) + "\n")
        shutil.rmtree(folder / f"{name}.release", ignore_errors=True)
        (folder / f"{name}.csv").unlink(missing_ok=True)
    return summarise(folder, seen)


def duration(folder: Path) -> float:
    """Seconds of a run that nobody kills: the second of two, for the first fills caches."""
    for _ in range(2):
        started = time.monotonic()
        status, said = run_and_kill(folder, f"whole-{secrets.token_hex(4)}", None)
        if status:
            raise CampaignError(f"a run that nobody kills fails: {said}")
    return time.monotonic() - started


def summarise(folder: Path, seen: list[dict[str, object]]) -> int:
    """Print what the rounds found; they raised at the first fault."""
    history = DurableLedger(folder / "g.ledger").verify()
    states = Counter((str(s["state"]), s["release"], s["table"]) for s in seen)
    print(f"{sum(bool(s['killed']) for s in seen)} of {len(seen)} runs were killed; the others ended first")
    for (state, release, table), count in sorted(states.items()):
        print(f"  {count:5}  ledger {state:8} release {'yes' if release else 'no ':3} table {'yes' if table else 'no'}")
    print(f"released and unrecorded: 0; the ledger verifies: {len(history.heads) - 1} lines, {len(history.runs)} runs")
    return 0


if __name__ == "__main__":
    sys.exit(main())
