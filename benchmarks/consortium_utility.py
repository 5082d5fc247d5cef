"""What a consortium's release is worth beside the trusted curator's, however the data are split.

    OPENBLAS_NUM_THREADS=1 python benchmarks/consortium_utility.py                  # Adult, SWIFT, 5 runs: minutes
    OPENBLAS_NUM_THREADS=1 python benchmarks/consortium_utility.py --mechanism aim

Built-in Adult (48,842 rows, 15 columns), all pairs, epsilon 1, delta 1e-9. Every protocol runs, in one process. Prints
Markdown. The exit code is 1 if a consortium's mean TVD 2-way is further than three standard errors above the trusted
curator's under the same neighbour relation.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # BLAS's own threads would only spin on a busy machine

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import mean, stdev
from typing import Any

import numpy as np
import pyarrow as pa

import fairshare
from fairshare.datasets import load_adult
from fairshare.evaluation import quality
from fairshare.marginals import Domain

KEY = "record"
MECHANISMS = {"swift": fairshare.SWIFT(workload=2), "mst": fairshare.MST(), "aim": fairshare.AIM(workload=2)}


@dataclass(frozen=True)
class Line:
    """One setting's figures, one entry a run."""

    setting: str
    relation: str
    tvd_1: list[float]
    tvd_2: list[float]
    acd: list[float]
    cpu: list[float]
    consortium: dict[str, Any]

    def __str__(self) -> str:
        cost = self.consortium
        traffic = (
            f"{cost['rounds']} | {max(cost['sent_mb']):.1f} | {cost['received_from_holders_mb']:.1f}"
            if cost
            else "- | - | -"
        )
        figures = " | ".join(_spread(values) for values in (self.tvd_1, self.tvd_2, self.acd))
        return f"| {self.setting} | {self.relation} | {figures} | {mean(self.cpu):.1f} | {traffic} |"


def _spread(values: list[float]) -> str:
    return f"{mean(values):.4f} ± {stdev(values) if len(values) > 1 else 0:.4f}"


def splits(table: pa.Table, columns: list[str]) -> dict[str, dict[str, pa.Table]]:
    """Adult among two hospitals' rows, two registers' columns, or both; rows are matched by a random record key."""
    rows, third = table.num_rows, table.num_rows // 3
    keyed = table.append_column(KEY, pa.array(np.random.default_rng(1).permutation(rows)))
    left, right = columns[: len(columns) // 2], columns[len(columns) // 2 :]
    rest = keyed.slice(third)
    return {
        "horizontal": {"north": table.slice(0, rows // 2), "south": table.slice(rows // 2)},
        "vertical": {"left": keyed.select([*left, KEY]), "right": keyed.select([*right, KEY])},
        "mixed": {
            "whole": keyed.slice(0, third),
            "left": rest.select([*left, KEY]),
            "east": rest.slice(0, third).select([*right, KEY]),
            "west": rest.slice(third).select([*right, KEY]),
        },
    }


def measure(setting: str, relation: str, runs: int, make: Callable[[int], fairshare.Release], real: Any) -> Line:
    """Repeat a release; the seed governs sampling only, noise is fresh every time."""
    figures: dict[str, list[float]] = {"tvd_1": [], "tvd_2": [], "acd": [], "cpu": []}
    codes, schema = real
    for seed in range(runs):
        start = time.process_time()
        release = make(seed)
        figures["cpu"].append(time.process_time() - start)
        found = quality(codes, schema.encode(release.table), Domain.from_sizes(schema.sizes))
        for name in ("tvd_1", "tvd_2", "acd"):
            figures[name].append(getattr(found, name))
    return Line(setting, relation, **figures, consortium=release.certificate.get("consortium", {}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mechanism", choices=MECHANISMS, default="swift")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    data = load_adult()
    real = data.schema.encode(data.table), data.schema
    ask = {"epsilon": 1.0, "delta": 1e-9, "mechanism": MECHANISMS[options.mechanism]}
    held = splits(data.table, list(data.schema.sizes))
    print(f"Adult, {options.mechanism}, all pairs, epsilon 1, delta 1e-9, {options.runs} runs: mean ± sd\n")
    print(
        "| data | neighbours | TVD 1-way | TVD 2-way | ACD | CPU s, all parties | rounds | MB sent | MB from holders |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    failed = []
    for relation, partitions in (("add-remove", ["horizontal"]), ("replace-one", ["horizontal", "vertical", "mixed"])):

        def trusted(seed: int, relation: Any = relation) -> fairshare.Release:
            return fairshare.synthesize(data.table, data.schema, relation=relation, seed=seed, **ask)

        alone = measure("one table, trusted curator", relation, options.runs, trusted, real)
        print(alone, flush=True)
        for how in partitions:

            def jointly(seed: int, how: str = how, relation: Any = relation) -> fairshare.Release:
                return fairshare.simulate(held[how], data.schema, relation=relation, record_key=KEY, seed=seed, **ask)

            line = measure(how, relation, options.runs, jointly, real)
            print(line, flush=True)
            error = (stdev(alone.tvd_2) ** 2 + stdev(line.tvd_2) ** 2) ** 0.5 / options.runs**0.5
            if mean(line.tvd_2) > mean(alone.tvd_2) + 3 * error:
                failed.append(f"{how}, {relation}")
    if failed:
        raise SystemExit(f"worse than the trusted curator: {'; '.join(failed)}")


if __name__ == "__main__":
    main()
