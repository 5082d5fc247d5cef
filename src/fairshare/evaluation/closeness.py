"""Quality scores, each beside its references: columns shuffled apart, and one half of the real rows."""

from collections.abc import Mapping
from itertools import combinations

import numpy as np
import numpy.typing as npt

from fairshare.errors import UsageError
from fairshare.evaluation.association import cramers_v
from fairshare.evaluation.distance import TablePair
from fairshare.evaluation.findings import Marginal, Pairs
from fairshare.evaluation.tables import Codes, Tables, row_count, rows_of
from fairshare.marginals import Domain
from fairshare.schema import Schema
from fairshare.schema.grid import Grid
from fairshare.schema.ordered import Ordered

__all__ = ["Closeness", "coverage", "k_marginal", "numeric_distance", "reference_pairs"]

#: The k of the k-marginal score.
K = 2


class Closeness:
    """The distances of one pair of tables, each computed when it is first asked for.

    Args:
        real: codes of the real table.
        synthetic: codes of the table that is compared with it.
        schema: the schema of both.
    """

    def __init__(self, real: Codes, synthetic: Codes, schema: Schema) -> None:
        self.schema = schema
        self.domain = Domain.from_sizes(schema.sizes)
        self._tables = TablePair(real, synthetic, self.domain)
        self._distances: dict[int, dict[tuple[str, ...], float]] = {}
        self._ones: dict[str, tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]] = {}
        self._association: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]] | None = None

    def tvd(self, k: int) -> float:
        """Mean total variation distance of the k-way marginals.

        Raises:
            UsageError: the table has fewer than k columns.
        """
        return float(np.mean(list(self._by_clique(k).values())))

    def acd(self) -> float:
        """Mean absolute difference of Cramer's V over all pairs of columns.

        Raises:
            UsageError: the table has one column.
        """
        if len(self.domain) < 2:
            raise UsageError("the table must have at least two columns for pairs")
        real, synthetic = self._associations()
        above = np.triu_indices(len(self.domain), 1)
        return float(np.mean(np.abs(real - synthetic)[above]))

    def numeric_distance(self) -> float:
        """Mean over binned columns; see the module's function of this name.

        Raises:
            UsageError: the table has no column with bins.
        """
        ordered = {n: c for n in self.domain if isinstance(c := self.schema.column(n), Ordered) and c.grid.size > 1}
        if not ordered:
            raise UsageError("the table has no column with bins, so there are no numbers to compare")
        return float(np.mean([numeric_distance(*self.counts(name), column) for name, column in ordered.items()]))

    def coverage(self) -> float:
        """Mean over columns of the share of the real table's codes that the other table holds too."""
        return float(np.mean([coverage(*self.counts(name)) for name in self.domain]))

    def k_marginal(self) -> float:
        """SDNist's score of the pairs."""
        return k_marginal(self.tvd(K))

    def counts(self, name: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Counts of one column in both tables, shape (size,) each."""
        if name not in self._ones:
            self._ones[name] = self._tables.counts((name,))
        return self._ones[name]

    def marginals(self) -> dict[str, Marginal]:
        """Each column in both tables."""
        ones = self._by_clique(1)
        found = {}
        for name in self.domain:
            real, synthetic = (tuple((c / c.sum()).tolist()) for c in self.counts(name))
            labels = tuple(self.schema.labels(name))
            found[name] = Marginal(labels=labels, real=real, synthetic=synthetic, tvd=ones[name,])
        return found

    def pairs(self) -> Pairs:
        """All pairs of columns, as matrices."""
        tvd = np.diag([self._by_clique(1)[name,] for name in self.domain])
        if len(self.domain) > 1:
            for (a, b), distance in self._by_clique(2).items():
                i, j = self.domain.axis(a), self.domain.axis(b)
                tvd[i, j] = tvd[j, i] = distance
        real, synthetic = self._associations()
        return Pairs(
            columns=self.domain.attributes, tvd=_frozen(tvd), v_real=_frozen(real), v_synthetic=_frozen(synthetic)
        )

    def _by_clique(self, k: int) -> Mapping[tuple[str, ...], float]:
        if k not in self._distances:
            if k > len(self.domain):
                raise UsageError(f"the table must have at least {k} columns for {k}-way marginals")
            self._distances[k] = self._tables.tvd_all(k)
        return self._distances[k]

    def _associations(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Cramer's V of every pair, in both tables, shape (columns, columns) each, with ones on the diagonal."""
        if self._association is None:
            real, synthetic = np.eye(len(self.domain)), np.eye(len(self.domain))
            for (i, a), (j, b) in combinations(enumerate(self.domain), 2):
                counted = self._tables.counts((a, b))
                real[i, j] = real[j, i] = cramers_v(counted[0])
                synthetic[i, j] = synthetic[j, i] = cramers_v(counted[1])
            self._association = real, synthetic
        return self._association


def _frozen(matrix: npt.NDArray[np.float64]) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(row) for row in matrix.tolist())


def numeric_distance(real: npt.NDArray[np.integer], synthetic: npt.NDArray[np.integer], column: Ordered) -> float:
    """Wasserstein-1 distance of a binned column, its values put in the middle of their bins, in [0, 1].

    Args:
        real: counts of each code, shape (size,).
        synthetic: likewise.
        column: gives the bins; missing is left out of both.

    Returns:
        The distance as a share of the way from the first to the last middle; 1 where one table has no value at all
        and the other has.

    Source: Villani 2009, Optimal Transport, theorem 2.18: the area between the two distribution functions.
    """
    bins = column.grid.size
    counts = (real[:bins].astype(np.float64), synthetic[:bins].astype(np.float64))
    totals = [float(c.sum()) for c in counts]
    if not all(totals):
        return float(any(totals))
    middles = _middles(column.grid)
    apart = np.abs(np.cumsum(counts[0] / totals[0]) - np.cumsum(counts[1] / totals[1]))[:-1]
    return float(np.sum(apart * np.diff(middles)) / (middles[-1] - middles[0]))


def _middles(grid: Grid) -> npt.NDArray[np.float64]:
    """Halfway between the smallest and the largest value of each bin: of integers, the last before the next bin."""
    lows = grid.starts.astype(np.float64)
    highs = np.append(lows[1:] - grid.is_integer, np.float64(grid.top))
    return (lows + highs) / 2


def coverage(real: npt.NDArray[np.integer], synthetic: npt.NDArray[np.integer]) -> float:
    """Share of the codes with a real count that have a synthetic one."""
    occurring = real > 0
    return float(np.mean(synthetic[occurring] > 0))


def k_marginal(tvd: float) -> float:
    """SDNist's k-marginal score, 0 to 1000, from the mean total variation distance of the k-way marginals."""
    return 1000 * (1 - tvd)


def reference_pairs(tables: Tables, rng: np.random.Generator) -> dict[str, Closeness]:
    """What to compare quality with.

    Returns:
        ``independent``: the real table against itself with its columns shuffled apart; what a table without any
        dependence scores. ``sampling``: one random half of the real rows against the other; what a fresh sample of
        half the size scores.
    """
    n = row_count(tables.real)
    apart = {name: rng.permutation(codes) for name, codes in tables.real.items()}
    order = rng.permutation(n)
    halves = rows_of(tables.real, order[: n // 2]), rows_of(tables.real, order[n // 2 :])
    return {
        "independent": Closeness(tables.real, apart, tables.schema),
        "sampling": Closeness(*halves, tables.schema),
    }
