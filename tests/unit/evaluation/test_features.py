"""Features are a function of the schema: what each kind of column becomes, and what is predicted."""

import numpy as np
import pytest

from fairshare import Schema
from fairshare.errors import UsageError
from fairshare.evaluation.features import Features
from fairshare.evaluation.target import roles_of, target_of

SCHEMA = Schema.from_dict(
    {
        "columns": [
            {"name": "age", "kind": "integer", "bounds": [0, 4], "nullable": True},
            {"name": "city", "kind": "categorical", "categories": ["Ulm", "Bonn"], "nullable": True},
            {"name": "grade", "kind": "categorical", "categories": ["a", "b", "c", "d", "e"], "nullable": True},
        ]
    }
)
CODES = {"age": np.array([0, 2, 4, 5]), "city": np.array([0, 1, 2, 0]), "grade": np.array([0, 2, 3, 5])}


def test_indicators():
    made = Features(SCHEMA, ("age", "city")).indicators(CODES)
    assert made.tolist() == [[-1, 0, 1, 0, 0], [0, 0, 0, 1, 0], [1, 0, 0, 0, 1], [0, 1, 1, 0, 0]]
    assert made.dtype == np.float32


def test_ordinals():
    assert Features(SCHEMA, ("age", "city")).ordinals(CODES).tolist() == [[0, 0], [2, 1], [4, 2], [5, 0]]


def test_of_two_values_the_second_is_positive():
    target = target_of(SCHEMA, roles_of(SCHEMA, None, "city"), None)
    assert target.labels == ("Bonn",)
    assert target.positive(CODES).tolist() == [False, True, False, False]


def test_of_several_values_the_upper_half_is_positive():
    target = target_of(SCHEMA, roles_of(SCHEMA, None, "grade"), None)
    assert target.labels == ("d", "e")
    assert target.positive(CODES).tolist() == [False, False, True, False]


def test_a_positive_label_needs_an_outcome():
    with pytest.raises(UsageError, match="must come with an outcome column"):
        target_of(SCHEMA, roles_of(SCHEMA, None, None), "Ulm")
