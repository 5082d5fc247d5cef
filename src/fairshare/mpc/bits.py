"""Bit slicing: k-bit numbers to k planes of packed bits, and back.

Plane j, word w, bit b holds bit j of number 64 w + b. A plane of n numbers has ceil(n/64) words; the lanes past n are
padding and hold anything.
"""

import numpy as np

from fairshare.mpc.ring import LANES, Array, Ring

__all__ = ["numbers", "pack", "planes", "unpack", "words_for"]


def words_for(lanes: int) -> int:
    """Words of a plane with this many lanes."""
    return -(-lanes // LANES)


def planes(values: Array) -> Array:
    """The bit planes of numbers, shape (n,) of k-bit words to (k, ceil(n/64)) of uint64.

    A k x k bit matrix is transposed by log2(k) masked swaps (Warren, Hacker's Delight, 7-3), all blocks at once.
    """
    width = values.dtype.itemsize * 8
    padded = np.zeros(words_for(len(values)) * LANES, dtype=values.dtype)
    padded[: len(values)] = values
    block = np.ascontiguousarray(padded.reshape(-1, width).T)  # row r holds number r of every block
    step, mask = width // 2, (1 << width // 2) - 1
    while step:
        halves = block.reshape(width // (2 * step), 2, step, -1)
        low, high = halves[:, 0], halves[:, 1]
        shift, keep = values.dtype.type(step), values.dtype.type(mask)
        swap = ((low >> shift) ^ high) & keep
        high ^= swap
        low ^= swap << shift
        step //= 2
        mask ^= mask << step
    return block.view(np.uint64)


def unpack(words: Array, lanes: int) -> Array:
    """Packed bits to one 0/1 byte a lane, shape (..., words) to (..., lanes)."""
    octets = np.ascontiguousarray(words).view(np.uint8)
    return np.unpackbits(octets, axis=-1, count=lanes, bitorder="little")


def pack(lanes: Array) -> Array:
    """One 0/1 byte a lane to packed bits, shape (..., lanes) to (..., words); padding lanes are 0."""
    count = lanes.shape[-1]
    octets = np.zeros((*lanes.shape[:-1], words_for(count) * 8), dtype=np.uint8)
    packed = np.packbits(lanes, axis=-1, bitorder="little")
    octets[..., : packed.shape[-1]] = packed
    return octets.view(np.uint64)


def numbers(bit_planes: Array, ring: Ring, lanes: int) -> Array:
    """Planes back to numbers: the inverse of ``planes``, shape (b, words) to (lanes,)."""
    weights = (ring.dtype.type(1) << np.arange(len(bit_planes), dtype=ring.dtype))[:, None]
    return ring.sum(unpack(bit_planes, lanes).astype(ring.dtype) * weights)
