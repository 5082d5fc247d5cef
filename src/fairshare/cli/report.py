"""``fairshare report``: a page and a card about a release, from released values alone."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fairshare.cli.console import Screen
from fairshare.cli.options import Json, Quiet
from fairshare.cli.outputs import check_writable, writing
from fairshare.errors import UsageError

if TYPE_CHECKING:
    from fairshare.release import Release
    from fairshare.report import Report

__all__ = ["EXAMPLES", "check_page", "report", "write_report"]

EXAMPLES = """\
Examples:
  fairshare report synthetic.release -o report.html
  fairshare report synthetic.release -o report.html --card README.md
  fairshare report synthetic.release -o report.html --json     (prints what the page shows)

The page and the card hold released values alone: they may be published with the table. A page with real rows beside
synthetic ones is made by 'fairshare evaluate --report'.
"""


def report(
    release: Annotated[Path, typer.Argument(metavar="RELEASE", help="A folder that 'synth' wrote: OUT.release.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="F.html", help="The page.")],
    card: Annotated[
        Path | None, typer.Option("--card", metavar="F.md", help="Also a short Markdown card, for next to the table.")
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Make a page that tells what a release promises, for everybody."""
    screen = Screen(json=json, quiet=quiet)
    check_page(output, option="-o", inputs=[])
    if card is not None:
        _check_card(card)
    from fairshare.release import Release

    with screen.busy(f"reading {release}"):
        loaded = Release.load(release)
        made = write_report(loaded, output, card)
    facts = [("page", str(output)), *([("card", str(card))] if card is not None else [])]
    screen.summary(f"Report on {release}", [*facts, ("holds", "released values alone: it may be published")])
    screen.document(made.to_dict())


def write_report(release: "Release", page: Path, card: Path | None) -> "Report":
    """Write the shareable page, and the card where one is asked for.

    Raises:
        UsageError: the disk refuses.
    """
    from fairshare.report import public_report

    made = public_report(release)
    with writing(page):
        page.write_text(made.to_html(), encoding="utf-8")
    if card is not None:
        with writing(card):
            card.write_text(made.to_markdown(), encoding="utf-8")
    return made


def check_page(path: Path, *, option: str, inputs: Sequence[str | Path]) -> None:
    """Refuse a page's path before work is put into it.

    Raises:
        UsageError: it is not an .html file, an input would be overwritten, or nothing can be written there.
    """
    if path.suffix.lower() not in (".html", ".htm") or path.is_dir():
        raise UsageError(f"{option} ({str(path)!r}) must be a file that ends in .html")
    check_writable(path, option=option, inputs=inputs)


def _check_card(path: Path) -> None:
    if path.suffix.lower() != ".md" or path.is_dir():
        raise UsageError(f"--card ({str(path)!r}) must be a file that ends in .md")
    check_writable(path, option="--card", inputs=[])
