"""From packed bits to numbers, and from a small ring to a larger one.

A shared bit is A + B - 2 A B with A = b_t + b_(t+1) (mod 2), which server t knows, and B = b_(t+2), which the other two
know (the idea of ABY3, Mohassel and Rindal 2018, section 5.4, with the two-message cross product of ``thirds``).
Nothing here is opened.
"""

from collections.abc import Sequence

import numpy as np

from fairshare.mpc.arithmetic import local_product
from fairshare.mpc.bits import unpack
from fairshare.mpc.carries import carry_out, carry_out_cost
from fairshare.mpc.cost import Cost
from fairshare.mpc.ring import Array, Ring
from fairshare.mpc.rounds import together
from fairshare.mpc.session import Session, reshare_cost
from fairshare.mpc.shares import Shares
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
    two_summands,
)

__all__ = ["bits_dot", "bits_dot_cost", "bits_to_numbers", "bits_to_numbers_cost", "widen", "widen_cost"]


def _split_bits(session: Session, bits: Shares, ring: Ring, thirds: Thirds) -> tuple[Array, Array]:
    """Sole bits (own third) and common bits (own third zero) as 0 and 1 of the ring; leading axes are kept."""
    sole = unpack(sole_part(session, bits, thirds), thirds.width(ring, session.party))
    return sole.astype(ring.dtype), unpack(common_part(session, bits, thirds), thirds.lanes).astype(ring.dtype)


async def bits_to_numbers(session: Session, bits: Shares, weights: Sequence[int], ring: Ring, lanes: int) -> Shares:
    """Sum over j of weights[j] x bit j, shape (m, words) to (lanes,) of the ring.

    Cost: ``bits_to_numbers_cost``: two rounds, some (m + 2)/3 words a lane. Security: ``thirds``.
    """
    thirds = Thirds(lanes)
    factors = ring.encode(np.array([_wrapped(w, ring) for w in weights]))[:, None]
    sole, common = _split_bits(session, bits, ring, thirds)
    a = await share_sole(session, ring, sole, thirds)
    both_set = ring.sum(cross(session, a, common * factors, thirds)) * ring.dtype.type(2)
    joint = await share_cross(session, ring, both_set[None], thirds)
    linear = a.times(factors).sum() + share_common(session, ring, ring.sum(common * factors), thirds)
    return linear - joint[0]


def _wrapped(weight: int, ring: Ring) -> int:
    """A Python integer modulo 2^k, in the signed range."""
    half = 1 << (ring.bits - 1)
    return (weight + half) % (1 << ring.bits) - half


def bits_to_numbers_cost(ring: Ring, rows: int, lanes: int) -> Cost:
    """Cost of ``bits_to_numbers``."""
    thirds = Thirds(lanes)
    return sole_cost(ring, rows, thirds) + common_cost(ring, 1, thirds)


async def bits_dot(session: Session, bits: Shares, values: Shares, starts: Array) -> Shares:
    """Sums of bit x value over segments: shapes (words,) and (n,) to (segments,).

    With x cut in two summands of the servers that know B: b x = A (1 - 2B) x + B x.
    Cost: ``bits_dot_cost``: two rounds; one word a value, one a segment. Security: ``thirds``, ``Session.reshare``.

    Args:
        session: this server.
        bits: one a value, packed.
        values: numbers.
        starts: first index of each segment, ascending from 0, none empty.
    """
    ring, thirds = values.ring, Thirds(len(values))
    sole, common = _split_bits(session, bits, ring, thirds)
    summand = two_summands(session, values, thirds)
    by_common = summand * common
    turned = (summand - by_common - by_common)[None]
    a, u = await together(share_sole(session, ring, sole[None], thirds), share_cross(session, ring, turned, thirds))
    local = local_product(a, u)[0] + by_common
    return await session.reshare(ring, np.add.reduceat(local, starts, dtype=ring.dtype))


def bits_dot_cost(ring: Ring, count: int, segments: int) -> Cost:
    """Cost of ``bits_dot``."""
    thirds = Thirds(count)
    step = sole_cost(ring, 1, thirds).beside(common_cost(ring, 1, thirds))
    return step + reshare_cost(ring, segments)


async def widen(session: Session, x: Shares, ring: Ring) -> Shares:
    """The same non-negative numbers in a larger ring, shape (n,): sole + common - 2^k x (did they wrap).

    Cost: ``widen_cost``. Security: ``carries`` and ``thirds``.
    """
    if x.ring is ring:
        return x
    thirds = Thirds(len(x))
    sole = sole_part(session, x, thirds).astype(ring.dtype)[None]
    common = common_part(session, x, thirds).astype(ring.dtype)
    shared, wrapped = await together(share_sole(session, ring, sole, thirds), carry_out(session, x))
    turns = await bits_to_numbers(session, wrapped[None], [-(1 << x.ring.bits)], ring, len(x))
    return turns + shared[0] + share_common(session, ring, common, thirds)


def widen_cost(small: Ring, ring: Ring, count: int) -> Cost:
    """Cost of ``widen``."""
    if small is ring:
        return Cost(0, (0, 0, 0))
    first = carry_out_cost(small.bits, count).beside(sole_cost(ring, 1, Thirds(count)))
    return first + bits_to_numbers_cost(ring, 1, count)
