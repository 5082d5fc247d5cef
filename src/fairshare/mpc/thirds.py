"""Products between what one server knows and what the other two know, with the roles rotated over thirds of the lanes.

A shared x is (x_t + x_(t+1)) + x_(t+2): server t knows the first part, the *sole* part, and the other two both know the
second, the *common* part. Conversions between sums and bits multiply sole parts by common parts only, and such a
product needs two messages where a general one needs three. In third t of the lanes server t plays the sole role, so
all servers send alike.
"""

from dataclasses import dataclass

import numpy as np

from fairshare.mpc.bits import words_for
from fairshare.mpc.channel import PARTIES
from fairshare.mpc.cost import Cost
from fairshare.mpc.ring import LANES, Z2, Array, Ring
from fairshare.mpc.rounds import messages
from fairshare.mpc.session import Session
from fairshare.mpc.shares import Shares

__all__ = [
    "Thirds",
    "common_cost",
    "common_part",
    "cross",
    "share_common",
    "share_cross",
    "share_sole",
    "sole_cost",
    "sole_part",
    "two_summands",
]


@dataclass(frozen=True)
class Thirds:
    """The last axis of ``lanes`` numbers (or bits, packed), cut in three at multiples of 64 lanes."""

    lanes: int

    def cut(self, ring: Ring, third: int) -> slice:
        """Where a third lies, in words of the ring."""
        words = words_for(self.lanes)
        first, last = words * third // PARTIES, words * (third + 1) // PARTIES
        if ring is Z2:
            return slice(first, last)
        return slice(min(first * LANES, self.lanes), min(last * LANES, self.lanes))

    def width(self, ring: Ring, third: int) -> int:
        """Words in a third."""
        cut = self.cut(ring, third % PARTIES)
        return int(cut.stop - cut.start)

    def total(self, ring: Ring) -> int:
        """Words in all thirds."""
        return words_for(self.lanes) if ring is Z2 else self.lanes


def sole_part(session: Session, x: Shares, thirds: Thirds) -> Array:
    """This server's sole part: of its own third only."""
    mine = x.pair[..., thirds.cut(x.ring, session.party)]
    return np.asarray(x.ring.add(mine[0], mine[1]))


def common_part(session: Session, x: Shares, thirds: Thirds) -> Array:
    """The common parts that this server knows: of the other two thirds; its own third holds zeros."""
    common = np.zeros(x.shape, dtype=x.ring.dtype)
    for third, position in ((session.before, 1), (session.after, 0)):
        cut = thirds.cut(x.ring, third)
        common[..., cut] = x.pair[position][..., cut]
    return common


def two_summands(session: Session, x: Shares, thirds: Thirds) -> Array:
    """The secret as a sum of two, known to the two servers that are not sole: x_(t+1) + x_(t+2), and x_t. Free."""
    summand = np.zeros(x.shape, dtype=x.ring.dtype)
    behind, ahead = thirds.cut(x.ring, session.before), thirds.cut(x.ring, session.after)
    summand[..., behind] = x.ring.add(x.pair[0][..., behind], x.pair[1][..., behind])
    summand[..., ahead] = x.pair[1][..., ahead]
    return summand


def share_common(session: Session, ring: Ring, common: Array, thirds: Thirds) -> Shares:
    """Common parts (zero in the own third) as shares: summand t + 2 in third t. Free."""
    pair = np.zeros((2, *common.shape), dtype=ring.dtype)
    for third, position in ((session.before, 1), (session.after, 0)):
        cut = thirds.cut(ring, third)
        pair[position][..., cut] = common[..., cut]
    return Shares(ring, pair)


async def share_sole(session: Session, ring: Ring, sole: Array, thirds: Thirds) -> Shares:
    """Each server's sole values become shares.

    Summand t is a stream of key k_t, summand t + 1 the rest, summand t + 2 zero.
    Cost: ``sole_cost``. Security: server t + 1 receives the rest, masked by a key that it lacks; server t + 2 nothing.

    Args:
        session: this server.
        ring: of the values.
        sole: values of this server's own third, shape (rows, width).
        thirds: the cut.
    """
    rows = len(sole)
    mask = session.own.draw(ring, sole.shape)
    rest = np.asarray(ring.subtract(sole, mask))
    session.send(session.after, rest)
    other = session.next.draw(ring, (rows, thirds.width(ring, session.after)))
    await messages()
    pair = np.zeros((2, rows, thirds.total(ring)), dtype=ring.dtype)
    pair[0][:, thirds.cut(ring, session.party)] = mask
    pair[1][:, thirds.cut(ring, session.party)] = rest
    pair[1][:, thirds.cut(ring, session.after)] = other
    width = thirds.width(ring, session.before)
    received = session.receive(session.before, ring, (rows, width))
    pair[0][:, thirds.cut(ring, session.before)] = received
    return Shares(ring, pair)


def sole_cost(ring: Ring, rows: int, thirds: Thirds) -> Cost:
    """Cost of ``share_sole``: one round; server t sends its third."""
    first, second, third = (rows * thirds.width(ring, t) * ring.size for t in range(PARTIES))
    return Cost(1, (first, second, third))


def cross(session: Session, sole: Shares, common: Array, thirds: Thirds) -> Array:
    """This server's summand of (shared sole part) x (common part), elementwise; zero in its own third. Free."""
    ring = sole.ring
    summand = np.zeros(np.broadcast_shapes(sole.shape, common.shape), dtype=ring.dtype)
    for third, position in ((session.before, 0), (session.after, 1)):
        cut = thirds.cut(ring, third)
        summand[..., cut] = ring.multiply(sole.pair[position][..., cut], common[..., cut])
    return summand


async def share_cross(session: Session, ring: Ring, summand: Array, thirds: Thirds) -> Shares:
    """Summands that two servers hold (zero in a server's own third) become shares with two messages instead of three.

    In third t: y_t is a stream of k_t, y_(t+1) = c_(t+1) + m and y_(t+2) = c_(t+2) - y_t - m, where m is a stream of
    k_(t+2), known to servers t + 1 and t + 2. Cost: ``common_cost``.
    Security: server t receives y_(t+1), masked by m; server t + 1 receives y_(t+2), masked by y_t; each lacks the key
    of its mask. Server t + 2 receives nothing.

    Args:
        session: this server.
        ring: of the values.
        summand: shape (rows, total).
        thirds: the cut.
    """
    rows, party, after, before = len(summand), session.party, session.after, session.before
    pair = np.empty((2, *summand.shape), dtype=ring.dtype)
    mine, ahead, behind = (thirds.cut(ring, t) for t in (party, after, before))
    width = {t: thirds.width(ring, t) for t in range(PARTIES)}
    # Draws in the order in which the key's other holder makes them: first y of its third, then m of the third after.
    pair[0][:, mine] = session.own.draw(ring, (rows, width[party]))
    pair[1][:, ahead] = session.next.draw(ring, (rows, width[after]))
    m_ahead = session.own.draw(ring, (rows, width[after]))
    m_behind = session.next.draw(ring, (rows, width[before]))
    pair[0][:, behind] = ring.add(summand[:, behind], m_behind)
    pair[0][:, ahead] = ring.subtract(ring.subtract(summand[:, ahead], pair[1][:, ahead]), m_ahead)
    session.send(before, np.concatenate([pair[0][:, behind], pair[0][:, ahead]], axis=1))
    await messages()
    received = session.receive(after, ring, (rows, width[party] + width[before]))
    pair[1][:, mine] = received[:, : width[party]]
    pair[1][:, behind] = received[:, width[party] :]
    return Shares(ring, pair)


def common_cost(ring: Ring, rows: int, thirds: Thirds) -> Cost:
    """Cost of ``share_cross``: one round; a server sends all but its own third."""
    first, second, third = (rows * (thirds.total(ring) - thirds.width(ring, t)) * ring.size for t in range(PARTIES))
    return Cost(1, (first, second, third))
