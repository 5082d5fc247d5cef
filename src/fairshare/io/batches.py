"""Tables larger than memory, batch by batch: Parquet, Arrow and CSV files, one or many."""

import glob
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from fairshare.errors import DataError
from fairshare.io.csv import csv_names, scan_csv
from fairshare.io.parquet import parquet_head, scan_parquet

__all__ = ["Batches", "FileBatches", "is_many", "refuse_second_names", "table_files"]

_SUFFIXES = (".parquet", ".csv", ".arrow", ".feather")


class Batches(Protocol):
    """A table that is read in batches, as often as asked."""

    @property
    def schema(self) -> pa.Schema:
        """Names and types of the columns."""
        ...

    @property
    def rows(self) -> int | None:
        """Number of rows, where that is known without reading them."""
        ...

    def check(self) -> None:
        """Refuse what can't be read to its end.

        Raises:
            DataError: the structure is broken.
            PeerError: the place can't be reached.
        """
        ...

    def scan(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """All rows in a fixed order, these columns only."""
        ...

    def close(self) -> None:
        """Give back what is open."""
        ...


def is_many(source: str) -> bool:
    """Whether the text names a folder or a pattern of files, and not one file."""
    return Path(source).is_dir() or (glob.has_magic(source) and not Path(source).exists())


def table_files(source: str | os.PathLike[str]) -> list[Path]:
    """The files that a path, a folder or a pattern stands for, in the order of their names; each once.

    Raises:
        DataError: there are none, they are of different kinds, or one has two names, so that its rows would count
            twice.
    """
    text = os.fspath(source)
    if Path(text).is_dir():
        found = [path for path in sorted(Path(text).rglob("*")) if path.suffix.lower() in _SUFFIXES]
    else:
        # A pattern may match a path in several ways, as a/**/**/*.csv does.
        found = [Path(text)] if not is_many(text) else [Path(name) for name in sorted(set(_matching(text)))]
    if not found:
        raise DataError(f"{text!r} names no file: check the path; a pattern is like 'folder/*.parquet'")
    kinds = sorted({path.suffix.lower() for path in found})
    if len(kinds) > 1 or kinds[0] not in _SUFFIXES:
        raise DataError(f"{text!r} must name files of one kind out of {', '.join(_SUFFIXES)}; it names {kinds}")
    refuse_second_names(found)
    return found


def refuse_second_names(found: Sequence[Path]) -> None:
    """Refuse links: rows would count twice for the price of once.

    Raises:
        DataError: two of the paths are one file.
    """
    known: dict[tuple[int, int], Path] = {}
    for path in found:
        if path.exists():
            state = path.stat()
            first = known.setdefault((state.st_dev, state.st_ino), path)
            if first is not path:
                raise DataError(
                    f"{str(path)!r} and {str(first)!r} are one file, whose rows would count twice: remove the link, or "
                    "name the files by a pattern that matches one of them"
                )


def _matching(pattern: str) -> list[str]:
    return glob.glob(pattern, recursive=True)  # noqa: PTH207  (pathlib refuses absolute patterns)


class FileBatches:
    """Files of one kind with the same columns, read one after the other.

    Args:
        files: as `table_files` gives them.
        known: column names of the schema: they tell a wrong delimiter from an odd name.
        person: the column of persons' keys, which a CSV's cells are left as they are in.

    Raises:
        DataError: a file can't be read, or has other columns than the first.
    """

    def __init__(self, files: Sequence[Path], known: tuple[str, ...] = (), *, person: str | None = None) -> None:
        self._files = list(files)
        self._known = known
        self._person = person
        self._kind = self._files[0].suffix.lower()
        looked = [self._look(path) for path in self._files]
        self.schema = looked[0][0]
        for path, (schema, _) in zip(self._files, looked, strict=True):
            if not schema.equals(self.schema, check_metadata=False):
                raise DataError(
                    f"{str(path)!r} has other columns or types than {str(self._files[0])!r}: export them alike"
                )
        counts = [rows for _, rows in looked if rows is not None]
        self.rows = sum(counts) if len(counts) == len(looked) else None
        self._stamps = [self._stamp(path) for path in self._files]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(size for size, _ in self._stamps)

    def check(self) -> None:
        """Read a CSV once to its end: only then is it known that every row has its cells, and every quote closes."""
        if self._kind == ".csv":
            for _ in self.scan(self.schema.names[:1]):
                pass

    def scan(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """All rows in the files' order, these columns only.

        Raises:
            DataError: a file has changed since it was opened, or can't be read.
        """
        for path, stamp in zip(self._files, self._stamps, strict=True):
            with _translating(path):
                if self._stamp(path) != stamp:
                    raise DataError(f"{str(path)!r} changed while it was being counted: start again on a copy")
                yield from self._scan(path, columns)

    def close(self) -> None:
        """Nothing stays open between scans."""

    def _look(self, path: Path) -> tuple[pa.Schema, int | None]:
        with _translating(path):
            if self._kind == ".csv":
                return pa.schema([(name, pa.string()) for name in csv_names(path, self._known)]), None
            if self._kind == ".parquet":
                return parquet_head(path)
            with pa.memory_map(str(path)) as mapped, pa.ipc.open_file(mapped) as reader:
                return reader.schema.remove_metadata(), None

    def _scan(self, path: Path, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        if self._kind == ".csv":
            yield from scan_csv(path, columns, self._known, verbatim=self._person)
        elif self._kind == ".parquet":
            yield from scan_parquet(path, self.schema, columns)
        else:
            with pa.memory_map(str(path)) as mapped, pa.ipc.open_file(mapped) as reader:
                for i in range(reader.num_record_batches):
                    yield reader.get_batch(i).select(list(columns))

    @staticmethod
    def _stamp(path: Path) -> tuple[int, int]:
        state = path.stat()
        return state.st_size, state.st_mtime_ns


class _translating:  # noqa: N801  (reads as a phrase in a with statement)
    """Arrow's and the system's complaints in our words: Arrow's own may quote cells."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, pa.ArrowException):
            raise DataError(f"{str(self._path)!r} is not a whole {self._path.suffix} file: export it again") from None
        if isinstance(error, OSError):
            reason = os.strerror(error.errno) if error.errno else f"not a whole {self._path.suffix} file"
            raise DataError(f"{str(self._path)!r} can't be read: {reason}") from None
