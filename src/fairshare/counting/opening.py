"""The engine for a source: by what it is, and by its size."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fairshare.counting.engine import CountingEngine, Watch, unwatched
from fairshare.counting.memory import CodedTable
from fairshare.counting.scanned import ScannedTable
from fairshare.errors import DataError, UsageError
from fairshare.io import FileBatches, ObjectBatches, is_many, is_stored, read_table, table_files
from fairshare.marginals import Domain
from fairshare.schema import Schema

__all__ = ["IN_MEMORY_BYTES", "InDatabase", "is_address", "open_table"]

#: Files up to this size are read whole; a Parquet file may unfold to ten times as much.
IN_MEMORY_BYTES = 128 * 2**20

_POSTGRES = ("postgresql://", "postgres://")


@dataclass(frozen=True, kw_only=True)
class InDatabase:
    """A table of a database, as a source: nothing is opened yet.

    Attributes:
        address: ``postgresql://user@host/database``, ``duckdb:file.db``, ``spark:local[2]`` or ``spark://host:port``.
        table: its name there; for Spark also a path.
    """

    address: str = field(repr=False)  # may hold a password
    table: str


def is_address(source: object) -> bool:
    """Whether the source is a database's address, and no path."""
    return isinstance(source, str) and source.startswith((*_POSTGRES, "duckdb:", "spark:"))


def open_table(source: Any, schema: Schema, *, watch: Watch = unwatched) -> CountingEngine:
    """An engine that counts the source's rows, where they are.

    Args:
        source: a ``CountingEngine``; an ``InDatabase``; a path, a folder or a pattern of .parquet, .csv, .arrow or
            .feather files; the address of Parquet in an object store (``s3://bucket/path/*.parquet``); or a data
            frame. Many files and large ones are scanned, smaller ones read.
        schema: the public schema.
        watch: told how far a scan is.

    Raises:
        UsageError: a database needs the table's name, or its kind is unknown.
        DataError: the source can't be read or does not fit the schema.
        PeerError: the database or the store can't be reached.
        MissingExtraError: the database's driver is not installed.
    """
    if isinstance(source, CountingEngine):
        return source
    if isinstance(source, InDatabase):
        return _database(source.address, source.table, schema, watch)
    if is_address(source):
        raise UsageError("table must be named for a database: add --table NAME (InDatabase(address=..., table=...))")
    if is_stored(source):
        return ScannedTable(schema, ObjectBatches(source), watch=watch)
    if isinstance(source, str | os.PathLike) and _is_large(os.fspath(source)):
        known = tuple(column.name for column in schema.columns)
        return ScannedTable(schema, FileBatches(table_files(source), known, person=schema.person), watch=watch)
    rows = schema.limit_rows(read_table(source, schema=schema))
    domain, codes = Domain.from_sizes(schema.sizes), schema.encode(rows)
    return CodedTable(domain, codes, watch=watch, max_rows_per_person=schema.max_rows_per_person)


def _is_large(source: str) -> bool:
    """Whether the source is many files, or one that is better not read whole."""
    return is_many(source) or (Path(source).is_file() and Path(source).stat().st_size > IN_MEMORY_BYTES)


def _database(address: str, table: str, schema: Schema, watch: Watch) -> CountingEngine:
    if address.startswith(_POSTGRES):
        from fairshare.counting.postgres import PostgresTable

        return PostgresTable(address, table, schema, watch=watch)
    if address.startswith("duckdb:"):
        from fairshare.io.duck import DuckBatches

        source = DuckBatches(address.removeprefix("duckdb:"), table)
        if schema.person is not None and not source.is_table:
            source.close()
            raise DataError(
                f"table ({table}) must be a table and no view where the schema limits a person's rows: the rows of a "
                "view have no order, so they can't be told apart twice; copy it with CREATE TABLE ... AS SELECT"
            )
        return ScannedTable(schema, source, watch=watch)
    if address.startswith("spark:"):
        from fairshare.counting.spark import SparkTable

        return SparkTable.connect(address, table, schema, watch=watch)
    raise UsageError("address must begin with postgresql://, duckdb: or spark:")
