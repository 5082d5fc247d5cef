"""Declared zeros and dependencies hold in every synthetic row, for every mechanism."""

import numpy as np
import pyarrow as pa
import pytest

import fairshare
from fairshare.errors import NotFairError
from fairshare.schema import Schema

COLUMNS = [
    {"name": "sex", "kind": "categorical", "categories": ["F", "M"]},
    {"name": "kin", "kind": "categorical", "categories": ["husband", "wife", "own", "other"]},
    {"name": "age", "kind": "integer", "bounds": [0, 20]},
    {"name": "school", "kind": "categorical", "categories": ["none", "primary", "high"]},
    {"name": "pay", "kind": "integer", "bounds": [0, 9]},
]
ZEROS = [
    {"columns": ["sex", "kin"], "cells": [["F", "husband"], ["M", "wife"]]},
    {"columns": ["kin", "age", "pay"], "cells": [["wife", str(a), str(p)] for a in range(5) for p in range(1, 10)]},
]
DEPENDENCY = {"column": "school", "by": "age", "values": [[str(a), "none"] for a in range(6)]}
SCHEMA = Schema.from_dict({"columns": COLUMNS, "zeros": ZEROS, "dependencies": [DEPENDENCY]})
MECHANISMS = [
    fairshare.MST(),
    fairshare.AIM(rounds=15),
    fairshare.SWIFT(),
    fairshare.MWEM(),
    fairshare.PrivBayes(),
]


def table(rows=500, seed=0):
    """Real rows that break the declarations now and then: the synthetic ones must not."""
    rng = np.random.default_rng(seed)
    return pa.table(
        {
            "sex": rng.choice(["F", "M"], rows).tolist(),
            "kin": rng.choice(["husband", "wife", "own", "other"], rows).tolist(),
            "age": rng.integers(0, 21, rows),
            "school": rng.choice(["none", "primary", "high"], rows).tolist(),
            "pay": rng.integers(0, 10, rows),
        }
    )


@pytest.mark.parametrize("mechanism", MECHANISMS, ids=lambda m: m.name)
@pytest.mark.parametrize("epsilon", [0.1, 20.0])
def test_no_synthetic_row_breaks_them(mechanism, epsilon):
    made = fairshare.synthesize(table(), SCHEMA, epsilon=epsilon, delta=1e-6, mechanism=mechanism)
    for method in ("rounding", "independent"):
        codes = made.model.sample_codes(20_000, np.random.default_rng(0), method=method)
        for clique, mask in SCHEMA.impossible.items():
            assert not mask[tuple(codes[a] for a in clique)].any()
    for clique, mask in SCHEMA.impossible.items():
        assert made.marginal(clique)[mask].max() == 0
        host = made.model.junction_tree.host(clique)
        assert host is not None, "a declared clique is a clique of the model's graph"


def test_they_survive_saving(tmp_path):
    made = fairshare.synthesize(table(), SCHEMA, epsilon=1, delta=1e-6)
    loaded = fairshare.Release.load(made.save(tmp_path / "r"))
    codes = loaded.model.sample_codes(5_000, np.random.default_rng(0))
    assert not any(mask[tuple(codes[a] for a in clique)].any() for clique, mask in SCHEMA.impossible.items())


def test_a_declaration_that_ties_protected_to_outcome_is_refused():
    """Under fairness a declared clique passes the filter like any other."""
    wish = fairshare.Fairness(protected=("sex",), admissible=("age",), outcome=("kin",))
    for mechanism in MECHANISMS:
        with pytest.raises(NotFairError, match="sex"):
            fairshare.synthesize(table(), SCHEMA, epsilon=1, delta=1e-6, mechanism=mechanism, fairness=wish)


@pytest.mark.parametrize("mechanism", MECHANISMS, ids=lambda m: m.name)
def test_fair_declarations_and_fair_measurements_go_together(mechanism):
    wish = fairshare.Fairness(protected=("sex",), admissible=("age",), outcome=("school",))
    schema = Schema.from_dict({"columns": COLUMNS, "zeros": ZEROS[:1], "dependencies": [DEPENDENCY]})
    made = fairshare.synthesize(table(), schema, epsilon=5, delta=1e-6, mechanism=mechanism, fairness=wish)
    assert made.certificate["fairness"]["fair"]
    assert sorted(("age", "school")) in made.certificate["fairness"]["cliques"]
