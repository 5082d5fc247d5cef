"""Opening a secret, so that a server that lies about its summand is caught.

Each server lacks one summand, which the two others both hold: one sends the words, the other their SHA-256. A single
liar cannot make them agree, so all that it can do is stop the run.
"""

import hashlib

import numpy as np

from fairshare.errors import PeerError
from fairshare.mpc.cost import Cost, everyone
from fairshare.mpc.ring import Array, Ring
from fairshare.mpc.rounds import messages
from fairshare.mpc.session import Session
from fairshare.mpc.shares import Shares

__all__ = ["open_all", "open_cost"]

_HASH_BYTES = 32


async def open_all(session: Session, x: Shares) -> Array:
    """The secret's ring elements, to all three servers.

    Only what is differentially private, or independent of all data, may be opened: every caller says why its is.
    Cost: one round, one word each and a hash.

    Raises:
        PeerError: the two holders of the lacking summand disagree; names the pair.
    """
    own, following = x.pair
    session.send(session.after, own)
    session.channel.send(session.before, hashlib.sha256(following.tobytes()).digest())
    await messages()
    lacking = session.receive(session.before, x.ring, x.shape)
    expected = session.channel.receive(session.after, _HASH_BYTES)
    if hashlib.sha256(lacking.tobytes()).digest() != expected:
        raise PeerError(
            f"servers {session.before} and {session.after} disagree about a share at an opening: one of them is"
            " faulty; nothing was released by this server, do not retry with the same servers"
        )
    return np.asarray(x.ring.add(x.ring.add(own, following), lacking))


def open_cost(ring: Ring, size: int) -> Cost:
    """Cost of ``open_all``."""
    return everyone(size * ring.size + _HASH_BYTES)
