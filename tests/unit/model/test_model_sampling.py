"""Rows against the model they come from."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairshare.errors import UsageError
from fairshare.marginals import Clique, Domain
from fairshare.model import Model
from fairshare.model.sampling import round_groups

DOMAIN = Domain.from_sizes({"a": 4, "b": 6, "c": 1, "d": 5, "e": 3, "f": 40, "g": 7})
CLIQUES: list[Clique] = [("a", "b"), ("b", "d"), ("a", "d"), ("d", "f"), ("e", "g")]
N = 48_842


@pytest.fixture(scope="module")
def model() -> Model:
    rng = np.random.default_rng(0)
    return Model(domain=DOMAIN, total=1000.0, potentials={c: rng.normal(size=DOMAIN.sizes(c)) for c in CLIQUES})


def counts_of(rows: dict[str, np.ndarray], clique: Clique) -> np.ndarray:
    shape = DOMAIN.sizes(clique)
    codes = np.ravel_multi_index(tuple(rows[a] for a in clique), shape)
    return np.bincount(codes, minlength=int(np.prod(shape))).reshape(shape)


def distance(rows: dict[str, np.ndarray], model: Model, clique: Clique) -> float:
    n = len(next(iter(rows.values())))
    return float(np.abs(counts_of(rows, clique) / n - model.marginal(clique) / model.total).sum()) / 2


@given(
    st.integers(1, 6).flatmap(
        lambda groups: st.tuples(
            st.lists(
                st.lists(st.sampled_from([0.0, 1e-300, 0.1, 1.0, 7.5, 1e9]), min_size=5, max_size=5),
                min_size=groups,
                max_size=groups,
            ),
            st.lists(st.integers(1, 2**31 - 1), min_size=groups, max_size=groups),
            st.lists(st.floats(0, 1, exclude_max=True), min_size=groups, max_size=groups),
        )
    )
)
def test_rounded_counts_are_floor_or_ceiling_and_sum_to_the_group(
    case: tuple[list[list[float]], list[int], list[float]],
) -> None:
    weights, sizes, offsets = map(np.array, case)
    counts = round_groups(weights, sizes, offsets)
    assert (counts.sum(axis=1) == sizes).all()
    assert (counts >= 0).all()
    whole = weights.sum(axis=1, keepdims=True)
    proportions = np.where(whole > 0, weights / np.where(whole > 0, whole, 1), 1 / weights.shape[1])
    expected = proportions * sizes[:, None]
    assert (np.abs(counts - expected) < 1 + 1e-6 * sizes[:, None]).all()
    assert (counts[(weights == 0) & (whole > 0)] == 0).all()


def test_rounded_counts_have_the_right_mean() -> None:
    weights = np.array([[0.2, 1.3, 0.0, 2.2, 0.8]])
    offsets = (np.arange(20_000) + 0.5) / 20_000
    counts = round_groups(np.repeat(weights, offsets.size, axis=0), np.full(offsets.size, 7), offsets)
    np.testing.assert_allclose(counts.mean(axis=0), 7 * weights[0] / weights.sum(), atol=1e-3)


def test_rows_follow_the_models_own_marginals(model: Model) -> None:
    """Measured .0003 to .0017 for the cliques; independent draws, or a leak of the rounding order, are far outside."""
    rows = model.sample(N, seed=1)
    assert list(rows) == list(DOMAIN.attributes)
    assert all(r.dtype == np.int32 and r.shape == (N,) for r in rows.values())
    for attribute in DOMAIN:
        assert distance(rows, model, (attribute,)) < 0.001
    for clique in CLIQUES:
        assert distance(rows, model, clique) < 0.003
    for clique in combinations(DOMAIN.attributes, 2):
        # Multinomial noise would give about sqrt(cells / (2 pi n)).
        assert distance(rows, model, clique) < 0.001 + 1.3 * np.sqrt(DOMAIN.cells(clique) / (2 * np.pi * N))


def test_independent_draws_follow_the_model_within_multinomial_noise(model: Model) -> None:
    rows = model.sample(N, seed=1, method="independent")
    for clique in combinations(DOMAIN.attributes, 2):
        assert distance(rows, model, clique) < 0.003 + 1.5 * np.sqrt(DOMAIN.cells(clique) / (2 * np.pi * N))


def test_columns_that_the_model_keeps_apart_stay_apart() -> None:
    """Many small groups on both sides: whoever orders rows or codes within a group ties the sides together."""
    domain = Domain.from_sizes({"p": 500, "q": 8, "r": 500, "s": 8})
    rng = np.random.default_rng(3)
    potentials = {c: rng.normal(size=domain.sizes(c)) for c in [("p", "q"), ("r", "s")]}
    rows = Model(domain=domain, total=1.0, potentials=potentials).sample(20_000, seed=5)
    table = np.histogram2d(rows["q"], rows["s"], bins=8)[0]
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    statistic = ((table - expected) ** 2 / expected).sum()
    assert statistic < 130  # chi-square, 49 degrees: beyond 130 by chance less than once in 1e8


@pytest.mark.parametrize("method", ["rounding", "independent"])
def test_the_same_seed_gives_the_same_rows(model: Model, method: str) -> None:
    one, two, other = (model.sample(500, seed=s, method=method) for s in (7, np.random.default_rng(7), 8))  # type: ignore[arg-type]
    assert all((one[a] == two[a]).all() for a in DOMAIN)
    assert any((one[a] != other[a]).any() for a in DOMAIN)


def test_rows_come_in_no_order(model: Model) -> None:
    rows = model.sample(N, seed=2)
    half = {a: r[: N // 2] for a, r in rows.items()}
    assert distance(half, model, ("a", "b")) < 0.02


@pytest.mark.parametrize("n", [0, 1, 2, 17])
@pytest.mark.parametrize("method", ["rounding", "independent"])
def test_any_number_of_rows(model: Model, n: int, method: str) -> None:
    rows = model.sample(n, seed=0, method=method)  # type: ignore[arg-type]
    assert all(len(r) == n and (r >= 0).all() and (r < DOMAIN.size_of(a)).all() for a, r in rows.items())


def test_given_codes_hold_and_the_rest_follows(model: Model) -> None:
    rows = model.sample(20_000, seed=3, given={"f": 11, "e": 2})
    assert (rows["f"] == 11).all()
    assert (rows["e"] == 2).all()
    conditional = model.marginal("af")[:, 11]
    shares = np.bincount(rows["a"], minlength=4) / 20_000
    np.testing.assert_allclose(shares, conditional / conditional.sum(), atol=0.005)


def test_attributes_can_be_drawn_in_any_order(model: Model) -> None:
    order = ["f", "b", *(a for a in reversed(DOMAIN.attributes) if a not in "fb")]
    rows = model.sample(N, seed=4, order=order)
    for clique in [("b", "f"), ("a", "b"), ("a", "d"), ("d", "f")]:
        assert distance(rows, model, clique) < 0.01


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n": -1}, r"n \(-1\)"),
        ({"n": 1, "method": "magic"}, "method"),
        ({"n": 1, "given": {"a": 4}}, "code from 0 to 3"),
        ({"n": 1, "given": {"z": 0}}, "not in the domain"),
        ({"n": 1, "order": ("z",)}, "must hold every attribute"),
    ],
)
def test_bad_requests_are_refused(model: Model, arguments: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        model.sample(**arguments)  # type: ignore[arg-type]


def test_an_impossible_condition_is_refused() -> None:
    domain = Domain.from_sizes({"a": 2, "b": 2})
    zeros = {("a", "b"): np.array([[True, True], [False, False]])}
    model = Model(domain=domain, total=5.0, potentials={("a",): np.zeros(2)}, zeros=zeros)
    assert (model.sample(50, seed=0)["a"] == 1).all()
    with pytest.raises(UsageError, match="possible"):
        model.sample(1, given={"a": 0})
