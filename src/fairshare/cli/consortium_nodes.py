"""``fairshare consortium server | contribute | run``: the processes of the three kinds of parties."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fairshare.cli.console import Screen
from fairshare.cli.options import Json, Quiet, Seed
from fairshare.cli.outputs import Outputs
from fairshare.cli.parties import DelayMs, Keys, Name, PlanFile, node_of, planned_mechanism, say_trust
from fairshare.cli.progress import watching
from fairshare.cli.synth import TableName, result, show_release, source
from fairshare.errors import UsageError

if TYPE_CHECKING:
    from fairshare.counting import CountingEngine
    from fairshare.mpc.plan import Plan
    from fairshare.mpc.wire.nodes import Node
    from fairshare.release import Release

__all__ = ["CONTRIBUTE", "RUN", "SERVER", "contribute", "run", "server"]

SERVER = """\
Example:
  fairshare consortium server s1 plan.toml --keys /etc/fairshare --state /var/lib/fairshare

Serves one run of the plan and ends. Its ledger stays in --state: the plan's budget is spent once.
"""
CONTRIBUTE = """\
Examples:
  fairshare consortium contribute alice plan.toml patients.csv
  fairshare consortium contribute carol plan.toml postgresql://reader@db/clinic --table patients
  fairshare consortium contribute bob plan.toml claims.parquet --match-key shared.key   (columns are split)
"""
RUN = """\
Example:
  fairshare consortium run plan.toml -o synthetic.csv
"""


def server(  # noqa: PLR0917  (typer reads options from the signature)
    name: Name,
    plan: PlanFile,
    keys: Keys = Path(),
    state: Annotated[Path, typer.Option("--state", metavar="DIR", help="Folder of this server's ledgers.")] = Path(
        "state"
    ),
    bind: Annotated[
        str | None, typer.Option("--bind", metavar="HOST:PORT", help="Listen here, if not at the plan's address.")
    ] = None,
    delay_ms: DelayMs = 0.0,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Run one of the three servers for one run of the plan."""
    screen = Screen(json=json, quiet=quiet)
    node = node_of(screen, plan, name, keys, role="server", delay_ms=delay_ms)
    from fairshare.mpc.plan_sections import Party
    from fairshare.mpc.wire.nodes import serve

    say_trust(screen, node.plan)
    at = None if bind is None else Party(name=name, role="server", address=bind).endpoint
    started = time.monotonic()
    served = serve(node, state, bind=at)
    facts = {
        "party": name,
        "calls": served.calls,
        "bytes_sent": served.traffic.sent,
        "bytes_received": served.traffic.received,
        "rounds": served.traffic.rounds,
        "seconds": round(time.monotonic() - started, 3),
        "cpu_seconds": round(time.process_time(), 3),
        "spent": served.spent,
        "session": served.session,
    }
    screen.say(
        f"{name}: done; {served.calls} calls, {served.traffic.sent / 1e6:.1f} MB sent, {served.traffic.rounds} rounds, "
        f"{served.spent:.1%} of the budget spent"
    )
    screen.document(facts)


def contribute(  # noqa: PLR0917  (typer reads options from the signature)
    name: Name,
    plan: PlanFile,
    data: Annotated[
        str,
        typer.Argument(
            metavar="DATA",
            help="Private table: .csv, .parquet, .arrow or .feather; whole rows may be anything that synth reads.",
        ),
    ],
    keys: Keys = Path(),
    table: TableName = None,
    match_key: Annotated[
        Path | None,
        typer.Option("--match-key", metavar="FILE", help="The holders' common secret, where columns are split."),
    ] = None,
    delay_ms: DelayMs = 0.0,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Share a holder's table with the three servers, once; no server learns any of it."""
    screen = Screen(json=json, quiet=quiet)
    node = node_of(screen, plan, name, keys, role="holder", delay_ms=delay_ms)
    from fairshare.mpc.wire.nodes import share

    if match_key is None and node.plan.party(name).columns and node.plan.data.record_key is not None:
        raise UsageError("match-key must be given: all holders of some columns use the same file, and no server has it")
    say_trust(screen, node.plan)
    started = time.monotonic()
    with _held(node.plan, name, source(data, table)) as (rows, record_keys):
        sent = share(node, rows, record_keys, None if match_key is None else _secret(match_key))
    screen.say(f"{name}: shared ({sent / 1e6:.1f} MB); you can leave now")
    screen.document({"party": name, "bytes_sent": sent, "seconds": round(time.monotonic() - started, 3)})


def run(  # noqa: PLR0917  (typer reads options from the signature)
    plan: PlanFile,
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="OUT", help="OUT.csv, .parquet, .arrow or .feather.")
    ],
    keys: Keys = Path(),
    rows: Annotated[int | None, typer.Option(metavar="N", help="Synthetic rows (default: a noisy estimate).")] = None,
    seed: Seed = None,
    delay_ms: DelayMs = 0.0,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Drive the run: ask the servers what the plan's mechanism asks, and write the synthetic table."""
    screen = Screen(json=json, quiet=quiet)
    from fairshare.mpc.plan_file import load_plan

    driver = load_plan(plan).driver.name
    outputs = Outputs.beside(output, inputs=[plan])
    node = node_of(screen, plan, driver, keys, role="driver", delay_ms=delay_ms)
    if (stored := _stored(node.plan, outputs)) is not None:
        screen.warn("this plan was run before; its stored release is used, nothing is asked again")
        screen.document(result(stored, outputs))
        return
    say_trust(screen, node.plan)
    started = time.monotonic()
    release, calls = _drive(screen, node, outputs, rows=rows, seed=seed)
    seconds = time.monotonic() - started
    show_release(screen, release, outputs, seconds)
    consortium = {**release.certificate["consortium"], "calls": calls, "seconds": round(seconds, 3)}
    screen.document({**result(release, outputs), "consortium": consortium})


def _drive(
    screen: Screen, node: "Node", outputs: Outputs, *, rows: int | None, seed: int | None
) -> "tuple[Release, int]":
    from fairshare.curator.secure import SecureCurator
    from fairshare.mpc.wire.nodes import Driver
    from fairshare.release.consortium import synthesize_jointly

    mechanism = planned_mechanism(node.plan)
    with node.hub().closing() as hub:
        driver = Driver(node, hub)
        session = driver.open()
        curator = SecureCurator(node.plan.terms, driver)
        with watching(screen) as progress:
            release = synthesize_jointly(
                curator, node.plan, mechanism, session=session, rows=rows, seed=seed, progress=progress
            )
        curator.finish()
        # What was paid for is kept before anybody leaves.
        outputs.write(release)
    return release, driver.calls


def _stored(plan: "Plan", outputs: Outputs) -> "Release | None":
    """What an earlier run of exactly this plan left here."""
    from fairshare.release import Release

    if not (outputs.release / "release.json").is_file():
        return None
    found = Release.load(outputs.release)
    if (found.certificate.get("consortium") or {}).get("plan") != plan.digest:
        raise UsageError(f"{outputs.release} is another run's release; choose another -o, or move it away")
    return found


@contextmanager
def _held(
    plan: "Plan", name: str, data: Any
) -> Iterator["tuple[Mapping[str, Any] | CountingEngine, list[Any] | None]"]:
    """What a holder shares: whole rows are counted where they are, some columns are codes, with their record keys."""
    from fairshare.counting import InDatabase, open_table
    from fairshare.io import read_table
    from fairshare.schema import Schema

    held = plan.party(name).columns
    if not held:
        engine = open_table(data, plan.schema)
        try:
            engine.check()
            yield engine, None
        finally:
            engine.close()
        return
    if isinstance(data, InDatabase):
        raise UsageError("DATA must be a file where columns are split: the rows themselves are shared, not counts")
    tree: dict[str, Any] = {"format": 1, "missing_values": plan.schema.to_dict().get("missing_values", [""])}
    kept = [c for c in plan.schema.to_dict()["columns"] if c["name"] in held]
    part = Schema.from_dict({**tree, "columns": [*kept, {"name": plan.data.record_key, "kind": "key"}]})
    table = read_table(data, schema=part)
    yield part.encode(table), None if plan.data.record_key is None else table.column(plan.data.record_key).to_pylist()


def _secret(path: Path) -> bytes:
    from fairshare.mpc.wire.matching import read_secret

    return read_secret(path)
