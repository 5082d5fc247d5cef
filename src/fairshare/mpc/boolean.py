"""Circuits on packed bits: trees of AND, one-hot decoding, the first of many.

All are AND layers of ``arithmetic.product`` over Z2 and inherit its security; XOR and NOT are free. Depths are rounds.
"""

import numpy as np

from fairshare.mpc.arithmetic import product
from fairshare.mpc.bits import pack, unpack
from fairshare.mpc.cost import FREE, Cost
from fairshare.mpc.ring import LANES, Z2
from fairshare.mpc.session import Session, reshare_cost
from fairshare.mpc.shares import Shares, concatenate

__all__ = ["all_of", "all_of_cost", "demux", "demux_cost", "first_of", "first_of_cost"]


async def all_of(session: Session, bits: Shares) -> Shares:
    """AND over the first axis, shape (m, words) to (words,). Cost: m - 1 ANDs a lane, depth ceil(log2 m)."""
    while len(bits) > 1:
        half = len(bits) // 2
        joined = await product(session, bits[:half], bits[half : 2 * half])
        bits = concatenate([joined, bits[2 * half :]])
    return bits[0]


def all_of_cost(count: int, words: int) -> Cost:
    """Cost of ``all_of``."""
    cost = FREE
    while count > 1:
        cost += reshare_cost(Z2, count // 2 * words)
        count -= count // 2
    return cost


async def demux(session: Session, numbers: list[Shares]) -> list[Shares]:
    """Several b-bit numbers, each as (b, words) with bit 0 first, to their one-hot codes, each (2^b, words).

    Halves are decoded and multiplied out; one row and one column of each product follow from the others, since a
    one-hot code sums to 1. Cost: 2^b - b - 1 ANDs a number and lane, depth ceil(log2 b), all numbers in the same
    rounds.
    """
    codes = [[_one_bit(session, number[j]) for j in range(len(number))] for number in numbers]
    while any(len(factors) > 1 for factors in codes):
        pairs = [(f[i], f[i + 1]) for f in codes for i in range(0, len(f) - 1, 2)]
        joined = iter(await _outer(session, pairs))
        codes = [[next(joined) for _ in range(len(f) // 2)] + f[len(f) // 2 * 2 :] for f in codes]
    return [factors[0] for factors in codes]


def _one_bit(session: Session, bit: Shares) -> Shares:
    return concatenate([bit.inverted(session.party)[None], bit[None]])


async def _outer(session: Session, pairs: list[tuple[Shares, Shares]]) -> list[Shares]:
    """One-hot codes (low, high) to the code of the joined number, all pairs in one round."""
    shapes = [(len(high) - 1, len(low) - 1) for low, high in pairs]
    left = [np.repeat(high.pair[:, :-1], len(low) - 1, axis=1) for low, high in pairs]
    right = [np.tile(low.pair[:, :-1], (1, len(high) - 1, 1)) for low, high in pairs]
    inner = await product(session, Shares(Z2, np.concatenate(left, axis=1)), Shares(Z2, np.concatenate(right, axis=1)))
    codes, start = [], 0
    for (low, high), (rows, columns) in zip(pairs, shapes, strict=True):
        part = inner[start : start + rows * columns].reshape(rows, columns, -1)
        start += rows * columns
        table = np.empty((2, rows + 1, columns + 1, part.shape[-1]), dtype=Z2.dtype)
        table[:, :-1, :-1] = part.pair
        table[:, :-1, -1] = high.pair[:, :-1] ^ Z2.sum(part.pair, axis=2)
        table[:, -1] = low.pair ^ Z2.sum(table[:, :-1], axis=1)
        codes.append(Shares(Z2, table).reshape((rows + 1) * (columns + 1), -1))
    return codes


def demux_cost(widths: list[int], words: int) -> Cost:
    """Cost of ``demux`` for numbers of these many bits."""
    cost, codes = FREE, [[1] * width for width in widths]
    while any(len(factors) > 1 for factors in codes):
        ands = sum((2 ** f[i] - 1) * (2 ** f[i + 1] - 1) for f in codes for i in range(0, len(f) - 1, 2))
        cost += reshare_cost(Z2, ands * words)
        codes = [[f[i] + f[i + 1] for i in range(0, len(f) - 1, 2)] + f[len(f) // 2 * 2 :] for f in codes]
    return cost


async def first_of(session: Session, valid: Shares, payload: Shares) -> Shares:
    """The payload of the first valid lane: a tournament of neighbours, in which the left wins if it is valid.

    Every lane, the winner's included, stays secret. Cost: (b + 1) ANDs a match, depth ceil(log2 lanes), and one round.

    Args:
        session: this server.
        valid: shape (words,); padding lanes must be 0.
        payload: b bits a lane, shape (b, words).

    Returns:
        Shape (b + 1, 1), lane 0: whether any lane is valid, then its payload, all zero if none is.
    """
    state, lanes = concatenate([valid[None], payload]), valid.shape[-1] * LANES
    while lanes > 1:
        left, right = _neighbours(state, lanes)
        lanes = -(-lanes // 2)
        # v = v_l + v_r + v_l v_r and p = p_r + v_l (p_l + p_r): one factor for all.
        change = await product(session, left[:1], concatenate([right[:1], left[1:] + right[1:]]))
        state = right + change
        state = concatenate([state[:1] + left[:1], state[1:]])
    return concatenate([state[:1], await product(session, state[:1], state[1:])])


def _neighbours(state: Shares, lanes: int) -> tuple[Shares, Shares]:
    """The even and the odd lanes; a missing last one is 0."""
    single = unpack(state.pair, lanes + lanes % 2 if lanes % 2 == 0 else lanes)
    if lanes % 2:
        single = np.concatenate([single, np.zeros_like(single[..., :1])], axis=-1)
    return Shares(Z2, pack(single[..., ::2])), Shares(Z2, pack(single[..., 1::2]))


def first_of_cost(words: int, payload: int) -> Cost:
    """Cost of ``first_of``."""
    cost, lanes = FREE, words * LANES
    while lanes > 1:
        lanes = -(-lanes // 2)
        cost += reshare_cost(Z2, (payload + 1) * -(-lanes // LANES))
    return cost + reshare_cost(Z2, payload)
