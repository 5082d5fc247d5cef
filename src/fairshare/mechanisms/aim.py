"""AIM: an adaptive and iterative mechanism (McKenna, Mullins, Sheldon, Miklau 2022, PVLDB 15(11), Algorithm 4)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from fairshare.curator import Curator
from fairshare.errors import BudgetError
from fairshare.fairness import Fairness
from fairshare.marginals import Clique, downward_closure, overlap_weights
from fairshare.mechanisms.base import Impossible, Outcome, Progress, measure_columns, one_way, silent
from fairshare.mechanisms.gate import Gate
from fairshare.mechanisms.knobs import Knobs, above_zero, at_least_one, share
from fairshare.mechanisms.loop import (
    Round,
    Selection,
    expected_noise,
    integer_weights,
    select_measure_estimate,
    within_size,
)
from fairshare.mechanisms.workload import Workload, resolve
from fairshare.model import FitOptions, Measurement, Model, fit
from fairshare.privacy import sigma_for

__all__ = ["AIM"]


@dataclass(frozen=True, kw_only=True)
class AIM(Knobs):
    """Selects what the model gets wrong, weighted by a workload; anneals its noise; spends all of the budget.

    Attributes:
        workload: ``k`` for all k-way marginals, a list of column sets, or a mapping of column sets to weights.
        max_cells: workload marginals with more cells are left out.
        max_model_mb: cap on the junction tree, growing with the budget spent (section 5).
        rounds: the budget is planned for this many rounds, annealing makes them fewer; 16 x columns when not given.
        measure_share: share of a round's budget that measures; the rest selects (alpha in the paper).
        fitting: how the model is fitted.

    Raises:
        UsageError: a field is out of range.
    """

    name: ClassVar[str] = "aim"
    workload: Workload = 3
    max_cells: int = 10_000
    max_model_mb: float = 80.0
    rounds: int | None = None
    measure_share: float = 0.9
    fitting: FitOptions = field(default_factory=lambda: FitOptions(tolerance=1e-2))

    def __post_init__(self) -> None:
        at_least_one("rounds", self.rounds, "leave it out for 16 x columns")
        share("measure_share", self.measure_share, usual=0.9)
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
        domain, ledger = curator.domain, curator.ledger
        workload = resolve(self.workload, domain, self.max_cells)
        closure = [c for c in downward_closure(workload) if domain.cells(c) <= self.max_cells]
        weights = integer_weights(overlap_weights(workload, closure))
        nano = ledger.remaining
        rounds = self.rounds or 16 * len(domain)
        slice_ = int(nano * self.measure_share) // rounds
        ones = one_way(curator)
        if slice_ * len(ones) > nano * self.measure_share or slice_ < 1:
            # Checked before any spend: with few rounds the one-way start alone would take all of the budget.
            slice_ = int(nano * self.measure_share / 2) // len(ones)
        if slice_ < 1:
            raise BudgetError(f"the budget (rho {nano / 1e9:.9f}) must cover {len(ones)} columns; raise epsilon")
        sigma = sigma_for(slice_, 1, ledger.unit)
        measured = [*start, *measure_columns(curator, sigma, progress)]
        first = fit(domain, measured, zeros=zeros, options=self.fitting)
        plan = _Annealing(self, curator, closure, weights, slice_)
        fitted, last = select_measure_estimate(
            curator,
            first,
            measured,
            plan,
            gate=Gate(domain, fairness, [*ones, *(zeros or ())]),
            fitting=self.fitting,
            progress=progress,
        )
        return Outcome(fit=fitted, measurements=tuple(measured), last=last)


class _Annealing:
    """The plan of each round: equal slices, four times as large after a round that taught too little."""

    def __init__(
        self, knobs: AIM, curator: Curator, closure: Sequence[Clique], weights: dict[Clique, int], slice_: int
    ) -> None:
        self._knobs, self._curator, self._closure, self._weights = knobs, curator, closure, weights
        self._measure = slice_
        self._select = max(1, round(slice_ * (1 - knobs.measure_share) / knobs.measure_share))

    def __call__(self, model: Model, last: Selection | None) -> Round | None:
        ledger, share = self._curator.ledger, self._knobs.measure_share
        if last is not None:
            cells = self._curator.domain.cells(last.clique)
            if last.change <= expected_noise(last.sigma, cells):  # half sigma and twice epsilon
                self._measure, self._select = 4 * self._measure, 4 * self._select
        if ledger.remaining < 2 * (self._measure + self._select):  # the last round spends the rest
            self._measure = int(ledger.remaining * share)
            self._select = ledger.remaining - self._measure
        if self._measure < 1 or self._select < 1:
            return None
        spent = 1 - (ledger.remaining - self._measure - self._select) / ledger.budget.nano_rho
        fits = within_size(model, self._closure, self._knobs.max_model_mb * min(1.0, spent))
        candidates = [c for c, fit_ in zip(self._closure, fits, strict=True) if fit_]
        return Round(
            candidates=candidates,
            weights=[self._weights[c] for c in candidates],
            select=self._select,
            measure=self._measure,
        )
