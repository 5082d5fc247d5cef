"""Tables from whatever a user has, and tables to files, whole or not at all."""

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import pyarrow as pa

from fairshare.errors import DataError, UsageError
from fairshare.io.csv import read_csv, write_csv
from fairshare.io.frames import from_frame

if TYPE_CHECKING:
    from fairshare.schema import Schema

__all__ = ["read_table", "write_batches", "write_table"]

_SUFFIXES = (".csv", ".parquet", ".arrow", ".feather")


def read_table(source: Any, *, schema: "Schema | None" = None) -> pa.Table:
    """An Arrow table from a file or a frame.

    Args:
        source: a path to .csv (every cell becomes text), .parquet, .arrow or .feather; a pyarrow table or record
            batch; a pandas or polars frame; anything that narwhals or Arrow's stream protocol can read.
        schema: refuse a table whose structure does not fit this schema.

    Raises:
        DataError: the file can't be read, its structure is broken or does not fit the schema. Messages name the
            place and the next step and never hold a cell.
    """
    known = tuple(column.name for column in schema.columns) if schema is not None else ()
    person = schema.person if schema is not None else None
    table = _read_file(Path(source), known, person) if isinstance(source, str | os.PathLike) else from_frame(source)
    # Metadata of pandas may hold index values, and nothing here needs it.
    table = _without_views(table.replace_schema_metadata(None))
    if schema is not None:
        schema.check(table.schema)
    return table


def _without_views(table: pa.Table) -> pa.Table:
    """The table with view types, which Arrow can't filter yet, as plain ones."""
    plain = {pa.string_view(): pa.large_string(), pa.binary_view(): pa.large_binary()}
    if not any(kind in plain for kind in table.schema.types):
        return table
    return table.cast(pa.schema([field.with_type(plain.get(field.type, field.type)) for field in table.schema]))


def _read_file(path: Path, known: tuple[str, ...], person: str | None) -> pa.Table:
    suffix = _suffix(path, DataError)
    try:
        if suffix == ".csv":
            return read_csv(path, known, verbatim=person)
        if suffix == ".parquet":
            from pyarrow import parquet

            return parquet.ParquetFile(path).read()
        return _read_arrow(path)
    except pa.ArrowException:
        raise DataError(f"{str(path)!r} is not a whole {suffix} file: export it again") from None
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else f"not a whole {suffix} file"
        raise DataError(f"{str(path)!r} can't be read: {reason}") from None


def _read_arrow(path: Path) -> pa.Table:
    """An Arrow file (Feather 2), or an Arrow stream in a file."""
    with path.open("rb") as file:
        whole = file.read(6) == b"ARROW1"
    with pa.OSFile(str(path), "rb") as file, (pa.ipc.open_file if whole else pa.ipc.open_stream)(file) as reader:
        return reader.read_all()


def write_table(table: pa.Table, path: str | os.PathLike[str], *, missing: Mapping[str, str] | None = None) -> None:
    """Write .csv, .parquet, .arrow or .feather, by a temporary file in the same folder that replaces the target.

    Args:
        table: shape (rows, columns).
        path: where to; the suffix gives the format.
        missing: how a column spells null in CSV (`Schema.missing_spellings`); others leave the cell empty. CSV
            text that a spreadsheet would run as a formula gets an apostrophe in front; `read_table` takes it off.

    Raises:
        UsageError: the suffix is unknown, or the folder can't be written to.
    """
    write_batches([table], path, missing=missing)


def write_batches(
    tables: Iterable[pa.Table], path: str | os.PathLike[str], *, missing: Mapping[str, str] | None = None
) -> None:
    """Write tables under each other, as `write_table` writes one; memory holds one at a time.

    Args:
        tables: at least one, all with the same columns and types.
        path: see `write_table`.
        missing: see `write_table`.

    Raises:
        UsageError: the suffix is unknown, or the folder can't be written to.
    """
    target = Path(path)
    suffix = _suffix(target, UsageError)
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
    except OSError as error:
        raise UsageError(f"{str(target)!r} can't be written: {error.strerror}") from None
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            _write(iter(tables), file, suffix, missing or {})
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o666 & ~_umask())  # mkstemp makes files private; a synthetic table is to be shared
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def _write(tables: Iterator[pa.Table], file: BinaryIO, suffix: str, missing: Mapping[str, str]) -> None:
    first = next(tables)
    if suffix == ".csv":
        write_csv(first, file, missing)
        for table in tables:
            write_csv(table, file, missing, header=False)
        return
    with _writer(first.schema, file, suffix) as writer:
        for table in chain([first], tables):
            writer.write_table(table)


def _writer(schema: pa.Schema, file: BinaryIO, suffix: str) -> Any:
    if suffix != ".parquet":
        return pa.ipc.new_file(file, schema)
    from pyarrow import parquet

    # Rows are in random order, so the least and greatest cell of a row group would let no reader skip one.
    return parquet.ParquetWriter(file, schema, compression="zstd", write_statistics=False)


def _suffix(path: Path, error: type[DataError] | type[UsageError]) -> str:
    suffix = path.suffix.lower()
    if suffix not in _SUFFIXES:
        raise error(f"{str(path)!r} must end in one of {', '.join(_SUFFIXES)}")
    return suffix


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _sync_folder(folder: Path) -> None:
    """Make the new name durable, where the system lets a folder be opened."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
