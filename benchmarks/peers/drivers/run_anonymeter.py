"""One of anonymeter's attacks on one synthetic table: a JSON document in, what it found as JSON out.

    python run_anonymeter.py REQUEST.json OUT.json

It runs in anonymeter's environment and leaves the attack to it. Method: M. Giomi et al., A Unified Framework for
Quantifying Privacy Risk in Synthetic Data, PoPETs 2023(2).
"""

import json
import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from anonymeter.evaluators import InferenceEvaluator, LinkabilityEvaluator, SinglingOutEvaluator
from anonymeter.evaluators.singling_out_evaluator import univariate_singling_out_queries
from anonymeter.stats.confidence import EvaluationResults, SuccessRate, success_rate

LEVEL = 0.95


@dataclass(frozen=True, kw_only=True)
class Request:
    """One attack.

    Attributes:
        seen, unseen: CSV of codes, with a header: the rows that were synthesised, and those held out (the control).
        made: CSV of the synthetic rows.
        ordered: the columns whose codes are in an order; the others are categories.
        kind, options: a key of ``KINDS`` and its settings.
        attacks: how many guesses are asked for.
        run: seeds what anonymeter lets be seeded.
    """

    seen: str
    unseen: str
    made: str
    ordered: tuple[str, ...]
    kind: str
    options: dict[str, Any]
    attacks: int
    run: int

    def tables(self) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
        return self._read(self.seen), self._read(self.unseen), self._read(self.made)

    def _read(self, path: str) -> pd.DataFrame:
        table = pd.read_csv(path)
        return table.astype({a: str for a in table.columns if a not in self.ordered})


@dataclass(frozen=True)
class Found:
    """What an attack found.

    Attributes:
        guesses: how many were made.
        results: anonymeter's.
        right: how many naive guesses, which take no account of the target, were right.
    """

    guesses: int
    results: EvaluationResults
    right: int

    @property
    def naive(self) -> SuccessRate:
        return success_rate(self.guesses, self.right, LEVEL)

    def document(self, remarks: list[str]) -> dict[str, Any]:
        risk = self.results.risk()
        rates = {
            "main": (self.results.n_success, self.results.attack_rate),
            "control": (self.results.n_control, self.results.control_rate),
            "naive": (self.right, self.naive),
        }
        return {
            "guesses": self.guesses,
            **{
                name: {"right": float(right), "rate": float(rate.value), "error": float(rate.error)}
                for name, (right, rate) in rates.items()
            },
            "risk": float(risk.value),
            "low": float(risk.ci[0]),
            "high": float(risk.ci[1]),
            "remarks": remarks,
        }


def distinct(request: Request) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """The tables without repetitions, the seen and the unseen rows equally many.

    Singling out looks at distinct rows only. Where the control has not as many as the attacked table, anonymeter
    corrects its success by a fitted model, and that fit can fail or extrapolate badly.
    """
    seen, unseen, made = (table.drop_duplicates() for table in request.tables())
    rows = min(len(seen), len(unseen))
    return seen.head(rows), unseen.head(rows), made


def univariate(request: Request) -> Found:
    """Values of one column that one synthetic row has; as many guesses as there are, but no more than asked for."""
    seen, unseen, made = distinct(request)
    # The evaluator divides by the number asked for, also where it has fewer guesses, which would hide the risk.
    possible = univariate_singling_out_queries(pl.DataFrame(made), request.attacks, np.random.default_rng(request.run))
    if not possible:
        raise SystemExit("no value occurs in one synthetic row only, so the attack has no guess")
    evaluator = SinglingOutEvaluator(seen, made, n_attacks=len(possible), control=unseen, seed=request.run)
    results = evaluator.evaluate("univariate").results(LEVEL)
    return Found(len(possible), results, results.n_baseline)


def multivariate(request: Request) -> Found:
    """Values of several columns that one synthetic row has."""
    seen, unseen, made = distinct(request)
    evaluator = SinglingOutEvaluator(
        seen, made, n_attacks=request.attacks, n_cols=request.options["columns"], control=unseen, seed=request.run
    )
    results = evaluator.evaluate("multivariate").results(LEVEL)
    return Found(request.attacks, results, results.n_baseline)


def linkability(request: Request) -> Found:
    """Do both halves of a row have a synthetic row in common among their nearest?"""
    seen, unseen, made = request.tables()
    one, other = request.options["halves"]
    evaluator = LinkabilityEvaluator(
        seen,
        made,
        aux_cols=(one, other),
        n_attacks=request.attacks,
        n_neighbors=request.options["neighbours"],
        control=unseen,
    )
    results = evaluator.evaluate(n_jobs=1).results(LEVEL)
    return Found(request.attacks, results, results.n_baseline)


def inference(request: Request) -> Found:
    """Is a row's secret that of the nearest synthetic row by all other columns?"""
    seen, unseen, made = request.tables()
    secret, attacks = request.options["secret"], request.attacks
    known = [a for a in seen.columns if a != secret]
    evaluator = InferenceEvaluator(seen, made, aux_cols=known, secret=secret, n_attacks=attacks, control=unseen)
    results = evaluator.evaluate(n_jobs=1).results(LEVEL)
    # anonymeter 1.1.0 lines its naive guesses up by row number with the targets, which leaves most without a guess.
    # The same guesses, one synthetic row's value for each target, are compared here as they were drawn.
    guesses = made[secret].sample(attacks, random_state=request.run).to_numpy()
    secrets = seen[secret].sample(attacks, random_state=request.run + 1).to_numpy()
    return Found(attacks, results, int((guesses == secrets).sum()))


KINDS: dict[str, Callable[[Request], Found]] = {
    function.__name__: function for function in (univariate, multivariate, linkability, inference)
}


class Remarks(logging.Handler):
    """What anonymeter warns of, kept."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


def main() -> None:
    request = Request(**json.loads(Path(sys.argv[1]).read_text()))
    # Linkability and inference draw their targets by the global generator, and the correction for the control's size
    # its rows by that of polars.
    np.random.seed(request.run)  # noqa: NPY002
    pl.set_random_seed(request.run)
    remarks = Remarks()
    logging.getLogger("anonymeter").addHandler(remarks)
    found = KINDS[request.kind](request)
    Path(sys.argv[2]).write_text(json.dumps(found.document(remarks.said)))


if __name__ == "__main__":
    main()
