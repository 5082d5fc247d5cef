"""An order in which to sample a fair model, so that interventions on the sampler are fair too.

The criterion (:func:`fairshare.fairness.separation`) speaks of *observing*: outcomes are independent of protected
attributes given any superset K of the admissible ones. A junction-tree sampler is also a causal model: it draws
the attributes one by one, each from its law given those already drawn that are its neighbours in the graph with
fill-in, and one may *intervene* on it. That claim needs more than the criterion:

    In the cycle P - A1 - O - A2 the criterion holds. Sampled in the order A2, P, O, A1, the outcome is drawn given
    A2 and P (eliminating A1 fills in P - O), so do(P), do(A1), do(A2) moves O: P acts on O directly, A1 does not.

**Claim.** Eliminate attributes in some order; each makes a clique with its neighbours that are left (its
*elimination clique*), and the sampler draws in the reverse order, each attribute given the rest of its elimination
clique. If the elimination cliques meet the criterion, then for every K that contains the admissible attributes
(and no protected or outcome attribute), O's law under do(P = p), do(K = k) does not depend on p.

*Proof.* The sampler's arrows are edges of its elimination cliques. Under do(K) no arrow enters K, so P acts on O
only along a directed path that avoids K, hence avoids the admissible attributes: a path between them in the graph
of elimination cliques without the admissible attributes. There is none. ∎

**Such an order exists whenever the model meets the criterion.** Eliminating an attribute that is not admissible
ties its neighbours together; those that are not admissible lie in its own component already, so no components
merge. Eliminating an admissible attribute merges the components of its neighbours, which is allowed while they
are not on both sides. So it suffices to eliminate the admissible attributes last (sample them first), and often
one need not: a tree eliminated from its leaves has no fill-in at all. What can fail is only the size: with the
admissible attributes last, a chain of k others with an admissible leaf on each ends in a table over all k leaves.
:func:`sampling_order` therefore eliminates whatever allowed attribute makes the smallest table, and says so if
that is still too large.

The condition is sufficient, not necessary: fill-in that joins P and O through a common cause, without a directed
path, is refused too, so that the claim does not hang on the direction of arrows.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from fairshare.errors import UsageError
from fairshare.fairness.graph import FairGraph
from fairshare.fairness.roles import Fairness, Role
from fairshare.fairness.separation import Verdict, separation
from fairshare.marginals import Clique, Domain

__all__ = ["SamplingOrder", "check_sampling_order", "elimination_cliques", "sampling_order"]


@dataclass(frozen=True)
class SamplingOrder:
    """An order for the sampler, with what it costs and whether interventions on it are fair.

    Attributes:
        verdict: whether the claim of this module holds for the order, and why.
        order: attributes in the order in which they are drawn; the reverse is the elimination order. Empty if no
            order was found.
        cliques: elimination clique of each attribute of ``order``: it and what it is drawn given, in domain order.
        fill_in: pairs that share an elimination clique but no clique of the model.
        cells: cells of the largest elimination clique.
    """

    verdict: Verdict
    order: tuple[str, ...]
    cliques: tuple[Clique, ...]
    fill_in: tuple[Clique, ...]
    cells: int


def sampling_order(
    domain: Domain,
    cliques: Iterable[Clique],
    fairness: Fairness,
    *,
    admissible_first: bool = False,
    max_cells: int | None = None,
) -> SamplingOrder:
    """A sampling order whose fill-in joins no sides; see the module for the claim and its proof.

    Args:
        domain: attributes and sizes.
        cliques: the model's cliques, declared ones included.
        fairness: roles; every policy has the same criterion here.
        admissible_first: sample all admissible attributes before any other, even where it is not needed.
        max_cells: refuse if the largest table that the sampler needs has more cells.

    Returns:
        The order; with a refusal as verdict if the model does not meet the criterion (then there is no order) or
        the greedy search finds none within ``max_cells``.

    Raises:
        UsageError: ``max_cells`` is below 1, or a clique names an unknown attribute or none.
    """
    if max_cells is not None and max_cells < 1:
        raise UsageError(f"max_cells ({max_cells}) must be at least 1")
    cliques = tuple(cliques)
    criterion = separation(cliques, fairness.roles).verdict
    if not criterion:
        return SamplingOrder(criterion, (), (), (), 0)
    # Fill-in is no potential of the model, so `strict` asks no more of it than the criterion does.
    graph = FairGraph(domain, replace(fairness, policy="justifiable"), cliques)
    neighbours = _neighbours(domain, cliques)
    left = dict.fromkeys(domain)
    elimination: list[tuple[str, Clique]] = []
    while left:
        others = [a for a in left if fairness.roles.role_of(a) is not Role.ADMISSIBLE]
        choices = others if admissible_first and others else list(left)
        options = [(a, domain.clique({a, *neighbours[a]})) for a in choices]
        # Some option is always allowed: one that is not admissible, or, when only admissible ones are left, any.
        attribute, clique = min(
            (option for option in options if graph.allows(option[1])), key=lambda option: domain.cells(option[1])
        )
        graph.add(clique)
        _eliminate(neighbours, attribute)
        del left[attribute]
        elimination.append((attribute, clique))
    order, drawn = zip(*reversed(elimination), strict=True)
    return _within(max_cells, _described(domain, cliques, order, drawn, fairness), domain)


def check_sampling_order(
    domain: Domain, cliques: Iterable[Clique], order: Sequence[str], fairness: Fairness
) -> SamplingOrder:
    """What a given sampling order fills in, and whether interventions on that sampler are fair.

    Raises:
        UsageError: the order is not a permutation of the domain's attributes.
    """
    if sorted(order) != sorted(domain):
        raise UsageError(f"order ({list(order)}) must hold every attribute of {list(domain)} once")
    cliques = tuple(cliques)
    drawn = elimination_cliques(cliques, order)
    return _described(domain, cliques, order, [domain.clique(c) for c in drawn], fairness)


def elimination_cliques(cliques: Iterable[Clique], order: Sequence[str]) -> tuple[Clique, ...]:
    """Each attribute of a sampling order, followed by those that it is drawn given, in the order drawn.

    Raises:
        UsageError: an attribute of the cliques is not in the order, or the order has repeats.
    """
    cliques = tuple(cliques)
    attributes = {a for clique in cliques for a in clique}
    if not attributes <= set(order) or len(set(order)) != len(order):
        raise UsageError(
            f"order ({list(order)}) must hold every attribute of the cliques once, they hold {sorted(attributes)}"
        )
    neighbours = _neighbours(order, cliques)
    drawn = []
    for attribute in reversed(order):
        drawn.append((attribute, *(a for a in order if a in neighbours[attribute])))
        _eliminate(neighbours, attribute)
    return tuple(reversed(drawn))


def _described(
    domain: Domain,
    cliques: tuple[Clique, ...],
    order: Sequence[str],
    drawn: Sequence[Clique],
    fairness: Fairness,
) -> SamplingOrder:
    before, after = _neighbours(domain, cliques), _neighbours(domain, drawn)
    fill_in = tuple(
        (a, b) for i, a in enumerate(domain) for b in domain.attributes[i + 1 :] if b in after[a] - before[a]
    )
    cells = max(domain.cells(c) for c in drawn)
    found = separation(drawn, fairness.roles).verdict
    if found:
        verdict = Verdict(True, f"with the sampler's {len(fill_in)} fill-in edges, {found.because}")
    else:
        verdict = Verdict(False, f"with the sampler's fill-in, {found.because}: sample the admissible ones first")
    return SamplingOrder(verdict, tuple(order), tuple(drawn), fill_in, cells)


def _within(max_cells: int | None, found: SamplingOrder, domain: Domain) -> SamplingOrder:
    """The same order, refused if its largest table is too large."""
    if max_cells is None or found.cells <= max_cells:
        return found
    largest = max(found.cliques, key=domain.cells)
    because = (
        f"the smallest fair order found needs a table of {found.cells} cells over {largest}, more than max_cells "
        f"({max_cells}): allow more, or measure fewer cliques that share admissible attributes"
    )
    return replace(found, verdict=Verdict(False, because))


def _neighbours(attributes: Iterable[str], cliques: Iterable[Clique]) -> dict[str, set[str]]:
    neighbours: dict[str, set[str]] = {a: set() for a in attributes}
    for clique in cliques:
        for a in clique:
            neighbours[a].update(clique)
    for a, others in neighbours.items():
        others.discard(a)
    return neighbours


def _eliminate(neighbours: dict[str, set[str]], attribute: str) -> None:
    """Join what is left of an attribute's neighbours to one another, and take it out."""
    others = neighbours.pop(attribute)
    for a in others:
        neighbours[a] |= others
        neighbours[a] -= {a, attribute}
