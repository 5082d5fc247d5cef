"""A server's session: its place among the three, its two keys, and the few moves that every protocol is made of."""

import numpy as np

from fairshare.mpc.channel import PARTIES, Channel
from fairshare.mpc.cost import Cost, everyone
from fairshare.mpc.keys import KEY_BYTES, Stream, fresh_key
from fairshare.mpc.ring import Array, Ring
from fairshare.mpc.rounds import messages
from fairshare.mpc.shares import Shares

__all__ = ["Session", "establish", "reshare_cost"]


class Session:
    """One server among three.

    Args:
        channel: links to the other two.
        own_key: k_i, also known to the server before.
        next_key: k_(i+1), also known to the server after.
    """

    def __init__(self, channel: Channel, own_key: bytes, next_key: bytes) -> None:
        self.channel = channel
        self.party = channel.party
        self.after = (self.party + 1) % PARTIES
        self.before = (self.party - 1) % PARTIES
        self.own = Stream(own_key)
        self.next = Stream(next_key)

    def uniform(self, ring: Ring, shape: tuple[int, ...]) -> Shares:
        """A secret that is uniform and known to nobody: each summand is a stream. Free."""
        return Shares(ring, np.stack([self.own.draw(ring, shape), self.next.draw(ring, shape)]))

    def zero(self, ring: Ring, shape: tuple[int, ...]) -> Array:
        """This server's summand of zero: F(k_i) - F(k_(i+1)), which telescopes over the three. Free.

        Any two of the three summands are uniform to a server that lacks the key they have in common.
        """
        return np.asarray(ring.subtract(self.own.draw(ring, shape), self.next.draw(ring, shape)))

    async def reshare(self, ring: Ring, summand: Array) -> Shares:
        """Three summands, one at each server, made into shares.

        Paper: Araki et al. 2016, section 2.2. Cost: one round, one word sent for each.
        Security: what a server sends is masked by its summand of zero, which holds a key that the receiver lacks.
        """
        masked = ring.add(summand, self.zero(ring, summand.shape))
        self.send(self.before, masked)
        await messages()
        return Shares(ring, np.stack([masked, self.receive(self.after, ring, masked.shape)]))

    def send(self, to: int, words: Array) -> None:
        """Send words in C order, little-endian."""
        self.channel.send(to, words.tobytes())

    def receive(self, sender: int, ring: Ring, shape: tuple[int, ...]) -> Array:
        """Words of a known shape.

        Raises:
            PeerError: see ``Channel.receive``.
        """
        size = int(np.prod(shape, dtype=np.int64))
        payload = self.channel.receive(sender, size * ring.size)
        return np.frombuffer(payload, dtype=ring.dtype).reshape(shape)


def reshare_cost(ring: Ring, size: int) -> Cost:
    """Cost of resharing ``size`` words, so of any product whose result has that size."""
    return everyone(size * ring.size)


async def establish(channel: Channel) -> Session:
    """A session with fresh pairwise keys: each server draws its own and sends it to the one before.

    Cost: one round, 32 bytes. The channel must be private and authenticated.
    """
    own = fresh_key()
    channel.send((channel.party - 1) % PARTIES, own)
    await messages()
    return Session(channel, own, channel.receive((channel.party + 1) % PARTIES, KEY_BYTES))
