"""What lies beside a ledger and is no part of its account: a secret key, the head last seen, and who is alive.

Losing this folder never costs privacy. Without the key, earlier run ids can't be resumed; without the head, an older
copy put in the ledger's place goes unnoticed; without the locks, runs that still go on are burnt and release nothing.
"""

import fcntl
import hashlib
import hmac
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fairshare.errors import BudgetError, IntegrityError, UsageError
from fairshare.privacy.durable_history import History

__all__ = ["Lease", "Side"]


class Lease:
    """The sign that a run's process is alive: the kernel drops the lock when the process ends, however it ends."""

    def __init__(self, descriptor: int, path: Path) -> None:
        self._descriptor: int | None = descriptor
        self._path = path

    def end(self) -> None:
        """Drop it; twice is once."""
        if self._descriptor is not None:
            self._path.unlink(missing_ok=True)
            os.close(self._descriptor)
            self._descriptor = None


class Side:
    """The folder ``LEDGER.d``.

    Args:
        ledger: the ledger's path.
    """

    def __init__(self, ledger: Path) -> None:
        place = ledger.resolve()  # a symbolic link is no second ledger
        self._folder = place.with_name(f"{place.name}.d")

    def commitment(self, nonce: str, content: bytes) -> str:
        """Binds a run to its input, under a key that is not in the ledger: who reads the ledger can test no guess.

        A fresh nonce for each run hides even whether two runs had the same input.
        """
        return hmac.new(self._key(), nonce.encode() + b"\0" + content, hashlib.sha256).hexdigest()

    def lease(self, run: str) -> Lease:
        """Mark a run as alive.

        Raises:
            BudgetError: it is alive already.
            UsageError: the disk refuses.
        """
        path = self._folder / f"run.{run}"
        with self._disk():
            while True:
                descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    os.close(descriptor)
                    raise BudgetError(f"run {run} is going on in another process; wait for it to end") from None
                # A file that its last owner removed between our open and our lock marks nothing.
                with suppress(FileNotFoundError):
                    if os.path.sameopenfile(descriptor, probe := os.open(path, os.O_RDONLY)):
                        os.close(probe)
                        return Lease(descriptor, path)
                    os.close(probe)
                os.close(descriptor)

    def alive(self, run: str) -> bool:
        """Whether some process holds the run's lease."""
        try:
            descriptor = os.open(self._folder / f"run.{run}", os.O_RDWR)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def seen(self) -> str | None:
        """The head last seen. To be read before the ledger is: a later one may belong to a later state of it."""
        try:
            return (self._folder / "head").read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeError):
            return ""

    @staticmethod
    def check(history: History, seen: str | None) -> None:
        """Refuse a history that does not hold the head last seen.

        Raises:
            IntegrityError: the ledger was put back to an earlier state, or is another one.
        """
        if seen is not None and seen not in history.heads:
            raise IntegrityError(
                "the ledger is older than the one last used here, or another: spends are missing from it. Put the "
                "newest copy back; if there is none, what it lacks is spent all the same: begin a new ledger with less"
            )

    def remember(self, head: str) -> None:
        """Keep a head that is on disk already."""
        with self._disk():
            self._place(self._folder / "head", f"{head}\n".encode(), replace=True)

    def _key(self) -> bytes:
        path = self._folder / "key"
        with self._disk():
            if not path.exists():
                with suppress(FileExistsError):
                    self._place(path, secrets.token_bytes(32), replace=False)
            key = path.read_bytes()
        if len(key) != 32:
            raise IntegrityError(f"{str(path)!r} must hold 32 bytes; restore it from a copy, or remove it")
        return key

    def _place(self, path: Path, content: bytes, *, replace: bool) -> None:
        descriptor, name = tempfile.mkstemp(prefix=".", dir=self._folder)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            if replace:
                Path(name).replace(path)
            else:
                os.link(name, path)
        finally:
            Path(name).unlink(missing_ok=True)

    @contextmanager
    def _disk(self) -> Iterator[None]:
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            yield
        except OSError as error:
            raise UsageError(
                f"{str(self._folder)!r} can't be written: {error.strerror}; nothing was released"
            ) from None
