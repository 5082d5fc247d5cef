"""Declared zeros and dependencies: masks, messages, round trips."""

import numpy as np
import pytest

from fairshare.errors import SchemaError
from fairshare.schema import Schema

COLUMNS = [
    {"name": "sex", "kind": "categorical", "categories": ["F", "M"]},
    {"name": "kin", "kind": "categorical", "categories": ["husband", "wife", "own"], "nullable": True},
    {"name": "age", "kind": "integer", "bounds": [0, 3]},
]
ZEROS = {"columns": ["kin", "sex"], "cells": [["husband", "F"], ["wife", "M"]]}
DEPENDENCY = {"column": "kin", "by": "age", "values": [["0", "own"], ["1", "own"], ["1", "wife"]]}


def schema(**fields):
    return Schema.from_dict({"columns": COLUMNS, **fields})


def test_masks_are_in_schema_order():
    masks = schema(zeros=[ZEROS], dependencies=[DEPENDENCY]).impossible
    assert set(masks) == {("sex", "kin"), ("kin", "age")}
    assert np.argwhere(masks["sex", "kin"]).tolist() == [[0, 0], [1, 1]]
    free = ~masks["kin", "age"]
    assert free[:, 0].tolist() == [False, False, True, False]
    assert free[:, 1].tolist() == [False, True, True, False]
    assert free[:, 2:].all(), "a value that stands in no pair is not restricted"


def test_several_declarations_of_a_clique_join():
    both = schema(zeros=[ZEROS, {"columns": ["sex", "kin"], "cells": [["F", "own"]]}]).impossible
    assert both["sex", "kin"].sum() == 3


def test_round_trip(tmp_path):
    made = schema(zeros=[ZEROS], dependencies=[DEPENDENCY])
    made.save(tmp_path / "s.toml")
    loaded = Schema.load(tmp_path / "s.toml")
    assert loaded == made
    assert loaded.digest == made.digest != schema().digest
    assert Schema.from_dict(made.to_dict()) == made


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"zeros": [{**ZEROS, "columns": ["kin", "sax"]}]}, "'sax', not a synthesised column: did you mean 'sex'"),
        ({"zeros": [{**ZEROS, "columns": ["sex", "sex"]}]}, "different columns"),
        ({"zeros": [{**ZEROS, "cells": [["husband", "X"]]}]}, "'X' is no label of column 'sex'"),
        ({"zeros": [{**ZEROS, "cells": [["husband"]]}]}, "must have 2 labels"),
        ({"dependencies": [{**DEPENDENCY, "values": [["0", "aunt"]]}]}, "'aunt' is no label of column 'kin'"),
        (
            {"zeros": [{"columns": ["sex", "age"], "cells": [[s, str(a)] for s in "FM" for a in range(4)]}]},
            "leave no combination possible",
        ),
        ({"zeros": [{"columns": ["sex", "kin"], "cell": []}]}, "cell"),
    ],
)
def test_messages(fields, message):
    with pytest.raises(SchemaError, match=message):
        schema(**fields)


def test_bins_to_be_bought_cannot_be_declared_on():
    columns = [*COLUMNS[:2], {"name": "pay", "kind": "real", "bounds": [0.0, 9.0], "bins": {"private_quantiles": 3}}]
    with pytest.raises(SchemaError, match="whose bins are still to be bought"):
        Schema.from_dict({"columns": columns, "zeros": [{"columns": ["sex", "pay"], "cells": [["F", "[0, 1)"]]}]})
