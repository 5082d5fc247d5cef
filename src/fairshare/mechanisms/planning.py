"""Public planning for one batch of measurements: which marginals a junction tree can hold, how precise each is worth.

Everything here reads noisy or public numbers only.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from fairshare.marginals import Clique
from fairshare.mechanisms.gate import Gate
from fairshare.model import JunctionTree

__all__ = ["Offer", "grow_tree", "split_precision"]

_HALF_NORMAL = math.sqrt(2 / math.pi)  # expected absolute value of a standard Gaussian
# How strongly large marginals are held back while the tree grows; the best plan of all is taken.
_PENALTIES = (0.0, 1 / 3, 2 / 3, 1.0)
# How many offers a growth looks at: this many times what the best split would take of all, and a few.
_SPARE, _LEAST = 3, 20


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A marginal that may be measured.

    Attributes:
        clique: attributes, in domain order.
        gain: L1 error that an exact measurement would remove, in rows.
        weight: how much the workload cares.
        cells: number of cells of the marginal.
    """

    clique: Clique
    gain: float
    weight: float
    cells: int

    @property
    def size(self) -> float:
        """What the marginal costs in the optimal split: (weight x cells)^(2/3)."""
        return float((self.weight * self.cells) ** (2 / 3))


def split_precision(offers: Sequence[Offer], precision: float) -> list[tuple[Offer, float]]:
    """The subset of offers, and their precisions (1/sigma^2), that remove the most weighted error.

    Maximises sum w (gain - cells sqrt(2/pi) B^(-1/2)) subject to sum B = precision. For a fixed subset the optimum
    is B proportional to (w cells)^(2/3), at a loss of sqrt(2/pi) (sum (w cells)^(2/3))^(3/2) precision^(-1/2); the
    subset is the best prefix by gain over cost.

    Args:
        offers: at least one.
        precision: total to split, above 0.

    Returns:
        Offers with their precisions, which sum to ``precision``; at least one.
    """
    ranked = sorted(offers, key=lambda o: o.weight * o.gain / o.size, reverse=True)
    best, best_value, gain, size = 1, -math.inf, 0.0, 0.0
    for count, offer in enumerate(ranked, start=1):
        gain, size = gain + offer.weight * offer.gain, size + offer.size
        if (value := gain - _HALF_NORMAL * size**1.5 / math.sqrt(precision)) > best_value:
            best, best_value = count, value
    total = sum(o.size for o in ranked[:best])
    return [(o, precision * o.size / total) for o in ranked[:best]]


def _value(plan: Sequence[tuple[Offer, float]]) -> float:
    return sum(o.weight * (o.gain - _HALF_NORMAL * o.cells / math.sqrt(b)) for o, b in plan)


def grow_tree(
    trunk: JunctionTree, offers: Sequence[Offer], precision: float, max_cells: int, gate: Gate
) -> list[Offer]:
    """The offers that fit into one junction tree of at most ``max_cells`` cells, for the best of several growths.

    Args:
        trunk: the tree of what has been measured; it is extended.
        offers: what may be measured.
        precision: total to split.
        max_cells: cap on the tree.
        gate: what fairness allows, given what has been measured.

    Each growth adds offers greedily by weighted gain over (cost to the power of a penalty), skipping those that would
    make the tree too large; its value is that of the best split of the precision among what it holds.
    """
    worthy = _worthy(offers, precision)
    best: list[Offer] = []
    best_value = -math.inf
    for penalty in _PENALTIES:
        held = _grow(
            trunk, sorted(worthy, key=lambda o: o.weight * o.gain / o.size**penalty, reverse=True), max_cells, gate
        )
        if held and (value := _value(split_precision(held, precision))) > best_value:
            best, best_value = held, value
    return best


def _worthy(offers: Sequence[Offer], precision: float) -> list[Offer]:
    """The offers that could be measured at all: some more than the best split would take if everything fitted."""
    ranked = sorted(offers, key=lambda o: o.weight * o.gain / o.size, reverse=True)
    return ranked[: _SPARE * len(split_precision(ranked, precision)) + _LEAST]


def _grow(trunk: JunctionTree, ranked: Sequence[Offer], max_cells: int, gate: Gate) -> list[Offer]:
    """The offers that fit, taken greedily in this order."""
    tree, trial = trunk, gate.fork(trunk.domain)
    held: list[Offer] = []
    passed: list[Offer] = []
    for offer in ranked:
        inside = tree.host(offer.clique) is not None  # also by fill-in: costs no cells, but fairness must allow it
        if not trial.allowed([offer.clique])[0]:
            continue
        if not inside and tree.cells_with([offer.clique])[0] > max_cells:
            passed.append(offer)
            continue
        if not inside:
            tree = tree.with_clique(offer.clique)
        trial.take(offer.clique)
        held.append(offer)
    for offer in passed:  # too large at its turn, covered by a later clique's fill-in
        if tree.host(offer.clique) is not None and trial.allowed([offer.clique])[0]:
            trial.take(offer.clique)
            held.append(offer)
    return held
