"""One state of a PostgreSQL database: queries in, Arrow out, and its complaints in our words."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import pyarrow as pa

from fairshare.counting.waiting import patiently
from fairshare.errors import DataError, MissingExtraError, PeerError

__all__ = ["Snapshot"]

#: libpq's: a server that was cut off is noticed within a minute, not after the system's hours.
_SETTINGS = "application_name=fairshare&connect_timeout=10&keepalives_idle=20&keepalives_interval=10&keepalives_count=3"
#: Classes of SQLSTATE that speak of the server's state and not of the query: connection, rollback, resources, limits,
#: locks, shutdown and cancellation, system, internal error.
_SERVER = ("08", "40", "53", "54", "55", "57", "58", "XX")


class Snapshot:
    """A connection with one read-only transaction, which sees one state of the database until it is closed.

    Args:
        address: ``postgresql://user@host/database``; libpq's files and variables supply what it leaves out.

    Raises:
        MissingExtraError: the driver is not installed.
        PeerError: the server can't be reached.
    """

    def __init__(self, address: str) -> None:
        try:
            from adbc_driver_postgresql import dbapi
        except ImportError:
            raise MissingExtraError("adbc-driver-postgresql is not installed: pip install 'fairshare[sql]'") from None
        base, _, query = address.partition("?")
        try:
            self._connection = dbapi.connect(f"{base}?{_SETTINGS}" + (f"&{query}" if query else ""))
        except dbapi.Error:
            # libpq's own message repeats the address, which may hold a password.
            raise PeerError(
                "PostgreSQL can't be reached, or refuses the user: check the address, which looks like "
                "postgresql://user@host:5432/database (try it with psql); nothing was spent"
            ) from None
        self._error = dbapi.Error
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="fairshare-postgresql")
        self._run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        self._run("SET LOCAL standard_conforming_strings = on")  # our text is quoted so

    def rows(self, query: str, parameters: Sequence[str] = ()) -> list[tuple[Any, ...]]:
        """All rows of a small answer.

        Args:
            query: SQL with ``$1`` for the first parameter.
            parameters: texts.

        Raises:
            PeerError: the connection was lost.
            DataError: the server refuses the query.
        """
        with self._spoken(), self._connection.cursor() as cursor:
            cursor.execute(query, tuple(parameters) or None)
            return list(cursor.fetchall())

    def batches(self, query: str, waiting: Callable[[], None]) -> Iterator[pa.RecordBatch]:
        """The answer, batch by batch. What ``waiting`` raises, or an interruption, cancels the query on the server.

        Args:
            query: SQL.
            waiting: called a few times a second while the server works.

        Raises:
            PeerError: the connection was lost.
            DataError: the server refuses the query.
        """
        with self._connection.cursor() as cursor:

            def cancel() -> None:
                with suppress(self._error):
                    cursor.adbc_cancel()

            def ask(call: Callable[[], Any]) -> Any:
                return patiently(self._thread, partial(self._translated, call), waiting, cancel)

            ask(partial(cursor.execute, query))
            reader = ask(cursor.fetch_record_batch)
            try:
                while (batch := ask(partial(next, reader, None))) is not None:
                    yield batch
            except GeneratorExit:  # nobody takes the next batch
                cancel()
                raise

    def close(self) -> None:
        """End the transaction and the connection."""
        with suppress(self._error):
            self._connection.close()
        self._thread.shutdown(wait=False)

    def _run(self, command: str) -> None:
        with self._spoken(), self._connection.cursor() as cursor:
            cursor.execute(command)

    def _translated(self, call: Callable[[], Any]) -> Any:
        with self._spoken():
            return call()

    @contextmanager
    def _spoken(self) -> Iterator[None]:
        """The server's own messages may quote cells: only its SQLSTATE is handed on."""
        try:
            yield
        except (self._error, pa.ArrowException, OSError) as error:
            state = getattr(error, "sqlstate", None)
            if state is None or state.startswith(_SERVER):
                shown = f" (SQLSTATE {state})" if state else ""
                raise PeerError(
                    f"PostgreSQL stopped answering{shown}; what was charged stays charged: run again when it is back. "
                    "If it is there, an expression of a view or policy fails on a row: name a table instead"
                ) from None
            raise DataError(
                f"PostgreSQL refused to count (SQLSTATE {state}): check the right to SELECT from the table"
            ) from None
