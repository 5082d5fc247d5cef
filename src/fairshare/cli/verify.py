"""``fairshare verify``: is a release fair? Answered without the data."""

from pathlib import Path
from typing import Annotated

import typer

from fairshare.cli.console import Screen
from fairshare.cli.fairness import verdict
from fairshare.cli.options import Json, Quiet

__all__ = ["EXAMPLES", "verify"]

EXAMPLES = """\
Examples:
  fairshare verify synthetic.release
  fairshare verify synthetic.release --json

No data are needed. The verdict is computed afresh from the cliques of the stored model and of its ledger; what the
certificate says is only compared with it. Exit code 0: fair; 3: not fair; 5: a file was changed.
"""


def verify(
    release: Annotated[Path, typer.Argument(metavar="RELEASE", help="A folder that 'synth' wrote: OUT.release.")],
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Check that a release is fair, and that nobody changed it."""
    screen = Screen(json=json, quiet=quiet)
    from fairshare.release import Release, other_roles, verify_loaded

    with screen.busy(f"checking {release}"):
        loaded = Release.load(release)
        found, others = verify_loaded(loaded, release).to_dict(), other_roles(loaded)
    apart = [component for component in found["components"] if len(component) > 1]
    screen.summary(
        f"Verified: {release}",
        [
            ("fairness", verdict(found)),
            ("because", found["reason"]),
            ("cliques", f"{len(found['cliques'])} in the model, each paid for in the ledger"),
            ("together", "\n".join(", ".join(c) for c in apart) or "nothing, once the admissible columns are fixed"),
        ],
    )
    for proxy in found["proxies"]:
        screen.warn(proxy["message"])
    for other in others:
        screen.warn(other)
    screen.document({"release": str(release), "fair": found["fair"], "fairness": found, "other_roles": list(others)})
