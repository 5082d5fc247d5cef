"""Messages as bytes: a canonical JSON header, then raw little-endian arrays. Bounded; nothing is ever executed.

::

    4 bytes   length of the header, little-endian
    header    JSON, sorted keys, no spaces, ASCII: {"arrays": [[dtype, shape], ...], "body": {...}}
    arrays    C order, one after the other, nothing after the last

A header that is not in its canonical form is refused, so a message has one encoding and a hash of it means something.
"""

import json
from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairshare.errors import PeerError

__all__ = ["MAX_HEADER", "decode", "encode"]

#: Longest header; a select request over 10,000 candidates needs less than 1 MB.
MAX_HEADER = 1 << 24
_MAX_AXES = 32
_DTYPES = {name: np.dtype(name) for name in ("|u1", "<u2", "<u4", "<u8", "<i8")}

Array = NDArray[Any]


def encode(body: dict[str, Any], arrays: Sequence[Array] = ()) -> bytes:
    """A message's one encoding."""
    little = [np.ascontiguousarray(a, dtype=a.dtype.newbyteorder("<")) for a in arrays]
    shapes = [[a.dtype.str, list(a.shape)] for a in little]
    header = _canonical({"arrays": shapes, "body": body})
    return b"".join([len(header).to_bytes(4, "little"), header, *(a.tobytes() for a in little)])


def decode(data: bytes, *, limit: int) -> tuple[dict[str, Any], list[Array]]:
    """Body and arrays of a message; arrays are read-only views of ``data``.

    Args:
        data: the message.
        limit: most bytes that it may have.

    Raises:
        PeerError: it is too long, truncated, has bytes left over, or is not canonical.
    """
    if len(data) > limit:
        raise PeerError(f"message ({len(data)} bytes) must have at most {limit} bytes")
    size = int.from_bytes(data[:4], "little")
    if len(data) < 4 or size > min(MAX_HEADER, len(data) - 4):
        raise PeerError("message is malformed: it ends inside its header; are all versions the same?")
    body, shapes = _header(data[4 : 4 + size])
    arrays, start = [], 4 + size
    for dtype, shape in shapes:
        stop = start + prod(shape) * dtype.itemsize
        if stop > len(data):
            raise PeerError("message is malformed: it ends inside an array; are all versions the same?")
        arrays.append(np.frombuffer(data[start:stop], dtype=dtype).reshape(shape))
        start = stop
    if start != len(data):
        raise PeerError("message is malformed: bytes are left over; are all versions the same?")
    return body, arrays


def _header(text: bytes) -> tuple[dict[str, Any], list[tuple[np.dtype[Any], list[int]]]]:
    try:
        header = json.loads(text, parse_constant=_refuse)
        if _canonical(header) != text or set(header) != {"arrays", "body"} or not isinstance(header["body"], dict):
            raise PeerError("message is malformed: its header is not canonical; are all versions the same?")
        return header["body"], [_shape(*entry) for entry in header["arrays"]]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise PeerError("message is malformed: its header cannot be read; are all versions the same?") from None


def _shape(dtype: str, shape: list[int]) -> tuple[np.dtype[Any], list[int]]:
    if len(shape) > _MAX_AXES or not all(type(n) is int and 0 <= n < 1 << 40 for n in shape):
        raise ValueError
    return _DTYPES[dtype], shape


def _canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode()


def _refuse(constant: str) -> None:
    raise ValueError(constant)
