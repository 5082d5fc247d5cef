"""Quality figures bought through the curator: right, unbiased, and paid for."""

import json

import numpy as np
import pytest

from fairshare.errors import BudgetError
from fairshare.evaluation import private_quality, private_scores, quality
from fairshare.marginals import Domain
from fairshare.privacy import replay_head

DOMAIN = Domain.from_sizes({"a": 4, "b": 3, "c": 2})


def codes(seed, tilt, rows=4000):
    rng = np.random.default_rng(seed)
    a = np.minimum(rng.geometric(tilt, rows) - 1, 3)
    return {"a": a, "b": rng.integers(0, 3, rows), "c": (a + rng.integers(0, 2, rows)) // 3 % 2}


REAL, SYNTHETIC = codes(0, 0.4), codes(1, 0.6)


def test_near_the_exact_figures():
    bought = private_quality(REAL, SYNTHETIC, DOMAIN, epsilon=2, delta=1e-9, pairs=[("c", "a")])
    exact = quality(REAL, SYNTHETIC, DOMAIN)
    assert set(bought.tvd) == {("a",), ("b",), ("c",), ("a", "c")}
    for name, distance in exact.per_column.items():
        # Six standard errors for the noise, and the rounding of four cells at most.
        assert abs(bought.tvd[name,] - distance) < 6 * bought.standard_error + 4 / 4000
    assert bought.tvd_2 == bought.tvd["a", "c"]
    assert abs(bought.rows - 4000) < 200


def test_the_noise_is_unbiased_and_as_large_as_it_says():
    errors, said = [], 0.0
    exact = quality(REAL, SYNTHETIC, DOMAIN).per_column["a"]
    for _ in range(40):
        bought = private_quality(REAL, SYNTHETIC, DOMAIN, epsilon=0.5, delta=1e-9)
        errors.append(bought.tvd["a",] - exact)
        said = bought.standard_error
    # False alarm below 1e-4 each; a bias of one standard error, or noise twice as large, turns it red.
    assert abs(np.mean(errors)) < 4 * said / np.sqrt(40)
    assert 0.55 * said < np.std(errors) < 1.5 * said


def test_the_price_is_stated_and_within_the_budget():
    bought = private_quality(REAL, SYNTHETIC, DOMAIN, epsilon=1, delta=1e-9, relation="replace-one", max_rows=2)
    ledger = bought.ledger
    assert ledger["promise"] == {"epsilon": 1, "delta": 1e-9, "relation": "replace-one", "max_rows": 2}
    assert ledger["nano_rho_total"] * 0.99 < ledger["nano_rho_spent"] <= ledger["nano_rho_total"]
    assert [entry["call"] for entry in ledger["entries"]] == ["measure", "score"]
    assert replay_head(dict(ledger)) == ledger["head"]
    document = bought.to_dict()
    assert document["private"] is False
    assert document["cost"].startswith("These figures cost (1, 1e-09)-differential privacy")
    assert json.loads(json.dumps(document)) == document


def test_a_smaller_budget_means_more_noise():
    errors = [private_quality(REAL, SYNTHETIC, DOMAIN, epsilon=e, delta=1e-9).standard_error for e in (0.1, 1.0)]
    assert errors[0] > 5 * errors[1]


def test_an_empty_ledger_is_refused():
    class Spent:
        class ledger:  # noqa: N801
            remaining = 0

        domain = DOMAIN

    with pytest.raises(BudgetError, match="nothing is left in the ledger"):
        private_scores(Spent(), SYNTHETIC, (("a",),))
