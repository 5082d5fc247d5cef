"""A model from published noisy marginals, with no private data."""

import numpy as np
import pytest

import fairshare
from fairshare.errors import UsageError


def test_estimate_from_published_marginals():
    rng = np.random.default_rng(0)
    joint = rng.gamma(1.0, 100.0, (3, 4, 2))
    published = [
        fairshare.Measurement(clique=("a", "b"), values=joint.sum(2) + rng.normal(0, 2, (3, 4)), sigma=2.0),
        fairshare.Measurement(clique=("b", "c"), values=joint.sum(0) + rng.normal(0, 2, (4, 2)), sigma=2.0),
    ]
    found = fairshare.estimate(published, {"a": 3, "b": 4, "c": 2})
    assert np.abs(found.model.marginal(("a", "b")) - joint.sum(2)).max() < 15
    rows = found.model.sample(1000, seed=0)
    assert set(rows) == {"a", "b", "c"}
    with pytest.raises(UsageError, match="domain order"):
        fairshare.estimate(
            [fairshare.Measurement(clique=("b", "a"), values=np.ones((4, 3)), sigma=1.0)], {"a": 3, "b": 4}
        )
