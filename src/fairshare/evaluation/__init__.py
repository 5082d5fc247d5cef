"""Real and synthetic tables in, findings out: computed from real rows, hence stamped private."""

from fairshare.evaluation.association import cramers_v
from fairshare.evaluation.distance import TablePair
from fairshare.evaluation.quality import NOTICE, Quality, quality

__all__ = ["NOTICE", "Quality", "TablePair", "cramers_v", "quality"]
