"""Real and synthetic tables in, findings out: computed from real rows, hence stamped private."""

from fairshare.evaluation.association import cramers_v, cramers_v_of_codes
from fairshare.evaluation.bought import BoughtQuality, private_quality, private_scores
from fairshare.evaluation.classifiers import CLASSIFIERS
from fairshare.evaluation.distance import TablePair
from fairshare.evaluation.findings import Findings, Score
from fairshare.evaluation.metrics import METRICS, Metric
from fairshare.evaluation.purchase import buy_quality
from fairshare.evaluation.quality import NOTICE, Quality, quality
from fairshare.evaluation.run import evaluate

__all__ = [
    "CLASSIFIERS",
    "METRICS",
    "NOTICE",
    "BoughtQuality",
    "Findings",
    "Metric",
    "Quality",
    "Score",
    "TablePair",
    "buy_quality",
    "cramers_v",
    "cramers_v_of_codes",
    "evaluate",
    "private_quality",
    "private_scores",
    "quality",
]
