"""The cheap noise: every server adds its own, so that any two honest servers' noise suffices.

Privacy:
    Each server draws a discrete Gaussian of variance sigma^2/2 and shares it. A curious server knows its own draw; the
    other two have variance sigma^2 together, which is what may be accounted, plus ``extra_rho``, because their sum is
    not exactly discrete Gaussian (Kairouz, Liu and Steinke 2021, arXiv 2102.06387, Theorem 1).
    The released noise is wider than needed: sigma sqrt(3/2).
"""

import math

import numpy as np

from fairshare.errors import UsageError
from fairshare.mpc.cost import Cost, everyone
from fairshare.mpc.ring import Ring
from fairshare.mpc.rounds import messages
from fairshare.mpc.session import Session
from fairshare.mpc.shares import Shares
from fairshare.privacy import Entropy
from fairshare.privacy.gaussian import discrete_gaussian

__all__ = ["MIN_SIGMA", "distributed_gaussian", "distributed_gaussian_cost", "extra_rho"]

#: Per-server variance 4: below it the closeness term is no longer negligible.
MIN_SIGMA = math.sqrt(8.0)


def extra_rho(sigma: float, count: int) -> float:
    """What to add to rho for ``count`` opened values: tau d with tau = 10 exp(-2 pi^2 (sigma^2/2)/2), two servers.

    The Renyi divergence of order alpha is at most alpha s^2/(2 sigma^2) + tau d (Proposition 14), so at most alpha
    times the sum for every alpha >= 1. Printings of Theorem 1 differ in the factor of tau d; this one is the largest.
    """
    return 10.0 * math.exp(-(math.pi**2) * sigma**2 / 2) * count


async def distributed_gaussian(session: Session, sigma: float, count: int, ring: Ring, entropy: Entropy) -> Shares:
    """The sum of three servers' draws, shape (count,) of the ring.

    Cost: ``distributed_gaussian_cost``: one round, one word a draw. Security: a server receives another's draw minus a
    stream whose key it lacks.

    Args:
        session: this server.
        sigma: scale that two honest servers' noise has together, at least sqrt(8).
        count: number of draws.
        ring: of the result.
        entropy: this server's own, never shared.

    Raises:
        UsageError: sigma is out of range.
    """
    if not sigma >= MIN_SIGMA:
        raise UsageError(f"sigma ({sigma}) must be at least {MIN_SIGMA:.3f} for distributed noise; use joint noise")
    # Rounded up: never narrower than asked.
    scale = math.nextafter(sigma / math.sqrt(2.0), math.inf)
    draws = ring.encode(discrete_gaussian(scale, count, entropy))
    mask = session.own.draw(ring, (count,))
    rest = ring.subtract(draws, mask)
    session.send(session.after, rest)
    following = session.next.draw(ring, (count,))
    await messages()
    received = session.receive(session.before, ring, (count,))
    return Shares(ring, np.stack([ring.add(mask, received), ring.add(rest, following)]))


def distributed_gaussian_cost(count: int, ring: Ring) -> Cost:
    """Cost of ``distributed_gaussian``."""
    return everyone(count * ring.size)
