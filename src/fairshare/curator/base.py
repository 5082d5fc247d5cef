"""The three calls: all that a mechanism may ask of the data, on one table or on many."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from fairshare.errors import UsageError
from fairshare.marginals import Clique, Domain
from fairshare.privacy import Ledger

__all__ = ["CELL_CAP", "WEIGHT_CAP", "Candidate", "Curator", "check_candidates"]

#: Largest public estimate of a cell, and largest weight: scores then stay far inside 64-bit integers.
CELL_CAP = 2**40
WEIGHT_CAP = 2**16


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A clique that may be selected or scored, with everything public that its score needs.

    The score is ``weight * (sum over cells of |count - round(estimate)| - penalty)``, an integer.

    Attributes:
        clique: attributes, in domain order.
        estimate: the model's public expectation of each cell, shape ``domain.sizes(clique)``, in [0, 2^40].
        weight: public integer in [0, 2^16].
        penalty: public integer, in rows.
    """

    clique: Clique
    estimate: NDArray[np.float64] = field(repr=False, compare=False)
    weight: int = 1
    penalty: int = 0


class Curator(Protocol):
    """Holds the secrets; answers three calls; records each in the ledger before it touches data.

    A driver need not be trusted for privacy: sensitivity and cost are computed here, from public arguments.
    """

    @property
    def domain(self) -> Domain:
        """The public domain."""
        ...

    @property
    def ledger(self) -> Ledger:
        """What was promised and spent."""
        ...

    def measure(self, cliques: Sequence[Clique], sigma: float | Sequence[float]) -> list[NDArray[np.int64]]:
        """Noisy integer counts of each marginal, shape ``domain.sizes(clique)`` each.

        Args:
            cliques: attribute sets, each in domain order; at least one.
            sigma: scale of the noise in rows; one for all, or one for each clique.

        Raises:
            BudgetError: the ledger does not cover it; no data were touched.
            UsageError: a clique is not one of the domain, or sigma is out of range.
        """
        ...

    def select(self, candidates: Sequence[Candidate], epsilon: float) -> int:
        """The index of one candidate, by the exponential mechanism on its score.

        Raises:
            BudgetError: the ledger does not cover it; no data were touched.
            UsageError: candidates are none, repeated or malformed, or all weights are zero.
        """
        ...

    def score(self, candidates: Sequence[Candidate], sigma: float) -> NDArray[np.int64]:
        """A noisy integer score of each candidate, shape (candidates,).

        Raises:
            BudgetError: the ledger does not cover it; no data were touched.
            UsageError: as for ``select``.
        """
        ...

    def coarsen(self, maps: Mapping[str, NDArray[np.integer]]) -> "Curator":
        """The same curator over a coarser domain, with the same ledger.

        Args:
            maps: for some attributes, the public new code (0..k-1) of each old code, shape (size,).
        """
        ...


def check_candidates(domain: Domain, candidates: Sequence[Candidate]) -> list[NDArray[np.int64]]:
    """Validate public candidates and round their estimates, before anything is spent.

    Raises:
        UsageError: what is wrong, and with which candidate.
    """
    if not candidates:
        raise UsageError("candidates must hold at least one clique")
    if len({c.clique for c in candidates}) != len(candidates):
        raise UsageError("candidates must be different cliques; a repeated one would be scored twice for one price")
    if not any(c.weight for c in candidates):
        raise UsageError("at least one candidate must have a positive weight")
    return [_rounded(domain, c) for c in candidates]


def _rounded(domain: Domain, candidate: Candidate) -> NDArray[np.int64]:
    clique, weight, penalty = candidate.clique, candidate.weight, candidate.penalty
    if clique != domain.clique(clique):
        raise UsageError(f"clique {clique} must name each attribute once, in domain order")
    if not (isinstance(weight, int) and 0 <= weight <= WEIGHT_CAP):
        raise UsageError(f"weight ({weight}) of {clique} must be an integer between 0 and {WEIGHT_CAP}")
    if not (isinstance(penalty, int) and abs(penalty) <= CELL_CAP):
        raise UsageError(f"penalty ({penalty}) of {clique} must be an integer of at most 2^40")
    estimate = np.asarray(candidate.estimate, dtype=np.float64)
    if estimate.shape != domain.sizes(clique):
        raise UsageError(f"estimate of {clique} has shape {estimate.shape}, must be {domain.sizes(clique)}")
    if not np.all((estimate >= 0) & (estimate <= CELL_CAP)) or estimate.sum() > CELL_CAP:
        raise UsageError(f"estimate of {clique} must be finite, at least 0, and at most 2^40 in all")
    return np.rint(estimate).astype(np.int64)
