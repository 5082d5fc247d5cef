"""What a mechanism is: public control flow over a curator's three calls."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from fairshare.curator import Curator
from fairshare.fairness import Fairness
from fairshare.marginals import Clique
from fairshare.mechanisms.uncertainty import LastSelection
from fairshare.model import Fit, Measurement, Refinement

__all__ = ["Impossible", "Mechanism", "Outcome", "Progress", "Step", "silent"]


@dataclass(frozen=True, kw_only=True)
class Step:
    """Where a run is: for progress bars.

    Attributes:
        phase: what is being done, for a person.
        done: parts of this phase done, out of ``parts``.
        parts: parts of this phase; 0 where they are not told, as for scans, whose length is private.
        spent: share of the budget spent so far, in [0, 1].
    """

    phase: str
    done: int
    parts: int
    spent: float


Progress = Callable[[Step], None]

#: For each declared clique a mask of its impossible cells, shape ``domain.sizes(clique)``.
Impossible = Mapping[Clique, NDArray[np.bool_]]


def silent(step: Step) -> None:
    """The progress of nobody watching."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a mechanism leaves: a model, the noisy marginals behind it, and how to refine coarse codes again.

    Attributes:
        fit: the fitted model over the (possibly coarsened) domain, and how the fit ended.
        measurements: every noisy marginal that the model was fitted to.
        refinements: for attributes that the mechanism coarsened, how to return to the curator's codes.
        last: the last selection, for bounds on what was passed over; None where nothing was selected in rounds.
        notes: findings for a person, such as an unspent budget.
    """

    fit: Fit
    measurements: tuple[Measurement, ...]
    refinements: Mapping[str, Refinement] = field(default_factory=dict)
    last: LastSelection | None = None
    notes: tuple[str, ...] = ()


class Mechanism(Protocol):
    """A frozen, keyword-only configuration with one method."""

    @property
    def name(self) -> str:
        """The name on the command line."""
        ...

    def describe(self) -> dict[str, Any]:
        """Name and knobs, JSON-able, for the certificate."""
        ...

    def run(
        self,
        curator: Curator,
        *,
        start: Sequence[Measurement] = (),
        fairness: Fairness | None = None,
        zeros: Impossible | None = None,
        progress: Progress = silent,
    ) -> Outcome:
        """Spend what is left in the curator's ledger and return a model.

        Args:
            curator: answers the three calls; its ledger's remainder is the budget.
            start: noisy marginals already paid for, over the curator's domain.
            fairness: roles and policy that every measured clique must meet; a filter on public candidates.
            zeros: for declared cliques the cells that no row may lie in; each is a clique of the model's graph.
            progress: called after each part of each phase.

        Raises:
            BudgetError: the budget is too small for the mechanism's steps.
        """
        ...


def spent_share(curator: Curator) -> float:
    """Share of the run's budget spent so far."""
    return curator.ledger.spent / curator.ledger.budget.nano_rho


def one_way(curator: Curator) -> list[Clique]:
    """The one-attribute cliques of a curator's domain."""
    return [(a,) for a in curator.domain]


def measure_columns(curator: Curator, sigma: float, progress: Progress) -> list[Measurement]:
    """Every one-way marginal at one scale: how the mechanisms begin."""
    ones = one_way(curator)
    counts = curator.measure(ones, sigma)
    progress(Step(phase="measure columns", done=1, parts=1, spent=spent_share(curator)))
    return [Measurement(clique=c, values=y, sigma=sigma) for c, y in zip(ones, counts, strict=True)]
