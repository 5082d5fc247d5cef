"""The three calls: all that a mechanism may ask of the data, on one table or on many."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from fairshare.errors import UsageError
from fairshare.marginals import Clique, Domain
from fairshare.marginals.limits import CELL_CAP, GRAIN, WEIGHT_CAP
from fairshare.privacy import Ledger

__all__ = ["CELL_CAP", "WEIGHT_CAP", "Candidate", "Curator", "check_candidates", "check_clique", "in_grains"]


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A clique that may be selected or scored, with everything public that its score needs.

    The score is ``weight * (sum over cells of |count - estimate| - penalty)`` in rows, each estimate rounded to an
    eighth of a row (``GRAIN``); so it is a whole number of eighths, and one row moves it by at most ``weight``.

    Attributes:
        clique: attributes, in domain order.
        estimate: the model's public expectation of each cell, in rows, shape ``domain.sizes(clique)``, in [0, 2^40].
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

    def score(self, candidates: Sequence[Candidate], sigma: float) -> NDArray[np.float64]:
        """A noisy score of each candidate, in rows and exact eighths of one, shape (candidates,).

        Args:
            candidates: different cliques, at least one of positive weight.
            sigma: scale of the noise in rows.

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


def check_candidates(
    domain: Domain, candidates: Sequence[Candidate]
) -> tuple[list[Candidate], list[NDArray[np.int64]]]:
    """Validate public candidates and bring their estimates to grains, before anything is spent.

    Returns:
        Copies of the candidates, of plain types, and their estimates in grains. Each field is read once: what is priced
        is what is computed with, whatever the caller's objects answer later.

    Raises:
        UsageError: what is wrong, and with which candidate.
    """
    copies = [_copied(domain, candidate) for candidate in candidates]
    if not copies:
        raise UsageError("candidates must hold at least one clique")
    if len({c.clique for c in copies}) != len(copies):
        raise UsageError("candidates must be different cliques; a repeated one would be scored twice for one price")
    if not any(c.weight for c in copies):
        raise UsageError("at least one candidate must have a positive weight")
    return copies, [in_grains(c.estimate) for c in copies]


def in_grains(estimate: NDArray[np.float64]) -> NDArray[np.int64]:
    """Estimates in whole eighths of a row, same shape: what scores are computed with."""
    return np.rint(estimate * GRAIN).astype(np.int64)


def check_clique(domain: Domain, clique: Clique) -> Clique:
    """The domain's own copy of the clique.

    Raises:
        UsageError: it does not name attributes of the domain, each once and in order.
    """
    given = tuple(clique)
    axes = [domain.axis(a) for a in given if isinstance(a, str)]
    if len(axes) != len(given) or any(a >= b for a, b in pairwise(axes)):
        raise UsageError(f"clique {given} must name each attribute once, in domain order")
    return tuple(domain.attributes[axis] for axis in axes)


def _copied(domain: Domain, candidate: Candidate) -> Candidate:
    clique = check_clique(domain, candidate.clique)
    weight, penalty = candidate.weight, candidate.penalty
    if type(weight) is not int or not 0 <= weight <= WEIGHT_CAP:
        raise UsageError(f"weight ({weight}) of {clique} must be an integer between 0 and {WEIGHT_CAP}")
    if type(penalty) is not int or abs(penalty) > CELL_CAP:
        raise UsageError(f"penalty ({penalty}) of {clique} must be an integer of at most 2^40")
    try:
        estimate = np.array(candidate.estimate, dtype=np.float64)
    except (TypeError, ValueError):
        raise UsageError(f"estimate of {clique} must be an array of numbers, shape {domain.sizes(clique)}") from None
    if estimate.shape != domain.sizes(clique):
        raise UsageError(f"estimate of {clique} has shape {estimate.shape}, must be {domain.sizes(clique)}")
    if not np.all((estimate >= 0) & (estimate <= CELL_CAP)) or estimate.sum() > CELL_CAP:
        raise UsageError(f"estimate of {clique} must be finite, at least 0, and at most 2^40 in all")
    return Candidate(clique=clique, estimate=estimate, weight=weight, penalty=penalty)
