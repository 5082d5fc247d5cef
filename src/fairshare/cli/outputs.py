"""Where a release goes: a table, and next to it a folder with the model, the certificate and the ledger."""

import datetime as dt
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fairshare.errors import UsageError

if TYPE_CHECKING:
    from fairshare.release import Release

__all__ = ["Outputs", "check_target", "check_writable", "dated_folder", "writing"]

_SUFFIXES = (".csv", ".parquet", ".arrow", ".feather")


@dataclass(frozen=True)
class Outputs:
    """The files of one run, checked before anything is spent on them.

    Attributes:
        table: the synthetic table.
        release: the folder beside it.
    """

    table: Path
    release: Path

    @classmethod
    def beside(cls, table: Path, *, inputs: Sequence[str | Path]) -> "Outputs":
        """``OUT.csv`` and ``OUT.release``.

        Raises:
            UsageError: the suffix is unknown, an input would be overwritten, or nothing can be written there.
        """
        check_target(table, inputs=inputs)
        release = table.with_suffix(".release")
        if release.exists() and not (release / "release.json").is_file():
            raise UsageError(f"{str(release)!r} exists and is not a release; choose another -o, or move it away")
        return cls(table, release)

    @classmethod
    def inside(cls, folder: Path) -> "Outputs":
        """``FOLDER/synthetic.csv`` and ``FOLDER/synthetic.release``.

        Raises:
            UsageError: as ``beside``.
        """
        if folder.exists() and not folder.is_dir():
            raise UsageError(f"-o ({str(folder)!r}) must be a folder, and is a file")
        return cls.beside(folder / "synthetic.csv", inputs=[])

    def write(self, release: "Release") -> None:
        """Write the release, then the table: no rows leave without their ledger.

        Raises:
            UsageError: the disk refuses.
        """
        from fairshare.io import write_table

        fresh = [folder for folder in (self.table.parent, *self.table.parent.parents) if not folder.exists()]
        try:
            with writing(self.release):
                release.save(self.release)
            with writing(self.table):
                write_table(release.table, self.table, missing=release.schema.missing_spellings)
        except BaseException:
            with suppress(OSError):  # folders of our own that stayed empty
                for folder in fresh:
                    folder.rmdir()
            raise


def check_target(path: Path, *, inputs: Sequence[str | Path]) -> None:
    """Refuse a table's path before work is put into it.

    Raises:
        UsageError: the suffix is unknown, an input would be overwritten, or nothing can be written there.
    """
    if path.is_dir():
        raise UsageError(f"-o ({str(path)!r}) must be a file, and is a folder; try -o {path / 'synthetic.csv'}")
    if path.suffix.lower() not in _SUFFIXES:
        raise UsageError(f"-o ({str(path)!r}) must end in one of {', '.join(_SUFFIXES)}")
    check_writable(path, option="-o", inputs=inputs)


def check_writable(path: Path, *, option: str, inputs: Sequence[str | Path]) -> None:
    """Refuse any output's path before work is put into it.

    Raises:
        UsageError: an input would be overwritten, or nothing can be written there.
    """
    for source in inputs:
        if path.resolve() == Path(source).resolve():
            raise UsageError(f"{option} ({str(path)!r}) must not be an input; choose another name")
    standing = next(folder for folder in path.absolute().parents if folder.exists())
    if not standing.is_dir() or not os.access(standing, os.W_OK | os.X_OK):
        raise UsageError(f"{option} ({str(path)!r}) must lie in a folder that you may write to; {standing} is not")


def dated_folder(parent: Path | None = None) -> Path:
    """``fairshare-YYYY-MM-DD-HHMMSS``, with a number behind it where that exists; not created yet."""
    stem = f"fairshare-{dt.datetime.now().astimezone():%Y-%m-%d-%H%M%S}"
    parent = parent or Path()
    folder, number = parent / stem, 1
    while folder.exists():
        number += 1
        folder = parent / f"{stem}-{number}"
    return folder


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Faults of the disk as what they are: something that the caller can mend.

    Raises:
        UsageError: names the file and the reason.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else type(error).__name__
        raise UsageError(f"{str(path)!r} can't be written: {reason}") from None
