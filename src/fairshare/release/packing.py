"""A release as one string of bytes, for the ledger of a data set, and back."""

import io
import tempfile
import zipfile
from pathlib import Path

from fairshare.errors import IntegrityError
from fairshare.release.release import Release
from fairshare.release.storage import contents, load

__all__ = ["pack", "unpack"]


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
    with tempfile.TemporaryDirectory(prefix="fairshare-") as scratch:
        try:
            with zipfile.ZipFile(io.BytesIO(packed)) as archive:
                for info in archive.infolist():
                    # Not compressed, so nothing unpacks to more than it is; plain names, so nothing lands elsewhere.
                    if info.compress_type != zipfile.ZIP_STORED or Path(info.filename).name != info.filename:
                        raise IntegrityError("the stored release is not one of ours")
                    (Path(scratch) / info.filename).write_bytes(archive.read(info))
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise IntegrityError("the stored release is not one of ours") from error
        return load(Path(scratch))
