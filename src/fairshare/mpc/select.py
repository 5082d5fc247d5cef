"""The exponential mechanism on secret scores: secret trials, one opened index, no float and no fixed point.

Each trial draws a secret uniform candidate, fetches the bits of its gap to the best score, and accepts it with
probability exp(-rate gap), a product over the gap's set bits of secret coins of public bias. The first acceptance has
exactly the exponential mechanism's law (``privacy.exponential`` is the same in the clear).

Privacy:
    Opened: the winner's index, or that no trial accepted, and nothing else. With the candidates of the trials public,
    the view would leak (if the first lost, its gap was positive), so they, the coins, the fetched bits and every
    acceptance stay secret; the number of trials is public and fixed. ``distance`` bounds the total variation from the
    exponential mechanism: a coin is off by less than 2^-64, and no trial accepts with probability below 2^-46. Both
    are to be taken from delta before anything is spent.
"""

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np

from fairshare.errors import UsageError
from fairshare.mpc.arithmetic import dot, product
from fairshare.mpc.bits import pack, unpack, words_for
from fairshare.mpc.boolean import all_of, all_of_cost, demux, demux_cost, first_of, first_of_cost
from fairshare.mpc.carries import all_bits, all_bits_cost
from fairshare.mpc.comparison import below_constants, below_constants_cost, maximum, maximum_cost
from fairshare.mpc.cost import FREE, Cost
from fairshare.mpc.opening import open_all, open_cost
from fairshare.mpc.ring import LANES, Z2, Array, Ring
from fairshare.mpc.rounds import both
from fairshare.mpc.session import Session, reshare_cost
from fairshare.mpc.shares import Shares, concatenate
from fairshare.mpc.tape import Tape
from fairshare.privacy.exponential import coin_thresholds

__all__ = ["TRIALS", "Coins", "Selection", "prepare", "prepare_cost", "select", "select_cost"]

#: Trials for each padded candidate: the best one is always accepted, so (1 - 1/P)^(32 P) < exp(-32) < 2^-46. That is
#: below what the coins' 64 bits cost over a whole run of some hundred selections, and a promise's delta covers both.
TRIALS = 32
_LOW = 192  # coin thresholds have 256 bits; the circuit compares the top 64


@dataclass(frozen=True)
class Selection:
    """The public shape of one selection.

    Attributes:
        candidates: how many, at least 1.
        rate: epsilon / (2 Delta), exact, above 0.
    """

    candidates: int
    rate: Fraction

    def __post_init__(self) -> None:
        if self.candidates < 1:
            raise UsageError(f"candidates ({self.candidates}) must be at least 1")
        if self.rate <= 0:
            raise UsageError(f"rate ({self.rate}) must be above 0")

    @property
    def index_bits(self) -> int:
        """Bits of a padded candidate index."""
        return (self.candidates - 1).bit_length()

    @property
    def trials(self) -> int:
        """Number of trials, public whatever the data."""
        return TRIALS << self.index_bits

    @property
    def words(self) -> int:
        """Words of a plane of trials."""
        return words_for(self.trials)

    @cached_property
    def coins(self) -> tuple[int, ...]:
        """2^64 exp(-rate 2^j) for j = 0, 1, ... until it is below 1, at most 2^64 - 1; a set bit beyond rejects."""
        return tuple(min(t >> _LOW, (1 << LANES) - 1) for t in coin_thresholds(self.rate) if t >> _LOW)

    @property
    def low_bits(self) -> int:
        """Index bits of the second fetch: the cut that sends least."""
        rows = len(self.coins) + 1

        def ands(low: int) -> int:
            return (rows << low if low else 0) + (1 << (self.index_bits - low)) + (1 << low)

        return min(range(self.index_bits), key=ands)

    @property
    def distance(self) -> float:
        """Bound on the total variation from the exponential mechanism, "no acceptance" included."""
        return self.trials * (len(self.coins) + 1) * 2.0**-64 + math.exp(-TRIALS)


@dataclass(frozen=True, eq=False)
class Coins:
    """A selection's secret randomness; independent of all data, so made ahead of need, and used once.

    Attributes:
        index: bits of each trial's candidate, shape (index_bits, words).
        low: one-hot code of its low bits, shape (2^low_bits, words).
        high: one-hot code of the others.
        tails: whether each coin rejects, shape (coins, words).
    """

    index: Shares
    low: Shares
    high: Shares
    tails: Shares


async def prepare(session: Session, selection: Selection, tape: Tape) -> Coins:
    """Draw a selection's randomness: from the tape the indices' words, then each coin's, in order of its bit.

    Cost: ``prepare_cost``. Security: AND layers; nothing is opened.
    """
    width, lanes, cut = selection.index_bits, selection.trials, selection.low_bits
    index = tape.bits(session, lanes, width)
    if not selection.coins:
        low, high = await _codes(session, index, cut)
        return Coins(index, low, high, index[:0])
    words = concatenate([tape.bits(session, lanes, LANES)[None] for _ in selection.coins])
    tossed = below_constants(session, words, list(selection.coins))
    (low, high), heads = await both(_codes(session, index, cut), tossed)
    return Coins(index, low, high, heads.inverted(session.party))


async def _codes(session: Session, index: Shares, cut: int) -> tuple[Shares, Shares]:
    if cut:
        low, high = await demux(session, [index[:cut], index[cut:]])
        return low, high
    always = Shares(Z2, np.zeros_like(index.pair[:, :1])).inverted(session.party)
    return always, (await demux(session, [index]))[0]


def prepare_cost(selection: Selection) -> Cost:
    """Cost of ``prepare``."""
    if selection.index_bits == 0:
        return FREE
    low, words = selection.low_bits, selection.words
    cost = demux_cost([low, selection.index_bits - low] if low else [selection.index_bits], words)
    return cost.beside(below_constants_cost(len(selection.coins), words)) if selection.coins else cost


async def select(session: Session, selection: Selection, coins: Coins, scores: Shares) -> int | None:
    """The index of a candidate with probability proportional to exp(rate x score), or None if no trial accepts.

    Cost: ``select_cost``. Security: only the winner is opened (see the module's docstring).

    Args:
        session: this server.
        selection: the public shape; at least two candidates.
        coins: fresh, from ``prepare`` of the same selection.
        scores: secret integers whose differences stay below 2^(k-1), shape (candidates,).
    """
    best = await maximum(session, scores)
    gaps = Shares(scores.ring, np.broadcast_to(best.pair, scores.pair.shape)) - scores
    table = await _table(session, selection, (await all_bits(session, gaps))[: scores.ring.bits - 1])
    fetched = await _fetch(session, table, coins)
    used = len(fetched) - 1
    rejected = concatenate([await product(session, fetched[:used], coins.tails[:used]), fetched[used:]])
    accepted = await all_of(session, rejected.inverted(session.party))
    winner = await first_of(session, accepted.times(_real_lanes(selection.trials)), coins.index)
    # Opened: the mechanism's output. It is differentially private, and all the rest of the view is uniform.
    outcome = unpack(await open_all(session, winner), 1)[:, 0]
    return int(sum(int(bit) << j for j, bit in enumerate(outcome[1:]))) if outcome[0] else None


def _real_lanes(trials: int) -> Array:
    """A mask without the padding lanes of the last word."""
    return pack(np.ones(trials, dtype=np.uint8))


async def _table(session: Session, selection: Selection, bits: Shares) -> Shares:
    """For each candidate and padding: its gap's bits that have coins, then whether it is rejected anyway.

    Shape (gap bits, candidate words) to single 0/1 words (rows, 2^index_bits).
    """
    count = selection.candidates
    used = min(len(selection.coins), len(bits))
    rest = bits[used:]
    if len(rest):
        beyond = (await all_of(session, rest.inverted(session.party))).inverted(session.party)
    else:
        beyond = Shares(Z2, np.zeros_like(bits.pair[:, 0]))
    rows = concatenate([bits[:used], beyond[None]])
    table = np.zeros((2, used + 1, 1 << selection.index_bits), dtype=np.uint64)
    table[:, :, :count] = unpack(rows.pair, count)
    padding = np.zeros(table.shape[1:], dtype=np.uint64)
    padding[-1, count:] = 1
    return Shares(Z2, table).plus(session.party, padding)


async def _fetch(session: Session, table: Shares, coins: Coins) -> Shares:
    """Each trial's row of the table, shape (rows, candidates) to (rows, words): two XOR inner products."""
    rows, low = len(table), len(coins.low)
    # Every (row, low index): a column over the high index.
    entries = table.reshape(rows, len(coins.high), low)
    chosen = _masked_sums(coins.high, Shares(Z2, np.moveaxis(entries.pair, 2, 3).reshape(2, rows * low, -1)))
    part = (await session.reshare(Z2, chosen)).reshape(rows, low, -1)
    if low == 1:
        return part[:, 0]
    return await dot(session, part, Shares(Z2, coins.low.pair[:, None]), axis=1)


def _masked_sums(code: Shares, entries: Shares) -> Array:
    """This server's summand of sum over h of code[h] entry[r, h], shapes (h, words) and single bits (r, h).

    A server's own share of an entry is a bit that it knows: it picks rows of the code to XOR, so no mask is built.
    """
    source = np.concatenate([code.pair[0], code.pair[1]])
    picks = np.concatenate([entries.pair[0] ^ entries.pair[1], entries.pair[0]], axis=1).astype(bool)
    sums = np.empty((len(picks), source.shape[1]), dtype=Z2.dtype)
    for row, pick in enumerate(picks):  # bits of a score times a handful, not cells or records
        np.bitwise_xor.reduce(source[pick], axis=0, out=sums[row])
    return sums


def select_cost(selection: Selection, ring: Ring) -> Cost:
    """Cost of ``select``."""
    count, words, bits = selection.candidates, selection.words, ring.bits - 1
    used, low = min(len(selection.coins), bits), selection.low_bits
    cost = maximum_cost(ring, count) + all_bits_cost(ring.bits, count)
    cost += all_of_cost(bits - used, words_for(count))
    cost += reshare_cost(Z2, (used + 1 << low) * words)
    if low:
        cost += reshare_cost(Z2, (used + 1) * words)
    cost += reshare_cost(Z2, used * words) + all_of_cost(used + 1, words)
    cost += first_of_cost(words, selection.index_bits)
    return cost + open_cost(Z2, selection.index_bits + 1)
