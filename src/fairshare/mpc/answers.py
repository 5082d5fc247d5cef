"""The two calls that open numbers: exact secrets plus secret noise, and nothing before the noise is in."""

import numpy as np
from numpy.typing import NDArray

from fairshare.mpc.cost import Cost
from fairshare.mpc.opening import open_all, open_cost
from fairshare.mpc.ring import Ring
from fairshare.mpc.session import Session
from fairshare.mpc.shares import Shares

__all__ = ["release", "release_cost"]


async def release(session: Session, exact: Shares, noise: Shares) -> NDArray[np.int64]:
    """Counts or scores plus noise, opened to all servers, as signed integers.

    Privacy:
        What is opened is the Gaussian mechanism's output: noise for the whole call's sensitivity was made from secret
        words (``gaussian``) or by all servers (``noise_distributed``), is used once, and is added before opening. The
        caller has charged the ledger.

    Cost: ``release_cost``: one round.

    Args:
        session: this server.
        exact: secret integers, shape (n,), with room for the noise in the ring.
        noise: fresh secret noise, same shape and ring; must not be used again.
    """
    return exact.ring.decode(await open_all(session, exact + noise))


def release_cost(ring: Ring, size: int) -> Cost:
    """Cost of ``release``."""
    return open_cost(ring, size)
