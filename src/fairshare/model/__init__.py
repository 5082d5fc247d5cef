"""From noisy marginals to a distribution, and from a distribution to rows; no data."""

from fairshare.model.estimation import Fit, FitOptions, Status, fit
from fairshare.model.junction_tree import MOST_CELLS, JunctionTree
from fairshare.model.measurement import Measurement, estimate_total
from fairshare.model.model import Model
from fairshare.model.published import estimate
from fairshare.model.refinement import Refinement
from fairshare.model.sampling import SamplingMethod

__all__ = [
    "MOST_CELLS",
    "Fit",
    "FitOptions",
    "JunctionTree",
    "Measurement",
    "Model",
    "Refinement",
    "SamplingMethod",
    "Status",
    "estimate",
    "estimate_total",
    "fit",
]
