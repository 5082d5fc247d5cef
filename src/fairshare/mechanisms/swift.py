"""SWIFT: a scalable workload-informed factor tree, in a handful of private interactions.

After Google's DPSynth (2026): score every pair at once, plan in public which marginals a junction tree can hold and
how precisely to measure each, then measure them all at once. Few interactions make it the natural choice for large
tables, and above all where every interaction costs network rounds. Ours may go round twice: what the first batch left
unexplained is scored again and buys a second one.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from fairshare.curator import Candidate, Curator
from fairshare.errors import UsageError
from fairshare.fairness import Fairness
from fairshare.marginals import Clique, downward_closure, overlap_weights
from fairshare.mechanisms.base import Impossible, Outcome, Progress, Step, measure_columns, one_way, silent, spent_share
from fairshare.mechanisms.gate import Gate
from fairshare.mechanisms.knobs import Knobs, above_zero, at_least_one, share
from fairshare.mechanisms.loop import expected_noise
from fairshare.mechanisms.planning import Offer, grow_tree, split_precision
from fairshare.mechanisms.workload import Workload, resolve
from fairshare.model import FitOptions, JunctionTree, Measurement, Model, fit
from fairshare.privacy import NANO, score_sigma_for, sigma_for

__all__ = ["SWIFT"]


@dataclass(frozen=True, kw_only=True)
class SWIFT(Knobs):
    """One-way marginals; then, for each batch, every pair's error at once and a set of marginals planned in public.

    Attributes:
        workload: ``k`` for all k-way marginals, a list of column sets, or a mapping of column sets to weights.
        max_cells: workload marginals with more cells are left out.
        max_model_mb: cap on the junction tree; 16 by measurement: larger ones cost more and gain next to nothing.
        one_way_share: share of the budget for the first one-way marginals.
        score_share: share of the budget for the errors of all pairs, in each batch.
        batches: how often pairs are scored and marginals measured; 1 as published, 2 by measurement.
        batch_share: share of what is left that a batch measures with; the last takes all.
        fitting: how the model is fitted.

    Raises:
        UsageError: a field is out of range.
    """

    name: ClassVar[str] = "swift"
    workload: Workload = 3
    max_cells: int = 10_000
    max_model_mb: float = 16.0
    one_way_share: float = 0.05
    score_share: float = 0.02
    batches: int = 2
    batch_share: float = 0.7
    fitting: FitOptions = field(default_factory=FitOptions)

    def __post_init__(self) -> None:
        at_least_one("batches", self.batches, "2 is usual")
        if not (min(self.one_way_share, self.score_share) > 0 and self._before_measuring < 1):
            raise UsageError(
                f"one_way_share ({self.one_way_share}) and {self.batches} x score_share ({self.score_share}) must be "
                "above 0 and leave something to measure with"
            )
        share("batch_share", self.batch_share, usual=0.7)
        above_zero("max_model_mb", self.max_model_mb, usual=16)

    @property
    def _before_measuring(self) -> float:
        return self.one_way_share + self.batches * self.score_share

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
        nano, ones = ledger.remaining, one_way(curator)
        workload = resolve(self.workload, domain, self.max_cells)
        pairs = [c for c in downward_closure(workload) if len(c) == 2 and domain.cells(c) <= self.max_cells]
        sigma = sigma_for(int(nano * self.one_way_share) if pairs else nano, len(ones), ledger.unit)
        measured = [*start, *measure_columns(curator, sigma, progress)]
        fitted = fit(domain, measured, zeros=zeros, options=self.fitting)
        gate = Gate(domain, fairness, [*ones, *(zeros or ())])
        for batch in range(1, 1 + (self.batches if pairs else 0)):
            errors = self._score(curator, fitted.model, pairs, int(nano * self.score_share))
            offers = _offers(curator, workload, pairs, errors, sigma)
            last = batch == self.batches
            budget = ledger.remaining if last else int(ledger.remaining * self.batch_share)
            measured += self._measure(curator, fitted.model.junction_tree, offers, gate=gate, nano=budget)
            progress(Step(phase="score and measure", done=batch, parts=self.batches, spent=spent_share(curator)))
            fitted = fit(
                domain,
                measured,
                warm=fitted.model,
                zeros=zeros,
                options=self.fitting,
                progress=lambda i, _: progress(
                    Step(phase="fit", done=i, parts=self.fitting.max_iterations, spent=spent_share(curator))
                ),
            )
        return Outcome(fit=fitted, measurements=tuple(measured))

    def _score(self, curator: Curator, model: Model, pairs: Sequence[Clique], nano: int) -> list[float]:
        """A noisy L1 error of the model on every pair, at least 0."""
        candidates = [Candidate(clique=c, estimate=e) for c, e in zip(pairs, model.marginals(pairs), strict=True)]
        sigma = score_sigma_for(nano, [1] * len(pairs), curator.ledger.unit)
        return [max(0.0, float(s)) for s in curator.score(candidates, sigma)]

    def _measure(
        self, curator: Curator, trunk: JunctionTree, offers: Sequence[Offer], *, gate: Gate, nano: int
    ) -> list[Measurement]:
        """Spend ``nano`` billionths of rho on the plan's marginals, each with a precision of its own, in one call."""
        unit = curator.ledger.unit
        precision = 2 * nano / NANO / unit.l2_squared
        max_cells = int(self.max_model_mb * 2**20 / 8)
        chosen = split_precision(grow_tree(trunk, offers, precision, max_cells, gate), precision)
        cliques = [offer.clique for offer, _ in chosen]
        for clique in cliques:
            gate.take(clique)
        # Whole billionths, rounded down, so that together they never exceed what is left.
        nanos = [int(share / precision * (nano - len(chosen))) for _, share in chosen]
        sigmas = [sigma_for(max(1, n), 1, unit) for n in nanos]
        counts = curator.measure(cliques, sigmas)
        return [Measurement(clique=c, values=y, sigma=s) for c, y, s in zip(cliques, counts, sigmas, strict=True)]


def _offers(
    curator: Curator,
    workload: Mapping[Clique, float],
    pairs: Sequence[Clique],
    errors: Sequence[float],
    sigma: float,
) -> list[Offer]:
    """What measuring each pair, or each column again, may gain: the error that it would remove."""
    domain, ones = curator.domain, one_way(curator)
    weights = overlap_weights(workload, [*pairs, *ones])
    top = max(weights.values())
    again = [expected_noise(sigma, domain.cells(c)) for c in ones]
    return [
        Offer(clique=c, gain=error, weight=weights[c] / top, cells=domain.cells(c))
        for c, error in [*zip(pairs, errors, strict=True), *zip(ones, again, strict=True)]
        if math.isfinite(error) and weights[c] > 0
    ]
