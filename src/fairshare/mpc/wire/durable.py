"""A server's ledger on disk: each charge is there before the data are touched, and survives whatever comes after.

A plan is a promise, and its budget is spent once. So a ledger file that holds a charge refuses a second run of the
same plan, whether or not the first one came to its end: nothing is refunded. Lines are chained by their hashes; behind
each charge stand the servers' signatures under where that call left them all (``witness``).
"""

import fcntl
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TextIO

from fairshare.errors import BudgetError, IntegrityError, UsageError
from fairshare.mpc.plan import Plan
from fairshare.mpc.wire.witness import Standing
from fairshare.privacy import Event, Ledger, chain_hash

__all__ = ["Kept", "ServerLedger", "kept_in", "ledger_file", "spent_in"]


def ledger_file(folder: Path, plan: Plan, name: str) -> Path:
    """Where a server keeps its ledger of a plan."""
    return folder / f"{name}-{plan.digest[:16]}.ledger.jsonl"


class ServerLedger:
    """An account (``mpc.server.Account``) that writes each charge to a file, synced, before it returns.

    Args:
        path: one JSON line for the promise, then one for each charge and each signature.
        plan: whose budget it is.

    Raises:
        BudgetError: an earlier run spent of this plan's budget.
        IntegrityError: the file is damaged, or of another plan.
        UsageError: it can't be written.
    """

    def __init__(self, path: Path, plan: Plan) -> None:
        self._file = _held(path)
        try:
            _refuse_spent(path, plan)
            self._ledger = Ledger(plan.budget, plan.unit)
            promise = {"plan": plan.digest, "nano_rho": plan.budget.nano_rho, "head": self._ledger.head}
            self._file.truncate(0)
            self._write(promise)
        except OSError as error:
            self._file.close()
            raise UsageError(f"ledger {str(path)!r} can't be written: {error.strerror}") from None
        except BaseException:
            self._file.close()
            raise

    @property
    def head(self) -> str:
        """Hash of the whole history."""
        return self._ledger.head

    @property
    def charges(self) -> int:
        """How many spends it holds."""
        return len(self._ledger)

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

    def keep(self, standing: Standing) -> None:
        """Write down where a server says, over its signature, that the run left its ledger."""
        self._write({"standing": asdict(standing)})

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _write(self, line: dict[str, Any]) -> None:
        self._file.write(json.dumps(line, separators=(",", ":")) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())


def _refuse_spent(path: Path, plan: Plan) -> None:
    if charges := spent_in(path, plan):
        raise BudgetError(
            f"{path} holds {len(charges)} charges of an earlier run of this plan; its budget is spent once, and "
            "nothing is refunded: agree on another plan, or use what that run released"
        )


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


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What a server's file holds.

    Attributes:
        heads: of the chain, from the promise's to the last charge's.
        charges: one a call.
        standings: what servers signed after each call.
    """

    heads: tuple[str, ...] = ()
    charges: tuple[dict[str, Any], ...] = ()
    standings: tuple[Standing, ...] = ()


def kept_in(path: Path, plan: Plan) -> Kept:
    """A ledger file's content, its chain checked; nothing where there is no file.

    Raises:
        IntegrityError: the file is damaged, was changed, or is of another plan.
    """
    if not path.exists():
        return Kept()
    try:
        lines = [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]
        if not lines:
            return Kept()
        if lines[0]["plan"] != plan.digest:
            raise IntegrityError(f"{path} is the ledger of another plan; move it away")
        heads = [Ledger(plan.budget, plan.unit).head]
        charges: list[dict[str, Any]] = []
        standings = tuple(Standing(**line["standing"]).checked() for line in lines[1:] if "standing" in line)
        for line in (line for line in lines[1:] if "standing" not in line):
            heads.append(chain_hash(heads[-1], line["event"], line["nano_rho"]))
            if type(line["nano_rho"]) is not int or not 0 < line["nano_rho"] <= plan.budget.nano_rho:
                raise IntegrityError(f"{path} was changed: charge {len(charges) + 1} has no possible cost")
            charges.append(line)
            if line["hash"] != heads[-1]:
                raise IntegrityError(f"{path} was changed: the chain breaks at charge {len(charges)}")
        return Kept(heads=tuple(heads), charges=tuple(charges), standings=standings)
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise IntegrityError(
            f"{path} is damaged ({type(error).__name__}); restore it, or agree on another plan"
        ) from None


def spent_in(path: Path, plan: Plan) -> list[dict[str, Any]]:
    """The charges in a ledger file; see ``kept_in``."""
    return list(kept_in(path, plan).charges)
