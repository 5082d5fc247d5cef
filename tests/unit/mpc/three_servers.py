"""Running a protocol as three servers on clear inputs, and a tape that the trusted samplers can read too."""

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from fairshare.mpc.bits import planes
from fairshare.mpc.cost import Cost
from fairshare.mpc.holding import deal
from fairshare.mpc.memory import run_parties
from fairshare.mpc.ring import Z2, Z16, Z32, Z64, Array, Ring
from fairshare.mpc.session import Session
from fairshare.mpc.shares import Shares
from fairshare.privacy import Entropy

RINGS = [Z32, Z64]
ALL_RINGS = [Z16, Z32, Z64]
#: Lane counts around the edges of words and thirds.
SIZES = [1, 2, 63, 64, 65, 127, 192, 193, 400]


def revealed(parts: list[Shares]) -> Array:
    """The secret, after checking that neighbours agree about the summand that they both hold."""
    for party in range(3):
        np.testing.assert_array_equal(parts[party].pair[1], parts[(party + 1) % 3].pair[0])
    ring = parts[0].ring
    return np.asarray(ring.add(ring.add(parts[0].pair[0], parts[1].pair[0]), parts[2].pair[0]))


def run(program: Callable[..., Any], *secrets: tuple[Ring, Array]) -> tuple[list[Any], Cost]:
    """What each server's ``program(session, *shares)`` returned, and the measured cost."""
    dealt = [deal(ring, values) for ring, values in secrets]
    outcome = run_parties(lambda s: program(s, *[parcels[s.party].shares() for parcels in dealt]))
    return outcome.values, outcome.cost


def secret(program: Callable[..., Shares], *secrets: tuple[Ring, Array]) -> tuple[Array, Cost]:
    """The same for a program whose result is one secret."""
    values, cost = run(program, *secrets)
    return revealed(values), cost


def edge_words(ring: Ring) -> st.SearchStrategy[NDArray[Any]]:
    """Words of a ring, its edges often."""
    top = (1 << ring.bits) - 1
    edges = st.sampled_from([0, 1, 2, top, top - 1, top >> 1, (top >> 1) + 1, top // 3])
    return hnp.arrays(ring.dtype, st.sampled_from(SIZES[:7]), elements=edges | st.integers(0, top))


class SeededEntropy:
    """INSECURE, for tests: predictable words."""

    secure = False

    def __init__(self, seed: int = 0) -> None:
        self._rng = np.random.default_rng(seed)

    def words(self, count: int) -> NDArray[np.uint64]:
        return self._rng.integers(0, 2**64, size=count, dtype=np.uint64)


class SharedTape:
    """INSECURE, for tests: the words of a tape that others read too, cut into summands that everybody could guess.

    Call i reads exactly ``entropy.words(lanes)``, as the trusted samplers do.
    """

    def __init__(self, entropy: Entropy) -> None:
        self._entropy = entropy
        self._masks = np.random.default_rng(7)

    def bits(self, session: Session, lanes: int, width: int) -> Shares:
        return self._share(session, self._entropy.words(lanes), width)

    def _share(self, session: Session, words: NDArray[np.uint64], width: int) -> Shares:
        value = planes(words)[:width]
        first, second = self._masks.integers(0, 2**64, (2, *value.shape), dtype=np.uint64)
        summands = [first, second, value ^ first ^ second]
        return Shares(Z2, np.stack([summands[session.party], summands[session.after]]))


class SelectionTape(SharedTape):
    """The trusted selection's words: it reads batches of (indices, coin 0, coin 1, ...); three servers read them whole.

    Args:
        entropy: where the trusted curator would read.
        batches: how many of its batches make the trials of the circuit.
        coins: how many coins a batch reads words for.
        trials: of a batch.
    """

    def __init__(self, entropy: Entropy, *, batches: int, coins: int, trials: int) -> None:
        super().__init__(entropy)
        self._words = entropy.words(batches * (1 + coins) * trials).reshape(batches, 1 + coins, trials)
        self._next = 0

    def bits(self, session: Session, lanes: int, width: int) -> Shares:
        words = self._words[:, self._next].reshape(-1)
        assert len(words) == lanes
        self._next += 1
        return self._share(session, words, width)
