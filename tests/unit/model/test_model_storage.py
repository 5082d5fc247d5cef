"""A model survives a file that holds no objects, and a damaged file does not become a model."""

import io

import numpy as np
import pytest

from fairshare.errors import IntegrityError, UsageError
from fairshare.marginals import Domain
from fairshare.model import Model

DOMAIN = Domain.from_sizes({"a": 2, "b": 3, "çé 😀": 4})


def example() -> Model:
    rng = np.random.default_rng(0)
    cliques = [("a", "b"), ("b", "çé 😀")]
    mask = np.zeros((2, 4), dtype=bool)
    mask[1, 2] = True
    return Model(
        domain=DOMAIN,
        total=77.5,
        potentials={c: rng.normal(size=DOMAIN.sizes(c)) for c in cliques},
        structure=(("a", "çé 😀"),),
        zeros={("a", "çé 😀"): mask},
    )


@pytest.mark.parametrize("model", [example(), Model(domain=DOMAIN, total=1.0, potentials={})])
def test_a_round_trip_through_npz_without_pickle(model: Model) -> None:
    file = io.BytesIO()
    np.savez(file, **model.to_arrays())
    file.seek(0)
    with np.load(file, allow_pickle=False) as stored:
        again = Model.from_arrays(stored)
    assert again.domain == model.domain
    assert again.total == model.total
    assert again.cliques == model.cliques
    assert again.structure == model.structure
    assert again.junction_tree == model.junction_tree
    np.testing.assert_array_equal(again.marginal(DOMAIN.attributes), model.marginal(DOMAIN.attributes))
    for attribute, column in model.sample(100, seed=1).items():
        np.testing.assert_array_equal(column, again.sample(100, seed=1)[attribute])


@pytest.mark.parametrize(
    "damage",
    [
        {"format": np.array(2)},
        {"format": np.array("1")},
        {"attributes": np.array(["a", "a", "b"])},
        {"attributes": np.array([["a"]])},
        {"shape": np.array([2, 3])},
        {"shape": np.array([2, 0, 4])},
        {"total": np.array(np.nan)},
        {"total": np.array(-1.0)},
        {"total": None},
        {"potential_cliques": np.ones((2, 2), dtype=bool)},
        {"potential_cliques": np.ones((2, 3))},
        {"potential_cliques": np.array([[1, 1, 0], [1, 1, 0]], dtype=bool)},
        {"potential_0": np.zeros((3, 2))},
        {"potential_0": np.full((2, 3), np.inf)},
        {"potential_0": np.full((2, 3), 9e307)},
        {"potential_1": None},
        {"zeros_0": np.zeros((2, 4))},
    ],
)
def test_a_damaged_store_is_refused(damage: dict[str, np.ndarray | None]) -> None:
    stored = {**example().to_arrays(), **damage}
    with pytest.raises(IntegrityError):
        Model.from_arrays({k: v for k, v in stored.items() if v is not None})


def test_pickled_objects_are_refused() -> None:
    file = io.BytesIO()
    np.savez(file, **{**example().to_arrays(), "potential_0": np.array([[object()] * 3] * 2)})
    file.seek(0)
    with np.load(file, allow_pickle=False) as stored, pytest.raises(IntegrityError):
        Model.from_arrays(stored)


def test_a_model_is_immutable_and_checked() -> None:
    table = np.zeros((2, 3))
    model = Model(domain=DOMAIN, total=1.0, potentials={("a", "b"): table})
    table[0, 0] = 5.0
    assert model.potentials["a", "b"][0, 0] == 0
    with pytest.raises(ValueError, match="read-only"):
        model.potentials["a", "b"][0, 0] = 1.0
    with pytest.raises(TypeError):
        model.potentials["a",] = np.zeros(2)  # type: ignore[index]
    with pytest.raises(UsageError, match="total"):
        Model(domain=DOMAIN, total=0.0, potentials={})
    with pytest.raises(UsageError, match="domain order"):
        Model(domain=DOMAIN, total=1.0, potentials={("b", "a"): np.zeros((3, 2))})
    with pytest.raises(UsageError, match="finite"):
        Model(domain=DOMAIN, total=1.0, potentials={("a",): np.array([0.0, -np.inf])})


@pytest.mark.parametrize(
    ("codes", "columns", "message"),
    [(1, 70, "columns of one table .70. must be at most"), (50, 20, "cells of the junction tree .* must be at most")],
)
def test_tables_that_no_array_can_hold_are_refused(codes: int, columns: int, message: str) -> None:
    domain = Domain.from_sizes({f"c{i}": codes for i in range(columns)})
    model = Model(domain=domain, total=1.0, potentials={}, structure=(domain.attributes,))
    with pytest.raises(UsageError, match=message):
        model.marginal(["c0"])
