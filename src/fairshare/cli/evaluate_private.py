"""``fairshare evaluate --private``: figures that are paid for, and may be published with the table."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fairshare.cli.console import Screen
from fairshare.cli.ledger import run_name, standing
from fairshare.errors import UsageError

if TYPE_CHECKING:
    from fairshare.evaluation import BoughtQuality
    from fairshare.release import Release
    from fairshare.schema import Schema

__all__ = ["Delta", "Epsilon", "Pairs", "Private", "Purchase"]

_PANEL = "Bought figures"
_ALL = "all"
#: Where nothing else is asked for; as ``synth`` has it.
_DELTA = 1e-9

Private = Annotated[
    bool,
    typer.Option(
        "--private",
        help="Buy distances with a privacy budget of their own instead: differentially private, fit to be published.",
        rich_help_panel=_PANEL,
    ),
]
Epsilon = Annotated[
    float | None,
    typer.Option(metavar="E", help="What they may cost, on top of the table.", rich_help_panel=_PANEL),
]
Delta = Annotated[
    float | None,
    typer.Option(metavar="D", help="Far below one over the number of rows (default: 1e-9).", rich_help_panel=_PANEL),
]
Pairs = Annotated[
    list[str] | None,
    typer.Option(
        "--pair",
        metavar="A,B",
        help="Also a pair of columns, again and again; 'all' for all pairs. More marginals, more noise in each.",
        rich_help_panel=_PANEL,
    ),
]


@dataclass(frozen=True, kw_only=True)
class Purchase:
    """What the options ask to be bought.

    Attributes:
        epsilon: given, or None.
        delta: given, or None.
        pairs: as written.
        ledger: the data set's ledger, or None.
        run_id: given, or None.
    """

    epsilon: float | None
    delta: float | None
    pairs: Sequence[str] | None
    ledger: Path | None
    run_id: str | None

    def refuse_unless(self, private: bool) -> None:
        """Options of a purchase make no sense without one.

        Raises:
            UsageError: one was given all the same.
        """
        given = {"epsilon": self.epsilon, "delta": self.delta, "pair": self.pairs, "ledger": self.ledger}
        for name, value in (given | {"run-id": self.run_id}).items():
            if not private and value is not None:
                raise UsageError(f"--{name} is for figures that are bought: add --private, or leave it out")

    def make(self, screen: Screen, real: str, synth: str, schema: Path, others: Sequence[str]) -> None:
        """Buy the figures and show them.

        Args:
            screen: where to.
            real: the private rows.
            synth: the folder of a release.
            schema: the schema's file.
            others: options of the evaluation that were given; none can be bought.

        Raises:
            UsageError: options do not go together, or ``synth`` is no release of this schema.
        """
        if others:
            raise UsageError(
                f"{', '.join(others)} can't be bought: with --private, only distances of columns and pairs"
            )
        if self.epsilon is None:
            raise UsageError("--private needs --epsilon: what the figures may cost, such as 0.1")
        from fairshare.evaluation import buy_quality
        from fairshare.schema import Schema

        public = Schema.load(schema)
        release = _release(synth, public)
        paid = run_name(self.ledger, self.run_id)
        with screen.busy(f"counting {real}"):
            bought = buy_quality(
                real,
                release,
                epsilon=self.epsilon,
                delta=_DELTA if self.delta is None else self.delta,
                pairs=_pairs(self.pairs or (), list(public.sizes)),
                **paid,
            )
        left = standing(paid)
        _show(screen, bought, left)
        screen.document(bought.to_dict() | ({} if left is None else {"data_set_ledger": left}))


def _release(synth: str, public: "Schema") -> "Release":
    """The release, checked. A bare table is refused: nobody can tell that it is not made of the rows themselves."""
    from fairshare.release import Release

    if not Path(synth).is_dir():
        raise UsageError(
            f"SYNTH ({synth!r}) must be the folder of a release (OUT.release) with --private: what is compared must be "
            "public already"
        )
    release = Release.load(synth)
    if release.schema.digest != public.digest:
        raise UsageError(f"--schema must be the one that {synth!r} was made with")
    return release


def _pairs(given: Sequence[str], columns: Sequence[str]) -> list[tuple[str, ...]]:
    if _ALL in given:
        return list(combinations(columns, 2))
    return [_pair(text, columns) for text in given]


def _pair(text: str, columns: Sequence[str]) -> tuple[str, ...]:
    """Two names around a comma; names may hold commas themselves."""
    parts = text.split(",")
    ways = ((",".join(parts[:i]), ",".join(parts[i:])) for i in range(1, len(parts)))
    for first, second in ways:
        if first.strip() in columns and second.strip() in columns:
            return first.strip(), second.strip()
    raise UsageError(f"--pair ({text!r}) must be two synthesised columns, like {','.join(columns[:2])}, or 'all'")


def _show(screen: Screen, bought: "BoughtQuality", left: dict[str, Any] | None) -> None:
    worst_first = sorted(bought.tvd.items(), key=lambda told: -told[1])
    screen.table(
        "Total variation distance of the synthetic table from the real one, with noise; the worst first",
        ["columns", "distance"],
        [(" x ".join(clique), distance) for clique, distance in worst_first],
    )
    means = [("mean, 1-way", bought.tvd_1), ("mean, 2-way", bought.tvd_2)]
    facts = [(name, f"{value:.4f}") for name, value in means if value is not None]
    facts += [("standard error", f"{bought.standard_error:.4f} of each distance"), ("rows", f"about {bought.rows:,}")]
    facts += [("cost", bought.cost), ("account", f"ledger head {bought.ledger['head']}")]
    if left is not None:
        share = left["nano_rho_left"] / left["nano_rho_total"]
        facts.append(("data set's ledger", f"{left['path']}, run {left['run']}; {share:.1%} left"))
    screen.summary("Bought quality figures", [*facts, ("notice", bought.notice)])
