"""``fairshare consortium ledgers``: hold the servers' ledgers of a plan against one another."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fairshare.cli.console import Screen
from fairshare.cli.options import Json, Quiet
from fairshare.cli.parties import PlanFile
from fairshare.errors import UsageError

if TYPE_CHECKING:
    from fairshare.mpc.plan import Plan

__all__ = ["EXAMPLES", "ledgers"]

EXAMPLES = """\
Examples:
  fairshare consortium ledgers plan.toml s1-4f2a9c61d0b7e358.ledger.jsonl
  fairshare consortium ledgers plan.toml s1/*.jsonl s2/*.jsonl s3/*.jsonl

Each server keeps its ledger in --state, and at the end of a run the others' signatures with it. One file shows that
its chain is whole; two or three show that none was put back to an earlier state since.
"""


def ledgers(
    plan: PlanFile,
    files: Annotated[list[Path], typer.Argument(metavar="LEDGER...", help="Servers' files, one each.")],
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Check that no server's ledger was changed or put back to an earlier state."""
    screen = Screen(json=json, quiet=quiet)
    from fairshare.mpc.plan_file import load_plan
    from fairshare.mpc.wire.approvals import certificates
    from fairshare.mpc.wire.durable import kept_in
    from fairshare.mpc.wire.witness import compare

    agreed = load_plan(plan)
    kept = {name: kept_in(path, agreed) for name, path in _named(agreed, files).items()}
    vouching = compare(agreed, certificates(agreed, plan), kept)
    total = agreed.budget.nano_rho
    found = [
        {
            "server": name,
            "charges": len(file.charges),
            "spent": sum(charge["nano_rho"] for charge in file.charges) / total,
            "signed_in": vouching[name],
        }
        for name, file in kept.items()
    ]
    screen.table(
        "The ledgers fit together",
        ["server", "charges", "spent", "its signature is in the ledger of"],
        [(str(f["server"]), f"{f['charges']}", f"{f['spent']:.1%}", ", ".join(f["signed_in"]) or "-") for f in found],
    )
    if len(kept) < len(agreed.servers):
        screen.warn("without all three files, a ledger that is not here may have been put back")
    screen.document({"plan": agreed.digest, "ledgers": found})


def _named(plan: "Plan", files: list[Path]) -> dict[str, Path]:
    """Each file's server, by the name that the server gave it."""
    from fairshare.mpc.wire.durable import ledger_file

    names = {ledger_file(Path(), plan, server.name).name: server.name for server in plan.servers}
    found: dict[str, Path] = {}
    for path in files:
        name = names.get(path.name)
        if name is None or name in found or not path.is_file():
            raise UsageError(f"ledger {str(path)!r} must be a file of this plan, one a server: {', '.join(names)}")
        found[name] = path
    return found
