"""What each metric means: name, goal, range and source, declared once for findings, reports and documents."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any, Literal

__all__ = ["METRICS", "Metric", "describe"]

Goal = Literal["lower", "higher", "near"]
Topic = Literal["quality", "usefulness", "fairness", "independence", "privacy"]

_TVD = "half the L1 distance of normalised marginals"
_PREFAIR = "Pujol, Gilad, Machanavajjhala 2023, PreFair, VLDB 16(6), section 6"
_GROUPS = "Salimi, Rodriguez, Howe, Suciu 2019, Interventional Fairness, SIGMOD, section 2; " + _PREFAIR
_USE = "train on synthetic, test on real: Esteban, Hyland, Rätsch 2017, arXiv 1706.02633"


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One metric.

    Attributes:
        key: its key in the JSON.
        name: for people.
        topic: the part of the findings it belongs to.
        goal: whether ``lower`` or ``higher`` is better, or it should be ``near`` the reference.
        range: smallest and largest possible value; None where there is no bound.
        meaning: one sentence.
        source: who defined it.
    """

    key: str
    name: str
    topic: Topic
    goal: Goal
    range: tuple[float, float | None]
    meaning: str
    source: str


def _unit(key: str, name: str, topic: Topic, goal: Goal, meaning: str, source: str) -> Metric:  # noqa: PLR0917
    """A metric in [0, 1]."""
    return Metric(key=key, name=name, topic=topic, goal=goal, range=(0.0, 1.0), meaning=meaning, source=source)


_QUALITY = (
    _unit("tvd_1", "TVD, 1-way", "quality", "lower", f"Mean over all columns of {_TVD}.", _PREFAIR),
    _unit("tvd_2", "TVD, 2-way", "quality", "lower", f"Mean over all pairs of columns of {_TVD}.", _PREFAIR),
    _unit("tvd_3", "TVD, 3-way", "quality", "lower", f"Mean over all triples of columns of {_TVD}.", _PREFAIR),
    _unit(
        "acd",
        "Association difference",
        "quality",
        "lower",
        "Mean over all pairs of columns of the absolute difference of bias-corrected Cramer's V.",
        "Bergsma 2013, J. Korean Stat. Soc. 42(3); " + _PREFAIR,
    ),
    _unit(
        "numeric_distance",
        "Wasserstein distance of numbers",
        "quality",
        "lower",
        "Mean over binned columns of the Wasserstein-1 distance, values in the middle of their bins, as a share of the "
        "way from the first bin to the last.",
        "Villani 2009, Optimal Transport, theorem 2.18",
    ),
    _unit(
        "coverage",
        "Coverage of codes",
        "quality",
        "higher",
        "Mean over columns of the share of the codes that occur in the real table which the synthetic table holds too.",
        "SDMetrics, CategoryCoverage",
    ),
    Metric(
        key="k_marginal",
        name="k-marginal score (k = 2)",
        topic="quality",
        goal="higher",
        range=(0.0, 1000.0),
        meaning="1000 (1 - mean total variation distance of the k-way marginals); here over all pairs, not a sample.",
        source="NIST SDNist, k-marginal metric, Task, Bhagat, Howarth 2023",
    ),
)
_USEFULNESS = (
    _unit("accuracy", "Accuracy", "usefulness", "higher", "Share of real rows whose outcome is predicted.", _USE),
    _unit("auc", "AUC", "usefulness", "higher", "Area under the ROC curve on real rows.", _USE),
    _unit("f1", "F1", "usefulness", "higher", "Harmonic mean of precision and recall of the positive outcome.", _USE),
)
_MATCHED = (
    "within each group of equal admissible values, the mean over groups that hold at least two values of the "
    "protected attribute, weighted by their rows"
)


def _conditional(key: str, name: str, what: str) -> tuple[Metric, Metric]:
    """A conditional metric in its matched form, and the paper's unmatched form."""
    matched = _unit(key, name, "fairness", "lower", f"{what}, {_MATCHED}.", _GROUPS)
    unmatched = _unit(
        f"{key}_unmatched",
        f"{name} (the paper's unmatched form)",
        "fairness",
        "lower",
        f"{what}, each value's rate averaged over the groups of equal admissible values that hold it, whether or not "
        "they hold another.",
        _PREFAIR,
    )
    return matched, unmatched


_FAIRNESS = (
    _unit(
        "dp",
        "Demographic parity gap",
        "fairness",
        "lower",
        "Largest difference between protected groups in the share predicted positive.",
        _GROUPS,
    ),
    _unit(
        "tprb",
        "True positive rate balance",
        "fairness",
        "lower",
        "Largest difference in the share predicted positive among the positive.",
        _GROUPS,
    ),
    _unit(
        "tnrb",
        "True negative rate balance",
        "fairness",
        "lower",
        "Largest difference in the share predicted negative among the negative.",
        _GROUPS,
    ),
    *_conditional("cdp", "Conditional demographic parity gap", "The gap of dp"),
    *_conditional("ctprb", "Conditional true positive rate balance", "The gap of tprb"),
    *_conditional("ctnrb", "Conditional true negative rate balance", "The gap of tnrb"),
    _unit(
        "dp_table",
        "Demographic parity gap of the table",
        "fairness",
        "near",
        "The gap of dp of the outcome itself in the synthetic table.",
        _GROUPS,
    ),
    _unit(
        "cdp_table",
        "Conditional demographic parity gap of the table",
        "fairness",
        "lower",
        f"The gap of dp of the outcome itself in the synthetic table, {_MATCHED}.",
        _GROUPS,
    ),
)
_INDEPENDENCE = (
    Metric(
        key="cmi",
        name="Conditional mutual information I(P; O | A)",
        topic="independence",
        goal="near",
        range=(0.0, None),
        meaning="What a protected attribute tells of the outcome beyond the admissible ones, in nats; in a fair table "
        "it is like its null, in which the protected attribute is permuted among rows of equal admissible values.",
        source="Salimi et al. 2019, section 4; conditional permutation test: Rosenbaum 1984, JASA 79(387)",
    ),
)
_PRIVACY = (
    _unit(
        "dcr_share",
        "Nearer to the training rows",
        "privacy",
        "near",
        "Share of synthetic rows whose closest real row is a training row, not one of as many rows that the synthesis "
        "never saw (ties count half). A smoke test: one half is no guarantee.",
        "distance to closest record: Platzer and Reutterer 2021, Frontiers in Big Data 4",
    ),
    _unit(
        "membership_auc",
        "Membership attack AUC",
        "privacy",
        "near",
        "How well the distance to the closest synthetic row tells training rows from rows that the synthesis never "
        "saw. A smoke test: one half is no guarantee, for stronger attacks exist.",
        "Chen, Yu, Zhang, Fritz 2020, GAN-Leaks, CCS, section 4",
    ),
)

#: Every metric of the findings, by key.
METRICS: Mapping[str, Metric] = MappingProxyType(
    {m.key: m for m in (*_QUALITY, *_USEFULNESS, *_FAIRNESS, *_INDEPENDENCE, *_PRIVACY)}
)


def describe() -> dict[str, dict[str, Any]]:
    """The registry as JSON can hold it."""
    return {key: {**asdict(metric), "range": list(metric.range)} for key, metric in METRICS.items()}
