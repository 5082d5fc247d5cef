"""Tables made and attacked, each attack in a process of its own; goes on where it stopped."""

import json
import os
import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.peers.attacks.field import (
    ANONYMETER,
    APART,
    ATTACKS,
    OTHERS,
    REAL_ROWS,
    TARGETS,
    Attack,
    Target,
    made,
    on,
)
from benchmarks.peers.driving import asked, drive
from benchmarks.peers.field import LIBRARIES
from benchmarks.peers.store import Store, settled
from benchmarks.peers.table import Real
from fairshare.evaluation.tables import Codes

__all__ = ["Campaign", "question"]


def question(attack: Attack, table: Path, folder: Path, real: Real, *, attacks: int, run: int) -> dict[str, Any]:
    """The document that ``drivers/run_anonymeter.py`` reads."""
    return {
        "seen": os.fspath(folder / "seen.csv"),
        "unseen": os.fspath(folder / "unseen.csv"),
        "made": os.fspath(table),
        "ordered": real.ordered,
        "kind": attack.kind,
        "options": dict(attack.options),
        "attacks": attacks,
        "run": run,
    }


@dataclass(frozen=True, kw_only=True)
class Campaign:
    """One call of the command.

    Attributes:
        real: the table; its ``unseen`` rows are the control.
        others: rows of it that are neither seen nor the control.
        store: finished runs.
        folder: where the tables are kept.
        environments: the folder of environments.
        attacks: guesses an attack.
        limit: CPU seconds a run.
        retry: whether what failed is run again.
    """

    real: Real
    others: Codes
    store: Store
    folder: Path
    environments: Path
    attacks: int
    limit: int
    retry: bool

    def run(self, names: list[str], runs: int) -> None:
        """Every wanted target once, then those again that have more runs, so that the table fills early."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.real.write(self.folder / "seen.csv")
        self.real.write(self.folder / "unseen.csv", self.real.unseen)
        for number in range(runs):
            for target in TARGETS:
                wanted = not names or any(part in target.name for part in names)
                if wanted and number < target.runs and (table := self._make(target, number)):
                    for attack in ATTACKS:
                        self._attack(target, attack, table, number)

    def _make(self, target: Target, number: int) -> Path | None:
        """The rows of a target as CSV; None where there are none."""
        table = self.folder / f"{re.sub('[^a-z0-9]+', '-', target.name.lower())}-{number}.csv"
        if target.entry is None:
            self.real.write(table, self._reference(target.name))
            return table
        record = self.store.records.get((made(target.name), number))
        if record is None or not settled(record, self.limit, retry=self.retry) or _gone(record, table):
            print(f"{made(target.name)}, run {number} ...", file=sys.stderr, flush=True)
            record = self._drawn(target, number, table)
            self._keep(record)
        return table if record["status"] == "ok" else None

    def _reference(self, name: str) -> Codes:
        return {REAL_ROWS: self.real.seen, OTHERS: self.others, APART: self.real.apart()}[name]

    def _drawn(self, target: Target, number: int, table: Path) -> dict[str, Any]:
        assert target.entry is not None
        given = {} if target.epsilon is None else {"epsilon": target.epsilon}
        record = {"entry": made(target.name), "run": number} | drive(
            LIBRARIES[target.entry.library],
            asked(target.entry, number, self.real, self.folder / "seen.csv", **given),
            table,
            environments=self.environments,
            limit=self.limit,
            source=None,
        )
        if record["status"] == "ok":
            try:
                self.real.read(table)
            except (OSError, ValueError) as error:
                record |= {"status": "failed", "error": f"unusable rows: {error}"}
        return record

    def _attack(self, target: Target, attack: Attack, table: Path, number: int) -> None:
        """Run one attack unless it is on record."""
        entry = on(target.name, attack)
        if settled(self.store.records.get((entry, number)), self.limit, retry=self.retry):
            return
        print(f"{entry}, run {number} ...", file=sys.stderr, flush=True)
        asking = question(attack, table, self.folder, self.real, attacks=self.attacks, run=number)
        with tempfile.TemporaryDirectory() as scratch:
            out = Path(scratch, "out.json")
            record = {"entry": entry, "run": number} | drive(
                ANONYMETER, asking, out, environments=self.environments, limit=self.limit, source=None
            )
            if record["status"] == "ok":
                record["found"] = json.loads(out.read_text())
        self._keep(record)

    def _keep(self, record: dict[str, Any]) -> None:
        self.store.add(record)
        risk = f", risk {record['found']['risk']:.3f}" if "found" in record else ""
        print(f"  {record['status']}, {record['cpu_s']:.1f} s{risk} {record['error']}", file=sys.stderr, flush=True)


def _gone(record: dict[str, Any], table: Path) -> bool:
    return record["status"] == "ok" and not table.exists()
