"""fairshare: differentially private, justifiably fair synthetic tables with no trusted aggregator.

Importing this package has no effect: every public name is loaded when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from fairshare.version import __version__

# Public name -> the room it lives in.
_ROOMS = {
    "AIM": "mechanisms",
    "Fairness": "fairness",
    "MST": "mechanisms",
    "MWEM": "mechanisms",
    "Measurement": "model",
    "PrivBayes": "mechanisms",
    "SWIFT": "mechanisms",
    "FairshareError": "errors",
    "OpenDPNoise": "privacy",
    "Release": "release",
    "Schema": "schema",
    "Synthesizer": "release",
    "estimate": "model",
    "evaluate": "evaluation",
    "simulate": "release.simulation",
    "synthesize": "release",
}
_MODULES = ("datasets", "errors", "evaluation")

__all__ = [
    "AIM",
    "MST",
    "MWEM",
    "SWIFT",
    "Fairness",
    "FairshareError",
    "Measurement",
    "OpenDPNoise",
    "PrivBayes",
    "Release",
    "Schema",
    "Synthesizer",
    "__version__",
    "datasets",
    "errors",
    "estimate",
    "evaluate",
    "evaluation",
    "simulate",
    "synthesize",
]

if TYPE_CHECKING:
    from fairshare import datasets, errors, evaluation
    from fairshare.errors import FairshareError
    from fairshare.evaluation import evaluate
    from fairshare.fairness import Fairness
    from fairshare.mechanisms import AIM, MST, MWEM, SWIFT, PrivBayes
    from fairshare.model import Measurement, estimate
    from fairshare.privacy import OpenDPNoise
    from fairshare.release import Release, Synthesizer, synthesize
    from fairshare.release.simulation import simulate
    from fairshare.schema import Schema


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"fairshare.{name}")
    if name in _ROOMS:
        return getattr(import_module(f"fairshare.{_ROOMS[name]}"), name)
    raise AttributeError(f"module 'fairshare' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
