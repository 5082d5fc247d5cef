"""The synthesizer in other people's hands: the calls that published harnesses make, in their order and words."""

from functools import partial

import numpy as np
import pytest

import fairshare
from fairshare.schema import Schema

pd = pytest.importorskip("pandas")

SCHEMA = Schema.from_dict(
    {
        "columns": [
            {"name": "age", "kind": "integer", "bounds": [18, 90]},
            {"name": "sex", "kind": "integer", "bounds": [0, 1]},
            {"name": "job", "kind": "integer", "bounds": [0, 4]},
            {"name": "paid", "kind": "integer", "bounds": [0, 1]},
        ],
        "roles": {"protected": ["sex"], "admissible": ["job"], "outcome": ["paid"]},
    }
)
FAIR = fairshare.Fairness(protected=("sex",), admissible=("job",), outcome=("paid",))


def frame(rows=500):
    rng = np.random.default_rng(0)
    columns = {"age": rng.integers(18, 91, rows), "sex": rng.integers(0, 2, rows), "job": rng.integers(0, 5, rows)}
    made = pd.DataFrame(columns | {"paid": (columns["job"] + columns["sex"] > 3).astype(int)})
    return made.sample(frac=0.8, random_state=1)  # a split: its index has holes and no order


@pytest.mark.parametrize("fairness", [None, FAIR])
def test_benchmarkdpfair(fairness):
    """BenchmarkDPFair 0.2.7, DataGenerator.generate_data: a class called with epsilon, again for each budget."""
    train = frame()
    synthesizer = partial(fairshare.Synthesizer, SCHEMA, fairness=fairness)
    for epsilon in (0.5, 5):
        synth = synthesizer(epsilon=epsilon)
        synth.fit(
            train.copy(),
            preprocessor_eps=epsilon / 2,
            categorical_columns=["sex", "job", "paid"],
            ordinal_columns=[],
            continuous_columns=["age"],
        )
        sample_data = synth.sample(int(train.shape[0]))
        sample_data = pd.DataFrame(sample_data, columns=train.columns)
        outcome = sample_data["paid"]
        features = sample_data.drop(columns=["paid"])
        assert len(outcome) == len(features) == len(train)
        assert not sample_data.isna().to_numpy().any()
        assert [str(kind) for kind in sample_data.dtypes] == [str(kind) for kind in train.dtypes]
        assert synth.release_.ledger["promise"]["epsilon"] == epsilon
        assert synth.release_.ledger["nano_rho_spent"] <= synth.release_.ledger["nano_rho_total"]


def test_the_hints_change_nothing():
    """All of epsilon goes into the table, whatever share a harness sets aside for finding bounds."""
    with_hints = fairshare.Synthesizer(SCHEMA).fit(frame(), preprocessor_eps=0.9, categorical_columns=["age"])
    without = fairshare.Synthesizer(SCHEMA).fit(frame())
    assert with_hints.release_.ledger["nano_rho_total"] == without.release_.ledger["nano_rho_total"]
    assert with_hints.release_.schema == without.release_.schema


def test_a_word_that_nobody_uses_is_an_error():
    with pytest.raises(TypeError, match="categorical_cols"):
        fairshare.Synthesizer(SCHEMA).fit(frame(), categorical_cols=["sex"])


def test_sdv_s_order_and_scikit_learns_clone():
    sklearn = pytest.importorskip("sklearn.base")
    box = fairshare.Synthesizer(SCHEMA, epsilon=2)
    twin = sklearn.clone(box)
    assert twin is not box
    made = twin.fit(frame()).sample(7)
    assert isinstance(made, pd.DataFrame)
    assert made.shape == (7, 4)
    assert not hasattr(box, "release_")
