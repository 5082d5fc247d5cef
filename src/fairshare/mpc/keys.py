"""Pairwise keys and the streams of pseudorandom words that they give: randomness that costs no communication.

Key k_i is known to server i and to the one before it (i - 1) and to nobody else. Both draw from its stream in the same
order, so they agree on every word without talking (Araki et al. 2016, section 2.2, doi 10.1145/2976749.2978331).
"""

import os
from math import prod

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR

from fairshare.mpc.ring import Array, Ring

__all__ = ["KEY_BYTES", "Stream", "fresh_key"]

KEY_BYTES = 32


def fresh_key() -> bytes:
    """A new key from the operating system's entropy."""
    return os.urandom(KEY_BYTES)


class Stream:
    """AES-256 in counter mode over zeros. A key is used for one stream only, so the counter may start at zero.

    Args:
        key: 32 bytes.
    """

    def __init__(self, key: bytes) -> None:
        self._cipher = Cipher(AES(key), CTR(bytes(16))).encryptor()

    def draw(self, ring: Ring, shape: tuple[int, ...]) -> Array:
        """The stream's next words, uniform on the ring."""
        octets = self._cipher.update(bytes(prod(shape) * ring.size))
        return np.frombuffer(octets, dtype=ring.dtype).reshape(shape)
