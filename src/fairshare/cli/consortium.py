"""``fairshare consortium``: agree on a plan, and run it between parties who do not trust each other."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fairshare.cli import consortium_ledgers, consortium_new, consortium_nodes
from fairshare.cli.console import Screen
from fairshare.cli.options import Examples, ExamplesGroup, Json, Quiet, help_when_bare
from fairshare.cli.parties import Keys, PlanFile, planned_mechanism, say_trust
from fairshare.errors import FairshareError, UsageError

if TYPE_CHECKING:
    from fairshare.mpc.plan import Plan

__all__ = ["app"]

_GROUP = """\
Examples:
  fairshare consortium new plan.toml --schema patients.toml --epsilon 1
  fairshare consortium keys alice                          each party, on its own machine
  fairshare consortium approve plan.toml --name alice      each party; send the file to the others
  fairshare consortium server s1 plan.toml                 the three servers
  fairshare consortium contribute alice plan.toml a.csv    each holder
  fairshare consortium run plan.toml -o synthetic.csv      the driver
"""

app = typer.Typer(
    cls=ExamplesGroup, epilog=_GROUP, rich_markup_mode="rich", add_completion=False, invoke_without_command=True
)


@app.callback()
def consortium(context: typer.Context) -> None:
    """Many holders, three servers, no trusted aggregator: one synthetic table by secure multi-party computation."""
    help_when_bare(context)


app.command("new", cls=Examples, epilog=consortium_new.EXAMPLES)(consortium_new.new)


@app.command(
    cls=Examples,
    epilog="""\
Example:
  fairshare consortium keys alice

Keep alice.key.pem to yourself. Send the fingerprint to whoever writes the plan, by a way that nobody can change.
""",
)
def keys(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The party, as the plan will name it.")],
    folder: Annotated[Path, typer.Option("--keys", metavar="DIR", help="Folder to write to.")] = Path(),
    force: Annotated[bool, typer.Option("--force", help="Replace the party's key and certificate.")] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Make a party's key and certificate, and print the fingerprint that goes into the plan."""
    screen = Screen(json=json, quiet=quiet)
    from fairshare.mpc.wire.certificates import create_identity

    made = create_identity(name, folder, force=force)
    screen.say(f'{made.certificate} and {made.key} (keep this one secret)\nfingerprint = "{made.fingerprint}"')
    screen.document({"party": name, "certificate": str(made.certificate), "fingerprint": made.fingerprint})


@app.command(
    "match-key",
    cls=Examples,
    epilog="""\
Example:
  fairshare consortium match-key shared.key

Hand the file to the other holders only, by a safe way. A server that had it could look records up.
""",
)
def match_key(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write.")],
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Draw the holders' common secret, which matches records where columns are split."""
    screen = Screen(json=json, quiet=quiet)
    from fairshare.mpc.wire.matching import create_secret

    create_secret(path)
    screen.say(f"{path}: give it to all holders, and to no server")
    screen.document({"match_key": str(path)})


@app.command(
    cls=Examples,
    epilog="""\
Example:
  fairshare consortium approve plan.toml --name alice
""",
)
def approve(  # noqa: PLR0917  (typer reads options from the signature)
    path: PlanFile,
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="Who approves (default: whose key is in --keys).")
    ] = None,
    folder: Keys = Path(),
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Approve without being asked again.")] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Show what a plan promises and whom it trusts, and sign its hash."""
    screen = Screen(json=json, quiet=quiet)
    from fairshare.mpc.plan_file import load_plan
    from fairshare.mpc.wire import approvals
    from fairshare.mpc.wire.certificates import Identity

    plan = load_plan(path)
    plan.ready()
    planned_mechanism(plan)
    identity = Identity.of(name or _whose(plan, folder), folder)
    _show(screen, plan)
    if not (yes or quiet or json) and screen.err.is_terminal:
        typer.confirm(f"Approve this plan as {identity.name}?", abort=True, err=True)
    written = approvals.approve(plan, path, identity)
    screen.say(f"{identity.name} approves {plan.digest}\nSend {written} to all other parties")
    missing = approvals.missing_approvals(plan, path)
    if missing:
        screen.say(f"Still missing here: {', '.join(missing)}")
    screen.document({"party": identity.name, "plan": plan.digest, "approval": str(written), "missing": missing})


@app.command(
    cls=Examples,
    epilog="""\
Example:
  fairshare consortium status plan.toml
""",
)
def status(
    path: PlanFile,
    state: Annotated[Path, typer.Option("--state", metavar="DIR", help="Folder of a server's ledgers.")] = Path(
        "state"
    ),
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Say how far a plan is: fingerprints, approvals, servers that listen, and what was spent."""
    screen = Screen(json=json, quiet=quiet)
    from fairshare.mpc.plan_file import load_plan

    plan = load_plan(path)
    _show(screen, plan)
    rows = [_standing(plan, path, state, party.name) for party in plan.parties]
    screen.table(
        "Parties",
        ["party", "role", "fingerprint", "approval", "listens", "spent here"],
        [tuple(r.values()) for r in rows],
    )
    if not plan.absent_fingerprints and all(r["approval"] == "yes" for r in rows):
        screen.say("Everybody has approved this plan: servers, holders and the driver may start.")
    screen.document({"plan": plan.digest, "parties": rows})


def _standing(plan: "Plan", path: Path, state: Path, name: str) -> dict[str, Any]:
    from fairshare.mpc.wire import approvals
    from fairshare.mpc.wire.durable import ledger_file, spent_in

    party = plan.party(name)
    approved = "missing"
    if name not in approvals.missing_approvals(plan, path):
        try:
            approvals.check_approval(plan, path, name)
            approved = "yes"
        except FairshareError as error:
            approved = str(error)
    spent = sum(c["nano_rho"] for c in spent_in(ledger_file(state, plan, name), plan)) / plan.budget.nano_rho
    return {
        "party": name,
        "role": party.role,
        "fingerprint": party.fingerprint[:16] or "missing",
        "approval": approved,
        "listens": _listens(party.endpoint) if party.role == "server" else "",
        "spent": f"{spent:.1%}" if spent else "",
    }


def _listens(endpoint: tuple[str, int]) -> str:
    import socket

    try:
        with socket.create_connection(endpoint, timeout=1.0):
            return "yes"
    except OSError:
        return "no"


def _whose(plan: "Plan", folder: Path) -> str:
    """The one party of the plan whose key lies in the folder."""
    from fairshare.mpc.wire.certificates import certificate_files

    found = [p.name for p in plan.parties if certificate_files(p.name, folder)[1].is_file()]
    if len(found) != 1:
        raise UsageError(
            f"name must say who approves: --keys holds keys of {', '.join(found) or 'no party of the plan'}"
        )
    return found[0]


def _show(screen: Screen, plan: "Plan") -> None:
    """The plan for a person who is to approve it."""
    privacy, fair = plan.privacy, plan.fairness
    knobs = ", ".join(f"{k} = {v!r}" for k, v in plan.mechanism.knobs.items()) or "defaults"
    screen.summary(
        plan.title or "Plan",
        [
            ("hash", plan.digest),
            ("promise", f"epsilon {privacy.epsilon:g}, delta {privacy.delta:g}, {plan.unit.describe()}"),
            ("asks", f"{plan.mechanism.name} ({knobs}), {privacy.noise} noise"),
            (
                "fairness",
                "none"
                if fair is None
                else f"{fair.policy}: no {', '.join(fair.outcome)} by {', '.join(fair.protected)}",
            ),
            ("data", f"{plan.data.partition}: {', '.join(_holds(plan, h.name) for h in plan.holders)}"),
            ("columns", f"{len(plan.schema.sizes)}, with {sum(plan.schema.sizes.values()):,} codes in all"),
            ("servers", ", ".join(f"{s.name} ({s.address})" for s in plan.servers)),
            ("driver", plan.driver.name),
        ],
    )
    say_trust(screen, plan)


def _holds(plan: "Plan", name: str) -> str:
    holder = plan.party(name)
    rows = f"{holder.rows:,} rows (public)" if holder.rows else f"at most {holder.row_cap:,} rows"
    columns = f"{len(holder.columns)} columns of " if holder.columns else ""
    return f"{name} ({columns}{rows})"


app.command("server", cls=Examples, epilog=consortium_nodes.SERVER)(consortium_nodes.server)
app.command("contribute", cls=Examples, epilog=consortium_nodes.CONTRIBUTE)(consortium_nodes.contribute)
app.command("run", cls=Examples, epilog=consortium_nodes.RUN)(consortium_nodes.run)
app.command("ledgers", cls=Examples, epilog=consortium_ledgers.EXAMPLES)(consortium_ledgers.ledgers)
