"""Carries of a secret sum whose one addend one server knows and whose other addend the other two know.

A two-bit block's "generate" and "propagate" are sums of products of a function of the sole addend and a function of the
common one, so a block costs one round and two shared bits, with no AND of secrets; then a tree joins blocks:
(g, p) after (g', p') is (g + p g', p p').
"""

import numpy as np

from fairshare.mpc.arithmetic import product
from fairshare.mpc.bits import planes, words_for
from fairshare.mpc.cost import Cost
from fairshare.mpc.ring import Z2, Array
from fairshare.mpc.session import Session, reshare_cost
from fairshare.mpc.shares import Shares, concatenate
from fairshare.mpc.thirds import (
    Thirds,
    common_cost,
    common_part,
    cross,
    share_common,
    share_cross,
    share_sole,
    sole_cost,
    sole_part,
)

__all__ = ["all_bits", "all_bits_cost", "carry_out", "carry_out_cost", "sign_bits", "sign_bits_cost"]


def _addends(session: Session, x: Shares, thirds: Thirds) -> tuple[Array, Array]:
    """Planes of the sole addend (own third only) and of the common one (own third zero)."""
    return planes(sole_part(session, x, thirds)), planes(common_part(session, x, thirds))


async def _carry(session: Session, sole: Array, common: Array, extra: Array, thirds: Thirds) -> tuple[Shares, Shares]:
    """The carry out of the planes' sum, shape (words,), and the shares of extra sole planes."""
    single = len(sole) % 2  # a lowest plane without a partner is a block of its own
    low, high = sole[single::2], sole[single + 1 :: 2]
    rows = np.concatenate([sole, low & high, extra])
    shared = await share_sole(session, Z2, rows, thirds)
    a, both, rest = shared[: len(sole)], shared[len(sole) : -len(extra) or None], shared[len(rows) - len(extra) :]
    a_low, a_high = a[single::2], a[single + 1 :: 2]
    b_low, b_high = common[single::2], common[single + 1 :: 2]

    def times(x: Shares, y: Array) -> Array:
        return cross(session, x, y, thirds)

    # The lowest block needs no "propagate".
    generate = times(a_high, b_high) ^ times(both, b_low) ^ times(a_low, b_low & b_high)
    skip = 1 - single
    propagate = (times(a_high, b_low) ^ times(a_low, b_high))[skip:]
    parts = [times(a[:single], common[:single]), generate, propagate]
    blocks = await share_cross(session, Z2, np.concatenate(parts), thirds)
    g, p = blocks[: single + len(low)], blocks[single + len(low) :]
    p = p + both[skip:] + share_common(session, Z2, (b_low & b_high)[skip:], thirds)
    return await _join(session, g, p), rest


async def _join(session: Session, g: Shares, p: Shares) -> Shares:
    """Blocks, lowest first, to one carry. ``p`` lacks the lowest block's."""
    while len(g) > 1:
        odd = len(g) % 2
        pairs = len(g) // 2
        upper = p[0::2][:pairs]  # p of blocks 1, 3, 5, ...
        lower = concatenate([g[0::2][:pairs], p[1::2][: pairs - 1]])
        joined = await product(session, concatenate([upper, upper[1:]]), lower)
        g_next = g[1::2] + joined[:pairs]
        g = concatenate([g_next, g[-1:]]) if odd else g_next
        p = concatenate([joined[pairs:], p[-1:]]) if odd else joined[pairs:]
    return g[0]


def _carry_cost(count: int, extra: int, lanes: int) -> Cost:
    thirds, words = Thirds(lanes), words_for(lanes)
    blocks, single = count // 2 + count % 2, count % 2
    cost = sole_cost(Z2, count + count // 2 + extra, thirds)
    cost += common_cost(Z2, blocks + count // 2 - (1 - single), thirds)
    while blocks > 1:
        cost += reshare_cost(Z2, (blocks // 2 * 2 - 1) * words)
        blocks -= blocks // 2
    return cost


async def sign_bits(session: Session, x: Shares) -> Shares:
    """The top bit of each shared number, shape (n,) to packed (ceil(n/64),): whether it is negative.

    Paper: the three-party addend split of ABY3 (Mohassel and Rindal 2018, section 5.3), with our two-bit blocks.
    Cost: ``sign_bits_cost``: about 62 bits a number for k = 32, 127 for k = 64; rounds 2 + log2(k/2).
    Security: ``thirds`` and AND layers only; nothing is opened.
    """
    thirds = Thirds(len(x))
    sole, common = _addends(session, x, thirds)
    carry, top = await _carry(session, sole[:-1], common[:-1], sole[-1:], thirds)
    return carry + top[0] + share_common(session, Z2, common[-1:], thirds)[0]


def sign_bits_cost(bits: int, lanes: int) -> Cost:
    """Cost of ``sign_bits`` of ``lanes`` numbers of Z_2^bits."""
    return _carry_cost(bits - 1, 1, lanes)


async def carry_out(session: Session, x: Shares) -> Shares:
    """Whether sole + common addend wrap around 2^k, shape (n,) to packed (ceil(n/64),). Cost: ``carry_out_cost``."""
    thirds = Thirds(len(x))
    sole, common = _addends(session, x, thirds)
    return (await _carry(session, sole, common, sole[:0], thirds))[0]


def carry_out_cost(bits: int, lanes: int) -> Cost:
    """Cost of ``carry_out``."""
    return _carry_cost(bits, 0, lanes)


async def all_bits(session: Session, x: Shares) -> Shares:
    """All bits of each shared number, shape (n,) to planes (k, ceil(n/64)).

    A Kogge-Stone adder: more ANDs than ``sign_bits``, for the few numbers that need it. Cost: ``all_bits_cost``.
    """
    thirds, width = Thirds(len(x)), x.ring.bits
    sole, common = _addends(session, x, thirds)
    a = await share_sole(session, Z2, sole, thirds)
    g = await share_cross(session, Z2, cross(session, a[:-1], common[:-1], thirds), thirds)
    half_sum = a + share_common(session, Z2, common, thirds)
    p, step = half_sum[:-1], 1
    while step < width - 1:
        upper = p[step:]
        joined = await product(session, concatenate([upper, upper]), concatenate([g[:-step], p[:-step]]))
        count = len(upper)
        g = concatenate([g[:step], g[step:] + joined[:count]])
        p = concatenate([p[:step], joined[count:]])
        step *= 2
    return concatenate([half_sum[:1], half_sum[1:] + g])


def all_bits_cost(bits: int, lanes: int) -> Cost:
    """Cost of ``all_bits``."""
    thirds, step = Thirds(lanes), 1
    cost = sole_cost(Z2, bits, thirds) + common_cost(Z2, bits - 1, thirds)
    while step < bits - 1:
        cost += reshare_cost(Z2, 2 * (bits - 1 - step) * words_for(lanes))
        step *= 2
    return cost
