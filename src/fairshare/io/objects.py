"""Parquet in an object store, batch by batch, through the file systems that Arrow brings along."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, TypeGuard

import pyarrow as pa

from fairshare.errors import DataError, PeerError
from fairshare.io.batches import refuse_second_names
from fairshare.io.parquet import parquet_head, scan_parquet

__all__ = ["ObjectBatches", "is_stored"]

_SCHEMES = ("s3://", "gs://", "gcs://", "abfs://", "abfss://", "hdfs://", "file://")


def is_stored(source: object) -> TypeGuard[str]:
    """Whether the source is an address in an object store, and no path of this machine's."""
    return isinstance(source, str) and source.startswith(_SCHEMES)


class ObjectBatches:
    """Parquet files under one address, in the order of their names; nothing is copied to this machine.

    Credentials are those of the store's own tools (for S3 the environment, ``~/.aws``, the machine's role). No message
    holds the address, which may hold a key.

    Args:
        address: ``s3://bucket/path/file.parquet``, a folder, or a pattern with ``*`` in its last part; also ``gs://``,
            ``abfs://``, ``hdfs://`` and ``file://``. Options follow a ``?``, as in ``?region=eu-west-1`` or
            ``?endpoint_override=minio:9000&scheme=http``.

    Raises:
        DataError: no Parquet file is there, files differ in their columns, or one is broken.
        PeerError: the store can't be reached, or refuses.
    """

    def __init__(self, address: str) -> None:
        from pyarrow import fs

        try:
            self._store, path = fs.FileSystem.from_uri(address)
        except pa.ArrowException:
            raise DataError(
                "the store's address must look like s3://bucket/path/*.parquet, with options after a ?"
            ) from None
        with _spoken():
            # Asked for one by one, as a scan will: a listing may tell times otherwise.
            self._files = self._store.get_file_info(sorted(info.path for info in self._found(path, fs)))
            if not self._files:
                raise DataError("the store has no .parquet file under this address: check bucket and path")
            if isinstance(self._store, fs.LocalFileSystem):  # a store has no links
                refuse_second_names([Path(info.path) for info in self._files])
            heads = [self._head(info.path) for info in self._files]
        self.schema = heads[0][0]
        for number, (schema, _) in enumerate(heads, start=1):
            if not schema.equals(self.schema, check_metadata=False):
                raise DataError(
                    f"file {number} of {len(heads)} has other columns or types than the first: export them alike"
                )
        self.rows = sum(rows for _, rows in heads)

    def check(self) -> None:
        """Every file's foot was read when the address was opened."""

    def scan(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """All rows in the files' order, these columns only.

        Raises:
            DataError: a file has changed since it was opened, or can't be read.
            PeerError: the connection was lost.
        """
        for info in self._files:
            with _spoken():
                now = self._store.get_file_info(info.path)
                if (now.size, now.mtime_ns) != (info.size, info.mtime_ns):
                    raise DataError("a file changed while it was being counted: start again on a copy")
                with self._store.open_input_file(info.path) as file:
                    yield from scan_parquet(file, self.schema, columns, ahead=True)

    def close(self) -> None:
        """Nothing stays open between scans."""

    def _found(self, path: str, fs: Any) -> list[Any]:
        folder, _, last = path.rstrip("/").rpartition("/")
        if "*" in last:
            listed = self._store.get_file_info(fs.FileSelector(folder))
            return [info for info in listed if info.is_file and fnmatchcase(info.base_name, last)]
        info = self._store.get_file_info(path.rstrip("/"))
        if info.is_file:
            return [info]
        if info.type == fs.FileType.NotFound:
            return []
        listed = self._store.get_file_info(fs.FileSelector(info.path, recursive=True))
        return [info for info in listed if info.is_file and info.extension == "parquet"]

    def _head(self, path: str) -> tuple[pa.Schema, int]:
        with self._store.open_input_file(path) as file:
            return parquet_head(file)


@contextmanager
def _spoken() -> Iterator[None]:
    """Arrow's complaints in our words: its own may quote cells, or hold a key."""
    try:
        yield
    except FileNotFoundError:
        raise DataError("the store has no such bucket or folder, or lost a file: check the address") from None
    except pa.ArrowException:
        raise DataError("a file under this address is not whole Parquet: export it again") from None
    except OSError:
        raise PeerError(
            "the object store can't be reached or refuses: check address, options and credentials; what was charged "
            "stays charged"
        ) from None
