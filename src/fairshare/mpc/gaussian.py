"""Discrete Gaussian noise that no server knows any part of: the trusted curator's table, read by a circuit.

A uniform secret 64-bit word is compared with public thresholds floor(2^64 P(X < v)). The law is symmetric, so the top
bit is the sign and the other 63, flipped if it is 0, are compared with the upper half of the table only. Each 8-bit
block of the word is decoded once; "block below" and "block equal" are then free for every threshold, and ten ANDs join
eight blocks. The value's bit j is the XOR of the indicators at multiples of 2^j, so the last of the joins is an inner
product that costs one word a bit, whatever the number of thresholds.

Privacy:
    Against ``privacy.gaussian`` on the same words the result differs only where the top 64 bits of the 256-bit
    comparison tie. A threshold is off by less than 2^-64; values that start beyond 1 - 2^-64 of the mass are never
    drawn. Wide scales are sums s1 + k s2 whose law differs by a factor within 1 +- 4 exp(-2 pi^2 (s1 s2/sigma)^2)
    (Micciancio and Walter 2017, Theorem 2.1). ``distance`` bounds the total variation; it is to be taken from delta.
"""

import math
from functools import lru_cache
from itertools import accumulate, islice, pairwise

import numpy as np
from numpy.typing import NDArray

from fairshare.errors import UsageError
from fairshare.mpc.arithmetic import local_product, product
from fairshare.mpc.bits import words_for
from fairshare.mpc.boolean import demux, demux_cost
from fairshare.mpc.conversion import bits_to_numbers, bits_to_numbers_cost
from fairshare.mpc.cost import FREE, Cost
from fairshare.mpc.ring import LANES, Z2, Array, Ring
from fairshare.mpc.session import Session, reshare_cost
from fairshare.mpc.shares import Shares, concatenate
from fairshare.mpc.tape import Tape
from fairshare.privacy.gaussian import MAX_SIGMA, weights

__all__ = ["components", "distance", "joint_gaussian", "joint_gaussian_cost", "reach", "thresholds"]

_WIDEST_TABLE = 40.0
#: s1 / k in a sum s1 + k s2: the least that keeps its distance below 2^-64.
_NARROW = 1.7
_BLOCK_WIDTHS = (8, 8, 8, 8, 8, 8, 8, 7)  # of a 63-bit word, lowest first
#: Lanes that run through the circuit at once: bounds memory to some 100 MB; more samples take more rounds.
_BATCH = 1 << 15

#: A component's factor and thresholds.
_Part = tuple[int, NDArray[np.uint64]]


@lru_cache(maxsize=64)
def thresholds(sigma: float) -> tuple[int, ...]:
    """T_1 < T_2 < ...: a 63-bit uniform word at or above T_v makes the magnitude at least v."""
    half = weights(sigma)
    total = 2 * sum(half) - half[0]
    below = accumulate(half, initial=sum(half) - half[0])  # weight of X < 0, X < 1, ...
    table = [(c << 64) // total - (1 << 63) for c in below][1:]
    return tuple(t for t in table if t < (1 << 63) - 1)


def components(sigma: float) -> list[tuple[int, float]]:
    """Factors and scales whose sum of independent draws has scale ``sigma``; only wide ones have more than one.

    Raises:
        UsageError: sigma is out of range.
    """
    if not (math.isfinite(sigma) and 0 < sigma <= MAX_SIGMA):
        raise UsageError(f"sigma ({sigma}) must be above 0 and at most 2^40; raise epsilon")
    if sigma <= _WIDEST_TABLE:
        return [(1, sigma)]
    factor, narrow, rest = _split(sigma)
    return components(narrow) + [(factor * f, s) for f, s in components(rest)]


def _split(sigma: float) -> tuple[int, float, float]:
    factor = round(math.sqrt(sigma / _NARROW))
    narrow = _NARROW * factor
    # Rounded up, so that the sum is never narrower than asked.
    rest = math.nextafter(math.sqrt(sigma**2 - narrow**2) / factor, math.inf) * (1 + 2**-50)
    return factor, narrow, rest


def distance(sigma: float) -> float:
    """Bound on one draw's total variation from the discrete Gaussian, rounded up."""
    if sigma <= _WIDEST_TABLE:
        return (2 * len(thresholds(sigma)) + 8) * 2.0**-64
    _, narrow, rest = _split(sigma)
    joint = 4.5 * math.exp(-2 * (math.pi * narrow * rest / sigma) ** 2)
    return distance(narrow) + distance(rest) + joint


def reach(sigma: float) -> int:
    """The largest magnitude that a draw can have: what a ring must hold beside the count."""
    return sum(factor * len(thresholds(scale)) for factor, scale in components(sigma))


async def joint_gaussian(session: Session, sigma: float, count: int, ring: Ring, tape: Tape) -> Shares:
    """``count`` secret draws, shape (count,) of the ring.

    Reads one word a draw and component from the tape: a component's words at once, in the order of ``components``.
    Cost: ``joint_gaussian_cost``: 8 rounds a batch of 2^15 draws, whatever the number of components.
    Security: AND layers and ``conversion``; nothing is opened, and the noise depends on no data, so it can be made
    ahead of need.

    Raises:
        UsageError: sigma is out of range.
    """
    parts = [(factor, np.array(thresholds(s), dtype=np.uint64)) for factor, s in components(sigma)]
    words = [tape.bits(session, count, LANES) for _ in parts]
    # Narrower than 64 bits can tell from the constant 0: nothing to add.
    parts, words = [p for p in parts if len(p[1])], [w for p, w in zip(parts, words, strict=True) if len(p[1])]
    if not parts:
        return Shares(ring, np.zeros((2, count), dtype=ring.dtype))
    step = _BATCH // LANES
    cuts = [slice(start, start + step) for start in range(0, words_for(count), step)]
    draws = [await _sample(session, parts, [w[:, cut] for w in words], ring) for cut in cuts]
    return concatenate(draws)[:count]


async def _sample(session: Session, parts: list[_Part], words: list[Shares], ring: Ring) -> Shares:
    """One draw a lane, padding included: the sum of factor x (m or -m) over the components."""
    negative = [word[LANES - 1].inverted(session.party) for word in words]
    folded = [word[: LANES - 1] + Shares(Z2, sign.pair[:, None]) for word, sign in zip(words, negative, strict=True)]
    bits, scales = [], []
    magnitudes = await _magnitudes(session, folded, [table for _, table in parts])
    for (factor, _), magnitude, sign in zip(parts, magnitudes, negative, strict=True):
        width = len(magnitude)
        bits += [magnitude + Shares(Z2, sign.pair[:, None]), sign[None]]  # flipped, m becomes 2^b - 1 - m
        scales += [factor << j for j in range(width)] + [-factor * ((1 << width) - 1)]
    return await bits_to_numbers(session, concatenate(bits), scales, ring, words[0].shape[1] * LANES)


async def _magnitudes(session: Session, words: list[Shares], tables: list[NDArray[np.uint64]]) -> list[Shares]:
    """For each component the bits of the number of thresholds at or below its word: (63, words) to (bits, words)."""
    cuts = (0, *accumulate(_BLOCK_WIDTHS))
    codes = iter(await demux(session, [word[a:b] for a, b in pairwise(cuts) for word in words]))
    nodes = []  # (word's blocks < threshold's, equal) of all thresholds of all components, lowest block first
    for a, b in pairwise(cuts):
        digits = [((t >> np.uint64(a)) & np.uint64((1 << b - a) - 1)).astype(np.intp) for t in tables]
        block = [
            (_below(code)[digit], code[digit]) for digit, code in zip(digits, islice(codes, len(digits)), strict=True)
        ]
        nodes.append((concatenate([less for less, _ in block]), concatenate([equal for _, equal in block])))
    nodes.reverse()
    while len(nodes) > 2:
        nodes = await _join(session, nodes)
    (less, equal), (lower, _) = nodes
    return await _parities(session, less, local_product(equal, lower), [len(t) for t in tables])


async def _parities(session: Session, less: Shares, joined: Array, counts: list[int]) -> list[Shares]:
    """Bits of each component's number of thresholds not above the word; ``joined`` is this server's last summand.

    A number m in unary has as bit j the XOR of its digits at the multiples of 2^j; XOR comes before resharing.
    """
    ends = list(accumulate(counts, initial=0))
    levels = [[slice(a + (1 << j) - 1, b, 1 << j) for j in range((b - a).bit_length())] for a, b in pairwise(ends)]
    flat = [level for component in levels for level in component]
    inner = await session.reshare(Z2, np.stack([Z2.sum(joined[level]) for level in flat]))
    outer = Shares(Z2, np.stack([Z2.sum(less.pair[:, level], axis=1) for level in flat], axis=1))
    # "At least v" is NOT less, and an odd number of NOTs is one NOT.
    odd = np.array([-(len(range(level.start, level.stop, level.step)) % 2) for level in flat]).astype(np.uint64)
    bits = (inner + outer).plus(session.party, odd[:, None])
    widths = list(accumulate(map(len, levels), initial=0))
    return [bits[a:b] for a, b in pairwise(widths)]


def _below(code: Shares) -> Shares:
    """Row d of a one-hot code's result: whether the number is below d."""
    rows = np.bitwise_xor.accumulate(code.pair, axis=1)
    return Shares(Z2, np.concatenate([np.zeros_like(rows[:, :1]), rows[:, :-1]], axis=1))


async def _join(session: Session, nodes: list[tuple[Shares, Shares]]) -> list[tuple[Shares, Shares]]:
    """Neighbouring blocks joined: less = less + equal less', equal = equal equal' (which the lowest does not need)."""
    count, half = len(nodes[0][0]), len(nodes) // 2
    upper = [nodes[2 * i][1] for i in range(half)]
    right = [nodes[2 * i + 1][0] for i in range(half)] + [nodes[2 * i + 1][1] for i in range(half - 1)]
    joined = await product(session, concatenate(upper + upper[:-1]), concatenate(right))
    parts = [joined[i * count : (i + 1) * count] for i in range(2 * half - 1)]
    parts.append(parts[0])  # a stand-in, never read
    return [(nodes[2 * i][0] + parts[i], parts[half + i]) for i in range(half)]


def joint_gaussian_cost(sigma: float, count: int, ring: Ring) -> Cost:
    """Cost of ``joint_gaussian``."""
    sizes = [n for n in (len(thresholds(scale)) for _, scale in components(sigma)) if n]
    cost, words = FREE, words_for(count)
    if not sizes:
        return cost
    step, bits = _BATCH // LANES, sum(n.bit_length() for n in sizes)
    for start in range(0, words, step):
        batch = min(step, words - start)
        cost += demux_cost(list(_BLOCK_WIDTHS) * len(sizes), batch)
        cost += reshare_cost(Z2, 7 * sum(sizes) * batch) + reshare_cost(Z2, 3 * sum(sizes) * batch)
        cost += reshare_cost(Z2, bits * batch)
        cost += bits_to_numbers_cost(ring, bits + len(sizes), batch * LANES)
    return cost
