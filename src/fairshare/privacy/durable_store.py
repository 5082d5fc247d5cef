"""The file of a data set's ledger: SQLite, every transaction on disk before it counts."""

import json
import os
import re
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

from fairshare.errors import FairshareError, IntegrityError, UsageError
from fairshare.privacy.durable_history import History, Line, chained

__all__ = ["Store", "Transaction"]

_APPLICATION: Final = 0x46534C31  # "FSL1"
_TABLES: Final = {
    "promise": "CREATE TABLE promise (body TEXT NOT NULL)",
    "lines": "CREATE TABLE lines (number INTEGER PRIMARY KEY, run TEXT NOT NULL, state TEXT NOT NULL, "
    "body TEXT NOT NULL, hash TEXT NOT NULL)",
    "releases": "CREATE TABLE releases (run TEXT NOT NULL UNIQUE, content BLOB NOT NULL)",
}
_MOUNTS: Final = Path("/proc/self/mountinfo")
#: Seconds to wait for other processes; a transaction takes milliseconds.
_PATIENCE: Final = 60.0
#: Faults of the disk, which the caller can mend.
_DISK: Final = ("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_NOMEM", "SQLITE_BUSY", "SQLITE_LOCKED")


class Transaction:
    """What one transaction sees and adds."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.history = _history(connection)

    def append(self, run: str, state: str, body: dict[str, Any]) -> None:
        """Chain one line; refused by ``History`` if it may not follow."""
        lines = len(self.history.heads)
        line = chained(self.history.head, run, state, body)
        self.history._follow(line, lines)
        row = (lines, run, state, json.dumps(body, sort_keys=True), line.hash)
        self._connection.execute("INSERT INTO lines VALUES (?, ?, ?, ?, ?)", row)

    def keep(self, run: str, content: bytes) -> None:
        """Store a run's release."""
        self._connection.execute("INSERT INTO releases VALUES (?, ?)", (run, content))

    def kept(self, run: str) -> bytes | None:
        """A run's stored release."""
        row = self._connection.execute("SELECT content FROM releases WHERE run = ?", (run,)).fetchone()
        if row is not None and not isinstance(row[0], bytes):
            raise IntegrityError(f"the stored release of run {run} was changed; restore the ledger from a copy")
        return None if row is None else row[0]


class Store:
    """One ledger file.

    SQLite keeps its lock and its journal under the file's name, so the file must have one name only: links are
    followed, and a second name (a hard link, a bind mount of the one file) is refused, for each would have a lock of
    its own, and both would spend the same total.

    Args:
        path: where it is.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()

    def create(self, promise: dict[str, Any]) -> None:
        """Write a new file, whole or not at all; never over another.

        Raises:
            UsageError: something is there already, or the disk refuses.
        """
        if self.path.exists():
            raise UsageError(f"{str(self.path)!r} exists; a ledger is never overwritten: name another file")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=f".{self.path.name}.", dir=self.path.parent) as scratch:
                fresh = Path(scratch) / "ledger"
                with self._translated(), closing(sqlite3.connect(fresh, isolation_level=None)) as connection:
                    _found(connection, promise)
                os.link(fresh, self.path)
        except FileExistsError:
            raise UsageError(f"{str(self.path)!r} exists; a ledger is never overwritten: name another file") from None
        except OSError as error:
            raise UsageError(f"{str(self.path)!r} can't be written: {error.strerror}") from None
        _sync(self.path.parent)

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """A transaction that excludes every other writer; on disk when the block ends, undone if it fails.

        Raises:
            IntegrityError: the file is not a ledger, was changed, or is read-only.
            UsageError: there is no file, or the disk refuses.
        """
        with self._translated(), closing(self._connect("rw")) as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield Transaction(connection)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """A consistent view.

        Raises:
            IntegrityError: the file is not a ledger, or was changed.
            UsageError: there is no file.
        """
        with self._translated(), closing(self._connect("ro")) as connection:
            connection.execute("BEGIN")
            yield Transaction(connection)

    def check_pages(self) -> None:
        """SQLite's own check of the whole file.

        Raises:
            IntegrityError: a page is damaged.
        """
        with self._translated(), closing(self._connect("ro")) as connection:
            if connection.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
                raise IntegrityError(f"{str(self.path)!r} is damaged; restore it from a copy")

    def _connect(self, mode: str) -> sqlite3.Connection:
        if not self.path.is_file():
            raise UsageError(f"{str(self.path)!r} is not there; make it with 'fairshare ledger new'")
        if self.path.stat().st_nlink > 1 or _is_mounted(self.path):
            raise UsageError(
                f"{str(self.path)!r} has a second name (a hard link, or a mount of this one file), under which its "
                "total could be spent again: remove the other link, or mount the folder and not the file"
            )
        connection = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode={mode}", uri=True, timeout=_PATIENCE, isolation_level=None
        )
        try:
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("PRAGMA synchronous = FULL")
            _recognise(connection, self.path)
        except BaseException:
            connection.close()
            raise
        return connection

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except FairshareError:
            raise
        except sqlite3.Error as error:
            name = getattr(error, "sqlite_errorname", "SQLITE_ERROR")
            if name.startswith(_DISK):
                raise UsageError(
                    f"{str(self.path)!r} can't be written ({name}): free some space or wait for other runs; what is "
                    "not recorded there is not released"
                ) from None
            raise IntegrityError(
                f"{str(self.path)!r} can't be used as a ledger ({name}): it is read-only, damaged or not one of ours"
            ) from None
        except UnicodeDecodeError:  # SQLite quotes a damaged file's own bytes in its message
            raise IntegrityError(f"{str(self.path)!r} can't be used as a ledger: it is damaged or not ours") from None


def _found(connection: sqlite3.Connection, promise: dict[str, Any]) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(f"PRAGMA application_id = {_APPLICATION}")
    for statement in _TABLES.values():
        connection.execute(statement)
    connection.execute("INSERT INTO promise VALUES (?)", (json.dumps(promise, sort_keys=True),))
    connection.execute("COMMIT")


def _recognise(connection: sqlite3.Connection, path: Path) -> None:
    """Our mark, our tables and nothing else: a trigger in a stranger's file could undo a reservation."""
    (mark,) = connection.execute("PRAGMA application_id").fetchone()
    (journal,) = connection.execute("PRAGMA journal_mode").fetchone()
    found = connection.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    ours = [("table", name, sql) for name, sql in _TABLES.items()]
    if mark != _APPLICATION or journal != "wal" or sorted(found) != sorted(ours):
        raise IntegrityError(f"{str(path)!r} is not a ledger of fairshare, or of another version")


def _history(connection: sqlite3.Connection) -> History:
    try:
        ((promise,),) = connection.execute("SELECT body FROM promise").fetchall()
        rows = connection.execute("SELECT number, run, state, body, hash FROM lines ORDER BY number").fetchall()
        if [row[0] for row in rows] != list(range(1, len(rows) + 1)):
            raise IntegrityError("the ledger lacks lines: the file was changed; restore it from a copy")
        return History(json.loads(promise), [Line(r, s, json.loads(b), h) for _, r, s, b, h in rows])
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise IntegrityError("the ledger holds what we never wrote; restore it from a copy") from error


def _is_mounted(path: Path) -> bool:
    """Whether this one file is a mount point, as containers make them; only Linux has such."""
    try:
        mounts = _MOUNTS.read_bytes().split(b"\n")
    except OSError:
        return False
    places = (line.split(b" ")[4:5] for line in mounts)
    return any(_unescaped(place) == os.fsencode(path) for found in places for place in found)


def _unescaped(place: bytes) -> bytes:
    """A path of the kernel's, which writes blanks, line ends and some more as octal numbers."""
    return re.sub(rb"\\([0-7]{3})", lambda found: bytes([int(found[1], 8) & 0xFF]), place)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
