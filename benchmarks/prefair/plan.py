"""Which cells are run, and their results by name."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from statistics import mean, stdev
from typing import Any

from cells import Cell, Store
from prefair.authors import figures
from prefair.work import MECHANISMS, REAL, cell

__all__ = ["FULL", "QUICK", "Plan", "Results", "cell_of", "spread"]

#: Estimator -> the mechanisms that are run with it.
_RUN = {"as published": ("MST", "Greedy", "Exponential"), "default": tuple(MECHANISMS)}


@dataclass(frozen=True)
class Plan:
    """How much is run.

    Attributes:
        epsilons: privacy losses.
        samples: runs of each table.
        judged: of how many of them classifiers learn; the paper's estimator only.
    """

    epsilons: tuple[float, ...]
    samples: Mapping[str, int]
    judged: int

    def cells(self) -> list[Cell]:
        """All cells, sample by sample, so that a run that is cut short has the same number of samples everywhere.

        The large table comes last: one of its cells takes as long as twenty others.
        """
        found = [self.cell(table, REAL, "", 0.0, 0) for table in self.samples]
        large = [table for table in self.samples if table == "kdd"]
        for tables in ([table for table in self.samples if table not in large], large):
            for sample in range(max(self.samples.values())):
                for table, epsilon in product(tables, self.epsilons):
                    if sample < self.samples[table]:
                        found += [self.cell(table, m, e, epsilon, sample) for e, m in self.runs(table)]
        return found

    def cell(self, table: str, mechanism: str, estimator: str, epsilon: float, sample: int) -> Cell:
        judged = estimator != "default" and sample < self.judged
        return cell(table, mechanism, estimator, epsilon, sample, judged=judged)

    def runs(self, table: str) -> Iterator[tuple[str, str]]:
        """Estimators and mechanisms; Census-Income KDD as published only."""
        for estimator, mechanisms in _RUN.items():
            if table != "kdd" or estimator == "as published":
                yield from ((estimator, mechanism) for mechanism in mechanisms)


#: Quality is the mean of 50 runs: at epsilon 0.1 a mean of ten moves by half a published deviation from try to try.
FULL = Plan((0.1, 1.0, 10.0), {"adult": 50, "compas": 50, "kdd": 3}, judged=10)
QUICK = Plan((1.0,), {"adult": 3, "compas": 3, "kdd": 1}, judged=3)


@dataclass
class Results:
    """Finished cells of a plan."""

    plan: Plan
    store: Store
    _read: dict[tuple[Any, ...], list[dict[str, Any]]] = field(default_factory=dict)

    def raw(self, table: str, mechanism: str, estimator: str, epsilon: float) -> list[dict[str, Any]]:
        key = table, mechanism, estimator, epsilon
        if key not in self._read:
            samples = range(self.plan.samples[table])
            cells = (self.plan.cell(table, mechanism, estimator, epsilon, sample) for sample in samples)
            self._read[key] = self.store.of(cells)
        return self._read[key]

    def values(self, table: str, mechanism: str, estimator: str, epsilon: float, figure: str) -> list[float]:
        """One figure, such as ``tvd_2`` or ``mlp/sex/dp``, an entry a sample in which it could be computed."""
        runs = (figures(run) for run in self.raw(table, mechanism, estimator, epsilon))
        return [run[figure] for run in runs if figure in run]

    def counts(self) -> str:
        """How many samples are finished, for the head of a page."""
        parts = []
        for table, wanted in self.plan.samples.items():
            every = [self.raw(table, m, e, x) for e, m in self.plan.runs(table) for x in self.plan.epsilons]
            learnt = [
                sum("scores" in run for run in self.raw(table, m, "as published", x))
                for m, x in product(_RUN["as published"], self.plan.epsilons)
            ]
            done, judged = _range([len(runs) for runs in every]), _range(learnt)
            parts.append(f"{table} {done} of {wanted}" + (f" (classifiers: {judged})" if judged != done else ""))
        return ", ".join(parts)


def _range(numbers: list[int]) -> str:
    return f"{min(numbers)}" if min(numbers) == max(numbers) else f"{min(numbers)} to {max(numbers)}"


def spread(values: Sequence[float]) -> tuple[float, float] | None:
    """Mean and standard deviation; None for nothing."""
    if not values:
        return None
    return mean(values), stdev(values) if len(values) > 1 else 0.0


def cell_of(values: Sequence[float], places: int = 4) -> str:
    """Mean and standard deviation as a table shows them."""
    if len(values) < 2:
        return f"{values[0]:.{places}f}" if values else "-"
    return f"{mean(values):.{places}f} ± {stdev(values):.{places}f}"
