"""A release as one string of bytes, for the ledger of a data set, and back."""

import io
import re
import tempfile
import zipfile
from pathlib import Path
from typing import Final

from fairshare.errors import IntegrityError
from fairshare.release.release import Release
from fairshare.release.storage import contents

__all__ = ["pack", "unpack"]

_NAME: Final = re.compile(r"[a-z]{1,20}\.[a-z]{1,10}")


def pack(release: Release) -> bytes:
    """The release's files in an uncompressed archive, made in memory."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in contents(release).items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return packed.getvalue()


def unpack(packed: bytes) -> Release:
    """The release, with every check that a saved one gets.

    Raises:
        IntegrityError: the bytes are not a release.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            members = archive.infolist()
            # Not compressed, so nothing unpacks to more than it is; plain names, so nothing lands elsewhere.
            plain = all(m.compress_type == zipfile.ZIP_STORED and _NAME.fullmatch(m.filename) for m in members)
            if not plain or sum(m.compress_size for m in members) > len(packed):
                raise IntegrityError("the stored release is not one of ours")
            parts = {member.filename: archive.read(member) for member in members}
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, RuntimeError) as error:
        raise IntegrityError("the stored release is not one of ours") from error
    with tempfile.TemporaryDirectory(prefix="fairshare-") as scratch:
        for name, content in parts.items():
            (Path(scratch) / name).write_bytes(content)
        return Release.load(scratch)
