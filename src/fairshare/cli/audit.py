"""``fairshare audit``: play the distinguishing game against the noise of the installed version."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from fairshare.cli.console import Screen
from fairshare.cli.options import Json, Quiet
from fairshare.errors import InternalError

if TYPE_CHECKING:
    from fairshare.evaluation.audit import Finding

__all__ = ["EXAMPLES", "audit"]

EXAMPLES = """\
Examples:
  fairshare audit
  fairshare audit --trials 10000 --json     (quicker, with less power)

A lower bound above its claim proves a fault, and the command fails. One below it is evidence, never a proof: power
says how much of the claim the attack reached.
"""


def audit(
    trials: Annotated[int, typer.Option(metavar="N", help="Draws in each of the two worlds.")] = 50_000,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Try to tell neighbouring tables apart, through the sampler, the curator and a whole run that makes a release."""
    screen = Screen(json=json, quiet=quiet)
    from fairshare.evaluation.audit import ALARM, gaussian_game, selection_game
    from fairshare.evaluation.one_run import one_run_game

    found: list[Finding] = []
    for name, game in (("measure", gaussian_game), ("select", selection_game)):
        with screen.busy(f"playing against {name}"):
            found.append(game(trials=trials))
    with screen.busy("playing against a whole run"):
        found.append(one_run_game())
    screen.table(
        f"What the attacker could show, at confidence 1 - {ALARM:g}",
        ["against", "parameter", "claim", "lower bound", "power", "would notice"],
        [(f.name, f.currency, f.claim, f"{f.lower:.3f}", f"{f.power:.0%}", f.catches) for f in found],
    )
    weak = [f.name for f in found if not f.strong]
    if weak:
        screen.warn(
            f"little power against {', '.join(weak)}: what the game would notice may go unnoticed; raise --trials"
        )
    screen.document({"games": [{**asdict(f), "sound": f.sound, "power": f.power} for f in found]})
    if broken := [f.name for f in found if not f.sound]:
        raise InternalError(f"{', '.join(broken)}: less noise than claimed; make no release with this installation")
