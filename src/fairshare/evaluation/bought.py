"""Quality figures that may be published: bought through the curator, with an account of their own."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from fairshare.counting import CodedTable
from fairshare.curator import Candidate, Curator
from fairshare.curator.trusted import TrustedCurator
from fairshare.errors import BudgetError
from fairshare.evaluation.tables import Codes, row_count
from fairshare.marginals import Clique, Domain
from fairshare.privacy import Budget, Ledger, Noise, PrivacyUnit, Relation, TableNoise, score_sigma_for, sigma_for

__all__ = ["BoughtQuality", "private_quality", "private_scores"]

#: Share of the budget for the number of rows, by which distances are divided.
_COUNT_SHARE = 0.05
_NOBODY: Clique = ()


@dataclass(frozen=True, kw_only=True)
class BoughtQuality:
    """Differentially private distances between a real and a synthetic table; they may be published.

    Attributes:
        tvd: noisy total variation distance of each marginal; unbiased but for the division by a noisy number of rows,
            so it may lie outside [0, 1] by chance.
        tvd_1: mean over the one-way marginals; None where there are none.
        tvd_2: mean over the two-way marginals; None where there are none.
        standard_error: of one distance.
        rows: noisy number of real rows.
        ledger: the account of what was spent, JSON-able.
    """

    private: ClassVar[bool] = False
    notice: ClassVar[str] = "DIFFERENTIALLY PRIVATE: bought from the real rows through the curator; may be published"

    tvd: Mapping[Clique, float]
    tvd_1: float | None
    tvd_2: float | None
    standard_error: float
    rows: int
    ledger: Mapping[str, Any] = field(repr=False)

    @property
    def cost(self) -> str:
        """The price in words."""
        promise = self.ledger["promise"]
        return (
            f"These figures cost ({promise['epsilon']:g}, {promise['delta']:g})-differential privacy for "
            f"{self.ledger['unit']}, in addition to what the synthetic table cost: to whoever sees both, the sum of "
            "both promises applies."
        )

    def to_dict(self) -> dict[str, Any]:
        """JSON-able content, the price first."""
        return {
            "private": self.private,
            "differentially_private": True,
            "notice": self.notice,
            "cost": self.cost,
            "tvd_1": self.tvd_1,
            "tvd_2": self.tvd_2,
            "standard_error": self.standard_error,
            "rows": self.rows,
            "tvd": [{"columns": list(clique), "tvd": value} for clique, value in self.tvd.items()],
            "ledger": dict(self.ledger),
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> "BoughtQuality":
        """The inverse of ``to_dict``.

        Raises:
            KeyError: something is missing.
        """
        tvd = {tuple(told["columns"]): float(told["tvd"]) for told in content["tvd"]}
        return cls(
            tvd=MappingProxyType(tvd),
            **{name: content[name] for name in ("tvd_1", "tvd_2", "standard_error", "rows", "ledger")},
        )


def private_quality(
    real: Codes,
    synthetic: Codes,
    domain: Domain,
    *,
    epsilon: float,
    delta: float,
    pairs: Iterable[Iterable[str]] = (),
    relation: Relation = "add-remove",
    max_rows: int = 1,
    noise: Noise | None = None,
) -> BoughtQuality:
    """Buy the distances of all one-way marginals, and of some pairs of columns.

    Args:
        real: codes of the private table; at most ``max_rows`` rows of one person.
        synthetic: codes of the synthetic table.
        domain: attributes and sizes of both.
        epsilon: what these figures may cost, in addition to the synthetic table.
        delta: likewise.
        pairs: pairs of columns to compare as well.
        relation: neighbouring tables, as for the synthetic table.
        max_rows: rows of one person, as for the synthetic table.
        noise: another vetted source of noise.

    Raises:
        BudgetError: the budget is too small.
        UsageError: a column or an argument is out of range.

    Privacy:
        (epsilon, delta)-DP for one unit: one ``measure`` of the number of rows and one ``score`` through the trusted
        curator, on a ledger of their own. The synthetic table must be a release or public, for it is the public
        estimate that rows are compared with.
    """
    ledger = Ledger(Budget(epsilon=epsilon, delta=delta), PrivacyUnit(relation=relation, max_rows=max_rows))
    curator = TrustedCurator(_counted(domain, real), ledger=ledger, noise=noise or TableNoise())
    cliques = dict.fromkeys([*((name,) for name in domain), *(domain.clique(pair) for pair in pairs)])
    return private_scores(curator, synthetic, tuple(cliques))


def private_scores(curator: Curator, synthetic: Codes, cliques: tuple[Clique, ...]) -> BoughtQuality:
    """Spend what is left in a curator's ledger on the distances of these marginals.

    The score of a candidate is the L1 distance of exact counts from a public estimate, plus integer noise: the noise
    is added once to each distance, and not to each cell, where it would add up to a bias. The estimate is the
    synthetic table, scaled to the noisy number of rows and rounded to eighths of a row in each cell.

    Raises:
        BudgetError: nothing is left in the ledger.
        UsageError: a clique is not one of the domain.
    """
    ledger, domain = curator.ledger, curator.domain
    if ledger.remaining < 2:
        raise BudgetError("nothing is left in the ledger for quality figures; give them a budget of their own")
    [count] = curator.measure([_NOBODY], sigma_for(max(1, int(ledger.remaining * _COUNT_SHARE)), 1, ledger.unit))
    rows = max(1, int(count))
    made = _counted(domain, synthetic)
    scale = np.float64(rows / row_count(synthetic))
    candidates = [Candidate(clique=c, estimate=made.count(c) * scale) for c in cliques]
    sigma = score_sigma_for(ledger.remaining, [1] * len(cliques), ledger.unit)
    distances = curator.score(candidates, sigma) / (2 * rows)
    tvd = dict(zip(cliques, distances.tolist(), strict=True))
    return BoughtQuality(
        tvd=MappingProxyType(tvd),
        tvd_1=_mean(tvd, 1),
        tvd_2=_mean(tvd, 2),
        standard_error=sigma / (2 * rows),
        rows=rows,
        ledger=ledger.to_dict(),
    )


def _counted(domain: Domain, codes: Codes) -> CodedTable:
    return CodedTable(domain, {name: codes[name].astype(np.uint32, copy=False) for name in domain})


def _mean(tvd: Mapping[Clique, float], k: int) -> float | None:
    found = [value for clique, value in tvd.items() if len(clique) == k]
    return float(np.mean(found)) if found else None
