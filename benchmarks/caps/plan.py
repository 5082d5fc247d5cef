"""Which cells are run."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

from caps.work import MECHANISMS, REAL, SETTINGS, cell
from cells import Cell

__all__ = ["FULL", "QUICK", "Plan"]


@dataclass(frozen=True)
class Plan:
    """How many samples of each table are run."""

    samples: Mapping[str, int]

    def cells(self) -> list[Cell]:
        """All cells, sample by sample."""
        found = [cell(table, REAL, "", "", 0) for table in self.samples]
        for sample in range(max(self.samples.values())):
            for table, mechanism, (split, relation) in product(self.samples, MECHANISMS, SETTINGS):
                if sample < self.samples[table]:
                    found.append(cell(table, mechanism, split, relation, sample))
        return found

    def of(self, table: str, mechanism: str, split: str, relation: str) -> list[Cell]:
        """The cells of one line."""
        return [cell(table, mechanism, split, relation, s) for s in range(self.samples[table])]


#: Small tables vary more from run to run, so more runs.
FULL = Plan({"adult": 10, "compas": 20, "diabetes": 40, "npha": 40})
QUICK = Plan({"adult": 2, "compas": 5, "diabetes": 5, "npha": 5})
