"""Exact marginal counts inside PostgreSQL: rows are encoded and grouped there, only counts come out."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fairshare.counting.engine import Watch, unwatched
from fairshare.counting.planner import Part
from fairshare.counting.tally import Tally, tallied
from fairshare.errors import DataError, MissingExtraError, PeerError
from fairshare.marginals import Clique, Domain
from fairshare.schema import Coded, Schema
from fairshare.schema.postgres import ARROW_TYPES, code_expression, quoted
from fairshare.schema.spec import normalise

if TYPE_CHECKING:
    import psycopg

__all__ = ["PostgresTable"]

#: Hashing a row costs the same whatever it is hashed into, so larger marginals pay here than in memory.
_MAX_CELLS = 1 << 20
#: Marginals of one query; the next one tells the watch. Encoding again costs little beside the hashing of so many.
_PARTS = 24
_OLDEST = 140_000
_COPY_HEADER = 19
_COPY_BLOCK = 1 << 22
#: One row of a binary COPY of three int8: number of fields, then length and value of each.
_COPY_ROW = np.dtype(
    [("fields", ">i2"), ("n0", ">i4"), ("part", ">i8"), ("n1", ">i4"), ("cell", ">i8"), ("n2", ">i4"), ("count", ">i8")]
)
_TABLE = """
SELECT c.oid::regclass::text, c.relkind, a.attname, t.typname
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type t ON t.oid = a.atttypid
WHERE c.oid = coalesce(to_regclass(%s), to_regclass(%s)) ORDER BY a.attnum
"""


class PostgresTable:
    """A table or view of a PostgreSQL database, of version 14 or later.

    All counting happens in one read-only transaction on one snapshot, so that a run sees one state of the table.
    Where the schema limits the rows of one person, the first ones in the table's physical order count, and the source
    must be a table, not a view: which rows remain must depend on that person's rows alone.

    Args:
        address: ``postgresql://user@host/database``; libpq's files and variables supply what it leaves out.
        table: name of the table or view, with its schema where that is not on the search path.
        schema: the public schema.
        watch: told after each query how many marginals are done.

    Raises:
        MissingExtraError: psycopg is not installed.
        PeerError: the server can't be reached, or is too old.
        DataError: there is no such table, or it can't be encoded there.
    """

    def __init__(self, address: str, table: str, schema: Schema, *, watch: Watch = unwatched) -> None:
        self.domain = Domain.from_sizes(schema.sizes)
        self.max_rows_per_person = schema.max_rows_per_person
        self._watch = watch
        self._connection = _connect(address)
        try:
            with self._spoken():
                self._prepare(table, schema)
        except BaseException:
            self.close()
            raise

    def check(self) -> None:
        """Run every encoding over no rows: what the server refuses, it refuses here; see ``CountingEngine.check``."""
        with self._spoken():
            codes = ", ".join(self._codes.values())
            self._connection.execute(f"SELECT {codes} FROM {self._rows} LIMIT 0")  # noqa: S608  (names are quoted)

    def count(self, clique: Clique) -> NDArray[np.int64]:
        """Exact counts of one marginal; see ``CountingEngine.count``."""
        return self.counts([clique])[0]

    def counts(self, cliques: Sequence[Clique]) -> list[NDArray[np.int64]]:
        """Exact counts of several marginals, in few scans by the server."""
        return tallied(self.domain, cliques, self._scan, _MAX_CELLS)

    def close(self) -> None:
        """End the transaction and the connection."""
        self._connection.close()

    def _prepare(self, table: str, schema: Schema) -> None:
        about = self._connection.info
        if about.server_version < _OLDEST:
            raise PeerError("the PostgreSQL server must be of version 14 or later")
        if about.parameter_status("server_encoding") != "UTF8":
            raise DataError("the database's encoding must be UTF8: text is compared by its Unicode normal form")
        exact = ".".join(quoted(part) for part in table.split("."))
        found = self._connection.execute(_TABLE, (exact, table)).fetchall()
        if not found:
            raise DataError(
                f"the database has no table {table!r}: check --table, with its schema as in clinic.patients"
            )
        kinds = {name: kind for _, _, name, kind in found}
        schema.check(pa.schema([(name, ARROW_TYPES.get(kind, pa.binary())) for name, kind in kinds.items()]))
        names = {normalise(name): name for name in kinds}
        self._rows = _limited(found[0][0], found[0][1], schema, names, kinds)
        self._codes = {}
        for column in schema.columns:
            if isinstance(column, Coded):
                name = names[column.name]
                self._codes[column.name] = code_expression(column, name, kinds[name], schema.missing_values)

    def _scan(self, tally: Tally) -> None:
        tables, parts = tally.tables, tally.parts
        for start in range(0, len(parts), _PARTS):
            some = parts[start : start + _PARTS]
            with self._spoken():
                for rows in self._grouped(some):
                    order = np.argsort(rows["part"], kind="stable")
                    ends = np.searchsorted(rows["part"][order], np.arange(len(some) + 1))
                    for i in range(len(some)):
                        mine = rows[order[ends[i] : ends[i + 1]]]
                        tables[start + i][mine["cell"].astype(np.intp)] += mine["count"].astype(np.int64)
            self._watch(start + len(some), len(parts))

    def _grouped(self, parts: Sequence[Part]) -> Iterator[NDArray[Any]]:
        """Position of the part, cell and count of each cell that is not empty, in blocks of ``_COPY_ROW``."""
        needed = self.domain.clique({a for part in parts for a in part.clique})
        codes = ", ".join(f"{self._codes[a]} AS c{self.domain.axis(a)}" for a in needed) or "0 AS c"
        cells = ", ".join(f"({i}::int8, {self._cell(part.clique)})" for i, part in enumerate(parts))
        # OFFSET 0 keeps the planner from pasting the expressions into each marginal: each code is computed once.
        coded = f"(SELECT {codes} FROM {self._rows} OFFSET 0) AS coded"  # noqa: S608  (names are quoted)
        listed = f"LATERAL (VALUES {cells}) AS v(part, cell)"
        grouped = f"SELECT part, cell, count(*) FROM {coded}, {listed} GROUP BY part, cell"  # noqa: S608
        query = f"COPY ({grouped}) TO STDOUT (FORMAT binary)"
        held, skip = bytearray(), _COPY_HEADER
        with self._connection.cursor() as cursor, cursor.copy(query) as copy:
            for block in copy:  # as small as one row
                held += block
                if len(held) > _COPY_BLOCK:
                    whole = (len(held) - skip) // _COPY_ROW.itemsize
                    yield np.frombuffer(bytes(held), _COPY_ROW, whole, skip)
                    held, skip = held[skip + whole * _COPY_ROW.itemsize :], 0
            yield np.frombuffer(bytes(held), _COPY_ROW, (len(held) - skip) // _COPY_ROW.itemsize, skip)

    def _cell(self, clique: Clique) -> str:
        """Row-major cell of a row."""
        cell = "0::int8"
        for attribute in clique:
            cell = f"({cell} * {self.domain.size_of(attribute)} + c{self.domain.axis(attribute)})"
        return cell

    @contextmanager
    def _spoken(self) -> Iterator[None]:
        """The server's complaints in our words: its own may quote cells. An interruption stops the query, too."""
        import psycopg

        try:
            yield
        except psycopg.OperationalError as error:
            state = f" (SQLSTATE {error.sqlstate})" if error.sqlstate else ""
            raise PeerError(
                f"PostgreSQL stopped answering{state}; what was charged stays charged: run again when it is back"
            ) from None
        except psycopg.Error as error:
            raise DataError(
                f"PostgreSQL refused to count (SQLSTATE {error.sqlstate}): check the right to SELECT from the table"
            ) from None
        except BaseException:
            with suppress(psycopg.Error):
                self._connection.cancel_safe(timeout=5)
            raise


def _connect(address: str) -> "psycopg.Connection[tuple[Any, ...]]":
    try:
        import psycopg
    except ImportError:
        raise MissingExtraError("psycopg is not installed: pip install 'fairshare[sql]'") from None
    try:
        connection = psycopg.connect(address, connect_timeout=10, application_name="fairshare")
    except psycopg.ProgrammingError:
        raise DataError("the database's address must look like postgresql://user@host:5432/database") from None
    except psycopg.OperationalError:
        # libpq's own message repeats the address, which may hold a password.
        raise PeerError(
            "PostgreSQL can't be reached, or refuses the user: check the address (try it with psql); nothing was spent"
        ) from None
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    connection.read_only = True
    return connection


def _limited(table: str, relation: str | bytes, schema: Schema, names: dict[str, str], kinds: dict[str, str]) -> str:
    """The rows to count, as an item of FROM; a person's first ones where they are limited."""
    if schema.person is None:
        return table
    if relation not in ("r", b"r", "m", b"m"):
        raise DataError(
            "max_rows_per_person needs a plain table or a materialised view: another view's rows have no order, so "
            "which of a person's rows count would not be fixed"
        )
    person = quoted(names[schema.person])
    if kinds[names[schema.person]] in ("text", "varchar"):
        person += ' COLLATE "C"'
    rank = f"row_number() OVER (PARTITION BY {person} ORDER BY ctid)"
    ranked = f"(SELECT *, {rank} AS fairshare_rank FROM {table}) AS ranked"  # noqa: S608  (names are quoted)
    return f"(SELECT * FROM {ranked} WHERE fairshare_rank <= {schema.max_rows_per_person}) AS kept"  # noqa: S608
