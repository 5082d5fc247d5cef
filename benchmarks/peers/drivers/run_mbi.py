"""mbi (Private-PGM). Its wheel holds the engine; the mechanisms are scripts in its repository, so these are our ports.

MST is ``benchmarks/mbi_mst.py``. AIM follows McKenna et al. 2022 and the authors' published script (settings: 16 d
rounds at first, 0.9 of the budget to measuring, 1,000 iterations a fit, warm start), written anew on mbi's public
functions; marginals, fits, projections and sampling are all mbi's.
"""

import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from request import Request

warnings.simplefilter("ignore")  # mbi advises on JAX's settings; we time it as it comes

import mbi  # noqa: E402

sys.path.append(str(Path(__file__).resolve().parents[2]))

import mbi_mst  # noqa: E402

SELECT_SHARE = 0.1
ITERATIONS = 1000


def closure(workload: list[tuple[str, ...]]) -> dict[tuple[str, ...], float]:
    """Every subset of a workload marginal, weighted by how much it overlaps with the workload."""
    subsets = mbi.clique_utils.downward_closure(workload)
    return {c: float(sum(len(set(c) & set(q)) for q in workload)) for c in subsets if c}


class AIM:
    """Select the marginal that the model gets most wrong, measure it, fit again, until the budget is spent.

    Args:
        data: the private table.
        rho: the budget.
        max_model_mb: cap on the junction tree, growing with the budget spent.
        rng: of the noise.
    """

    def __init__(self, data: mbi.Dataset, rho: float, max_model_mb: float, rng: np.random.Generator) -> None:
        self.data, self.rho, self.max_model_mb, self.rng = data, rho, max_model_mb, rng
        self.measured: list[mbi.LinearMeasurement] = []
        self.spent = 0.0

    def run(self, workload: list[tuple[str, ...]]) -> mbi.MarkovRandomField:
        weights = closure(workload)
        truth = {c: np.asarray(self.data.project(c).datavector()) for c in weights}
        a_round = self.rho / (16 * len(self.data.domain.attributes))
        for column in (c for c in weights if len(c) == 1):
            self.measure(column, a_round)
            self.spent += (1 - SELECT_SHARE) * a_round
        model = self.fit(None)
        last = False
        while not last:
            if last := self.rho - self.spent < 2 * a_round:
                a_round = self.rho - self.spent
            self.spent += a_round
            limit = self.max_model_mb * self.spent / self.rho
            clique = self.select(model, self.small(model, weights, limit), truth, a_round)
            before = np.asarray(model.project(clique).datavector())
            self.measure(clique, a_round)
            model = self.fit(model)
            moved = np.abs(np.asarray(model.project(clique).datavector()) - before).sum()
            print(f"{self.spent / self.rho:.3f} of the budget, {clique}", file=sys.stderr, flush=True)
            if moved <= self.noise(a_round) * before.size:
                a_round *= 4
        return model

    @staticmethod
    def sigma(a_round: float) -> float:
        return (2 * (1 - SELECT_SHARE) * a_round) ** -0.5

    def noise(self, a_round: float) -> float:
        """Expected absolute noise of a cell."""
        return (2 / np.pi) ** 0.5 * self.sigma(a_round)

    def small(self, model: mbi.MarkovRandomField, weights: dict, limit: float) -> dict:
        """The candidates that fit into a model of so many megabytes, and those that are in the model anyway."""
        free = set(mbi.clique_utils.downward_closure(list(model.cliques)))
        size = mbi.junction_tree.hypothetical_model_size
        return {c: w for c, w in weights.items() if c in free or size(self.data.domain, [*model.cliques, c]) <= limit}

    def select(self, model: mbi.MarkovRandomField, candidates: dict, truth: dict, a_round: float) -> tuple[str, ...]:
        """The exponential mechanism on each candidate's L1 error beyond what noise would leave."""
        epsilon, noise = (8 * SELECT_SHARE * a_round) ** 0.5, self.noise(a_round)
        found = mbi.marginal_oracles.bulk_variable_elimination(model.potentials, list(candidates), total=model.total)
        error = {c: np.abs(truth[c] - np.asarray(found[c].datavector())).sum() for c in candidates}
        scores = np.array([w * (error[c] - noise * truth[c].size) for c, w in candidates.items()])
        scores *= epsilon / 2 / max(candidates.values())
        return list(candidates)[int(np.argmax(scores + self.rng.gumbel(size=scores.size)))]

    def measure(self, clique: tuple[str, ...], a_round: float) -> None:
        sigma = self.sigma(a_round)
        exact = np.asarray(self.data.project(clique).datavector())
        self.measured.append(mbi.LinearMeasurement(exact + self.rng.normal(0, sigma, exact.size), clique, sigma))

    def fit(self, last: mbi.MarkovRandomField | None) -> mbi.MarkovRandomField:
        estimate = mbi.estimation.MirrorDescent().estimate
        return estimate(self.data.domain, self.measured, iters=ITERATIONS, warm_start=last)


def main() -> None:
    request = Request.from_command_line()
    frame = pd.read_csv(request.data)
    data = mbi.Dataset({a: frame[a].to_numpy() for a in request.sizes}, mbi.Domain.fromdict(request.sizes))
    rng = np.random.default_rng()
    if request.mechanism == "MST":
        made = mbi_mst.mst(data, request.epsilon, request.delta, rng)
    else:
        mechanism = AIM(data, request.rho, request.options["max_model_mb"], rng)
        made = mechanism.run(request.workload(request.options["degree"])).synthetic_data()
    request.write({a: np.asarray(c) for a, c in made.to_dict().items()})


if __name__ == "__main__":
    main()
