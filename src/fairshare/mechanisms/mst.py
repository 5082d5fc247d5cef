"""MST: the maximum spanning tree of pairwise dependence (McKenna, Miklau, Sheldon 2021, JPC 11(3))."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import ClassVar, get_args

import numpy as np

from fairshare.curator import Candidate, Curator
from fairshare.errors import UsageError
from fairshare.fairness import Fairness, FairTree, fair_tree
from fairshare.marginals import Clique
from fairshare.mechanisms.base import Impossible, Outcome, Progress, Step, measure_columns, one_way, silent, spent_share
from fairshare.mechanisms.compression import Spread, compress, compressed_measurement
from fairshare.mechanisms.gate import Gate
from fairshare.mechanisms.knobs import Knobs
from fairshare.model import FitOptions, Measurement, Model, fit
from fairshare.privacy import epsilon_for, score_sigma_for, sigma_for

__all__ = ["MST"]


@dataclass(frozen=True, kw_only=True)
class MST(Knobs):
    """One-way marginals, a private spanning tree, its two-way marginals; a third of the budget each.

    Attributes:
        compress_below: values whose noisy count is below this many sigmas are merged while pairs are measured
            (section 3.3; 0 merges none but negative counts).
        spread: how merged values are told apart again: by their noisy counts (``measured``) or evenly (``even``, as
            in the authors' code; worse at small epsilons).
        fitting: how the model is fitted.

    Raises:
        UsageError: ``compress_below`` is negative, or ``spread`` unknown.
    """

    name: ClassVar[str] = "mst"
    compress_below: float = 3.0
    spread: Spread = "measured"
    fitting: FitOptions = field(default_factory=FitOptions)

    def __post_init__(self) -> None:
        if not 0 <= self.compress_below < float("inf"):
            raise UsageError(f"compress_below ({self.compress_below}) must be at least 0; 3 is usual")
        if self.spread not in get_args(Spread):
            raise UsageError(f"spread ({self.spread!r}) must be one of {', '.join(get_args(Spread))}")

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
        unit, ones = curator.ledger.unit, one_way(curator)
        alone = len(ones) == 1
        third = curator.ledger.remaining // (1 if alone else 3)
        sigma = sigma_for(third, len(ones), unit)
        measured = measure_columns(curator, sigma, progress)
        declared = {a for clique in zeros or () for a in clique}  # their codes must keep their meaning
        mergeable = [m for m in measured if m.clique[0] not in declared]
        refinements = compress(mergeable, threshold=self.compress_below, spread=self.spread)
        coarse = curator.coarsen({a: r.codes for a, r in refinements.items()})
        measured = [compressed_measurement(m, refinements) for m in (*measured, *start)]
        notes: tuple[str, ...] = ()
        if not alone:
            independent = fit(coarse.domain, measured, zeros=zeros, options=self.fitting).model
            tree, notes = _tree(coarse, independent, third, fairness, progress)
            sigma = sigma_for(curator.ledger.remaining, len(tree), unit)
            pairs = coarse.measure(tree, sigma)
            measured += [Measurement(clique=c, values=y, sigma=sigma) for c, y in zip(tree, pairs, strict=True)]
            progress(Step(phase="measure pairs", done=1, parts=1, spent=spent_share(curator)))
        fitted = fit(
            coarse.domain,
            measured,
            zeros=zeros,
            options=self.fitting,
            progress=lambda i, _: progress(
                Step(phase="fit", done=i, parts=self.fitting.max_iterations, spent=spent_share(curator))
            ),
        )
        return Outcome(fit=fitted, measurements=tuple(measured), refinements=refinements, notes=notes)


def _tree(
    curator: Curator, independent: Model, nano: int, fairness: Fairness | None, progress: Progress
) -> tuple[list[Clique], tuple[str, ...]]:
    """A spanning tree of pairs far from independence, in domain order, and what is to be said about it."""
    cliques = list(combinations(curator.domain.attributes, 2))
    estimates = independent.marginals(cliques)
    edges = [Candidate(clique=c, estimate=e) for c, e in zip(cliques, estimates, strict=True)]
    notes: tuple[str, ...] = ()
    if fairness is not None and fairness.policy == "exact":
        found = _optimal_tree(curator, edges, nano, fairness, list(independent.zeros))
        tree = list(found.edges)
        if not found.optimal:
            notes = (f"the search for the heaviest fair tree stopped early, at most {found.gap:.0f} rows below it",)
        progress(Step(phase="choose pairs", done=1, parts=1, spent=spent_share(curator)))
    else:
        tree = _greedy_tree(curator, edges, nano, Gate(curator.domain, fairness, independent.zeros), progress)
    return [c for c in cliques if c in set(tree)], notes


def _optimal_tree(
    curator: Curator, edges: Sequence[Candidate], nano: int, fairness: Fairness, given: Sequence[Clique]
) -> FairTree:
    """Exponential-PreFair: noise every pair's score once, then the fair spanning tree of greatest weight.

    PreFair (Pujol et al. 2023) searches trees by score; any function of the noisy scores is post-processing, so the
    exact optimum costs no more than a good guess.
    """
    sigma = score_sigma_for(nano, [1] * len(edges), curator.ledger.unit)
    scores = curator.score(edges, sigma)
    weights = {e.clique: float(s) for e, s in zip(edges, scores, strict=True)}
    return fair_tree(weights, curator.domain.attributes, fairness, given=given)


def _greedy_tree(
    curator: Curator, candidates: Sequence[Candidate], nano: int, gate: Gate, progress: Progress
) -> list[Clique]:
    """Private Kruskal: each round the exponential mechanism picks one edge between two components.

    Under fairness the edges of a round are those that the policy allows (Greedy-PreFair).
    """
    cliques = [c.clique for c in candidates]
    attributes = curator.domain.attributes
    edges = list(combinations(range(len(attributes)), 2))
    component = np.arange(len(attributes))
    ends = np.array(edges)
    rounds = len(attributes) - 1
    epsilon = epsilon_for(nano // rounds)
    tree: list[Clique] = []
    for _ in range(rounds):
        open_edges = np.flatnonzero((component[ends[:, 0]] != component[ends[:, 1]]) & gate.allowed(cliques))
        chosen = int(open_edges[curator.select([candidates[int(e)] for e in open_edges], epsilon)])
        tree.append(cliques[chosen])
        gate.take(cliques[chosen])
        left, right = component[ends[chosen]]
        component[component == right] = left
        progress(Step(phase="choose pairs", done=len(tree), parts=rounds, spent=spent_share(curator)))
    return tree
