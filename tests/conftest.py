"""Shared by all tests: a hypothesis profile and a seeded, insecure source of words."""

import os

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, settings
from numpy.typing import NDArray

from tests.audit.power import power, pytest_terminal_summary

__all__ = ["SeededEntropy", "power", "pytest_terminal_summary", "seeded_entropy"]

settings.register_profile("fairshare", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# A planted fault has to be noticed, not understood: no time goes into simpler examples of it.
settings.register_profile("mutant", settings.get_profile("fairshare"), phases=(Phase.explicit, Phase.generate))
settings.load_profile("mutant" if "FAIRSHARE_MUTANT" in os.environ else "fairshare")


class SeededEntropy:
    """Predictable words, for tests only: whatever is made with it is stamped INSECURE."""

    secure = False

    def __init__(self, seed: int = 0) -> None:
        self._rng = np.random.default_rng(seed)

    def words(self, count: int) -> NDArray[np.uint64]:
        return self._rng.integers(0, 2**64, size=count, dtype=np.uint64)


@pytest.fixture
def seeded_entropy() -> SeededEntropy:
    return SeededEntropy()
