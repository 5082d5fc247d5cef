"""Every metric of the findings, end to end, against a table worked out by hand and against other people's code.

A classifier that predicts ``x`` takes the place of trained ones, so all its scores can be counted on fingers.
"""

from collections import Counter
from itertools import combinations

import numpy as np
import pyarrow as pa
import pytest
from scipy.spatial.distance import cdist, cityblock
from scipy.stats import chi2_contingency, entropy, mannwhitneyu, wasserstein_distance

from fairshare.evaluation import METRICS, evaluate, usefulness
from fairshare.schema import Schema

fairlearn = pytest.importorskip("fairlearn.metrics")
sklearn = pytest.importorskip("sklearn.metrics")

NAMES = ("s", "a", "x", "y")
#: Rows of the held-out table by (s, a, x, y).
HAND = {
    (0, 0, 1, 1): 3, (0, 0, 1, 0): 1, (0, 0, 0, 1): 1, (0, 0, 0, 0): 5,
    (1, 0, 1, 1): 2, (1, 0, 1, 0): 4, (1, 0, 0, 1): 2, (1, 0, 0, 0): 2,
    (0, 1, 1, 1): 4, (0, 1, 1, 0): 0, (0, 1, 0, 1): 0, (0, 1, 0, 0): 1,
    (1, 1, 1, 1): 6, (1, 1, 1, 0): 3, (1, 1, 0, 1): 4, (1, 1, 0, 0): 2,
}  # fmt: skip
SCHEMA = Schema.from_dict(
    {
        "columns": [
            {"name": "s", "kind": "categorical", "categories": ["0", "1"]},
            {"name": "a", "kind": "categorical", "categories": ["0", "1"]},
            {"name": "x", "kind": "integer", "bounds": [0, 2]},
            {"name": "y", "kind": "categorical", "categories": ["0", "1"]},
        ],
        "roles": {"protected": ["s"], "admissible": ["a"], "outcome": ["y"]},
    }
)
ROWS = np.array([cell for cell, count in HAND.items() for _ in range(count)])


def table(rows):
    columns = {name: rows[:, i] for i, name in enumerate(NAMES)}
    return pa.table({name: c if name == "x" else c.astype(str) for name, c in columns.items()})


#: The held-out rows are the hand's; in the synthetic ones x and y change places, in the real ones some s are flipped.
HELD, SYNTHETIC, REAL = ROWS, ROWS[:, [0, 1, 3, 2]], np.vstack([ROWS[:30], 1 - ROWS[30:]])


class PredictsX:
    def probability(self, codes):
        return np.where(codes["x"] == 1, 0.9, 0.2)


@pytest.fixture(scope="module")
def findings():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(usefulness, "fit", lambda *_: PredictsX())
        tables = table(REAL), table(SYNTHETIC), SCHEMA
        return evaluate(*tables, holdout=table(HELD), classifiers=["logistic_regression"])


#: By hand. Selected rates of (s, a): .4 .6 .8 .6; among y = 1: 3/4 1/2 1 3/5; among y = 0: 1/6 2/3 0 3/5.
ON_FINGERS = {
    "accuracy": 25 / 40,
    "f1": 30 / (30 + 8 + 7),  # 15 right of 23 selected, 7 missed
    "auc": (15 * 10 + (15 * 8 + 7 * 10) / 2) / (22 * 18),
    "dp": 15 / 25 - 8 / 15,
    "tprb": 7 / 8 - 8 / 14,
    "tnrb": 6 / 7 - 4 / 11,
    "cdp": 0.2,
    "ctprb": (0.25 * 8 + 0.4 * 14) / 22,
    "ctnrb": (0.5 * 12 + 0.6 * 6) / 18,
    "cdp_unmatched": 0.0,
    "ctprb_unmatched": (3 / 4 + 1) / 2 - (1 / 2 + 3 / 5) / 2,
    "ctnrb_unmatched": (5 / 6 + 1) / 2 - (1 / 3 + 2 / 5) / 2,
    # The synthetic outcome is the hand's x.
    "dp_table": 15 / 25 - 8 / 15,
    "cdp_table": 0.2,
    "coverage": 1.0,
}


def value(findings, metric):
    kinds = {"held_out", "synthetic", None}
    (score,) = [s for s in findings.scores if s.metric == metric and s.scored_on in kinds]
    return score.value


@pytest.mark.parametrize("metric", ON_FINGERS)
def test_by_hand(metric, findings):
    assert value(findings, metric) == pytest.approx(ON_FINGERS[metric], abs=1e-12)


def shares(rows, axes):
    counted = Counter(map(tuple, rows[:, axes].tolist()))
    return {cell: count / len(rows) for cell, count in counted.items()}


def distance(axes):
    """Half the city-block distance of normalised marginals, over the cells that occur in either."""
    real, synthetic = shares(REAL, axes), shares(SYNTHETIC, axes)
    cells = sorted(set(real) | set(synthetic))
    return cityblock([real.get(c, 0) for c in cells], [synthetic.get(c, 0) for c in cells]) / 2


def bergsma(rows, i, j):
    """Bias-corrected Cramer's V from scipy's chi-square."""
    observed = np.array([[np.sum((rows[:, i] == u) & (rows[:, j] == v)) for v in (0, 1)] for u in (0, 1)])
    n = observed.sum()
    phi2 = chi2_contingency(observed, correction=False).statistic / n
    return np.sqrt(max(0, phi2 - 1 / (n - 1)) / (1 - 1 / (n - 1)))


def gowers(rows, others):
    """Distance to the nearest: a category counts 1, and a step of x half of its two."""
    scale = np.array([1, 1, 0.5, 1])
    return cdist(rows * scale, others * scale, "cityblock").min(axis=1)


def others_code():
    s, a, x, y = HELD.T
    chosen = {"y_true": y, "y_pred": x, "sensitive_features": s}
    near, far = gowers(SYNTHETIC, REAL), gowers(SYNTHETIC, HELD)
    member, stranger = gowers(REAL, SYNTHETIC), gowers(HELD, SYNTHETIC)
    ps, pa_, po = SYNTHETIC[:, 0], SYNTHETIC[:, 1], SYNTHETIC[:, 3]
    joint = [entropy(np.unique(label, return_counts=True)[1]) for label in
             (2 * pa_ + ps, 2 * pa_ + po, 4 * pa_ + 2 * ps + po, pa_)]  # fmt: skip
    pairs = list(combinations(range(4), 2))
    return {
        "tvd_1": np.mean([distance([i]) for i in range(4)]),
        "tvd_2": np.mean([distance(list(pair)) for pair in pairs]),
        "tvd_3": np.mean([distance(list(three)) for three in combinations(range(4), 3)]),
        "k_marginal": 1000 * (1 - np.mean([distance(list(pair)) for pair in pairs])),
        "acd": np.mean([abs(bergsma(REAL, *pair) - bergsma(SYNTHETIC, *pair)) for pair in pairs]),
        "numeric_distance": wasserstein_distance(REAL[:, 2], SYNTHETIC[:, 2]) / 2,
        "accuracy": sklearn.accuracy_score(y, x),
        "f1": sklearn.f1_score(y, x),
        "auc": mannwhitneyu(x[y == 1], x[y == 0]).statistic / (np.sum(y == 1) * np.sum(y == 0)),
        "dp": fairlearn.demographic_parity_difference(**chosen),
        "tprb": fairlearn.true_positive_rate_difference(**chosen),
        "tnrb": fairlearn.true_negative_rate_difference(**chosen),
        "cdp": _within(fairlearn.demographic_parity_difference, s, x, y, a, np.full(40, fill_value=True)),
        "ctprb": _within(fairlearn.true_positive_rate_difference, s, x, y, a, y == 1),
        "ctnrb": _within(fairlearn.true_negative_rate_difference, s, x, y, a, y == 0),
        "cmi": joint[0] + joint[1] - joint[2] - joint[3],
        "dcr_share": np.mean((near < far) + 0.5 * (near == far)),
        "membership_auc": mannwhitneyu(-member, -stranger).statistic / (len(REAL) * len(HELD)),
    }


def _within(metric, s, x, y, a, among):  # noqa: PLR0917
    """Fairlearn's gap in each stratum, weighted by the rows that count."""
    gaps = [metric(y[a == v], x[a == v], sensitive_features=s[a == v]) for v in (0, 1)]
    return np.average(gaps, weights=[np.sum(among & (a == v)) for v in (0, 1)])


OTHERS = others_code()


@pytest.mark.parametrize("metric", OTHERS)
def test_equal_to_other_peoples_code(metric, findings):
    assert value(findings, metric) == pytest.approx(OTHERS[metric], abs=1e-6 if "auc" in metric else 1e-9)


def test_none_is_left_out():
    """Whoever adds a metric adds it here."""
    assert set(METRICS) == set(ON_FINGERS) | set(OTHERS)


def test_swapping_the_tables_changes_what_it_should():
    there, back = (
        evaluate(table(one), table(other), SCHEMA, classifiers=[], holdout=table(HELD))
        for one, other in ((REAL, SYNTHETIC), (SYNTHETIC, REAL))
    )
    for metric in ("tvd_1", "tvd_2", "tvd_3", "acd", "numeric_distance", "k_marginal"):
        assert value(there, metric) == pytest.approx(value(back, metric))
    assert value(there, "dp_table") != pytest.approx(value(back, "dp_table"))


def test_permuting_rows_changes_nothing_and_permuting_a_column_breaks_what_hangs_on_it():
    rng = np.random.default_rng(0)
    base = evaluate(table(REAL), table(SYNTHETIC), SCHEMA, classifiers=[], holdout=table(HELD))
    rows = evaluate(table(rng.permutation(REAL)), table(rng.permutation(SYNTHETIC)), SCHEMA, classifiers=[],
                    holdout=table(rng.permutation(HELD)))  # fmt: skip
    for metric in METRICS:
        found = [s.value for s in base.scores if s.metric == metric]
        assert found == pytest.approx([s.value for s in rows.scores if s.metric == metric])
    broken = SYNTHETIC.copy()
    broken[:, 3] = np.sort(broken[:, 3])
    torn = evaluate(table(REAL), table(broken), SCHEMA, classifiers=[], holdout=table(HELD))
    assert value(torn, "tvd_1") == pytest.approx(value(base, "tvd_1"))
    for metric in ("tvd_2", "dp_table", "cmi"):
        assert value(torn, metric) != pytest.approx(value(base, metric))
