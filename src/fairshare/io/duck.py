"""A table of a DuckDB file, in batches. DuckDB runs inside this process, so nothing is pushed anywhere."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from fairshare.errors import DataError, MissingExtraError
from fairshare.io.parquet import BATCH_ROWS

__all__ = ["DuckBatches"]
_UNREADABLE = "DuckDB can't read the table to its end: check the file, and that no expression of a view can fail"


class DuckBatches:
    """A table or view of a DuckDB file, opened for reading only.

    Args:
        path: the file.
        table: name of the table or view.

    Attributes:
        schema: of its columns.
        is_table: whether it is a table, whose rows have an order, and no view.
        rows: how many there are.

    Raises:
        MissingExtraError: duckdb is not installed.
        DataError: the file can't be opened, or has no such table.
    """

    def __init__(self, path: str, table: str) -> None:
        try:
            import duckdb
        except ImportError:
            raise MissingExtraError("duckdb is not installed: pip install 'fairshare[sql]'") from None
        if not Path(path).is_file():
            raise DataError(f"{path!r} is no file: the address of a DuckDB database is duckdb:file.db")
        self._error = duckdb.Error
        try:
            self._connection = duckdb.connect(path, read_only=True)
        except duckdb.Error:
            raise DataError(
                f"{path!r} can't be opened as a DuckDB database: close other programs that write it"
            ) from None
        self._table = ".".join(_quoted(part) for part in table.split("."))
        try:
            self._connection.execute("SET preserve_insertion_order = true; SET TimeZone = 'UTC'")
            self._connection.execute("BEGIN TRANSACTION READ ONLY")
            self.is_table = self._is_stored(table.rsplit(".", maxsplit=1)[-1])
            self.schema: pa.Schema = self._reader("*", "LIMIT 0").read_all().schema
        except duckdb.Error:
            self._connection.close()
            raise DataError(f"{path!r} has no table {table!r}: check --table") from None
        try:
            self.rows = int(self._connection.execute(f"SELECT count(*) FROM {self._table}").fetchall()[0][0])  # noqa: S608  (names are quoted)
        except duckdb.Error:
            self._connection.close()
            raise DataError(_UNREADABLE) from None

    def check(self) -> None:
        """The table was found when the file was opened."""

    def scan(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """All rows in the order of their insertion, these columns only.

        Raises:
            DataError: DuckDB can't read on.
        """
        try:
            yield from self._reader(", ".join(map(_quoted, columns)), "")
        except (self._error, pa.ArrowException):
            # Their own messages may quote cells.
            raise DataError(_UNREADABLE) from None

    def _is_stored(self, name: str) -> bool:
        """Whether the catalogue knows a stored table of the name, and no view: a view's rows come in no order.

        Names are compared as DuckDB does, without their case; a name that both have, in two schemas, is no table.
        """
        found = self._connection.execute(
            "SELECT list(DISTINCT table_type) FROM information_schema.tables WHERE lower(table_name) = lower($1)",
            [name],
        ).fetchall()
        return bool(found[0][0] == ["BASE TABLE"])

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _reader(self, columns: str, rest: str) -> Any:
        return self._connection.sql(f"SELECT {columns} FROM {self._table} {rest}").to_arrow_reader(BATCH_ROWS)  # noqa: S608  (names are quoted)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
