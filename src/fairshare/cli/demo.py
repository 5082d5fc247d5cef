"""``fairshare demo``: the whole path on public data, and how close the result is."""

import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fairshare.cli.console import Screen
from fairshare.cli.fairness import Policy, wish
from fairshare.cli.mechanisms import mechanism_named
from fairshare.cli.options import Json, Quiet, Seed
from fairshare.cli.outputs import Outputs, dated_folder
from fairshare.cli.synth import result, run, show_release

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from fairshare.datasets import Dataset
    from fairshare.release import Release
    from fairshare.schema import Schema

    _Codes = Mapping[str, NDArray[np.unsignedinteger[Any]]]

__all__ = ["EXAMPLES", "demo"]

EXAMPLES = """\
Examples:
  fairshare demo
  fairshare demo -o tour
  fairshare demo --fairness strict
  fairshare demo --consortium --partition vertical
"""

_PANEL = "Consortium"
_Consortium = Annotated[
    bool,
    typer.Option(
        "--consortium",
        help="Split the table among holders; three servers answer on secret shares, each party a process.",
        rich_help_panel=_PANEL,
    ),
]
_Partition = Annotated[
    str,
    typer.Option(metavar="P", help="horizontal (rows), vertical (columns) or mixed.", rich_help_panel=_PANEL),
]
_Mechanism = Annotated[
    str | None, typer.Option(metavar="M", help="What is measured (default: mst; swift for a consortium).")
]
_Relation = Annotated[
    str | None, typer.Option(metavar="R", help="add-remove, or replace-one (the default where columns are split).")
]


def demo(  # noqa: PLR0917  (typer reads options from the signature)
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="DIR", help="Folder (default: named by date and time).")
    ] = None,
    seed: Seed = None,
    fairness: Policy = None,
    consortium: _Consortium = False,
    partition: _Partition = "horizontal",
    mechanism: _Mechanism = None,
    relation: _Relation = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Synthesise UCI Adult (in the box, public) at epsilon 1 and compare the result with the real table."""
    screen = Screen(json=json, quiet=quiet)
    if consortium:
        from fairshare.cli.consortium_demo import demo_jointly

        named = mechanism or "swift"
        demo_jointly(
            screen, output, partition=partition, mechanism=named, fairness=fairness, relation=relation, seed=seed
        )
        return
    outputs = Outputs.inside(dated_folder() if output is None else output)
    from fairshare.datasets import load_adult

    started = time.monotonic()
    adult = load_adult()
    options: dict[str, Any] = {
        "epsilon": 1.0,
        "delta": 1e-9,
        "mechanism": mechanism_named(mechanism or "mst"),
        "seed": seed,
    }
    options["relation"] = relation or "add-remove"
    options["fairness"] = wish(adult.schema, fairness)
    release = run(screen, outputs, adult.table, adult.schema, options)
    seconds = time.monotonic() - started
    with screen.busy("comparing with the real table"):
        compared = _compare(adult, release)
    _show(screen, compared)
    show_release(screen, release, outputs, seconds)
    screen.document({**result(release, outputs), "quality": compared})


def _compare(adult: "Dataset", release: "Release") -> dict[str, Any]:
    """Synthetic beside real, and both beside the table whose columns are shuffled apart (no dependence left)."""
    import numpy as np

    from fairshare.evaluation import TablePair
    from fairshare.marginals import Domain

    schema, domain = adult.schema, Domain.from_sizes(adult.schema.sizes)
    real, synthetic = schema.encode(adult.table), schema.encode(release.table)
    rng = np.random.default_rng(0)
    apart = {name: rng.permutation(codes) for name, codes in real.items()}
    pair = TablePair(real, synthetic, domain)
    ones, twos = pair.tvd_all(1), pair.tvd_all(2)
    independent = TablePair(real, apart, domain).tvd_all(2)
    return {
        "tvd_1": _mean(ones.values()),
        "tvd_2": _mean(twos.values()),
        "tvd_2_of_independent_columns": _mean(independent.values()),
        "per_column": {
            name: {"tvd_1": ones[name,], "tvd_2": _mean(d for clique, d in twos.items() if name in clique)}
            for name in domain
        },
        "shares": _shares(schema, real, synthetic),
    }


def _shares(schema: "Schema", real: "_Codes", synthetic: "_Codes") -> dict[str, dict[str, float]]:
    """A question that people ask of this table: what share earns more than 50K?"""
    high, woman = schema.labels("income").index(">50K"), schema.labels("sex").index("Female")
    shares: dict[str, dict[str, float]] = {"all": {}, "women": {}, "men": {}}
    for kind, codes in (("real", real), ("synthetic", synthetic)):
        rich, women = codes["income"] == high, codes["sex"] == woman
        shares["all"][kind] = float(rich.mean())
        shares["women"][kind] = float(rich[women].mean())
        shares["men"][kind] = float(rich[~women].mean())
    return shares


def _mean(found: Iterable[float]) -> float:
    values = list(found)
    return sum(values) / len(values)


def _show(screen: Screen, compared: dict[str, Any]) -> None:
    worst = sorted(compared["per_column"].items(), key=lambda item: -item[1]["tvd_2"])
    screen.table(
        "Total variation distance from the real table: 0 is equal, 1 is disjoint; worst column first",
        ["column", "1-way", "2-way, mean over its pairs"],
        [(name, d["tvd_1"], d["tvd_2"]) for name, d in worst]
        + [
            ("mean", compared["tvd_1"], compared["tvd_2"]),
            ("(columns shuffled apart)", 0.0, compared["tvd_2_of_independent_columns"]),
        ],
    )
    screen.table(
        "Who earns more than 50K? The same question to both tables",
        ["among", "real", "synthetic"],
        [(words, f"{s['real']:.1%}", f"{s['synthetic']:.1%}") for words, s in compared["shares"].items()],
    )
    screen.note("Figures computed from real rows are not private; here they are public. Keep your own to yourself.")
