"""What the consortium's commands share: finding the plan, the key and the certificates of whoever runs them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fairshare.cli.console import Screen
from fairshare.errors import UsageError

if TYPE_CHECKING:
    from fairshare.mechanisms import Mechanism
    from fairshare.mpc.plan import Plan
    from fairshare.mpc.wire.nodes import Node

__all__ = ["DelayMs", "Keys", "Name", "PlanFile", "knobs_for", "node_of", "planned_mechanism", "say_trust"]

PlanFile = Annotated[Path, typer.Argument(metavar="PLAN.toml", help="The plan, with PLAN.toml.approvals/ beside it.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="The party, as the plan names it.")]
Keys = Annotated[
    Path, typer.Option("--keys", metavar="DIR", help="Folder of NAME.cert.pem and NAME.key.pem.", show_default=False)
]
DelayMs = Annotated[
    float,
    typer.Option(
        "--delay-ms", metavar="MS", help="For benchmarks: hold each message back, as a distant network would."
    ),
]


def node_of(screen: Screen, path: Path, name: str, keys: Path, *, role: str, delay_ms: float = 0.0) -> "Node":
    """The party's node, once everybody has approved the plan.

    Raises:
        UsageError: the plan or the key is not usable, or the party has another role.
        PeerError: an approval is missing.
        IntegrityError: an approval is for another plan.
    """
    from fairshare.mpc.plan_file import load_plan
    from fairshare.mpc.wire.approvals import certificates
    from fairshare.mpc.wire.certificates import Identity
    from fairshare.mpc.wire.nodes import Node

    plan = load_plan(path)
    if (found := plan.party(name).role) != role:
        raise UsageError(f"{name} is a {found} in the plan, not a {role}: run the command of its role")
    if not 0 <= delay_ms <= 10_000:
        raise UsageError(f"delay-ms ({delay_ms}) must be between 0 and 10000")
    identity = Identity.of(name, keys)
    return Node(
        plan=plan,
        identity=identity,
        certificates=certificates(plan, path),
        report=lambda words: screen.note(f"{name}: {words}"),
        delay=delay_ms / 1000,
    )


def planned_mechanism(plan: "Plan") -> "Mechanism":
    """The plan's mechanism with the plan's knobs.

    Raises:
        UsageError: it is unknown, or a knob is.
    """
    from dataclasses import fields, replace

    from fairshare.cli.mechanisms import mechanism_named
    from fairshare.schema.spec import nearest

    chosen = mechanism_named(plan.mechanism.name)
    known = tuple(f.name for f in fields(chosen) if f.init)  # type: ignore[arg-type]
    for knob in plan.mechanism.knobs:
        if knob not in known:
            raise UsageError(f"mechanism.knobs: unknown key {knob!r}: {nearest(knob, known)}")
    made: Mechanism = replace(chosen, **plan.mechanism.knobs)  # type: ignore[type-var]
    for knob, value in knobs_for(made.name, plan.data.order).items():
        if getattr(made, knob) not in range(value + 1):
            raise UsageError(
                f"mechanism.knobs.{knob} ({getattr(made, knob)}) must be at most {value}: holders share marginals of "
                f"up to data.order ({plan.data.order}) columns, and a mechanism that asks for more would fail half-way"
            )
    return made


def knobs_for(mechanism: str, order: int) -> dict[str, int]:
    """The knobs that keep a mechanism to marginals of up to ``order`` columns, where its own may ask for more."""
    return {
        "aim": {"workload": order},
        "mwem": {"workload": order},
        "swift": {"workload": max(order, 3)},  # weighs by triples, and asks for pairs
        "privbayes": {"max_parents": order - 1},
    }.get(mechanism, {})


def say_trust(screen: Screen, plan: "Plan") -> None:
    """The trust model of the run, in words."""
    from fairshare.release.consortium import TRUST, leaks

    screen.say(TRUST)
    screen.say(leaks(plan))
