"""A server's ledger on disk: each charge is there before the data are touched, and survives whatever comes after.

A plan is a promise, and its budget is spent once. So a ledger file that holds a charge refuses a second run of the
same plan, whether or not the first one came to its end: nothing is refunded.
"""

import fcntl
import json
import os
from pathlib import Path
from typing import Any, TextIO

from fairshare.errors import BudgetError, IntegrityError, UsageError
from fairshare.mpc.plan import Plan
from fairshare.privacy import Event, Ledger

__all__ = ["ServerLedger", "ledger_file", "spent_in"]


def ledger_file(folder: Path, plan: Plan, name: str) -> Path:
    """Where a server keeps its ledger of a plan."""
    return folder / f"{name}-{plan.digest[:16]}.ledger.jsonl"


class ServerLedger:
    """An account (``mpc.server.Account``) that writes each charge to a file, synced, before it returns.

    Args:
        path: one JSON line for the promise, then one a charge.
        plan: whose budget it is.

    Raises:
        BudgetError: an earlier run spent of this plan's budget.
        IntegrityError: the file is damaged, or of another plan.
        UsageError: it can't be written.
    """

    def __init__(self, path: Path, plan: Plan) -> None:
        self._file = _held(path)
        if charges := spent_in(path, plan):
            self._file.close()
            raise BudgetError(
                f"{path} holds {len(charges)} charges of an earlier run of this plan; its budget is spent once, and "
                "nothing is refunded: agree on another plan, or use what that run released"
            )
        self._ledger = Ledger(plan.budget, plan.unit)
        promise = {"plan": plan.digest, "nano_rho": plan.budget.nano_rho, "head": self._ledger.head}
        try:
            self._file.truncate(0)
            self._write(promise)
        except OSError as error:
            raise UsageError(f"ledger {str(path)!r} can't be written: {error.strerror}") from None

    @property
    def head(self) -> str:
        """Hash of the whole history."""
        return self._ledger.head

    @property
    def share(self) -> float:
        """Share of the budget spent so far."""
        return self._ledger.spent / self._ledger.budget.nano_rho

    def charge(self, event: Event) -> None:
        """Record a spend, on disk before this returns.

        Raises:
            BudgetError: the budget does not cover it; nothing is recorded.
        """
        self._ledger.charge(event)
        *_, entry = self._ledger
        self._write({"event": entry.event, "nano_rho": entry.nano_rho, "hash": entry.hash})

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _write(self, line: dict[str, Any]) -> None:
        self._file.write(json.dumps(line, separators=(",", ":")) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())


def _held(path: Path) -> TextIO:
    """The file, open for appending, held against every other process until it is closed.

    Raises:
        BudgetError: a server of this plan is running on it.
        UsageError: it can't be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a", encoding="ascii")
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        folder = os.open(path.parent, os.O_RDONLY)
        os.fsync(folder)  # the name, too, survives a power cut
        os.close(folder)
    except BlockingIOError:
        file.close()
        raise BudgetError(f"{path} is in use: a server of this plan is running here already") from None
    except OSError as error:
        raise UsageError(f"ledger {str(path)!r} can't be written: {error.strerror}") from None
    return file


def spent_in(path: Path, plan: Plan) -> list[dict[str, Any]]:
    """The charges in a ledger file; none where there is no file.

    Raises:
        IntegrityError: the file is damaged, or of another plan.
    """
    if not path.exists():
        return []
    try:
        lines = [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]
        if lines and lines[0]["plan"] != plan.digest:
            raise IntegrityError(f"{path} is the ledger of another plan; move it away")
        return [{"nano_rho": int(line["nano_rho"]), **line} for line in lines[1:]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise IntegrityError(
            f"{path} is damaged ({type(error).__name__}); restore it, or agree on another plan"
        ) from None
