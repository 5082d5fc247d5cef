"""Arrays of a stranger's npz archive: nothing is evaluated, and nothing is allocated that is not there.

numpy's own reader evaluates the header of each array as a Python literal and allocates what it claims. Here a header
must be, byte for byte, of the form that numpy writes for plain numbers and text, and its claim must be the length of
what follows.
"""

import math
import re
import zipfile
import zlib
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fairshare.errors import IntegrityError

__all__ = ["read_npz"]

_MAGIC: Final = b"\x93NUMPY\x01\x00"
_HEADER: Final = re.compile(
    rb"\{'descr': '([<|][biufU]\d{1,9})', 'fortran_order': (True|False), "
    rb"'shape': \((|\d{1,18},|\d{1,18}(?:, \d{1,18})+)\), \} *\n"
)
_PACKED: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def read_npz(path: Path, *, limit: int) -> dict[str, NDArray[Any]]:
    """Every array of the archive by name.

    Args:
        path: the archive.
        limit: most bytes that it may unpack to.

    Raises:
        IntegrityError: it is not an archive of plain arrays, or unpacks to more.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if sum(member.file_size for member in members) > limit:
                raise IntegrityError(f"{path.name} unpacks to more than {limit} bytes; it is not ours")
            size = path.stat().st_size
            if any(m.compress_type not in _PACKED for m in members) or sum(m.compress_size for m in members) > size:
                raise IntegrityError(f"{path.name} is packed as we never do; it is not ours")
            return {member.filename.removesuffix(".npy"): _array(archive.read(member)) for member in members}
    except (OSError, EOFError, ValueError, TypeError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise IntegrityError(f"{path.name} is no archive of arrays ({type(error).__name__})") from error


def _array(content: bytes) -> NDArray[Any]:
    """One array in numpy's format 1.0.

    Raises:
        ValueError: it is anything else.
    """
    start = len(_MAGIC) + 2
    size = int.from_bytes(content[len(_MAGIC) : start], "little")
    header = _HEADER.fullmatch(content[start : start + size])
    if not content.startswith(_MAGIC) or header is None:
        raise ValueError("not a plain array")
    dtype, shape = np.dtype(header[1].decode()), tuple(int(n) for n in re.findall(rb"\d+", header[3]))
    data = content[start + size :]
    if len(data) != dtype.itemsize * math.prod(shape):
        raise ValueError("not as long as it claims")
    flat: NDArray[Any] = np.frombuffer(bytearray(data), dtype=dtype) if data else np.zeros(0, dtype=dtype)
    return flat.reshape(shape, order="F" if header[2] == b"True" else "C")
