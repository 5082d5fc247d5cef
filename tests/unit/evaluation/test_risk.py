"""The smoke tests of privacy see a copied table, and nothing where there is nothing."""

import numpy as np
import pyarrow as pa
import pytest
from sklearn.metrics import roc_auc_score

from fairshare import Schema
from fairshare.evaluation.risk import nearest_distances, rank_auc, risk
from fairshare.evaluation.tables import Tables

SCHEMA = Schema.from_dict(
    {
        "columns": [
            {"name": "age", "kind": "integer", "bounds": [0, 99], "nullable": True},
            *({"name": f"c{i}", "kind": "categorical", "categories": list("abcdef")} for i in range(6)),
        ]
    }
)


def people(seed, rows=500):
    rng = np.random.default_rng(seed)
    columns = {f"c{i}": rng.choice(list("abcdef"), rows) for i in range(6)}
    return pa.table({"age": rng.integers(0, 100, rows), **columns})


def found(synthetic):
    tables = Tables.read(people(1), synthetic, SCHEMA, people(2), np.random.default_rng(0))
    return risk(tables, np.random.default_rng(3))


def test_a_copy_is_seen():
    copied = found(people(1))
    assert copied.nearer > 0.95
    assert copied.auc > 0.95


def test_a_copy_of_the_others_is_seen_the_other_way_round():
    assert found(people(2)).nearer < 0.05


def test_a_fresh_table_is_not_seen():
    fresh = found(people(4))
    # Four standard errors: a false alarm in fifteen thousand seeds.
    assert abs(fresh.nearer - 0.5) < 4 * fresh.standard_error
    assert abs(fresh.auc - 0.5) < 4 * fresh.standard_error


def test_rank_auc_is_scikit_learns():
    rng = np.random.default_rng(5)
    positive, negative = rng.integers(0, 8, 200).astype(float), rng.integers(0, 6, 150).astype(float)
    truth, score = np.repeat([1, 0], [200, 150]), np.r_[positive, negative]
    assert rank_auc(positive, negative) == pytest.approx(roc_auc_score(truth, score))


def test_distances_are_gowers():
    rows = np.array([[0.0, 3], [2.0, 3]], dtype=np.float32)  # an ordered place (2 is missing), a category
    others = np.array([[0.25, 3], [0.0, 5]], dtype=np.float32)
    assert nearest_distances(rows, others).tolist() == [0.25, 1.0]
