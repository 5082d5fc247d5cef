"""Scores of candidates: weighted L1 distances between secret counts and public estimates."""

import numpy as np
from numpy.typing import NDArray

from fairshare.mpc.carries import sign_bits, sign_bits_cost
from fairshare.mpc.conversion import bits_dot, bits_dot_cost
from fairshare.mpc.cost import Cost
from fairshare.mpc.ring import Ring
from fairshare.mpc.session import Session
from fairshare.mpc.shares import Shares

__all__ = ["absolute_errors", "absolute_errors_cost", "weighted"]


async def absolute_errors(
    session: Session, counts: Shares, estimates: NDArray[np.int64], starts: NDArray[np.intp]
) -> Shares:
    """Sum of |count - estimate| over each candidate's cells, shape (cells,) to (candidates,).

    |d| = d - 2 [d < 0] d: one comparison a cell, then one word a candidate.
    Cost: ``absolute_errors_cost``. Security: ``carries`` and ``conversion``; nothing is opened.

    Args:
        session: this server.
        counts: secret counts of all candidates' cells, one after the other.
        estimates: public integers, same shape; |count - estimate| < 2^(k-1).
        starts: first cell of each candidate, ascending from 0, none empty.
    """
    ring = counts.ring
    difference = counts.plus(session.party, ring.encode(-estimates))
    negative = await bits_dot(session, await sign_bits(session, difference), difference, starts)
    plain = Shares(ring, np.add.reduceat(difference.pair, starts, axis=1, dtype=ring.dtype))
    return plain - negative - negative


def absolute_errors_cost(ring: Ring, cells: int, candidates: int) -> Cost:
    """Cost of ``absolute_errors``."""
    return sign_bits_cost(ring.bits, cells) + bits_dot_cost(ring, cells, candidates)


def weighted(session: Session, errors: Shares, weights: NDArray[np.int64], penalties: NDArray[np.int64]) -> Shares:
    """Scores weight x (error - penalty) of each candidate, shape (candidates,). Free; the result must fit the ring."""
    ring = errors.ring
    return errors.plus(session.party, ring.encode(-penalties)).times(ring.encode(weights))
