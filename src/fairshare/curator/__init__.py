"""Where the secrets live. This package imports neither implementation: mechanisms may know the interface only."""

from fairshare.curator.base import Candidate, Curator, in_grains

__all__ = ["Candidate", "Curator", "in_grains"]
