"""MWEM+PGM: a fixed number of rounds over pairs, with a graphical model (McKenna, Sheldon, Miklau 2019).

The settings are those of CaPS (Pentyala et al. 2024): as many rounds as columns, nine tenths of each round's budget
for its measurement, all pairs below a number of cells, a cap on the model that grows with the rounds.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from fairshare.curator import Curator
from fairshare.errors import BudgetError
from fairshare.fairness import Fairness
from fairshare.mechanisms.base import Impossible, Outcome, Progress, one_way, silent
from fairshare.mechanisms.gate import Gate
from fairshare.mechanisms.knobs import Knobs, above_zero, at_least_one, share
from fairshare.mechanisms.loop import Round, Selection, select_measure_estimate, within_size
from fairshare.mechanisms.workload import Workload, resolve
from fairshare.model import FitOptions, Measurement, Model, fit
from fairshare.privacy import sigma_for

__all__ = ["MWEM"]

# The model needs a number of rows before its first comparison; a hundredth of the budget buys it.
_TOTAL_SHARE = 100


@dataclass(frozen=True, kw_only=True)
class MWEM(Knobs):
    """Rounds of: pick the worst pair, measure it, fit.

    Attributes:
        rounds: number of rounds; the number of columns when not given.
        workload: candidates; all pairs by default.
        max_cells: candidates with more cells are left out.
        max_model_mb: cap on the junction tree after the last round; round t of T may use t/T of it.
        measure_share: share of a round's budget that measures.
        fitting: how the model is fitted.

    Raises:
        UsageError: a field is out of range.
    """

    name: ClassVar[str] = "mwem"
    rounds: int | None = None
    workload: Workload = 2
    max_cells: int = 10_000
    max_model_mb: float = 80.0
    measure_share: float = 0.9
    fitting: FitOptions = field(default_factory=FitOptions)

    def __post_init__(self) -> None:
        at_least_one("rounds", self.rounds, "leave it out for one a column")
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
        pairs = [*resolve(self.workload, domain, self.max_cells)]
        rounds = self.rounds or len(domain)
        candidates = pairs or one_way(curator)
        sigma = sigma_for(ledger.remaining // _TOTAL_SHARE, 1, ledger.unit)
        total = curator.measure([()], sigma)[0]
        measured = [*start, Measurement(clique=(), values=total, sigma=sigma)]
        first = fit(domain, measured, zeros=zeros, options=self.fitting)
        gate = Gate(domain, fairness, zeros or ())
        done = 0

        def plan(model: Model, last: Selection | None) -> Round | None:  # noqa: ARG001  (rounds are alike)
            nonlocal done
            if done == rounds:
                return None
            share = ledger.remaining // (rounds - done)
            done += 1
            measure = int(share * self.measure_share)
            if not 1 <= measure < share:
                raise BudgetError(f"a round's budget (rho {share / 1e9:.9f}) must be larger; raise epsilon")
            fair = [c for c, ok in zip(candidates, gate.allowed(candidates), strict=True) if ok]
            fits = within_size(model, fair, self.max_model_mb * done / rounds)
            # Should every pair be too large for the cap, the smallest one is still allowed.
            allowed = [c for c, ok in zip(fair, fits, strict=True) if ok] or [min(fair, key=domain.cells)]
            return Round(candidates=allowed, weights=[1] * len(allowed), select=share - measure, measure=measure)

        fitted, last = select_measure_estimate(
            curator,
            first,
            measured,
            plan,
            gate=gate,
            fitting=self.fitting,
            progress=progress,
        )
        return Outcome(fit=fitted, measurements=tuple(measured), last=last)
