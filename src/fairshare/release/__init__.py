"""The main job and its result: synthesize, Release, Synthesizer; save and load."""

from fairshare.release.model import ReleasedModel
from fairshare.release.release import Release
from fairshare.release.synthesis import synthesize
from fairshare.release.synthesizer import Synthesizer
from fairshare.release.verify import verify_release

__all__ = ["Release", "ReleasedModel", "Synthesizer", "synthesize", "verify_release"]
