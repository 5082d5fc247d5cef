"""The published peer as oracle: mbi's least-squares fit on a small table."""

import warnings

import numpy as np
import pytest

from fairshare.marginals import Clique, Domain
from fairshare.model import FitOptions, JunctionTree, Measurement, fit

pytestmark = pytest.mark.peers

DOMAIN = Domain.from_sizes({"a": 3, "b": 4, "c": 2, "d": 5})
CLIQUES: list[Clique] = [("a", "b"), ("b", "c"), ("c", "d"), ("a", "d"), ("b",)]


@pytest.fixture(scope="module")
def mbi() -> object:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # mbi warns about JAX's settings on import
        return pytest.importorskip("mbi", reason="the published peer mbi is not installed: uv sync --group peers")


def test_the_least_squares_fit_equals_mbis(mbi: object) -> None:
    rng = np.random.default_rng(0)
    truth = rng.dirichlet(np.full(120, 0.5)).reshape(DOMAIN.shape) * 2000
    measurements = []
    for clique in CLIQUES:
        axes = tuple(i for i, a in enumerate(DOMAIN.attributes) if a not in clique)
        values = truth.sum(axis=axes) + rng.normal(size=DOMAIN.sizes(clique)) * 10
        measurements.append(Measurement(clique=clique, values=values, sigma=10.0))
    ours = fit(DOMAIN, measurements, total=2000.0, options=FitOptions(prior=1e-2, rounds=1, max_iterations=5000))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = _fit_with_mbi(mbi, measurements)
    loss = 0.0
    for m in measurements:
        table = np.asarray(theirs.project(m.clique).datavector()).reshape(m.values.shape)  # type: ignore[attr-defined]
        loss += 0.5 * float(((table - m.values) ** 2).sum()) / 100
        np.testing.assert_allclose(ours.model.marginal(m.clique), table, atol=2.0)  # a fifth of sigma
    assert ours.loss <= loss + 0.05


def _fit_with_mbi(mbi: object, measurements: list[Measurement]) -> object:
    domain = mbi.Domain(DOMAIN.attributes, DOMAIN.shape)  # type: ignore[attr-defined]
    linear = [mbi.LinearMeasurement(m.values.ravel(), m.clique, float(m.sigma)) for m in measurements]  # type: ignore[attr-defined]
    estimator = mbi.estimation.MirrorDescent()  # type: ignore[attr-defined]
    return estimator.estimate(domain, linear, known_total=2000.0)


def test_model_sizes_are_at_most_mbis(mbi: object) -> None:
    rng = np.random.default_rng(1)
    names = tuple("abcdefgh")
    for _ in range(20):
        domain = Domain(names, tuple(int(s) for s in rng.integers(2, 9, size=8)))
        cliques = [domain.clique(rng.choice(names, size=int(rng.integers(2, 4)), replace=False)) for _ in range(7)]
        theirs = mbi.junction_tree.hypothetical_model_size(  # type: ignore[attr-defined]
            mbi.Domain(domain.attributes, domain.shape),
            cliques,  # type: ignore[attr-defined]
        )
        assert JunctionTree.build(domain, cliques).cells * 8 / 2**20 <= theirs * 1.25


ADULT_TREE: list[Clique] = [
    ("education", "occupation"),
    ("marital-status", "relationship"),
    ("occupation", "sex"),
    ("relationship", "sex"),
    ("relationship", "income"),
    ("workclass", "occupation"),
]


def test_the_fit_to_adult_equals_mbis(mbi: object) -> None:
    """Real marginals with the noise of epsilon 1: the same marginals, measured or not, and a loss no larger.

    mbi descends slowly into cells that noise made negative, so its marginals still differ a little there.
    """
    from fairshare.counting import CodedTable
    from fairshare.datasets import load_adult

    adult = load_adult()
    names = list(dict.fromkeys(a for c in ADULT_TREE for a in c))
    domain = Domain.from_sizes({a: n for a, n in adult.schema.sizes.items() if a in names})
    codes = adult.schema.encode(adult.table)
    table, rng, sigma = CodedTable(domain, {a: codes[a] for a in domain}), np.random.default_rng(0), 40.0
    cliques = [*((a,) for a in domain), *map(domain.clique, ADULT_TREE)]
    measurements = [
        Measurement(clique=c, values=table.count(c) + rng.normal(0, sigma, domain.sizes(c)), sigma=sigma)
        for c in cliques
    ]
    total = float(adult.table.num_rows)
    ours = fit(domain, measurements, total=total, options=FitOptions(prior=1e-2, rounds=1, max_iterations=5000)).model
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        outside = mbi.Domain(domain.attributes, domain.shape)  # type: ignore[attr-defined]
        linear = [mbi.LinearMeasurement(m.values.ravel(), m.clique, sigma) for m in measurements]  # type: ignore[attr-defined]
        theirs = mbi.estimation.MirrorDescent().estimate(outside, linear, known_total=total, iters=20_000, tol=0.0)  # type: ignore[attr-defined]
    for clique in [*cliques, domain.clique(("education", "sex")), domain.clique(("workclass", "income"))]:
        other = np.asarray(theirs.project(clique).datavector()).reshape(domain.sizes(clique))
        assert np.abs(ours.marginal(clique) - other).sum() / 2 / total < 0.01, clique
