"""The whole evaluation on a slice of German credit: what is there, what it is beside, and what a fault costs."""

import json

import numpy as np
import pyarrow as pa
import pytest

import fairshare
from fairshare.datasets import load_german_credit
from fairshare.errors import DataError, MissingExtraError, UsageError
from fairshare.evaluation import METRICS, NOTICE, evaluate
from fairshare.evaluation import usefulness as usefulness_module
from fairshare.evaluation.findings import HEADLINES, SEEN, UNSEEN

COLUMNS = ["checking_account", "duration_months", "savings", "personal_status_sex", "foreign_worker", "credit_risk"]
FAST = ["logistic_regression", "random_forest"]
ROLES = {
    "protected": ["personal_status_sex", "foreign_worker"],
    "admissible": ["checking_account"],
    "outcome": ["credit_risk"],
}


@pytest.fixture(scope="module")
def slice_():
    whole = load_german_credit()
    tree = whole.schema.to_dict()
    tree["columns"] = [c for c in tree["columns"] if c["name"] in COLUMNS]
    tree["roles"] = ROLES
    tree.pop("expected_rows", None)
    return whole.table.select(COLUMNS), fairshare.Schema.from_dict(tree)


@pytest.fixture(scope="module")
def copied(slice_):
    """The real table, copied."""
    table, schema = slice_
    return evaluate(table.slice(0, 700), table.slice(0, 700), schema, holdout=table.slice(700), classifiers=FAST)


@pytest.fixture(scope="module")
def shuffled(slice_):
    """The real table with every column shuffled on its own: all marginals, no dependence."""
    table, schema = slice_
    rng = np.random.default_rng(0)
    seen = table.slice(0, 700)
    apart = pa.table({name: seen[name].take(rng.permutation(700)) for name in seen.column_names})
    return evaluate(seen, apart, schema, holdout=table.slice(700), classifiers=FAST)


def test_the_keys(copied):
    document = copied.to_dict()
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert set(HEADLINES) <= set(document)
    assert list(document["accuracy"]) == FAST
    assert set(document["cdp"]["random_forest"]) == set(ROLES["protected"])
    assert set(document["metrics"]) == set(METRICS)
    assert {s["metric"] for s in document["scores"]} == set(METRICS)
    assert set(document["marginals"]) == set(COLUMNS)
    assert document["pairs"]["columns"] == [c for c in load_german_credit().table.column_names if c in COLUMNS]


def test_stamped_private(copied):
    document = copied.to_dict()
    assert document["private"] is True
    assert document["notice"] == NOTICE


def test_every_value_is_in_its_range(copied, shuffled):
    for findings in (copied, shuffled):
        for score in findings.scores:
            low, high = METRICS[score.metric].range
            if score.value is not None:
                assert low <= score.value <= (np.inf if high is None else high), score


def test_a_copy_is_perfect_and_betrays_itself(copied):
    assert [copied.value(key) for key in ("tvd_1", "tvd_2", "tvd_3", "acd", "numeric_distance")] == [0] * 5
    assert copied.value("k_marginal") == 1000
    assert copied.value("coverage") == 1
    for kind in FAST:
        [score] = [s for s in copied.scores if (s.metric, s.classifier, s.scored_on) == ("auc", kind, "held_out")]
        assert score.value == pytest.approx(score.references["trained_on_real"])
    assert copied.value("dcr_share") > 0.6
    assert copied.value("membership_auc") > 0.6


def test_shuffled_columns_are_like_the_reference_and_useless(copied, shuffled):
    assert shuffled.value("tvd_1") == 0
    [score] = [s for s in shuffled.scores if s.metric == "tvd_2"]
    assert score.value == pytest.approx(score.references["independent"], rel=0.2)
    # AUC of a useless model on 300 rows has a standard error of 0.036.
    assert abs(shuffled.value("auc", classifier="logistic_regression") - 0.5) < 0.15
    assert copied.value("auc", classifier="logistic_regression") > 0.65


def test_held_out_rows_are_labelled(slice_, copied):
    table, schema = slice_
    assert copied.held_out == UNSEEN
    assert copied.rows["holdout"] == copied.rows["held_out"] == 300
    without = evaluate(table, table, schema, classifiers=["logistic_regression"])
    assert without.held_out == SEEN
    assert (without.rows["holdout"], without.rows["held_out"], without.rows["trained_on"]) == (None, 300, 700)
    failed = {s.metric: s.failed for s in without.failed}
    assert "give them as holdout" in failed["dcr_share"]
    assert "give them as holdout" in failed["membership_auc"]


def test_a_seed_repeats(slice_):
    table, schema = slice_
    once, again, other = (
        evaluate(table, table.slice(0, 500), schema, classifiers=["random_forest"], seed=seed).to_dict()
        for seed in (1, 1, 2)
    )
    for document in (once, again, other):
        document.pop("seconds")
        document.pop("seed")
    assert once == again
    assert once["accuracy"] != other["accuracy"] or once["auc"] != other["auc"]


def test_a_fault_of_one_metric_leaves_the_rest(slice_, monkeypatch):
    def broken(self):
        raise ZeroDivisionError("the cell of Alice")

    monkeypatch.setattr(usefulness_module.Predicted, "f1", broken)
    table, schema = slice_
    found = evaluate(table, table, schema, classifiers=["logistic_regression"])
    failed = [s for s in found.failed if s.metric == "f1"]
    assert len(failed) == 2
    assert failed[0].failed.startswith("stopped by ZeroDivisionError")
    assert "Alice" not in json.dumps(found.to_dict())
    assert found.to_dict()["f1"] == {"logistic_regression": None}
    assert found.value("accuracy", classifier="logistic_regression") is not None


def test_synthetic_rows_with_one_outcome(slice_):
    table, schema = slice_
    good = table.filter(pa.compute.equal(table["credit_risk"], "good"))
    found = evaluate(table, good, schema, classifiers=["logistic_regression"])
    reasons = {s.failed for s in found.failed if s.classifier}
    assert reasons == {"the rows to learn from hold one outcome only, so there is nothing to learn"}
    assert found.value("tvd_1") > 0
    assert found.to_dict()["dp"]["logistic_regression"] == dict.fromkeys(ROLES["protected"])


def test_without_an_outcome_quality_is_measured(slice_):
    table, schema = slice_
    bare = fairshare.Schema.from_dict({k: v for k, v in schema.to_dict().items() if k != "roles"})
    found = evaluate(table, table, bare)
    assert found.target is None
    assert found.to_dict()["accuracy"] == {}
    assert found.value("tvd_2") == 0
    assert any("no outcome was named" in note for note in found.notes)


def test_roles_can_be_given(slice_):
    table, schema = slice_
    fairness = fairshare.Fairness(protected=["foreign_worker"], admissible=["savings"], outcome=["credit_risk"])
    found = evaluate(table, table, schema, fairness=fairness, positive="good", classifiers=[])
    assert dict(found.roles)["protected"] == ("foreign_worker",)
    assert found.target["positive"] == ["good"]
    partly = evaluate(table, table, schema, fairness={"protected": ["savings"]}, classifiers=[])
    assert (partly.roles["protected"], partly.roles["admissible"]) == (("savings",), ("checking_account",))


def test_a_release_can_be_given(slice_):
    table, schema = slice_
    release = fairshare.synthesize(table, schema, epsilon=4, delta=1e-9, seed=0)
    seen = []
    found = evaluate(table, release, schema, classifiers=[], progress=lambda *step: seen.append(step))
    assert 0 < found.value("tvd_1") < 0.2
    assert seen[0] == ("read", 0, 4)
    assert seen[-1] == ("done", 4, 4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"classifiers": ["xgboost"]}, r"classifiers \(\['xgboost'\]\) must be among"),
        ({"outcome": "height"}, r"outcome \(\['height'\]\) must name synthesised columns"),
        ({"outcome": "foreign_worker"}, r"outcome \(\['foreign_worker'\]\) must not be protected as well"),
        ({"positive": "excellent"}, r"positive \('excellent'\) must be one of the labels of 'credit_risk'"),
        ({"seed": -1}, r"seed \(-1\) must be an integer of at least 0"),
        ({"fairness": {"protect": ["savings"]}}, r"fairness \(\['protect'\]\) must name roles among"),
    ],
)
def test_refused(slice_, options, message):
    table, schema = slice_
    with pytest.raises(UsageError, match=message):
        evaluate(table, table, schema, **options)


def test_too_few_rows(slice_):
    table, schema = slice_
    with pytest.raises(DataError, match="the synthetic table \\(1 rows\\) must have at least 4 rows"):
        evaluate(table, table.slice(0, 1), schema)


def test_absent_extra(slice_, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    table, schema = slice_
    with pytest.raises(MissingExtraError, match=r"pip install 'fairshare\[eval\]'"):
        evaluate(table, table, schema)


def test_metrics_declare_themselves():
    for key, metric in METRICS.items():
        assert metric.key == key
        assert metric.name
        assert metric.meaning.endswith(".")
        assert metric.goal in ("lower", "higher", "near")
        assert metric.source
