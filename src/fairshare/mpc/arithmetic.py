"""Products of shares, over integers and packed bits alike.

x y = sum of all x_i y_j; server i can form x_i y_i + x_i y_(i+1) + x_(i+1) y_i, and the nine terms are covered once.
What the three form is summed over whatever axis is wanted *before* it is reshared, so an inner product of any length
costs one word, and one round (Araki et al. 2016, section 2.2).
Security: local work, then ``Session.reshare``.
"""

import numpy as np

from fairshare.mpc.ring import Array
from fairshare.mpc.session import Session
from fairshare.mpc.shares import Shares

__all__ = ["dot", "local_product", "product"]


def local_product(x: Shares, y: Shares) -> Array:
    """This server's summand of x y, elementwise, not yet masked: never send it as it is."""
    ring = x.ring
    (x0, x1), (y0, y1) = x.pair, y.pair
    return np.asarray(ring.add(ring.multiply(x0, ring.add(y0, y1)), ring.multiply(x1, y0)))


async def product(session: Session, x: Shares, y: Shares) -> Shares:
    """The product x y, elementwise (AND for packed bits). Cost: ``reshare_cost`` of the result."""
    return await session.reshare(x.ring, local_product(x, y))


async def dot(session: Session, x: Shares, y: Shares, axis: int = 0) -> Shares:
    """Sum of x y along an axis. Cost: ``reshare_cost(ring, size of the result)``, whatever the axis' length."""
    return await session.reshare(x.ring, x.ring.sum(local_product(x, y), axis=axis))
