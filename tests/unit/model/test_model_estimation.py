"""Fits at the edges: what noise, sizes and totals can do, and what is refused."""

import tracemalloc

import numpy as np
import pytest

from fairshare.errors import UsageError
from fairshare.marginals import Domain
from fairshare.model import FitOptions, JunctionTree, Measurement, Model, Status, estimate_total, fit
from fairshare.model.propagation import Propagation

DOMAIN = Domain.from_sizes({"a": 3, "b": 1, "c": 5})


def measured(values: object, clique: str = "ac", sigma: float = 1.0) -> Measurement:
    shape = DOMAIN.sizes(clique)
    return Measurement(clique=tuple(clique), values=np.broadcast_to(np.asarray(values, float), shape), sigma=sigma)


@pytest.mark.parametrize(
    "measurements",
    [
        [],
        [measured(-50.0)],
        [measured(0.0), measured(0.0, "a"), measured(0.0, "c")],
        [measured(1e12), measured(3e12, "a")],
        [measured(1e12, sigma=1e-6), measured(1.0, "ab", sigma=1e6)],
        [measured([[0, 0, 0, 0, 9e9]] * 3, sigma=1e-3), measured([9e9, 0, 0, 0, 0], "c", sigma=1e-3)],
        [measured(1e-9, sigma=1e-9)],
        [measured(7.0, "b", sigma=3.0)],
        [measured(1e15, sigma=1e-3), measured(-1e15, "a", sigma=1e-3)],
    ],
    ids=["none", "negative", "zero", "huge", "uneven", "contradictory", "tiny", "one cell", "absurd"],
)
@pytest.mark.parametrize("total", [None, 0.0, 100.0, 1e12])
def test_a_fit_is_finite_whatever_the_noise_did(measurements: list[Measurement], total: float | None) -> None:
    result = fit(DOMAIN, measurements, total=total, options=FitOptions(max_iterations=200))
    counts = result.model.marginal("abc")
    assert np.isfinite(counts).all()
    assert (counts >= 0).all()
    assert counts.sum() == pytest.approx(result.model.total)
    assert np.isfinite(result.loss)
    assert result.model.total >= 1
    assert {len(c) for c in result.model.sample(3, seed=0).values()} == {3}


def test_an_exact_measurement_is_met() -> None:
    truth = np.array([[5.0, 0, 3, 2, 90], [1, 1, 0, 40, 8], [0, 0, 25, 25, 0]])
    result = fit(DOMAIN, [measured(truth, sigma=1e-3)])
    np.testing.assert_allclose(result.model.marginal("ac"), truth, atol=0.05)


def test_unmeasured_attributes_are_uniform_and_independent() -> None:
    result = fit(DOMAIN, [measured([10.0, 20.0, 30.0], "a")])
    counts = result.model.marginal("ac")
    np.testing.assert_allclose(counts, np.repeat(counts.sum(axis=1)[:, None] / 5, 5, axis=1))
    np.testing.assert_allclose(result.model.marginal("c"), np.full(5, 12.0))


def test_cells_below_the_noise_shrink_to_independence_and_others_do_not() -> None:
    rng = np.random.default_rng(0)
    domain = Domain.from_sizes({"x": 20, "y": 20})
    truth = np.outer(np.full(20, 1.0), np.full(20, 10.0))
    strong = truth + np.diag(np.full(20, 5000.0))
    sigma = 30.0
    noise = rng.normal(size=(20, 20)) * sigma
    for table in (truth, strong):
        measurement = Measurement(clique=("x", "y"), values=table + noise, sigma=sigma)
        shrunk = fit(domain, [measurement], total=table.sum()).model.marginal("xy")
        options = FitOptions(prior=1e-2, rounds=1, max_iterations=3000)
        least_squares = fit(domain, [measurement], total=table.sum(), options=options).model.marginal("xy")
        assert np.abs(shrunk - table).sum() < 0.85 * np.abs(least_squares - table).sum()
        assert np.abs(np.diag(shrunk - table)).max() < 5 * sigma


def test_the_total_is_estimated_by_inverse_variance() -> None:
    sharp, blunt = measured([40.0, 30.0, 30.0], "a", sigma=1.0), measured(10.0, "ac", sigma=10.0)
    variances = np.array([3 * 1.0, 15 * 100.0])
    expected = (100 / variances[0] + 150 / variances[1]) / (1 / variances).sum()
    assert estimate_total([sharp, blunt]) == pytest.approx(expected)
    assert fit(DOMAIN, [sharp, blunt]).model.total == pytest.approx(expected)
    assert estimate_total([measured(-5.0)]) == 1.0


def test_every_end_has_a_name() -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(size=(3, 5)) * 50 + 60
    assert fit(DOMAIN, [measured(values)], options=FitOptions(max_iterations=1)).status is Status.ITERATION_LIMIT
    assert fit(DOMAIN, [measured(values)]).status is Status.CONVERGED
    stalled = fit(DOMAIN, [measured(values)], options=FitOptions(tolerance=1e-300, max_iterations=100_000))
    assert stalled.status is Status.STALLED
    assert stalled.gap < 1e-8


def test_progress_reports_a_falling_loss() -> None:
    seen: list[tuple[int, float]] = []
    values = np.random.default_rng(2).normal(size=(3, 5)) * 50 + 60
    result = fit(DOMAIN, [measured(values)], progress=lambda i, loss: seen.append((i, loss)))
    assert sorted({i for i, _ in seen}) == list(range(result.iterations + 1))
    assert seen[-1][1] < seen[0][1]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Measurement(clique=("a",), values=np.zeros(3), sigma=0.0), "sigma .* above 0"),
        (lambda: Measurement(clique=("a",), values=np.zeros(3), sigma=np.ones(2)), "sigma .* shape"),
        (lambda: Measurement(clique=("a",), values=np.array([1, np.nan, 2]), sigma=1.0), "must be finite"),
        (lambda: fit(DOMAIN, [Measurement(clique=("c", "a"), values=np.zeros((5, 3)), sigma=1.0)]), "domain order"),
        (lambda: fit(DOMAIN, [Measurement(clique=("a",), values=np.zeros(4), sigma=1.0)]), "domain's shape"),
        (lambda: fit(DOMAIN, [Measurement(clique=("z",), values=np.zeros(4), sigma=1.0)]), "not in the domain"),
        (lambda: fit(DOMAIN, [], total=float("nan")), "total"),
        (lambda: fit(DOMAIN, [], total=-1.0), "total"),
        (lambda: fit(DOMAIN, [measured(1.0)], options=FitOptions(max_cells=10)), "max_cells"),
        (lambda: fit(DOMAIN, [], zeros={("a",): np.ones(3, dtype=bool)}), "zeros must leave"),
        (lambda: fit(DOMAIN, [], zeros={("a",): np.ones(2, dtype=bool)}), "domain's shape"),
        (lambda: fit(DOMAIN, [], structure=[("c", "a")]), "domain order"),
        (lambda: fit(DOMAIN, [], warm=fit(Domain.from_sizes({"q": 2}), []).model), "same domain"),
        (lambda: FitOptions(prior=0.0), "prior"),
        (lambda: FitOptions(rounds=0), "rounds"),
        (lambda: FitOptions(tolerance=-1.0), "tolerance"),
        (lambda: FitOptions(max_iterations=-1), "max_iterations"),
        (lambda: FitOptions(max_cells=0), "max_cells"),
    ],
)
def test_bad_arguments_are_refused_by_name(call: object, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        call()  # type: ignore[operator]


def test_a_fit_holds_at_most_three_times_the_models_cells() -> None:
    domain = Domain.from_sizes(dict.fromkeys("abcdef", 30))
    rng = np.random.default_rng(0)
    pairs = ["ab", "bc", "ac", "cd", "bd", "de", "ce", "ef", "df"]
    measurements = [Measurement(clique=tuple(p), values=rng.normal(size=(30, 30)) + 50, sigma=1.0) for p in pairs]
    fit(domain, measurements[:1])
    tracemalloc.start()
    result = fit(domain, measurements, options=FitOptions(max_iterations=3))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert result.model.junction_tree.cells > 80_000
    assert peak <= 3 * 8 * result.model.junction_tree.cells


def test_a_wide_table_of_large_columns_fits_in_hundreds_of_steps() -> None:
    rng = np.random.default_rng(0)
    domain = Domain.from_sizes({f"v{i}": int(rng.integers(1, 60)) for i in range(60)})
    edges = [(f"v{int(rng.integers(i))}", f"v{i}") for i in range(1, 60)]
    truth = Model(domain=domain, total=1e5, potentials={e: rng.normal(size=domain.sizes(e)) for e in edges})
    noisy = [y + rng.normal(size=y.shape) * 20 for y in truth.marginals(edges)]
    result = fit(domain, [Measurement(clique=e, values=y, sigma=20.0) for e, y in zip(edges, noisy, strict=True)])
    assert result.status is Status.CONVERGED
    assert result.iterations < 300


def test_a_step_that_overflows_is_a_value_not_a_warning() -> None:
    cliques = [("a",), ("a", "c")]
    propagation = Propagation(JunctionTree.build(DOMAIN, cliques), cliques)
    far = [
        np.full(propagation.domain.sizes(c), sign * 1.7e308)
        for c, sign in zip(propagation.targets, (1, 1), strict=True)
    ]
    propagation.run(far, 10.0)
    assert not np.isfinite(propagation.log_partition)
    near = propagation.run([np.zeros(t.shape) for t in far], 15.0)
    np.testing.assert_allclose(near[0], np.full(3, 5.0))


def test_fifty_million_rows_with_a_column_that_names_another_converge():
    """Counts far above their noise: a thousand steps, the limit once, left single cells 39 sigmas away."""
    size, rows, sigma = 16, 50_000_000, 100.0
    domain, rng = Domain.from_sizes({"a": size, "b": size}), np.random.default_rng(0)
    column = rng.dirichlet(np.full(size, 0.5)) * rows
    exact = {("a",): column, ("b",): column[::-1], ("a", "b"): np.fliplr(np.diag(column))}
    noisy = [
        Measurement(clique=c, values=np.rint(v + rng.normal(0, sigma, v.shape)), sigma=sigma) for c, v in exact.items()
    ]
    result = fit(domain, noisy, warm=fit(domain, noisy[:2]).model, options=FitOptions(tolerance=1e-2))
    assert result.status is Status.CONVERGED
    assert np.abs(result.model.marginal(("a", "b")) - exact["a", "b"]).max() < 6 * sigma
    assert result.iterations > 100  # it is the hard case that it was made to be
