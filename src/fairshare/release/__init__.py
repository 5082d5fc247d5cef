"""The main job and its result: synthesize, Release, Synthesizer; save and load."""

from fairshare.release.model import ReleasedModel
from fairshare.release.release import Release
from fairshare.release.synthesis import synthesize
from fairshare.release.synthesizer import Synthesizer
from fairshare.release.verify import other_roles, verify_loaded, verify_release

__all__ = ["Release", "ReleasedModel", "Synthesizer", "other_roles", "synthesize", "verify_loaded", "verify_release"]
