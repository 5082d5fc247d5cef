"""The peer: MST on mbi 2.0.0, following the authors' published ``mechanisms/mst.py``.

    python benchmarks/mbi_mst.py DATA.csv DOMAIN.json OUT.csv --epsilon 1 --delta 1e-9

mbi's wheel holds the estimation library but not the mechanisms, which are scripts in its repository
(github.com/ryan112358/private-pgm). This driver has their outline, settings (2,500 iterations before the selection,
10,000 after) and noise, and leaves all the work to mbi: marginals, mirror descent, projections, synthetic rows. It is
here to be timed. It is NOT private: the noise is floating point, from a generator with a seed.
"""

import argparse
import json
import warnings
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd

from fairshare.privacy import rho_of

warnings.simplefilter("ignore")  # mbi advises on JAX's settings; we time it as it comes

import mbi  # noqa: E402


def mst(data: mbi.Dataset, epsilon: float, delta: float, rng: np.random.Generator) -> mbi.Dataset:
    rho = rho_of(epsilon, delta)
    sigma = np.sqrt(3 / (2 * rho))
    ones = measure(data, [(a,) for a in data.domain], sigma, rng)
    mapping = {m.clique[0]: codes for m in ones if (codes := compression(m)) is not None}
    data, ones = data.compress(mapping), [compressed(m, mapping.get(m.clique[0])) for m in ones]
    tree = select(data, rho / 3, ones, rng)
    twos = measure(data, tree, sigma, rng)
    model = mbi.estimation.MirrorDescent().estimate(data.domain, ones + twos, iters=10_000)
    return model.synthetic_data().decompress(mapping)


def measure(data: mbi.Dataset, cliques: list, sigma: float, rng: np.random.Generator) -> list[mbi.LinearMeasurement]:
    sigma *= np.sqrt(len(cliques))
    exact = [np.asarray(data.project(c).datavector()) for c in cliques]
    return [
        mbi.LinearMeasurement(x + rng.normal(0, sigma, x.size), c, sigma) for x, c in zip(exact, cliques, strict=True)
    ]


def compression(m: mbi.LinearMeasurement) -> np.ndarray | None:
    """New code of each value: those below three sigmas share the last one."""
    frequent = np.asarray(m.noisy_measurement) >= 3 * m.stddev
    return None if frequent.all() else np.where(frequent, np.cumsum(frequent) - 1, frequent.sum())


def compressed(m: mbi.LinearMeasurement, codes: np.ndarray | None) -> mbi.LinearMeasurement:
    """The sum over merged values, divided by the root of their number so that one sigma holds for all cells."""
    if codes is None:
        return m
    merged = np.bincount(codes, weights=np.asarray(m.noisy_measurement))
    scale = 1 / np.sqrt(np.bincount(codes))
    return mbi.LinearMeasurement(merged * scale, m.clique, m.stddev, query=lambda mu: mu.datavector() * scale)


def select(data: mbi.Dataset, rho: float, ones: list, rng: np.random.Generator) -> list[tuple[str, str]]:
    """Kruskal's algorithm with the exponential mechanism on L1 errors of the independent model."""
    model = mbi.estimation.MirrorDescent().estimate(data.domain, ones, iters=2_500)
    error = {
        pair: np.abs(data.project(pair).datavector() - model.project(pair).datavector()).sum()
        for pair in combinations(data.domain.attributes, 2)
    }
    component = {a: a for a in data.domain}
    tree: list[tuple[str, str]] = []
    epsilon = np.sqrt(8 * rho / (len(component) - 1))
    while len(tree) < len(component) - 1:
        open_pairs = [p for p in error if component[p[0]] != component[p[1]]]
        scores = epsilon / 2 * np.array([float(error[p]) for p in open_pairs])
        # The largest score plus Gumbel noise has the exponential mechanism's distribution.
        left, right = open_pairs[int(np.argmax(scores + rng.gumbel(size=len(scores))))]
        tree.append((left, right))
        old, new = component[right], component[left]
        component = {a: new if c == old else c for a, c in component.items()}
    return tree


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("data", "domain", "out"):
        parser.add_argument(name)
    parser.add_argument("--epsilon", type=float, default=1.0)
    parser.add_argument("--delta", type=float, default=1e-9)
    args = parser.parse_args()
    sizes = json.loads(Path(args.domain).read_text(encoding="utf-8"))
    frame = pd.read_csv(args.data)
    data = mbi.Dataset({a: frame[a].to_numpy() for a in sizes}, mbi.Domain.fromdict(sizes))
    synthetic = mst(data, args.epsilon, args.delta, np.random.default_rng())
    pd.DataFrame({a: np.asarray(c) for a, c in synthetic.to_dict().items()}).to_csv(args.out, index=False)


if __name__ == "__main__":
    main()
