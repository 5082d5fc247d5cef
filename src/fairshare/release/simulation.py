"""A whole consortium in one process: the protocols as they are, without the separation that makes them private."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fairshare.curator.secure import SecureCurator
from fairshare.errors import UsageError
from fairshare.fairness import Fairness
from fairshare.io import frame_kind, read_table
from fairshare.mechanisms import SWIFT, Mechanism, Progress
from fairshare.mechanisms.base import silent
from fairshare.mpc.alignment import fresh_run_key, record_hashes
from fairshare.mpc.contribution import contribute
from fairshare.mpc.plan import PROTOCOL, Plan
from fairshare.mpc.simulate import SimulatedServers
from fairshare.mpc.terms import NoiseMode
from fairshare.privacy import Relation
from fairshare.release.arguments import check_kinds
from fairshare.release.consortium import synthesize_jointly
from fairshare.release.release import Release
from fairshare.schema import Schema
from fairshare.version import __version__

__all__ = ["simulate"]

_SCALARS = (bool, int, float, str)

NOTE = (
    "simulated: one process saw all holders' tables, so nobody was protected from it; what is released is as private "
    "as any release"
)


def simulate(
    tables: Mapping[str, Any],
    schema: Schema,
    *,
    epsilon: float,
    delta: float,
    mechanism: Mechanism | None = None,
    relation: Relation | None = None,
    fairness: Fairness | None = None,
    record_key: str | None = None,
    noise: NoiseMode = "joint",
    order: int | None = None,
    row_cap: int = 2**18 - 1,
    rows: int | None = None,
    seed: int | None = None,
    delay: float = 0.0,
    progress: Progress = silent,
) -> Release:
    """What a consortium of these holders would release: every protocol runs, three servers being three threads.

    Args:
        tables: each holder's table, by its name (lower case, digits, hyphens). Which of the schema's columns a table
            has says how the data are split.
        schema: the public schema of the joint table.
        epsilon: privacy loss, in (0, 64].
        delta: in [2^-64, 1).
        mechanism: what is measured; ``SWIFT(workload=2)`` when not given.
        relation: neighbours; ``replace-one`` where columns are split (and then nothing else), else ``add-remove``.
        fairness: roles and policy that the model must meet.
        record_key: the column that matches rows, where columns are split.
        noise: ``joint`` or ``distributed``.
        order: marginals of up to this many columns are shared ahead; by the mechanism's workload when not given.
        row_cap: most rows of one holder; public, for the plan's hash is published, so never taken from the tables.
        rows: number of synthetic rows; when not given, the model's noisy estimate.
        seed: governs sampling of rows only.
        delay: seconds added to every message between servers, to imitate a distant network.
        progress: called with a ``Step`` as the run goes on.

    Returns:
        The release; its certificate counts rounds and bytes, and says that it was simulated.

    Raises:
        UsageError: an argument is out of range, or columns do not fit together.
        DataError: tables do not fit the schema, or records do not match.
        BudgetError: the budget is too small for the mechanism.
        NotFairError: the model did not come out fair; nothing is released.

    Privacy:
        The release is (epsilon, delta)-differentially private as under ``synthesize``. The holders' data are not
        protected from this process.
    """
    check_kinds(schema, mechanism, fairness)
    if not tables:
        raise UsageError("tables must hold at least one holder's table")
    mechanism = SWIFT(workload=2) if mechanism is None else mechanism
    read = {name: read_table(source) for name, source in tables.items()}
    columns = {name: [c for c in schema.sizes if c in table.column_names] for name, table in read.items()}
    split = any(len(own) < len(schema.sizes) for own in columns.values())
    relation = relation or ("replace-one" if split else "add-remove")
    data = {"partition": _partition(columns, schema), "record_key": record_key if split else None}
    plan = _plan(
        privacy={"epsilon": epsilon, "delta": delta, "noise": noise, "relation": relation},
        mechanism=_choice(mechanism),
        data={**data, "order": order or _order(mechanism)},
        parties=_parties(columns, row_cap, split=split),
        schema=schema.to_dict(),
        **({} if fairness is None else {"fairness": _wish(fairness)}),
    )
    servers = SimulatedServers(plan.terms, _shared(plan, read), delay=delay)
    curator = SecureCurator(plan.terms, servers)
    release = synthesize_jointly(curator, plan, mechanism, rows=rows, seed=seed, progress=progress)
    curator.finish()
    return _labelled(release, servers, frame_kind(next(iter(tables.values()))))


def _plan(**sections: Any) -> Plan:
    return Plan({"format": 1, "title": "simulation", "fairshare": __version__, "protocol": PROTOCOL, **sections})


def _choice(mechanism: Mechanism) -> dict[str, Any]:
    described = mechanism.describe()
    return {
        "name": mechanism.name,
        "knobs": {k: v for k, v in described.items() if k != "name" and isinstance(v, _SCALARS)},
    }


def _wish(fairness: Fairness) -> dict[str, Any]:
    return {
        "protected": list(fairness.protected),
        "admissible": list(fairness.admissible),
        "outcome": list(fairness.outcome),
        "policy": fairness.policy,
        "saturate": fairness.saturate,
    }


def _order(mechanism: Mechanism) -> int:
    """How many columns the mechanism's marginals have, as far as it says."""
    workload = getattr(mechanism, "workload", 2)
    widest = workload if isinstance(workload, int) else max(map(len, workload))
    return max(2, min(int(widest), 3))


def _partition(columns: Mapping[str, list[str]], schema: Schema) -> str:
    if all(len(own) == len(schema.sizes) for own in columns.values()):
        return "horizontal"
    named = [c for own in columns.values() for c in own]
    return "vertical" if len(named) == len(set(named)) else "mixed"


def _parties(columns: Mapping[str, list[str]], row_cap: int, *, split: bool) -> list[dict[str, Any]]:
    servers = [{"name": f"server-{i}", "role": "server", "address": f"127.0.0.1:{7000 + i}"} for i in range(3)]
    holders = [
        {
            "name": name,
            "role": "holder",
            "columns": columns[name] if split else [],
            # The same whatever the tables hold: the plan's hash is published, and the number of rows may be private.
            "row_cap": row_cap,
        }
        for name in columns
    ]
    return [*servers, *holders, {"name": "driver", "role": "driver"}]


def _shared(plan: Plan, tables: Mapping[str, Any]) -> list[Any]:
    """Each holder's contribution."""
    schema, run_key, shared = plan.schema, fresh_run_key(), []
    for holder in plan.holders:
        columns, table = plan.columns_of(holder), tables[holder.name]
        key = plan.data.record_key
        hashes = None
        if key is not None and len(columns) < len(schema.sizes):
            if key not in table.column_names:
                raise UsageError(f"record_key ({key!r}) must be a column of {holder.name}'s table")
            hashes = record_hashes(table.column(key).to_pylist(), run_key)
        elif schema.person is not None:
            table = schema.limit_rows(table)
        shared.append(contribute(plan.terms, holder.name, schema.encode(table, columns=columns), hashes))
    return shared


def _labelled(release: Release, servers: SimulatedServers, frame: str) -> Release:
    """The release with what the protocols cost, and the word that it was a simulation."""
    cost, account = servers.cost, dict(release.certificate)
    account["warnings"] = [NOTE, *account["warnings"]]
    account["consortium"] = {
        **account["consortium"],
        "simulated": True,
        "rounds": cost.rounds,
        "sent_mb": [round(sent / 1e6, 3) for sent in cost.sent],
        "received_from_holders_mb": round(servers.received_from_holders / 1e6, 3),
    }
    return replace(release, certificate=account, frame=frame)
