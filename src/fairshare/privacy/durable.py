"""The ledger of a data set: what all runs on it may spend together, kept where a crash can't lose it.

A run goes ``reserve -> bind -> reveal -> done``. *Reserve* sets the whole rho of the run's epsilon aside, on disk,
before the data are opened; *bind* commits the run to its input, once that was read and before it is counted; *reveal*
records, on disk, the head of the run's own ledger and the release itself, before any value leaves the process; *done*
says that the caller has its files. A run whose process ended on the way is *burnt*: its rho stays spent, for something
may have been seen. Only a run that fails while its own ledger is still empty has shown nothing that was counted, and is
*returned*.

Nothing here reads a clock. Whether a process is alive (``durable_side``) decides only when a run is called burnt; a
run that was called so in error finds out at its next step and releases nothing.
"""

import hashlib
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any, Final

from fairshare.errors import BudgetError, IntegrityError, UsageError
from fairshare.privacy.budget import NANO, Budget
from fairshare.privacy.durable_history import History, RunAccount
from fairshare.privacy.durable_side import Lease, Side
from fairshare.privacy.durable_store import Store, Transaction
from fairshare.privacy.ledger import Ledger
from fairshare.privacy.unit import PrivacyUnit

__all__ = ["DurableLedger", "Run"]

_RUN_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
#: A larger release is not kept in the ledger: a run id then can't return it.
_MAX_KEPT: Final = 256 * 2**20
_ANOTHER: Final = "run {} had other options or another input; choose another run id"


class DurableLedger:
    """A ledger file: safe against crashes, races, a full disk and a changed clock.

    Args:
        path: the file, made by ``create``.

    Privacy:
        zCDP adds up under adaptive composition. The total is the rho of (epsilon, delta), rounded down, once; a run at
        (epsilon', delta) sets aside the rho of its own promise, so all runs together are (epsilon, delta)-DP, in the
        order and with the choices that their readers make.

    Raises:
        UsageError: there is no such file.
        IntegrityError: the file is not a ledger, was changed, or is older than the one last used.
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        self._store, self._side = Store(Path(path)), Side(Path(path))
        self.history()

    @classmethod
    def create(cls, path: str | PathLike[str], budget: Budget, unit: PrivacyUnit) -> "DurableLedger":
        """A new ledger.

        Raises:
            UsageError: the file exists, or can't be written.
        """
        promise: dict[str, Any] = {
            "epsilon": float(budget.epsilon),
            "delta": float(budget.delta),
            "nano_rho": budget.nano_rho,
        }
        promise |= {"relation": unit.relation, "max_rows": unit.max_rows, "id": secrets.token_hex(16)}
        Store(Path(path)).create(promise)
        return cls(path)

    def history(self) -> History:
        """The account as it stands on disk, with every hash checked.

        Raises:
            IntegrityError: as the class does.
        """
        with self._reading() as view:
            return view.history

    def verify(self, head: str | None = None) -> History:
        """Check every page, line and stored release.

        Args:
            head: a head noted earlier, which the history must hold.

        Raises:
            IntegrityError: something does not fit.
        """
        self._store.check_pages()
        with self._reading() as view:
            for run in view.history.runs.values():
                _stored(view, run)
            if head is not None and head not in view.history.heads:
                raise IntegrityError("the ledger does not hold this head: lines are missing, or it is another ledger")
            return view.history

    def foresee(self, budget: Budget, unit: PrivacyUnit) -> int:
        """Billionths of rho that a run with this promise would leave. Nothing is reserved; others may come before it.

        Raises:
            BudgetError: ``reserve`` would refuse it now.
            IntegrityError: the ledger can't be trusted.
        """
        history = self.history()
        _check_fits(history, budget, unit)
        return history.remaining - budget.nano_rho

    def reserve(self, budget: Budget, unit: PrivacyUnit, *, plan: str, run_id: str | None = None) -> "Run":
        """Set the rho of ``budget`` aside, on disk, or find an earlier run with this id. The data need not be open yet.

        Args:
            budget: the promise of the run.
            unit: whom it protects.
            plan: hash of everything public that the run does.
            run_id: resume the run of this id if there is one; a new one without.

        Returns:
            The run; to be bound to its input next.

        Raises:
            BudgetError: the total does not cover it, delta or unit differ, the run id is another plan's, or the run
                ended before it revealed anything.
            IntegrityError: the ledger can't be trusted.
            UsageError: the run id is malformed, or the disk refuses.
        """
        name = secrets.token_hex(8) if run_id is None else run_id
        if not _RUN_ID.fullmatch(name):
            raise UsageError(f"run id ({name!r}) must be 1 to 64 letters, digits, dots, dashes or underscores")
        lease = self._side.lease(name)
        try:
            self._burn_the_dead(name)
            with self._writing() as view:
                if (found := view.history.runs.get(name)) is not None:
                    return Run(self, name, lease, earlier=(found, _resumable(view, found, plan)))
                _check_fits(view.history, budget, unit)
                body = {"nano_rho": budget.nano_rho, "epsilon": float(budget.epsilon), "plan": plan}
                view.append(name, "reserve", body)
        except BaseException:
            lease.end()
            raise
        return Run(self, name, lease)

    def _burn_the_dead(self, mine: str) -> None:
        """Close the books on runs whose process is gone. Nothing is given back."""
        with self._reading() as view:
            dead = [
                r.run for r in view.history.runs.values() if r.open and (r.run == mine or not self._side.alive(r.run))
            ]
        if dead:
            with self._writing() as view:
                for name in dead:
                    if view.history.runs[name].open:
                        view.append(name, "burnt", {})

    @contextmanager
    def _reading(self) -> Iterator[Transaction]:
        seen = self._side.seen()
        with self._store.reading() as view:
            self._side.check(view.history, seen)
            yield view

    @contextmanager
    def _writing(self) -> Iterator[Transaction]:
        seen = self._side.seen()
        with self._store.writing() as view:
            self._side.check(view.history, seen)
            yield view
        self._side.remember(view.history.head)


class Run:
    """One run's hold on the ledger; made by ``DurableLedger.reserve``.

    Attributes:
        id: its name.
    """

    def __init__(
        self, ledger: DurableLedger, name: str, lease: Lease, *, earlier: tuple[RunAccount, bytes] | None = None
    ) -> None:
        self._ledger, self._lease, self._earlier = ledger, lease, earlier
        self.id = name

    def bind(self, content: bytes) -> bytes | None:
        """Commit a new run to its input, on disk; or hold the input against an earlier run's. Nothing is counted yet.

        Args:
            content: hash of the private input; kept as a keyed commitment only.

        Returns:
            The release of the earlier run with this id, plan and input; None for a new run.

        Raises:
            BudgetError: the earlier run had another input, or the run is not open any more.
            UsageError: the disk refuses.
        """
        if self._earlier is not None:
            run, stored = self._earlier
            if run.bound.get("commitment") != self._ledger._side.commitment(str(run.bound.get("nonce")), content):
                raise BudgetError(_ANOTHER.format(self.id))
            return stored
        nonce = secrets.token_hex(16)
        body = {"nonce": nonce, "commitment": self._ledger._side.commitment(nonce, content)}
        with self._ledger._writing() as view:
            self._open(view, "reserve")
            view.append(self.id, "bind", body)
        return None

    def reveal(self, account: Ledger, release: bytes) -> None:
        """Record what the run will show, on disk. Before this returns nothing may leave the process.

        Raises:
            BudgetError: the run is not open any more, or spent more than it set aside.
            UsageError: the disk refuses.
        """
        with self._ledger._writing() as view:
            if account.spent > self._open(view, "bind").nano_rho:
                raise BudgetError(f"run {self.id} spent more than it reserved in the ledger; nothing was released")
            body = {"ledger_head": account.head, "nano_rho_spent": account.spent}
            view.append(self.id, "reveal", body | {"release": hashlib.sha256(release).hexdigest()})
            if len(release) <= _MAX_KEPT:
                view.keep(self.id, release)

    def done(self) -> None:
        """The caller has what was revealed."""
        with self._ledger._writing() as view:
            if view.history.runs[self.id].state == "reveal":
                view.append(self.id, "done", {})
        self._lease.end()

    def abandon(self, account: Ledger) -> None:
        """The run failed before it revealed: given back if it never charged its own ledger, burnt otherwise."""
        try:
            with self._ledger._writing() as view:
                if view.history.runs[self.id].state in {"reserve", "bind"}:
                    view.append(self.id, "burnt" if len(account) else "returned", {})
        finally:
            self._lease.end()

    def leave(self) -> None:
        """Let go of a revealed run that could not be delivered: its release stays in the ledger."""
        self._lease.end()

    def _open(self, view: Transaction, state: str) -> RunAccount:
        """The run's account, if it still stands where this process left it."""
        run = view.history.runs[self.id]
        if run.state != state:
            raise BudgetError(f"run {self.id} is {run.state} in the ledger; nothing was released")
        return run


def _check_fits(history: History, budget: Budget, unit: PrivacyUnit) -> None:
    if budget.delta != history.budget.delta:
        raise BudgetError(f"delta ({budget.delta:g}) must be the ledger's ({history.budget.delta:g})")
    if unit != history.unit:
        raise BudgetError(
            f"the ledger protects {history.unit.describe()}, and this run {unit.describe()}: use one unit"
        )
    if budget.nano_rho > history.remaining:
        raise BudgetError(
            f"epsilon {budget.epsilon:g} costs rho {budget.rho:.9f} and {history.remaining / NANO:.9f} of "
            f"{history.total / NANO:.9f} is left in the ledger; nothing was spent. Ask for a smaller epsilon"
        )


def _resumable(view: Transaction, run: RunAccount, plan: str) -> bytes:
    """The stored release of an earlier run with this plan."""
    if run.reserved.get("plan") != plan:
        raise BudgetError(_ANOTHER.format(run.run))
    stored = _stored(view, run)
    if stored is None:
        raise BudgetError(f"run {run.run} ended without a stored release ({run.state}); choose another run id")
    return stored


def _stored(view: Transaction, run: RunAccount) -> bytes | None:
    content = view.kept(run.run)
    if content is None:
        return None
    if run.revealed is None or hashlib.sha256(content).hexdigest() != run.revealed.get("release"):
        raise IntegrityError(f"the stored release of run {run.run} was changed; restore the ledger from a copy")
    return content
