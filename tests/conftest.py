"""Shared by all tests: a hypothesis profile and a seeded, insecure source of words."""

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from numpy.typing import NDArray

settings.register_profile("fairshare", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("fairshare")


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
