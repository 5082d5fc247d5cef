"""The COMPAS trap, measured: a table may be fair and a classifier trained on it unfair to real people.

    python benchmarks/proxy_trap.py --data DIR      # a minute; DIR holds the coded table or gets it (README.md)

Trains a logistic regression and a random forest on synthetic rows, lets them predict the outcome of the real rows, and
takes the difference between the shares of African-American and Caucasian people who are predicted to reoffend
(demographic parity; 0 is equal). Needs scikit-learn.

Prints Markdown.
"""

import argparse
from pathlib import Path
from statistics import mean, stdev

import numpy as np
from prefair.data import Table
from prefair.work import MECHANISMS
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

OUTCOME, RACE, CAUCASIAN, AFRICAN_AMERICAN = "Two_yr_Recidivism", "Race", 0, 1


def features(table: Table, codes: dict[str, np.ndarray]) -> np.ndarray:
    """One-hot codes of all columns but the outcome, shape (rows, codes)."""
    names = [a for a in table.domain if a != OUTCOME]
    return np.hstack([np.eye(table.domain.size_of(a))[codes[a]] for a in names])


def gap_and_accuracy(table: Table, codes: dict[str, np.ndarray], model: object) -> tuple[float, float]:
    model.fit(features(table, codes), codes[OUTCOME])
    predicted = model.predict(features(table, table.codes))
    race = table.codes[RACE]
    gap = predicted[race == AFRICAN_AMERICAN].mean() - predicted[race == CAUCASIAN].mean()
    return abs(float(gap)), float((predicted == table.codes[OUTCOME]).mean())


def models(seed: int) -> dict[str, object]:
    return {
        "logistic regression": LogisticRegression(max_iter=1000),
        "random forest": RandomForestClassifier(100, min_samples_leaf=5, random_state=seed),
    }


def cell(values: list[float]) -> str:
    return f"{mean(values):.3f} ± {stdev(values):.3f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, metavar="DIR", required=True)
    parser.add_argument("--epsilon", type=float, default=10.0)
    parser.add_argument("--runs", type=int, default=5, help="releases a line, at least 2")
    arguments = parser.parse_args()
    table = Table.load(arguments.data, "compas")
    print(
        f"COMPAS, epsilon {arguments.epsilon:g}, {arguments.runs} releases each; real rows themselves for comparison\n"
    )
    print("| trained on | beside the outcome | logistic regression: gap | accuracy | random forest: gap | accuracy |")
    print("|---|---|---|---|---|---|")
    for variant, policy in [("real rows", None), *MECHANISMS.items()]:
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in models(0)}
        beside: set[str] = set()
        for run in range(arguments.runs):
            codes = table.codes
            if variant != "real rows":
                wish = None if policy is None else table.fairness(policy)
                made = table.release(epsilon=arguments.epsilon, delta=1e-9, fairness=wish)
                codes = {a: made.table[a].to_numpy() for a in table.domain}
                beside |= {a for c in made.model.cliques if OUTCOME in c for a in c} - {OUTCOME}
            for name, model in models(run).items():
                found[name].append(gap_and_accuracy(table, codes, model))
        cells = " | ".join(f"{cell([g for g, _ in v])} | {cell([a for _, a in v])}" for v in found.values())
        label = variant if variant == "real rows" else f"{variant} ({policy or 'no fairness'})"
        print(f"| {label} | {', '.join(sorted(beside)) or 'all'} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
