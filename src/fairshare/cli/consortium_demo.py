"""``fairshare demo --consortium``: Adult split among holders, every party a process, beside the centralised table."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairshare.cli.console import Screen
from fairshare.cli.outputs import dated_folder
from fairshare.cli.parties import knobs_for, planned_mechanism, say_trust
from fairshare.errors import EXIT_CODES, FairshareError, PeerError, UsageError

if TYPE_CHECKING:
    import pyarrow as pa

    from fairshare.cli.loopback import Consortium, Process
    from fairshare.datasets import Dataset
    from fairshare.release import Release

__all__ = ["PARTITIONS", "demo_fields", "demo_jointly", "split_adult", "traffic"]

PARTITIONS = ("horizontal", "vertical", "mixed")
_KEY = "record"
_PAIRS = {"swift": {"workload": 2}}


def demo_jointly(
    screen: Screen,
    folder: Path | None,
    *,
    partition: str = "horizontal",
    mechanism: str = "swift",
    fairness: str | None = None,
    relation: str | None = None,
    seed: int | None = None,
) -> None:
    """Run a consortium of processes on Adult, show every party, and compare with the centralised release.

    Raises:
        UsageError: an option is out of range.
        PeerError: a party failed; nothing was released.
    """
    from fairshare.cli.loopback import Consortium
    from fairshare.datasets import load_adult
    from fairshare.release import Release, synthesize

    adult, folder = load_adult(), dated_folder() if folder is None else folder
    fields = demo_fields(adult, partition=partition, mechanism=mechanism, fairness=fairness, relation=relation)
    tables, holders = split_adult(adult, partition)
    fields["parties"] += holders
    consortium = Consortium(folder / "consortium", fields, tables)
    say_trust(screen, consortium.plan)
    started = time.monotonic()
    processes = _run(screen, consortium, seed)
    seconds = time.monotonic() - started
    release = Release.load(consortium.output.with_suffix(".release"))
    plan = consortium.plan
    with screen.busy("the same mechanism on the whole table, in one place, for comparison"):
        central = synthesize(
            adult.table,
            adult.schema,
            epsilon=plan.privacy.epsilon,
            delta=plan.privacy.delta,
            relation=plan.privacy.relation,
            mechanism=planned_mechanism(plan),
            fairness=plan.wish,
            seed=seed,
        )
    with screen.busy("comparing both with the real table"):
        compared = {"joint": _distances(adult, release), "centralised": _distances(adult, central)}
    _show(screen, consortium, compared, {**traffic(processes), "seconds": round(seconds, 3)})


def demo_fields(
    adult: "Dataset", *, partition: str, mechanism: str, fairness: str | None = None, relation: str | None = None
) -> dict[str, Any]:
    """The demo's plan, without its holders.

    Raises:
        UsageError: the partition is unknown.
    """
    from fairshare.cli.fairness import wish
    from fairshare.mpc.plan import PROTOCOL
    from fairshare.version import __version__

    if partition not in PARTITIONS:
        raise UsageError(f"partition ({partition!r}) must be one of {', '.join(PARTITIONS)}")
    split = partition != "horizontal"
    relation = relation or ("replace-one" if split else "add-remove")
    fields: dict[str, Any] = {
        "format": 1,
        "title": f"demo on UCI Adult, {partition}",
        "fairshare": __version__,
        "protocol": PROTOCOL,
        "privacy": {"epsilon": 1.0, "delta": 1e-9, "relation": relation},
        # Holders share marginals of up to two columns, so that is what may be asked for.
        "mechanism": {"name": mechanism, "knobs": {**knobs_for(mechanism, 2), **_PAIRS.get(mechanism, {})}},
        "data": {"partition": partition, **({"record_key": _KEY} if split else {})},
        "limits": {"start_seconds": 120.0, "step_seconds": 120.0},
        "parties": [
            *({"name": f"s{i}", "role": "server", "address": "127.0.0.1:1"} for i in (1, 2, 3)),
            {"name": "driver", "role": "driver"},
        ],
        "schema": adult.schema.to_dict(),
    }
    if (found := wish(adult.schema, fairness)) is not None:
        names = ("protected", "admissible", "outcome", "policy", "saturate")
        fields["fairness"] = {name: getattr(found, name) for name in names}
    return fields


def split_adult(adult: "Dataset", partition: str) -> "tuple[dict[str, pa.Table], list[dict[str, Any]]]":
    """Adult among holders: their tables, and their entries in the plan.

    Horizontal: two halves of the rows. Vertical: two halves of the columns. Mixed: one holder has whole rows, two have
    half the columns each of the others. Split rows get a random record key, and each holder an order of its own.
    """
    import numpy as np
    import pyarrow as pa

    table, columns = adult.table, list(adult.schema.sizes)
    half, left, right = table.num_rows // 2, columns[: len(columns) // 2], columns[len(columns) // 2 :]
    rng = np.random.default_rng()
    if partition == "horizontal":
        tables = {"alice": table.slice(0, half), "bob": table.slice(half)}
        return tables, [_holder(name, rows.num_rows) for name, rows in tables.items()]
    whole = {"alice": table.slice(0, half)} if partition == "mixed" else {}
    rest = table.slice(half) if whole else table
    keyed = rest.append_column(_KEY, pa.array([f"{k:016x}" for k in rng.permutation(2**20)[: rest.num_rows]]))
    names = ("bob", "carol") if whole else ("alice", "bob")
    parts = dict(zip(names, (left, right), strict=True))
    tables = {**whole, **{n: keyed.select([*c, _KEY]).take(rng.permutation(rest.num_rows)) for n, c in parts.items()}}
    return tables, [_holder(name, rows.num_rows, parts.get(name)) for name, rows in tables.items()]


def _holder(name: str, rows: int, columns: list[str] | None = None) -> dict[str, Any]:
    """Where columns are split the servers count rows anyway; else only a cap is public."""
    entry = {"name": name, "role": "holder"}
    return {**entry, "rows": rows, "columns": columns} if columns else {**entry, "row_cap": rows + rows // 4}


def _run(screen: Screen, consortium: "Consortium", seed: int | None) -> "dict[str, Process]":
    """All parties to their end; of several failures the one that explains the others is told."""
    more = {consortium.plan.driver.name: () if seed is None else ("--seed", str(seed))}
    processes = consortium.run(lambda line: _relay(screen, line), more=more)
    failed = [p for p in processes.values() if p.popen.returncode]
    if failed:
        first = min(failed, key=lambda p: p.popen.returncode == PeerError.exit_code)
        told = first.document.get("error", {}).get("message") or "see its lines above"
        raise _error(first.popen.returncode)(f"{first.name} failed, nothing was released: {told}")
    return processes


def _error(code: int) -> type[FairshareError]:
    return next((e for e in FairshareError.__subclasses__() if e.exit_code == code and code in EXIT_CODES), PeerError)


def _relay(screen: Screen, line: str) -> None:
    if line.partition(":")[0].isidentifier() or line.startswith("driver"):
        screen.note(line)


def _distances(adult: "Dataset", release: "Release") -> dict[str, Any]:
    from fairshare.evaluation import TablePair
    from fairshare.marginals import Domain

    pair = TablePair(
        adult.schema.encode(adult.table), adult.schema.encode(release.table), Domain.from_sizes(adult.schema.sizes)
    )
    ones, twos = pair.tvd_all(1), pair.tvd_all(2)
    columns = {c: sum(d for k, d in twos.items() if c in k) / (len(ones) - 1) for (c,) in ones}
    return {"tvd_1": sum(ones.values()) / len(ones), "tvd_2": sum(twos.values()) / len(twos), "tvd_2_of": columns}


def traffic(processes: "Mapping[str, Process]") -> dict[str, Any]:
    """What a run cost, from what its parties said at their end."""
    told = {name: p.document for name, p in processes.items()}
    servers = {name: d for name, d in told.items() if "rounds" in d}
    return {
        "calls": max(d["calls"] for d in servers.values()),
        "rounds": max(d["rounds"] for d in servers.values()),
        "bytes_between_servers": sum(d["bytes_sent"] for d in servers.values()),
        "bytes_from_holders": sum(d["bytes_sent"] for d in told.values() if "bytes_sent" in d and "rounds" not in d),
        "server_cpu_seconds": max(d["cpu_seconds"] for d in servers.values()),
    }


def _show(screen: Screen, consortium: "Consortium", compared: dict[str, Any], cost: dict[str, Any]) -> None:
    joint, central = compared["joint"], compared["centralised"]
    screen.table(
        "Total variation distance from the real table, mean over pairs: three servers beside one trusted place",
        ["column", "joint", "centralised"],
        [(c, d, central["tvd_2_of"][c]) for c, d in sorted(joint["tvd_2_of"].items(), key=lambda item: -item[1])]
        + [("all 2-way", joint["tvd_2"], central["tvd_2"]), ("all 1-way", joint["tvd_1"], central["tvd_1"])],
    )
    output = consortium.output
    screen.summary(
        "Consortium",
        [
            ("calls", f"{cost['calls']} calls in {cost['rounds']} rounds, {cost['seconds']:.1f} s in all"),
            ("traffic", f"{cost['bytes_between_servers'] / 1e6:.1f} MB between servers, "
             f"{cost['bytes_from_holders'] / 1e6:.1f} MB from holders"),
            ("work", f"{cost['server_cpu_seconds']:.1f} s of CPU for a server"),
            ("table", str(output)),
            ("release", f"{output.with_suffix('.release')}/ (model, certificate, ledger)"),
            ("plan", f"{consortium.path}, with everybody's approval beside it"),
        ],
    )  # fmt: skip
    screen.document(
        {
            "table": str(output),
            "release": str(output.with_suffix(".release")),
            "plan": consortium.plan.digest,
            "partition": consortium.plan.data.partition,
            "mechanism": consortium.plan.mechanism.name,
            "cost": cost,
            "quality": compared,
        }
    )
