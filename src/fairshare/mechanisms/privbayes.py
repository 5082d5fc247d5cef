"""PrivBayes: a Bayesian network grown attribute by attribute (Zhang et al. 2014/2017, ACM TODS 42(4)).

The published mechanism scores (attribute, parents) by mutual information or its relatives R and F, whose sensitivity
is a matter of care. Here the score is the L1 error of the current model, which knows the parents' joint distribution
and has the new attribute independent of them: twice the paper's R, up to the model's own error, with a sensitivity of
one row. Degree is bounded by theta-usefulness: a table is admitted if its average cell holds at least theta times
the noise. Each conditional table is measured once, when it is chosen, so that later choices build on it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from math import comb
from typing import ClassVar

from fairshare.curator import Curator
from fairshare.errors import BudgetError
from fairshare.fairness import Fairness
from fairshare.marginals import Clique, Domain
from fairshare.mechanisms.base import Impossible, Outcome, Progress, measure_columns, one_way, silent
from fairshare.mechanisms.gate import Gate
from fairshare.mechanisms.knobs import Knobs, above_zero, at_least_one, share
from fairshare.mechanisms.loop import Round, Selection, expected_noise, select_measure_estimate, within_size
from fairshare.model import FitOptions, Measurement, Model, fit
from fairshare.privacy import sigma_for

__all__ = ["PrivBayes"]

_MAX_FAMILIES = 5_000


@dataclass(frozen=True, kw_only=True)
class PrivBayes(Knobs):
    """One attribute at a time joins the network, with the parents that matter most.

    Attributes:
        theta: least average count of a cell, in expected absolute noise (the paper's usefulness; 4 there).
        max_parents: cap on the number of parents; wide tables get fewer, so that a round has at most 5,000 choices.
        one_way_share: share of the budget for one-way marginals.
        select_share: share of the rest that chooses; what remains measures.
        max_model_mb: cap on the junction tree of the network.
        fitting: how the model is fitted.

    Raises:
        UsageError: a field is out of range.
    """

    name: ClassVar[str] = "privbayes"
    theta: float = 4.0
    max_parents: int = 2
    one_way_share: float = 0.2
    select_share: float = 0.2
    max_model_mb: float = 80.0
    fitting: FitOptions = field(default_factory=FitOptions)

    def __post_init__(self) -> None:
        above_zero("theta", self.theta, usual=4)
        at_least_one("max_parents", self.max_parents, "2 is usual")
        share("one_way_share", self.one_way_share, usual=0.2)
        share("select_share", self.select_share, usual=0.2)
        above_zero("max_model_mb", self.max_model_mb, usual=80)

    def run(
        self,
        curator: Curator,
        *,
        start: Sequence[Measurement] = (),
        fairness: Fairness | None = None,
        zeros: Impossible | None = None,
        progress: Progress = silent,
    ) -> Outcome:
        """Spend what is left in the ledger; see ``Mechanism.run``."""
        ledger, ones = curator.ledger, one_way(curator)
        share = self.one_way_share if len(ones) > 1 else 1.0
        sigma = sigma_for(int(ledger.remaining * share), len(ones), ledger.unit)
        measured = [*start, *measure_columns(curator, sigma, progress)]
        first = fit(curator.domain, measured, zeros=zeros, options=self.fitting)
        plan = _Network(self, curator)
        fitted, last = select_measure_estimate(
            curator,
            first,
            measured,
            plan,
            gate=Gate(curator.domain, fairness, [*ones, *(zeros or ())]),
            fitting=self.fitting,
            progress=progress,
        )
        return Outcome(fit=fitted, measurements=tuple(measured), last=last)


class _Network:
    """The plan of each round: which attribute may join, with which parents."""

    def __init__(self, knobs: PrivBayes, curator: Curator) -> None:
        self._knobs, self._curator = knobs, curator
        self._inside: tuple[str, ...] = ()
        self._left = len(curator.domain) - 1

    def __call__(self, model: Model, last: Selection | None) -> Round | None:
        if self._left < 1:
            return None
        domain, ledger = self._curator.domain, self._curator.ledger
        if last is not None:
            self._inside = domain.clique((*self._inside, *last.clique))
        share = ledger.remaining // self._left
        self._left -= 1
        measure = int(share * (1 - self._knobs.select_share))
        if not 1 <= measure < share:
            raise BudgetError(f"a round's budget (rho {share / 1e9:.9f}) must be larger; raise epsilon")
        noise = expected_noise(sigma_for(measure, 1, ledger.unit), 1)
        most_cells = max(1.0, model.total / (self._knobs.theta * noise))
        families = _families(domain, self._inside, self._knobs.max_parents, most_cells)
        fits = within_size(model, families, self._knobs.max_model_mb)
        allowed = [c for c, ok in zip(families, fits, strict=True) if ok or len(c) == 2]
        return Round(candidates=allowed, weights=[1] * len(allowed), select=share - measure, measure=measure)


def _families(domain: Domain, inside: Clique, max_parents: int, most_cells: float) -> list[Clique]:
    """Each attribute outside the network with each useful set of parents inside; with one parent in any case.

    Before the network has a root, any pair may start it.
    """
    if not inside:
        return list(combinations(domain.attributes, 2))
    outside = [a for a in domain if a not in inside]
    while max_parents > 1 and len(outside) * comb(len(inside), max_parents) > _MAX_FAMILIES:
        max_parents -= 1
    return [
        domain.clique((a, *parents))
        for a in outside
        for k in range(1, min(max_parents, len(inside)) + 1)
        for parents in combinations(inside, k)
        if k == 1 or domain.cells((a, *parents)) <= most_cells
    ]
