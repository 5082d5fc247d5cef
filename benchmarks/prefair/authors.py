"""The synthetic tables that PreFair's authors published, judged as ours are; writes ``authors.json`` beside this file.

    PYTHONPATH=benchmarks python -m prefair.authors CLONE --data DIR      # a quarter of an hour

CLONE is a clone of github.com/David-Pujol/Prefair. This need not be run again: ``reproduce.py`` reads its result.
"""

import argparse
import json
import statistics
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

from prefair.data import Table
from prefair.work import judged
from pyarrow import csv

from fairshare.evaluation import quality

__all__ = ["FILES", "PUBLISHED", "figures"]

#: Where results are kept.
PUBLISHED = Path(__file__).with_name("authors.json")
_FOLDERS = {"MST": ("original", "original"), "Greedy": ("fair_greedy", "greedy"), "Exponential": ("fair_opt", "opt")}
_TABLES = {"adult": "", "compas": "Compas"}
_EPSILONS = ("0.1", "1", "10")
#: Files of each mechanism and epsilon.
FILES = 10


def figures(result: dict[str, Any]) -> dict[str, float]:
    """A result's numbers in one level: ``tvd_1``, ``mlp/accuracy``, ``mlp/sex/dp``."""
    flat = {metric: result[metric] for metric in ("tvd_1", "tvd_2", "acd", "weight") if metric in result}
    for classifier, scores in result.get("scores", {}).items():
        flat |= {f"{classifier}/{metric}": v for metric, v in scores.items() if metric != "gaps"}
        for protected, gaps in scores.get("gaps", {}).items():
            flat |= {f"{classifier}/{protected}/{metric}": v for metric, v in gaps.items() if v is not None}
    return flat


def _judge(data: Path, clone: Path, place: tuple[str, str, str, int]) -> dict[str, float]:
    name, mechanism, epsilon, file = place
    folder, stem = _FOLDERS[mechanism]
    path = clone / "additional_files/private-pgm_files/src/data" / folder / _TABLES[name]
    table, made = Table.load(data, name), csv.read_csv(path / f"eps={epsilon}" / f"results_{stem}_{file}.csv")
    codes = {a: made[a].to_numpy() for a in table.domain}
    distance = quality(table.codes, codes, table.domain)
    found = {"tvd_1": distance.tvd_1, "tvd_2": distance.tvd_2, "acd": distance.acd}
    return figures({**found, "scores": judged(data, name, codes, file)})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clone", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    options = parser.parse_args()
    cells = list(product(_TABLES, _FOLDERS, _EPSILONS))
    places = [(*cell, file) for cell in cells for file in range(FILES)]
    with ProcessPoolExecutor(2) as pool:
        found = dict(zip(places, pool.map(partial(_judge, options.data, options.clone), places), strict=True))
    lines = []
    for cell in cells:
        runs = [found[*cell, file] for file in range(FILES)]
        named = {k: [run[k] for run in runs if k in run] for k in runs[0]}
        spread = {k: [round(statistics.mean(v), 6), round(statistics.stdev(v), 6)] for k, v in named.items() if v[1:]}
        lines.append(f"{json.dumps('/'.join(cell))}: {json.dumps(spread)}")
    PUBLISHED.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
