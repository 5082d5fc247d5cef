"""The fairness of a release: judged from the model's cliques, before anything leaves."""

from dataclasses import replace
from typing import Any

from fairshare.errors import NotFairError
from fairshare.fairness import Fairness, certify, check_sampling_order, sampling_order
from fairshare.mechanisms import MST, Mechanism
from fairshare.model import MOST_CELLS, Model

__all__ = ["grantable", "judge"]

#: Largest table that a sampler may need for the sake of fair interventions (128 MB).
_MAX_CELLS = 1 << 24


def grantable(fairness: Fairness, mechanism: Mechanism) -> tuple[Fairness, tuple[str, ...]]:
    """The wish as this mechanism can grant it, and what a person should know about the difference.

    Only MST measures one tree, so only there ``exact`` has a meaning. Mechanisms that grow cliques one by one get
    ``justifiable``, the same filter without the optimum, and the certificate names that policy.
    """
    if fairness.policy != "exact" or isinstance(mechanism, MST):
        return fairness, ()
    note = (
        f"policy 'exact' was asked for, but {mechanism.name} grows cliques one by one, so 'justifiable' was applied: "
        "the same criterion, no optimal tree; use the mechanism mst for that"
    )
    return replace(fairness, policy="justifiable"), (note,)


def judge(model: Model, fairness: Fairness) -> tuple[dict[str, Any], tuple[str, ...] | None]:
    """The fairness part of the certificate, and the order to sample in.

    The model's own sampling order is kept where its fill-in joins no sides, so that interventions on the sampler are
    fair too; else another order is looked for; where the only ones need too large a table, nothing is claimed of
    interventions, and the certificate says so.

    Raises:
        NotFairError: the model does not meet the criterion; nothing may be released.
    """
    cliques = [*model.cliques, *model.structure, *model.zeros]
    own = tuple(reversed(model.junction_tree.elimination_order))
    found = check_sampling_order(model.domain, cliques, own, fairness)
    if not found.verdict:
        found = sampling_order(model.domain, cliques, fairness, max_cells=_MAX_CELLS)
    order = found.order if found.verdict and model.sampling_tree(found.order).cells <= MOST_CELLS else None
    judged = certify(cliques, fairness, sampling_order=order)
    if not judged.fair:
        raise NotFairError(f"the model is not fair: {judged.reason}; nothing was released, please report this")
    return judged.to_dict(), order
