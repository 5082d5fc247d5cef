"""Finished runs as JSON lines, so that the benchmark goes on where it stopped."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["Store", "settled"]

Key = tuple[str, int]


@dataclass
class Store:
    """Records by entry and run number; the last line of a key counts.

    Attributes:
        file: JSON lines, appended to.
    """

    file: Path
    records: dict[Key, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def open(cls, file: Path) -> "Store":
        """Read what is there; a line cut short by an interruption is no record."""
        store = cls(file)
        for line in file.read_text().splitlines() if file.exists() else ():
            try:
                record = json.loads(line)
            except ValueError:
                continue
            store.records[record["entry"], record["run"]] = record
        return store

    def add(self, record: Mapping[str, Any]) -> None:
        """Keep a record, on disk first."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("a") as out:
            out.write(json.dumps(record) + "\n")
        self.records[record["entry"], record["run"]] = dict(record)

    def of(self, entry: str) -> list[dict[str, Any]]:
        """The records of an entry, by run number."""
        return [self.records[key] for key in sorted(self.records) if key[0] == entry]


def settled(record: Mapping[str, Any] | None, limit_s: float, *, retry: bool) -> bool:
    """Whether a run need not be done again.

    What is done is done; what ran out of time is worth another try with more of it; what failed fails again unless
    something was changed, which the user knows (``retry``).
    """
    if record is None:
        return False
    if record["status"] == "ok":
        return True
    if record["status"] == "limit":
        return bool(limit_s <= record["limit_s"])
    return not retry
