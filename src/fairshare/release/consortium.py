"""The main job for many holders: a mechanism on a secure curator, and a release that says whom it trusted."""

from dataclasses import dataclass, replace
from typing import Any

from fairshare.curator import Curator
from fairshare.errors import UsageError
from fairshare.fairness import FairGraph, Fairness
from fairshare.mechanisms import Mechanism, Progress
from fairshare.mechanisms.base import silent
from fairshare.mpc.plan import Plan
from fairshare.release.assembly import assemble
from fairshare.release.fair import grantable
from fairshare.release.record import MAX_ROWS
from fairshare.release.release import Release

__all__ = ["TRUST", "leaks", "synthesize_jointly"]

#: What a consortium's promise rests on, in words for everybody.
TRUST = (
    "Three servers compute on secret shares. At most one of them is curious, all follow the protocol, and none "
    "collude: two that put their shares together could read everything. What a holder shares is checked to be a "
    "table; whether the table is true cannot be."
)


@dataclass(frozen=True)
class _ServersNoise:
    """The noise of three servers."""

    name: str
    secure: bool = True


def synthesize_jointly(
    curator: Curator,
    plan: Plan,
    mechanism: Mechanism,
    *,
    session: str = "",
    rows: int | None = None,
    seed: int | None = None,
    progress: Progress = silent,
) -> Release:
    """A synthetic table of what a consortium's holders have, under its plan.

    Args:
        curator: secure, for the plan's terms.
        plan: promise, schema, fairness, parties.
        mechanism: the plan's.
        session: the run's session id, for the certificate.
        rows: number of synthetic rows; when not given, the model's noisy estimate.
        seed: governs sampling of rows only.
        progress: called with a ``Step`` as the run goes on.

    Raises:
        UsageError: rows or seed is out of range; nothing was asked.
        PeerError: a server failed.
        BudgetError: the plan's budget is too small for the mechanism.
        NotFairError: the model did not come out fair; nothing is released.

    Privacy:
        As ``synthesize``, if no two servers collude. What servers see beyond the release is in ``leaks``.
    """
    if not (rows is None or 0 <= rows <= MAX_ROWS) or not (seed is None or seed >= 0):
        raise UsageError(f"rows ({rows}) must be between 0 and {MAX_ROWS}, and seed ({seed}) at least 0")
    fairness, notes = _granted(plan, mechanism)
    release = assemble(
        curator,
        plan.schema,
        mechanism,
        fairness=fairness,
        notes=notes,
        noise=_ServersNoise(f"three servers, {plan.privacy.noise} noise"),
        rows=rows,
        seed=seed,
        frame="arrow",
        progress=progress,
    )
    return replace(release, certificate={**release.certificate, "consortium": _consortium(plan, session)})


def _granted(plan: Plan, mechanism: Mechanism) -> tuple[Fairness | None, tuple[str, ...]]:
    """The plan's wish as the mechanism can grant it, checked before anything is spent."""
    if (wish := plan.wish) is None:
        return None, ()
    FairGraph(plan.schema.sizes, wish, plan.schema.impossible)  # declared cliques must pass
    return grantable(wish, mechanism)


def leaks(plan: Plan) -> str:
    """What the servers see besides the release, in words for everybody."""
    if plan.data.partition == "horizontal":
        return (
            "Beyond the release, servers and driver see the plan, when who was there, and the noisy answers to the "
            "driver's calls, all of which the budget pays for. Nobody sees how many rows a holder has."
        )
    return (
        "Beyond the release, servers and driver see the plan, when who was there, and the noisy answers to the "
        "driver's calls, all of which the budget pays for. A server also sees how many records each holder of some "
        "columns has, and which records of different holders are the same one (not whose); everybody sees whether the "
        "holders' records fit together. So the promise is for one record's values replaced."
    )


def _consortium(plan: Plan, session: str) -> dict[str, Any]:
    return {
        "plan": plan.digest,
        "title": plan.title,
        "session": session,
        "trust": TRUST,
        "leaks": leaks(plan),
        "security": plan.privacy.security,
        "noise": plan.privacy.noise,
        "partition": plan.data.partition,
        "servers": [p.name for p in plan.servers],
        "holders": [p.name for p in plan.holders],
        "driver": plan.driver.name,
    }
