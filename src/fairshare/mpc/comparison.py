"""Comparing secrets: signs of differences, the largest of many, and secret random words against public constants."""

import numpy as np

from fairshare.errors import UsageError
from fairshare.mpc.arithmetic import product
from fairshare.mpc.bits import pack, unpack, words_for
from fairshare.mpc.boolean import all_of, all_of_cost
from fairshare.mpc.carries import sign_bits, sign_bits_cost
from fairshare.mpc.conversion import bits_dot, bits_dot_cost
from fairshare.mpc.cost import Cost
from fairshare.mpc.ring import LANES, Z2, Ring
from fairshare.mpc.session import Session, reshare_cost
from fairshare.mpc.shares import Shares, concatenate

__all__ = ["below_constants", "below_constants_cost", "less_than", "maximum", "maximum_cost"]


async def less_than(session: Session, x: Shares, y: Shares) -> Shares:
    """Whether x < y, of signed numbers with |x - y| < 2^(k-1), shape (n,) to packed bits. Cost: ``sign_bits_cost``."""
    return await sign_bits(session, x - y)


async def maximum(session: Session, scores: Shares) -> Shares:
    """The largest of n secret numbers whose differences stay below 2^(k-1), shape (n,) to (1,).

    Every pair is compared at once, so the depth is that of one comparison; the first of the largest beats all others.
    Neither the winner nor any comparison is opened. Cost: ``maximum_cost``, n (n - 1)/2 comparisons.
    """
    count = len(scores)
    if count == 1:
        return scores
    first, second = np.triu_indices(count, k=1)
    less = await less_than(session, scores[first], scores[second])
    lost = unpack(less.pair, len(first))
    # Opponent o of candidate c, the diagonal left out: before c if o < c, after it otherwise.
    table = np.zeros((2, count, count), dtype=np.uint8)
    table[:, first, second] = table[:, second, first] = lost
    off = np.arange(count - 1)[:, None] + (np.arange(count - 1)[:, None] >= np.arange(count))
    wins = Shares(Z2, pack(table[:, off, np.arange(count)]))
    # A candidate beats later ones unless it is less, and earlier ones only if they are less.
    wins = wins.plus(session.party, pack((off > np.arange(count)).astype(np.uint8)))
    return await bits_dot(session, await all_of(session, wins), scores, np.zeros(1, dtype=np.intp))


def maximum_cost(ring: Ring, count: int) -> Cost:
    """Cost of ``maximum``."""
    if count == 1:
        return Cost(0, (0, 0, 0))
    pairs = count * (count - 1) // 2
    ands = all_of_cost(count - 1, words_for(count))
    return sign_bits_cost(ring.bits, pairs) + ands + bits_dot_cost(ring, count, 1)


async def below_constants(session: Session, words: Shares, constants: list[int]) -> Shares:
    """Whether u < t, for secret 64-bit words u and public constants t, shape (m, 64, words) to (m, words).

    A tree joins (less, equal), top bits first. Of two neighbouring bits only "both equal" needs an AND, since either
    "less" is 0 or the complement of "equal". Cost: ``below_constants_cost``: 89 ANDs a comparison, depth 6.
    Security: AND layers; nothing is opened.

    Args:
        session: this server.
        words: bit planes, bit 0 first.
        constants: m integers in [0, 2^64).

    Raises:
        UsageError: a constant is out of range: its bits would read as another number's.
    """
    if not all(0 <= t < 1 << LANES for t in constants):
        raise UsageError(f"constants must be between 0 and 2^{LANES} - 1")
    bit = np.array([[t >> j & 1 for j in reversed(range(LANES))] for t in constants], dtype=np.uint64)
    ones = (-bit.astype(np.int64)).astype(np.uint64)[..., None]  # a mask of 64 lanes a bit
    equal = words[:, ::-1].plus(session.party, ~ones)
    both = await product(session, equal[:, 0::2], equal[:, 1::2])
    top, low = ones[:, 0::2], ones[:, 1::2]
    less = equal[:, 0::2].inverted(session.party).times(top) + (equal[:, 0::2] + both).times(low)
    equal = both[:, :-1]
    while less.shape[1] > 1:
        upper, half = equal[:, 0::2], less.shape[1] // 2
        right = concatenate([less[:, 1::2], equal[:, 1::2]], axis=1)
        joined = await product(session, concatenate([upper, upper[:, : half - 1]], axis=1), right)
        less, equal = less[:, 0::2] + joined[:, :half], joined[:, half:]
    return less[:, 0]


def below_constants_cost(count: int, words: int) -> Cost:
    """Cost of ``below_constants``."""
    blocks = LANES // 2
    cost = reshare_cost(Z2, count * blocks * words)
    while blocks > 1:
        cost += reshare_cost(Z2, count * (blocks - 1) * words)
        blocks //= 2
    return cost
