"""How a data holder, who is no server, shares: two of three summands are seeds, and only the third is sent.

Which summand is the sent one rotates over thirds of the words, so each server receives two thirds of a word's bytes.
The holder can leave afterwards. Security: a server sees two of three summands, of which at most one is not a stream,
and that one is masked by the stream whose seed the server lacks.
"""

from dataclasses import dataclass

import numpy as np

from fairshare.mpc.channel import PARTIES
from fairshare.mpc.keys import Stream, fresh_key
from fairshare.mpc.ring import Array, Ring
from fairshare.mpc.shares import Shares

__all__ = ["Parcel", "deal"]


@dataclass(frozen=True, eq=False)
class Parcel:
    """What one server receives from a holder.

    Attributes:
        party: the server.
        ring: of the words.
        shape: of the secret.
        seeds: of summands i and i + 1.
        sent: the explicit thirds of summands i and i + 1, flat.
    """

    party: int
    ring: Ring
    shape: tuple[int, ...]
    seeds: tuple[bytes, bytes]
    sent: tuple[Array, Array]

    @property
    def size(self) -> int:
        """Bytes on the wire, without framing."""
        return sum(len(s) for s in self.seeds) + sum(s.nbytes for s in self.sent)

    def shares(self) -> Shares:
        """This server's shares."""
        words = int(np.prod(self.shape, dtype=np.int64))
        pair = np.empty((2, words), dtype=self.ring.dtype)
        for position in range(2):
            summand = (self.party + position) % PARTIES
            pair[position] = _stream(self.ring, self.seeds[position], summand, words)
            pair[position, _third(words, summand)] = self.sent[position]
        return Shares(self.ring, pair.reshape(2, *self.shape))


def deal(ring: Ring, values: Array) -> tuple[Parcel, Parcel, Parcel]:
    """A holder's ring elements as one parcel for each server."""
    flat = values.reshape(-1)
    seeds = [fresh_key() for _ in range(PARTIES)]
    streams = [_stream(ring, seed, summand, len(flat)) for summand, seed in enumerate(seeds)]
    sent = []
    for summand in range(PARTIES):
        cut = _third(len(flat), summand)
        others = [streams[(summand + k) % PARTIES][cut] for k in (1, 2)]
        sent.append(np.asarray(ring.subtract(ring.subtract(flat[cut], others[0]), others[1])))

    def parcel(party: int) -> Parcel:
        after = (party + 1) % PARTIES
        return Parcel(party, ring, values.shape, (seeds[party], seeds[after]), (sent[party], sent[after]))

    return parcel(0), parcel(1), parcel(2)


def _third(words: int, summand: int) -> slice:
    return slice(words * summand // PARTIES, words * (summand + 1) // PARTIES)


def _stream(ring: Ring, seed: bytes, summand: int, words: int) -> Array:
    """A summand outside its explicit third, where the words are zero."""
    cut = _third(words, summand)
    drawn = Stream(seed).draw(ring, (words - (cut.stop - cut.start),))
    values = np.zeros(words, dtype=ring.dtype)
    values[: cut.start] = drawn[: cut.start]
    values[cut.stop :] = drawn[cut.start :]
    return values
