"""Exact marginal counts inside PostgreSQL: rows are encoded and grouped there, only counts come out."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fairshare.counting.engine import Watch, unwatched
from fairshare.counting.planner import Part
from fairshare.counting.snapshot import Snapshot
from fairshare.counting.tally import Tally, tallied
from fairshare.errors import DataError, PeerError
from fairshare.marginals import Clique, Domain
from fairshare.schema import Coded, Schema
from fairshare.schema.postgres import ARROW_TYPES, code_expression, quoted
from fairshare.schema.spec import normalise

__all__ = ["PostgresTable"]

#: Hashing a row costs the same whatever it is hashed into, so larger marginals pay here than in memory.
_MAX_CELLS = 1 << 20
#: Marginals of one query; the next one tells the watch. Encoding again costs little beside the hashing of so many.
_PARTS = 24
_OLDEST = 140_000
_ABOUT = "SELECT current_setting('server_version_num')::int8, current_setting('server_encoding')"
_TABLE = """
SELECT c.oid::regclass::text, c.relkind::text, a.attname::text,
    CASE WHEN t.typnamespace <> 'pg_catalog'::regnamespace THEN t.typnamespace::regnamespace || '.' ELSE '' END
        || t.typname::text
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type t ON t.oid = a.atttypid
WHERE c.oid = coalesce(to_regclass($1), to_regclass($2)) ORDER BY a.attnum
"""
_FOREIGN = """
WITH RECURSIVE below(id) AS (
    SELECT c.oid FROM pg_class c WHERE c.oid = coalesce(to_regclass($1), to_regclass($2))
    UNION SELECT i.inhrelid FROM pg_inherits i JOIN below ON i.inhparent = below.id
) SELECT count(*)::int8 FROM below JOIN pg_class c ON c.oid = below.id WHERE c.relkind = 'f'
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
        watch: told a few times a second, while a query runs, how many marginals are done.

    Raises:
        MissingExtraError: the driver is not installed.
        PeerError: the server can't be reached, or is too old.
        DataError: there is no such table, or it can't be encoded there.
    """

    def __init__(self, address: str, table: str, schema: Schema, *, watch: Watch = unwatched) -> None:
        self.domain = Domain.from_sizes(schema.sizes)
        self.max_rows_per_person = schema.max_rows_per_person
        self._watch = watch
        self._snapshot = Snapshot(address)
        try:
            self._prepare(table, schema)
        except BaseException:
            self.close()
            raise

    def check(self) -> None:
        """Run every encoding over no rows: what the server refuses, it refuses here; see ``CountingEngine.check``."""
        codes = ", ".join(self._codes.values())
        self._snapshot.rows(f"SELECT {codes} FROM {self._rows} LIMIT 0")  # noqa: S608  (names are quoted)

    def count(self, clique: Clique) -> NDArray[np.int64]:
        """Exact counts of one marginal; see ``CountingEngine.count``."""
        return self.counts([clique])[0]

    def counts(self, cliques: Sequence[Clique]) -> list[NDArray[np.int64]]:
        """Exact counts of several marginals, in few scans by the server."""
        return tallied(self.domain, cliques, self._scan, _MAX_CELLS)

    def close(self) -> None:
        """End the transaction and the connection."""
        self._snapshot.close()

    def _prepare(self, table: str, schema: Schema) -> None:
        ((version, encoding),) = self._snapshot.rows(_ABOUT)
        if version < _OLDEST:
            raise PeerError("the PostgreSQL server must be of version 14 or later")
        if encoding != "UTF8":
            raise DataError("the database's encoding must be UTF8: text is compared by its Unicode normal form")
        exact = ".".join(quoted(part) for part in table.split("."))
        found = self._snapshot.rows(_TABLE, (exact, table))
        if not found:
            raise DataError(
                f"the database has no table {table!r}: check --table, with its schema as in clinic.patients"
            )
        kinds = {name: kind for _, _, name, kind in found}
        schema.check(pa.schema([(name, ARROW_TYPES.get(kind, pa.binary())) for name, kind in kinds.items()]))
        names = {normalise(name): name for name in kinds}
        self._rows = _limited(found[0][0], found[0][1], schema, names, kinds)
        if schema.person is not None and self._snapshot.rows(_FOREIGN, (exact, table))[0][0]:
            raise DataError(
                "max_rows_per_person needs a table without foreign ones among its children: their rows have no order, "
                "so which of a person's rows count would not be fixed; copy them with CREATE TABLE ... AS SELECT"
            )
        self._codes = {}
        for column in schema.columns:
            if isinstance(column, Coded):
                name = names[column.name]
                self._codes[column.name] = code_expression(column, name, kinds[name], schema.missing_values)

    def _scan(self, tally: Tally) -> None:
        parts = tally.parts
        for start in range(0, len(parts), _PARTS):
            some, tables = parts[start : start + _PARTS], tally.tables[start : start + _PARTS]
            waiting = partial(self._watch, start, len(parts))
            for batch in self._snapshot.batches(self._grouped(some), waiting):
                _add(batch, tables)
            self._watch(start + len(some), len(parts))

    def _grouped(self, parts: Sequence[Part]) -> str:
        """SQL for the position of the part, cell and count of each cell that is not empty."""
        needed = self.domain.clique({a for part in parts for a in part.clique})
        codes = ", ".join(f"{self._codes[a]} AS c{self.domain.axis(a)}" for a in needed) or "0 AS c"
        cells = ", ".join(f"({i}::int8, {self._cell(part.clique)})" for i, part in enumerate(parts))
        # OFFSET 0 keeps the planner from pasting the expressions into each marginal: each code is computed once.
        coded = f"(SELECT {codes} FROM {self._rows} OFFSET 0) AS coded"  # noqa: S608  (names are quoted)
        listed = f"LATERAL (VALUES {cells}) AS v(part, cell)"
        return f"SELECT part, cell, count(*) FROM {coded}, {listed} GROUP BY part, cell"  # noqa: S608

    def _cell(self, clique: Clique) -> str:
        """Row-major cell of a row."""
        cell = "0::int8"
        for attribute in clique:
            cell = f"({cell} * {self.domain.size_of(attribute)} + c{self.domain.axis(attribute)})"
        return cell


def _add(batch: pa.RecordBatch, tables: Sequence[NDArray[np.int64]]) -> None:
    """Add counted cells to their part's table."""
    part, cell, count = (column.to_numpy() for column in batch.columns)
    order = np.argsort(part, kind="stable")
    ends = np.searchsorted(part[order], np.arange(len(tables) + 1))
    for table, first, last in zip(tables, ends[:-1], ends[1:], strict=True):
        mine = order[first:last]
        table[cell[mine]] += count[mine]


def _limited(table: str, relation: str, schema: Schema, names: dict[str, str], kinds: dict[str, str]) -> str:
    """The rows to count, as an item of FROM; a person's first ones where they are limited."""
    if schema.person is None:
        return table
    if relation not in ("r", "m"):
        raise DataError(
            "max_rows_per_person needs a plain table or a materialised view: another view's rows have no order, so "
            "which of a person's rows count would not be fixed"
        )
    person = quoted(names[schema.person])
    if kinds[names[schema.person]] in ("text", "varchar"):
        person += ' COLLATE "C"'
    # A table's children have places of their own: without the first key theirs would tie.
    rank = f"row_number() OVER (PARTITION BY {person} ORDER BY tableoid, ctid)"
    ranked = f"(SELECT *, {rank} AS fairshare_rank FROM {table}) AS ranked"  # noqa: S608  (names are quoted)
    return f"(SELECT * FROM {ranked} WHERE fairshare_rank <= {schema.max_rows_per_person}) AS kept"  # noqa: S608
