"""How long the exact fair spanning tree takes, and what is left open: one table.

    python benchmarks/exact_fair_tree.py                       # 40 and 100 attributes, 20 seeds, 60 s each
    python benchmarks/exact_fair_tree.py --data DIR            # adds Adult and COMPAS (DIR/adult.csv, DIR/compas.csv)
    python benchmarks/exact_fair_tree.py --hard                # adds the hardest split of roles known to us

Instances of d attributes: d - 7 neutral below 100 attributes (3 protected, 1 outcome, 3 admissible), else d - 10
(4 protected, 2 outcomes, 4 admissible). `random` weights are uniform; `correlated` ones are absolute correlations
of attributes that share five latent factors. `--hard` leaves one admissible attribute, so that sides meet nowhere
else, and deals the rest out evenly.

For real tables the weight of a pair is the L1 error of its 2-way marginal against independence, in records, and
columns are coded integers with a header. Roles are PreFair's (VLDB 2023, Table 1); other columns are neutral.
"""

import argparse
import csv
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fairshare.fairness import Fairness, FairTree, fair_tree, separation

REAL = {
    "adult": Fairness(
        protected=["sex", "race", "native-country"],
        admissible=["workclass", "education-num", "occupation", "capital-gain", "capital-loss", "hours-per-week"],
        outcome=["income>50K"],
        policy="exact",
    ),
    "compas": Fairness(
        protected=["Sex", "Race"],
        admissible=["Number_of_Priors", "Misdemeanor"],
        outcome=["Two_yr_Recidivism"],
        policy="exact",
    ),
}


@dataclass(frozen=True)
class Instance:
    weights: NDArray[np.float64]
    names: list[str]
    fairness: Fairness


@dataclass(frozen=True)
class Run:
    tree: FairTree
    seconds: float
    above_greedy: float  # how much more the tree weighs than Greedy's, as a share


def split(attributes: int, *, hard: bool) -> tuple[int, int, int]:
    """How many attributes are protected, admissible, outcomes."""
    if attributes < 100:
        return (3, 1, 3) if hard else (3, 3, 1)
    return (5, 1, 4) if hard else (4, 4, 2)


def instance(attributes: int, kind: str, seed: int, *, hard: bool) -> Instance:
    rng = np.random.default_rng([attributes, seed])
    if kind == "random":
        upper = np.triu(rng.random((attributes, attributes)), 1)
        weights = upper + upper.T
    else:
        loadings = rng.normal(size=(attributes, 5))
        covariance = loadings @ loadings.T + np.diag(5 * rng.random(attributes))
        scale = np.sqrt(np.diag(covariance))
        weights = np.abs(covariance / np.outer(scale, scale))
        weights = (weights + weights.T) / 2
    names = [f"x{i}" for i in range(attributes)]
    shuffled = rng.permutation(names).tolist()
    protected, admissible, outcome = split(attributes, hard=hard)
    fairness = Fairness(
        protected=shuffled[:protected],
        admissible=shuffled[protected : protected + admissible],
        outcome=shuffled[protected + admissible : protected + admissible + outcome],
        policy="exact",
    )
    return Instance(weights, names, fairness)


def table(path: Path, fairness: Fairness) -> Instance:
    """Pair weights of a coded table: L1 distance of each 2-way marginal from the product of its 1-way ones."""
    with path.open(newline="") as file:
        names = next(csv.reader(file))
        rows = np.loadtxt(file, delimiter=",", dtype=np.int64)
    sizes = rows.max(axis=0) + 1
    ones = [np.bincount(column, minlength=size) for column, size in zip(rows.T, sizes, strict=True)]
    weights = np.zeros((len(names), len(names)))
    for i in range(len(names)):
        for j in range(i):
            pairs = np.bincount(rows[:, i] * sizes[j] + rows[:, j], minlength=sizes[i] * sizes[j])
            expected = np.outer(ones[i], ones[j]).ravel() / len(rows)
            weights[i, j] = weights[j, i] = np.abs(pairs - expected).sum()
    return Instance(weights, names, fairness)


def run(case: Instance, deadline: float) -> Run:
    start = time.perf_counter()
    # The deadline is the limit here, so that unfinished searches are cut at the same time.
    tree = fair_tree(case.weights, case.names, case.fairness, node_limit=10**9, deadline=deadline)
    seconds = time.perf_counter() - start
    if not separation(tree.edges, case.fairness.roles).verdict:
        raise SystemExit("an exact tree is not fair: please report it")
    greedy = fair_tree(case.weights, case.names, replace(case.fairness, policy="strict"))
    return Run(tree, seconds, tree.weight / greedy.weight - 1)


def row(name: str, runs: list[Run]) -> str:
    seconds = [r.seconds for r in runs]
    nodes = [r.tree.nodes for r in runs]
    proved = sum(r.tree.optimal for r in runs)
    gap = max(r.tree.gap / r.tree.weight for r in runs)
    greedy = statistics.median(r.above_greedy for r in runs)
    return (
        f"| {name} | {proved}/{len(runs)} | {statistics.median(seconds):.4f} | {max(seconds):.4f} "
        f"| {statistics.median(nodes):.0f} | {max(nodes)} | {gap:.3%} | {greedy:.2%} |"
    )


def rows(arguments: argparse.Namespace) -> Iterator[str]:
    if arguments.data is not None:
        for name, fairness in REAL.items():
            case = table(arguments.data / f"{name}.csv", fairness)
            runs = [run(case, arguments.deadline) for _ in range(arguments.seeds)]
            neutral = len(fairness.roles.neutral(case.names))
            yield row(f"{name}, {len(case.names)} attributes, {neutral} neutral", runs)
    for attributes in arguments.attributes:
        for hard in (False, True) if arguments.hard else (False,):
            neutral = attributes - sum(split(attributes, hard=hard))
            for kind in ("random", "correlated"):
                runs = [
                    run(instance(attributes, kind, seed, hard=hard), arguments.deadline)
                    for seed in range(arguments.seeds)
                ]
                label = f"{attributes} attributes, {neutral} neutral, {kind}{', one admissible' if hard else ''}"
                yield row(label, runs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--attributes", type=int, nargs="+", default=[40, 100], help="sizes, at least 8 each")
    parser.add_argument("--seeds", type=int, default=20, help="instances per row (repeats, for real tables)")
    parser.add_argument("--deadline", type=float, default=60.0, help="seconds per instance")
    parser.add_argument("--data", type=Path, help="folder with adult.csv and compas.csv, coded")
    parser.add_argument("--hard", action="store_true", help="add instances with one admissible attribute")
    arguments = parser.parse_args()
    if min(arguments.attributes) < 8 or arguments.seeds < 1:
        parser.error("--attributes must be at least 8 and --seeds at least 1")
    print("| instances | proved optimal | median s | worst s | median nodes | most nodes | largest gap | over Greedy |")
    print("|---|---|---|---|---|---|---|---|")
    for line in rows(arguments):
        print(line, flush=True)


if __name__ == "__main__":
    main()
