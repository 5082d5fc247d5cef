"""How close a synthetic table is to the real one: marginals and pairwise dependence."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from fairshare.evaluation.association import cramers_v
from fairshare.evaluation.distance import TablePair
from fairshare.marginals import Domain

__all__ = ["NOTICE", "Quality", "quality"]

#: Stamped on everything that is computed from real rows.
NOTICE = "NOT DIFFERENTIALLY PRIVATE: computed from real rows, keep with the holder"


@dataclass(frozen=True, kw_only=True)
class Quality:
    """Distances between a real and a synthetic table; 0 is equal, smaller is closer.

    Attributes:
        tvd_1: mean total variation distance of the one-way marginals, in [0, 1].
        tvd_2: the same of all two-way marginals; 0 where there is one column only.
        tvd_3: the same of all three-way marginals; None where not asked for or fewer columns.
        acd: mean absolute difference of the bias-corrected Cramer's V over all pairs of columns, in [0, 1].
        per_column: total variation distance of each column.
    """

    private: ClassVar[bool] = True
    notice: ClassVar[str] = NOTICE

    tvd_1: float
    tvd_2: float
    tvd_3: float | None
    acd: float
    per_column: Mapping[str, float]

    def to_dict(self) -> dict[str, Any]:
        """JSON-able content, the notice first."""
        return {
            "private": self.private,
            "notice": self.notice,
            "tvd_1": self.tvd_1,
            "tvd_2": self.tvd_2,
            "tvd_3": self.tvd_3,
            "acd": self.acd,
            "per_column": dict(self.per_column),
        }


def quality(
    real: Mapping[str, npt.NDArray[np.integer]],
    synthetic: Mapping[str, npt.NDArray[np.integer]],
    domain: Domain,
    *,
    three_way: bool = False,
) -> Quality:
    """Compare two coded tables.

    Args:
        real: codes of the real table, such as ``schema.encode(table)``: an array an attribute, shape (rows,).
        synthetic: codes of the synthetic table, encoded by the same schema; its number of rows may differ.
        domain: attributes and sizes, such as ``Domain.from_sizes(schema.sizes)``.
        three_way: also compare all three-way marginals (seconds for 14 columns; grows with the cube).

    Raises:
        DataError: a table does not fit the domain, or has no rows.

    Privacy:
        None. The figures are computed from real rows without noise; publishing them spends privacy that no ledger
        records.
    """
    tables = TablePair(real, synthetic, domain)
    ones, twos = tables.tvd_all(1), tables.tvd_all(2)
    threes = tables.tvd_all(3) if three_way else {}
    return Quality(
        tvd_1=_mean(ones.values()),
        tvd_2=_mean(twos.values()),
        tvd_3=_mean(threes.values()) if threes else None,
        acd=_association_difference(tables),
        per_column=MappingProxyType({clique[0]: distance for clique, distance in ones.items()}),
    )


def _association_difference(tables: TablePair) -> float:
    """Mean over all pairs of columns of the absolute difference of Cramer's V."""
    pairs = (tables.counts(pair) for pair in combinations(tables.domain.attributes, 2))
    return _mean(abs(cramers_v(real) - cramers_v(synthetic)) for real, synthetic in pairs)


def _mean(values: Any) -> float:
    found = list(values)
    return float(np.mean(found)) if found else 0.0
