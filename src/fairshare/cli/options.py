"""What the commands share: options, and help that ends with examples which can be copied."""

from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

__all__ = ["Examples", "ExamplesGroup", "Json", "Quiet", "Seed", "help_when_bare"]

_PANEL = "Output"

Json = Annotated[
    bool,
    typer.Option("--json", help="Print exactly one JSON document to stdout, errors included.", rich_help_panel=_PANEL),
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print errors only: no progress, no summary.", rich_help_panel=_PANEL)
]
Seed = Annotated[
    int | None,
    typer.Option("--seed", metavar="S", help="The same rows again. Governs sampling only, never privacy noise."),
]


def help_when_bare(context: typer.Context) -> None:
    """A group without a command shows its help; that is a usage error for scripts."""
    if context.invoked_subcommand is None:
        context.get_help()  # rich prints it
        raise typer.Exit(2)


class Examples(TyperCommand):
    """A command whose epilog is printed as it is written."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """The usual help, then the epilog verbatim."""
        epilog, self.epilog = self.epilog, None
        super().format_help(ctx, formatter)
        self.epilog = epilog
        _print_verbatim(epilog)


class ExamplesGroup(TyperGroup):
    """A group of commands whose epilog is printed as it is written."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """The usual help, then the epilog verbatim."""
        epilog, self.epilog = self.epilog, None
        super().format_help(ctx, formatter)
        self.epilog = epilog
        _print_verbatim(epilog)


def _print_verbatim(epilog: str | None) -> None:
    from fairshare.cli.console import Screen

    Screen().say((epilog or "").strip("\n"))
