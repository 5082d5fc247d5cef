"""What every driver is asked: a JSON document in, coded rows as CSV out. Standard library only.

    python DRIVER.py REQUEST.json OUT.csv

A driver runs in the environment of its library and leaves all the work to it. Rows go in and come out as integer
codes, one column an attribute; the document says how many codes each attribute has.
"""

import csv
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from math import prod
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Request:
    """One synthesis.

    Attributes:
        data: CSV of codes, with a header.
        sizes: number of codes of each attribute, in the columns' order.
        ordered: the attributes whose codes are in an order (ages, amounts).
        rows: number of rows of the table.
        epsilon, delta: the promise; rho is the zCDP that implies it, for libraries that take that.
        max_cells: workload marginals with more cells are left out.
        run: number of the repetition; seeds what a library lets be seeded.
        mechanism, options: what to run, as its driver reads it.
        fairness: roles, for a library that is asked for a fair table.
    """

    data: str
    sizes: dict[str, int]
    ordered: tuple[str, ...]
    rows: int
    epsilon: float
    delta: float
    rho: float
    max_cells: int
    run: int
    mechanism: str
    options: dict[str, Any]
    fairness: dict[str, list[str]] | None = None

    @classmethod
    def from_command_line(cls) -> "Request":
        return cls(**json.loads(Path(sys.argv[1]).read_text()))

    def workload(self, degree: int) -> list[tuple[str, ...]]:
        """All marginals of this many attributes that are not too large."""
        return [c for c in combinations(self.sizes, degree) if prod(self.sizes[a] for a in c) <= self.max_cells]

    def write(self, columns: Mapping[str, Any]) -> None:
        """Write the synthetic rows; columns are sequences of integers."""
        with Path(sys.argv[2]).open("w", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(self.sizes)
            writer.writerows(zip(*([int(v) for v in columns[a]] for a in self.sizes), strict=True))
