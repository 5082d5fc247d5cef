"""The verdict on fairness, judged afresh from the model's cliques, and the paths that it rests on."""

from collections import deque
from collections.abc import Mapping
from itertools import combinations
from typing import Any

from fairshare.fairness import Fairness, Roles, certify, fairness_of, separation
from fairshare.marginals import Clique, Domain
from fairshare.release import Release, other_roles

__all__ = ["verdict"]

#: Paths told in words; a table has (protected x outcome) of them.
_MOST_PATHS = 24

Neighbours = Mapping[str, set[str]]


def verdict(release: Release) -> dict[str, Any]:
    """What the criterion says of the model, the graph it says it of, and each protected attribute's way out.

    Nothing is taken from the certificate but the roles and the policy.

    Returns:
        ``state``: "fair", "not fair", "not asked" (roles are known) or "no roles"; ``graph`` with ``nodes`` and
        ``edges``; ``paths``, each with its admissible ``stops`` (none: the path is open).
    """
    model = release.model.fitted
    cliques = [*model.cliques, *model.structure, *model.zeros]
    columns = list(release.schema.sizes)
    claimed = release.certificate.get("fairness")
    if claimed is not None:
        fairness = fairness_of(claimed, Domain.from_sizes(release.schema.sizes))
        found = _claimed(cliques, fairness, claimed, release)
        return found | _graph(columns, cliques, fairness.roles)
    declared = release.schema.roles
    if not (declared.protected and declared.admissible and declared.outcome):
        return {"state": "no roles", "proxies": []} | _graph(columns, cliques, None)
    roles = Roles(protected=declared.protected, admissible=declared.admissible, outcome=declared.outcome)
    judged = separation(cliques, roles).verdict
    told = {"state": "not asked", "separated": judged.ok, "reason": judged.because, "proxies": []}
    return told | _graph(columns, cliques, roles)


def _claimed(cliques: list[Clique], fairness: Fairness, claimed: Mapping[str, Any], release: Release) -> dict[str, Any]:
    judged = certify(cliques, fairness, sampling_order=release.model.order)
    return {
        "state": "fair" if judged.fair else "not fair",
        "separated": judged.fair,
        "certificate_agrees": judged.fair == claimed.get("fair"),
        "reason": judged.reason,
        "policy": judged.policy,
        "saturate": judged.saturate,
        "interventions": judged.interventions,
        "other_roles": list(other_roles(release)),
        "proxies": [{"attribute": p.attribute, "outcome": p.outcome, "message": p.message} for p in judged.proxies],
    }


def _graph(columns: list[str], cliques: list[Clique], roles: Roles | None) -> dict[str, Any]:
    neighbours: dict[str, set[str]] = {name: set() for name in columns}
    for clique in cliques:
        for a, b in combinations(clique, 2):
            neighbours[a].add(b)
            neighbours[b].add(a)
    edges = [[a, b] for a, b in combinations(columns, 2) if b in neighbours[a]]
    if roles is None:
        return {"roles": {}, "paths": [], "graph": {"nodes": columns, "edges": edges, "sides": {}}}
    named: dict[str, list[str]] = {role: list(getattr(roles, role)) for role in ("protected", "admissible", "outcome")}
    named["neutral"] = list(roles.neutral(columns))
    paths = _paths(neighbours, roles)
    sides = _sides(cliques, roles, columns)
    return {
        "roles": named,
        "paths": paths[:_MOST_PATHS],
        "paths_left_out": max(0, len(paths) - _MOST_PATHS),
        "graph": {"nodes": columns, "edges": edges, "sides": sides},
    }


def _sides(cliques: list[Clique], roles: Roles, columns: list[str]) -> dict[str, str]:
    """Where each column stands: between the sides if admissible, with the outcomes if tied to these alone."""
    sides = dict.fromkeys(columns, "protected") | dict.fromkeys(roles.admissible, "admissible")
    for component in separation(cliques, roles).components:
        if any(name in roles.outcome for name in component) and not any(name in roles.protected for name in component):
            sides |= dict.fromkeys(component, "outcome")
    return sides | dict.fromkeys(roles.protected, "protected") | dict.fromkeys(roles.outcome, "outcome")


def _paths(neighbours: Neighbours, roles: Roles) -> list[dict[str, Any]]:
    """From each protected attribute to each outcome: an open path if there is one, else a shortest blocked one."""
    inadmissible = {
        name: {other for other in others if other not in roles.admissible} for name, others in neighbours.items()
    }
    found = []
    for start in roles.protected:
        for end in roles.outcome:
            path = _shortest(inadmissible, start, end) or _shortest(neighbours, start, end)
            stops = [name for name in path if name in roles.admissible]
            found.append({"from": start, "to": end, "path": path, "stops": stops, "open": bool(path) and not stops})
    return sorted(found, key=lambda told: not told["open"])


def _shortest(neighbours: Neighbours, start: str, end: str) -> list[str]:
    """A shortest path, the first in name order among equals; empty if there is none."""
    came_from, queue = {start: start}, deque([start])
    while queue and end not in came_from:
        here = queue.popleft()
        for there in sorted(neighbours[here]):
            if there not in came_from:
                came_from[there] = here
                queue.append(there)
    if end not in came_from:
        return []
    path = [end]
    while path[-1] != start:
        path.append(came_from[path[-1]])
    return path[::-1]
