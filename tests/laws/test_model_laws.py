"""Laws of the model: every fast path equals the plain sum over the full joint table, over one matrix of graphs."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairshare.marginals import Clique, Domain
from fairshare.model import FitOptions, JunctionTree, Measurement, Model, Status, fit
from fairshare.model.measurement import one_way_estimates
from fairshare.model.propagation import Propagation

DOMAIN = Domain.from_sizes({"a": 3, "b": 2, "c": 4, "d": 1, "e": 3, "f": 2})

GRAPHS: dict[str, list[str]] = {
    "nothing": [],
    "one column": ["c"],
    "chain": ["ab", "bc", "ce", "ef"],
    "star": ["ab", "ac", "ae", "af"],
    "cycle": ["ab", "bc", "ce", "ae"],
    "two cycles": ["ab", "bc", "ac", "ce", "ef", "bf"],
    "all": ["abcdef"],
    "disconnected": ["ab", "ce", "f"],
    "nested": ["a", "ab", "abc", "b", "be", "e"],
    "size one": ["d", "ad", "cd"],
    "triples": ["abc", "bce", "cef", "af"],
}
graphs = pytest.mark.parametrize("graph", GRAPHS.values(), ids=GRAPHS.keys())


def cliques_of(graph: list[str]) -> list[Clique]:
    return [tuple(c) for c in graph]


def widen(clique: Clique, table: np.ndarray) -> np.ndarray:
    """A clique's table as one that broadcasts over the full joint."""
    return table.reshape([s if a in clique else 1 for a, s in zip(DOMAIN.attributes, DOMAIN.shape, strict=True)])


def joint_of(potentials: dict[Clique, np.ndarray], total: float) -> np.ndarray:
    """The specification: the full joint, by enumeration."""
    logs = np.zeros(DOMAIN.shape)
    for clique, table in potentials.items():
        logs = logs + widen(clique, table)
    weights = np.exp(logs - logs.max())
    return weights * (total / weights.sum())


def summed(joint: np.ndarray, clique: Clique) -> np.ndarray:
    return joint.sum(axis=tuple(i for i, a in enumerate(DOMAIN.attributes) if a not in clique))


def random_potentials(graph: list[str], scale: float, seed: int = 0) -> dict[Clique, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {c: rng.normal(size=DOMAIN.sizes(c)) * scale for c in cliques_of(graph)}


def noisy(graph: list[str], sigma: float, n: int = 500, seed: int = 0) -> list[Measurement]:
    rng = np.random.default_rng(seed)
    truth = joint_of(random_potentials(["abc", "cef"], 1.0, seed + 1), n)
    return [
        Measurement(clique=c, values=np.rint(summed(truth, c) + rng.normal(size=DOMAIN.sizes(c)) * sigma), sigma=sigma)
        for c in cliques_of(graph)
    ]


ALL_CLIQUES = [c for k in range(len(DOMAIN) + 1) for c in combinations(DOMAIN.attributes, k)]


@graphs
@pytest.mark.parametrize("scale", [1.0, 300.0, 5000.0])
def test_every_marginal_equals_the_sum_over_the_joint(graph: list[str], scale: float) -> None:
    potentials = random_potentials(graph, scale)
    model = Model(domain=DOMAIN, total=123.0, potentials=potentials)
    joint = joint_of(potentials, 123.0)
    for clique, counts in zip(ALL_CLIQUES, model.marginals(ALL_CLIQUES), strict=True):
        np.testing.assert_allclose(counts, summed(joint, clique), atol=1e-8)
        np.testing.assert_array_equal(counts, model.marginal(reversed(clique)))


@graphs
def test_repeated_propagations_equal_the_joint_whatever_came_before(graph: list[str]) -> None:
    """The shift is remembered between calls: a far jump must be noticed, a near one must be right."""
    cliques = cliques_of(graph)
    propagation = Propagation(JunctionTree.build(DOMAIN, cliques), cliques)
    for seed, scale in enumerate([1.0, 1.5, 4000.0, 1e-3, 30.0, 900.0]):
        potentials = random_potentials(graph, scale, seed)
        inner = [
            v.transpose([c.index(a) for a in t])
            for (c, v), t in zip(potentials.items(), propagation.targets, strict=True)
        ]
        tables = propagation.run(inner, 7.0)
        joint = joint_of(potentials, 7.0)
        for clique, target, table in zip(cliques, propagation.targets, tables, strict=True):
            np.testing.assert_allclose(
                table.transpose([target.index(a) for a in clique]), summed(joint, clique), atol=1e-9
            )
        logs = sum((widen(c, v) for c, v in potentials.items()), np.zeros(DOMAIN.shape))
        expected = logs.max() + np.log(np.exp(logs - logs.max()).sum())
        assert propagation.log_partition == pytest.approx(expected, rel=1e-12, abs=1e-9)


def test_parts_that_are_not_connected_multiply_and_divide_by_the_total() -> None:
    model = Model(domain=DOMAIN, total=40.0, potentials=random_potentials(["ab", "ce"], 1.0))
    product = np.multiply.outer(model.marginal("a"), model.marginal("c")) / 40.0
    np.testing.assert_allclose(model.marginal("ac"), product)
    assert model.marginal("ac").sum() == pytest.approx(40.0)


@graphs
@pytest.mark.parametrize(("prior", "rounds"), [(1.0, 1), (0.05, 1), (4.0, 3)])
def test_a_fit_satisfies_the_optimality_conditions_on_the_full_joint(
    graph: list[str], prior: float, rounds: int
) -> None:
    """The penalised objective is convex over joints: its gradient is constant there if and only if it is minimal."""
    sigma = 6.0
    measurements = noisy(graph, sigma)
    exact = {"prior": prior, "tolerance": 1e-10, "max_iterations": 5000}
    result = fit(DOMAIN, measurements, total=500.0, options=FitOptions(rounds=rounds, **exact))
    joint = joint_of(dict(result.model.potentials), 500.0)
    if rounds == 1:
        reference = product_of_one_ways(measurements, 500.0)
    else:
        last = fit(DOMAIN, measurements, total=500.0, options=FitOptions(rounds=rounds - 1, **exact))
        reference = joint_of(dict(last.model.potentials), 500.0)
    gradient = (prior / sigma) * np.log(joint / reference)
    loss = 0.0
    for m in measurements:
        residual = summed(joint, m.clique) - m.values
        gradient = gradient + widen(m.clique, residual / sigma**2)
        loss += 0.5 * float((residual**2).sum()) / sigma**2
    assert np.ptp(gradient) < 1e-3 * max(1.0, np.abs(gradient).max())
    assert result.loss == pytest.approx(loss)
    assert result.status is Status.CONVERGED


def product_of_one_ways(measurements: list[Measurement], total: float) -> np.ndarray:
    reference = np.full(DOMAIN.shape, total)
    for attribute, counts in one_way_estimates(measurements, total).items():
        reference = reference * widen((attribute,), counts / total)
    return reference


@graphs
def test_a_small_prior_reaches_the_least_squares_optimum(graph: list[str]) -> None:
    """Against plain mirror descent on the full joint, which knows nothing of trees, priors or duals."""
    measurements = noisy(graph, 6.0)
    result = fit(
        DOMAIN, measurements, total=500.0, options=FitOptions(prior=1e-2, rounds=1, max_iterations=5000, tolerance=1e-6)
    )
    best = _least_squares_by_mirror_descent(measurements, 500.0)
    half = max(1, result.measured_cells) / 2
    assert result.loss <= best + 0.01 * half
    assert result.loss >= best - 0.01 * half


def _least_squares_by_mirror_descent(measurements: list[Measurement], total: float, steps: int = 4000) -> float:
    def evaluate(p: np.ndarray) -> tuple[float, np.ndarray]:
        loss, gradient = 0.0, np.zeros(DOMAIN.shape)
        for m in measurements:
            residual = summed(p, m.clique) - m.values
            loss += 0.5 * float((residual**2 / m.variance).sum())
            gradient = gradient + widen(m.clique, residual / m.variance)
        return loss, gradient

    p = np.full(DOMAIN.shape, total / np.prod(DOMAIN.shape))
    loss, gradient = evaluate(p)
    step = 1.0
    for _ in range(steps):
        q = p * np.exp(-step * (gradient - gradient.min()))
        q *= total / q.sum()
        following, next_gradient = evaluate(q)
        if following <= loss:
            p, loss, gradient, step = q, following, next_gradient, step * 1.1
        else:
            step /= 2
    return loss


@graphs
@pytest.mark.parametrize("rounds", [1, 3])
def test_warm_and_cold_starts_reach_the_same_model(graph: list[str], rounds: int) -> None:
    measurements = noisy(graph, 4.0)
    options = FitOptions(tolerance=1e-8, max_iterations=5000, rounds=rounds)
    cold = fit(DOMAIN, measurements, options=options)
    other = fit(DOMAIN, noisy(["ab", "ce", "ef", "f"], 4.0, seed=9), options=options)
    warm = fit(DOMAIN, measurements, warm=other.model, options=options)
    again = fit(DOMAIN, measurements, warm=cold.model, options=options)
    assert again.iterations <= (0 if rounds == 1 else cold.iterations)
    for result in (warm, again):
        assert result.loss == pytest.approx(cold.loss, rel=1e-3, abs=1e-2)
        np.testing.assert_allclose(result.model.marginal("abc"), cold.model.marginal("abc"), atol=0.05)


def test_the_duality_gap_bounds_the_distance_to_the_optimum() -> None:
    measurements = noisy(GRAPHS["triples"], 6.0)

    def penalised(iterations: int) -> tuple[float, float]:
        options = FitOptions(prior=1.0, rounds=1, max_iterations=iterations, tolerance=1e-12)
        result = fit(DOMAIN, measurements, total=500.0, options=options)
        joint = joint_of(dict(result.model.potentials), 500.0)
        entropy = (joint * np.log(joint / product_of_one_ways(measurements, 500.0))).sum()
        return result.loss + float(entropy) / 6.0, result.gap

    optimum, _ = penalised(2000)
    gaps = []
    for iterations in (0, 1, 3, 10, 30):
        value, gap = penalised(iterations)
        assert -1e-6 <= value - optimum <= gap + 1e-6
        gaps.append(gap)
    assert gaps[-1] < gaps[0] / 100


@graphs
def test_potentials_live_on_measured_cliques_only(graph: list[str]) -> None:
    result = fit(DOMAIN, noisy(graph, 4.0), structure=[("a", "f")], zeros={("b", "e"): np.eye(2, 3, dtype=bool)})
    assert set(result.model.potentials) == set(cliques_of(graph)) == set(result.model.cliques)
    assert result.model.junction_tree.host(("a", "f")) is not None
    assert result.model.junction_tree.host(("b", "e")) is not None


def test_declared_zeros_hold_and_the_rest_is_fitted() -> None:
    mask = np.zeros((3, 4), dtype=bool)
    mask[0, 1:] = True
    mask[2, 2] = True
    result = fit(DOMAIN, noisy(["ab", "bc", "ce"], 4.0), zeros={("a", "c"): mask})
    counts = result.model.marginal("ac")
    assert (counts[mask] == 0).all()
    assert (counts[~mask] > 0).all()
    potentials = {**result.model.potentials, ("a", "c"): np.where(mask, -np.inf, 0.0)}
    joint = joint_of(potentials, result.model.total)
    for clique in ALL_CLIQUES:
        np.testing.assert_allclose(result.model.marginal(clique), summed(joint, clique), atol=1e-7)
    rows = result.model.sample(2000, seed=0)
    assert not mask[rows["a"], rows["c"]].any()
    assert not mask[0, 0]
    assert len(rows["a"]) == 2000


clique_sets = st.lists(
    st.sets(st.sampled_from("abcdefgh"), min_size=1, max_size=4).map(lambda s: tuple(sorted(s))), max_size=8
)
sizes = st.lists(st.integers(1, 9), min_size=8, max_size=8)


@given(clique_sets, clique_sets, sizes, st.sets(st.sampled_from("abcdefgh"), max_size=3))
@settings(max_examples=150)
def test_hypothetical_sizes_equal_those_of_fresh_trees(
    present: list[Clique], candidates: list[Clique], shape: list[int], last: set[str]
) -> None:
    domain = Domain(tuple("abcdefgh"), tuple(shape))
    tree = JunctionTree.build(domain, present, last=last)
    fresh = [JunctionTree.build(domain, [*present, c], last=last) for c in candidates]
    assert tree.cells_with(candidates).tolist() == [t.cells for t in fresh]
    assert [tree.with_clique(c) for c in candidates] == fresh


@given(clique_sets, sizes, st.sets(st.sampled_from("abcdefgh"), max_size=3))
@settings(max_examples=150)
def test_a_junction_tree_is_one(present: list[Clique], shape: list[int], last: set[str]) -> None:
    domain = Domain(tuple("abcdefgh"), tuple(shape))
    tree = JunctionTree.build(domain, present, last=last)
    assert all(tree.host(c) is not None for c in present)
    assert not any(set(c) <= set(d) for c in tree.cliques for d in tree.cliques if c is not d)
    assert set().union(*tree.cliques) == set(domain.attributes)
    assert sorted(tree.order) == list(range(len(tree.cliques)))
    for attribute in domain:
        holders = [i for i, c in enumerate(tree.cliques) if attribute in c]
        tops = [i for i in holders if tree.parents[i] not in holders]
        assert len(tops) == 1, "the tables that hold an attribute are connected in the forest"
    assert set(tree.elimination_order[len(domain) - len(last) :]) == last
    seen: set[str] = set()
    for attribute, parents in tree.blankets:
        assert set(parents) <= seen
        assert tree.host((*parents, attribute)) is not None
        seen.add(attribute)


def test_repeated_unequal_and_per_cell_noise_is_weighted_by_its_variance() -> None:
    rng = np.random.default_rng(5)
    sigmas = rng.uniform(1.0, 9.0, size=(2, 4))
    values = {c: rng.normal(size=DOMAIN.sizes(c)) * 5 + 30 for c in [("a", "b"), ("b", "c")]}
    parts = [
        Measurement(clique=("a", "b"), values=values["a", "b"], sigma=2.0),
        Measurement(clique=("a", "b"), values=values["a", "b"][::-1], sigma=3.0),
        Measurement(clique=("b", "c"), values=values["b", "c"], sigma=sigmas),
        Measurement(clique=(), values=np.array(190.0), sigma=5.0),
    ]
    precision = 2.0**-2 + 3.0**-2
    mean = (values["a", "b"] * 2.0**-2 + values["a", "b"][::-1] * 3.0**-2) / precision
    merged = [Measurement(clique=("a", "b"), values=mean, sigma=precision**-0.5), *parts[2:]]
    options = FitOptions(tolerance=1e-10, prior=1.0, rounds=1)
    apart, together = fit(DOMAIN, parts, options=options), fit(DOMAIN, merged, options=options)
    assert apart.model.total == pytest.approx(together.model.total)
    np.testing.assert_allclose(apart.model.marginal("abc"), together.model.marginal("abc"), rtol=1e-6)
    expected = sum(float(((apart.model.marginal(m.clique) - m.values) ** 2 / m.variance).sum()) / 2 for m in parts)
    assert apart.loss == pytest.approx(expected)
    joint = joint_of(dict(apart.model.potentials), apart.model.total)
    gradient = np.zeros(DOMAIN.shape)
    for m in parts[:3]:
        gradient = gradient + widen(m.clique, (summed(joint, m.clique) - m.values) / m.variance)
    for attribute, counts in one_way_estimates(merged[:2], apart.model.total).items():
        gradient = gradient - widen((attribute,), np.log(counts)) * _weight(merged[:2])
    gradient = gradient + np.log(joint) * _weight(merged[:2])
    assert np.ptp(gradient) < 1e-4 * np.abs(gradient).max()


def _weight(merged: list[Measurement]) -> float:
    variances = np.concatenate([m.variance.ravel() for m in merged])
    return float(1 / np.exp(np.log(variances).mean() / 2))
