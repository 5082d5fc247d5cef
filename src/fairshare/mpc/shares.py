"""A server's part of a secret: two of its three summands.

A secret x is x_0 + x_1 + x_2 in its ring; server i holds x_i and x_(i+1) (Araki et al. 2016, section 2.1). Any one
server's pair is uniform and says nothing; any two servers know x. Sums and public factors are local.
"""

from dataclasses import dataclass

import numpy as np

from fairshare.mpc.ring import Array, Ring

__all__ = ["Shares", "concatenate", "public"]


@dataclass(frozen=True, eq=False)
class Shares:
    """Attributes:
    ring: where the secret lives.
    pair: summands i and i + 1 of server i, shape (2, *shape).
    """

    ring: Ring
    pair: Array

    @property
    def shape(self) -> tuple[int, ...]:
        """The secret's shape."""
        return self.pair.shape[1:]

    @property
    def size(self) -> int:
        """The secret's number of words."""
        return int(self.pair[0].size)

    def __len__(self) -> int:
        return self.shape[0]

    def __add__(self, other: "Shares") -> "Shares":
        return Shares(self.ring, self.ring.add(self.pair, other.pair))

    def __sub__(self, other: "Shares") -> "Shares":
        return Shares(self.ring, self.ring.subtract(self.pair, other.pair))

    def __getitem__(self, key: object) -> "Shares":
        index = key if isinstance(key, tuple) else (key,)
        return Shares(self.ring, self.pair[(slice(None), *index)])

    def reshape(self, *shape: int) -> "Shares":
        """The same words in another shape."""
        return Shares(self.ring, self.pair.reshape(2, *shape))

    def times(self, factor: Array) -> "Shares":
        """Multiplied by public ring elements (AND with public masks), broadcast."""
        return Shares(self.ring, self.ring.multiply(self.pair, np.asarray(factor, dtype=self.ring.dtype)))

    def sum(self, axis: int = 0) -> "Shares":
        """The ring's sum along one of the secret's axes (not negative)."""
        return Shares(self.ring, self.ring.sum(self.pair, axis=axis + 1))

    def plus(self, party: int, term: Array) -> "Shares":
        """A public term added: it joins summand 0, which server 0 has first and server 2 second."""
        return self + public(self.ring, party, np.broadcast_to(term, self.shape))

    def inverted(self, party: int) -> "Shares":
        """NOT of packed bits."""
        return self.plus(party, np.asarray(-1).astype(self.ring.dtype))


def public(ring: Ring, party: int, value: Array) -> Shares:
    """A public value as shares: summand 0, the other two zero."""
    pair = np.zeros((2, *value.shape), dtype=ring.dtype)
    if party != 1:
        pair[0 if party == 0 else 1] = value
    return Shares(ring, pair)


def concatenate(parts: "list[Shares]", axis: int = 0) -> Shares:
    """Secrets joined along one of their axes (not negative)."""
    return Shares(parts[0].ring, np.concatenate([p.pair for p in parts], axis=axis + 1))
