"""The history of a data set's ledger: hash-chained lines, and the account that they add up to. Pure: no files."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from fairshare.errors import FairshareError, IntegrityError
from fairshare.privacy.budget import Budget
from fairshare.privacy.unit import PrivacyUnit

__all__ = ["History", "Line", "RunAccount", "chained", "genesis"]

#: What may follow what. ``returned`` alone gives the amount back, and only a run that has charged nothing gets there.
_NEXT: Final = {
    None: ("reserve",),
    # Earlier versions knew the input before they reserved: their reserve lines hold what bind lines hold now.
    "reserve": ("bind", "reveal", "burnt", "returned"),
    "bind": ("reveal", "burnt", "returned"),
    "reveal": ("done", "burnt"),
    "done": (),
    "burnt": (),
    "returned": (),
}
_DAMAGED = "the ledger's chain is broken at line {}: the file was changed; restore it from a copy"


@dataclass(frozen=True)
class Line:
    """One line: a run enters a state, with the facts of that step, chained to every line before it."""

    run: str
    state: str
    body: dict[str, Any]
    hash: str


@dataclass(frozen=True)
class RunAccount:
    """Where one run stands.

    Attributes:
        run: its id.
        state: reserve, bind, reveal, done, burnt or returned.
        nano_rho: billionths of rho set aside for it.
        reserved: the facts of its reserve line: epsilon, plan.
        bound: the facts of the line that binds it to its input: nonce, commitment.
        revealed: the facts of its reveal line: the head of the run's own ledger, the hash of its release.
    """

    run: str
    state: str
    nano_rho: int
    reserved: dict[str, Any]
    bound: dict[str, Any]
    revealed: dict[str, Any] | None = None

    @property
    def open(self) -> bool:
        """Whether a living process may still go on with it."""
        return self.state in {"reserve", "bind", "reveal"}


def chained(previous: str, run: str, state: str, body: dict[str, Any]) -> Line:
    """The line that follows ``previous``."""
    return Line(run, state, body, _hash([previous, run, state, body]))


def genesis(promise: dict[str, Any]) -> str:
    """Hash of the promise: the head of a ledger without lines."""
    return _hash(["fairshare-data-set-ledger-1", promise])


def _hash(content: list[Any]) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


class History:
    """A promise and the lines below it, checked: every hash, every step, every amount.

    Args:
        promise: epsilon, delta, relation, max_rows, the total and a random id.
        lines: in order.

    Raises:
        IntegrityError: a hash, a step or an amount does not fit; the message names the line.
    """

    def __init__(self, promise: dict[str, Any], lines: Iterable[Line]) -> None:
        self.promise = promise
        self.budget, self.unit, self.total = _promised(promise)
        self.runs: dict[str, RunAccount] = {}
        self.heads = [genesis(promise)]
        for number, line in enumerate(lines, 1):
            self._follow(line, number)

    @property
    def head(self) -> str:
        """Hash of the whole history."""
        return self.heads[-1]

    @property
    def spent(self) -> int:
        """Billionths of rho set aside or spent; what no reader can have learnt from is not counted."""
        return sum(run.nano_rho for run in self.runs.values() if run.state != "returned")

    @property
    def remaining(self) -> int:
        """Billionths of rho that runs to come may spend."""
        return self.total - self.spent

    def _follow(self, line: Line, number: int) -> None:
        run = self.runs.get(line.run)
        allowed = _NEXT[run.state if run else None]
        if line.state not in allowed or chained(self.head, line.run, line.state, line.body) != line:
            raise IntegrityError(_DAMAGED.format(number))
        if type(line.body) is not dict:
            raise IntegrityError(_DAMAGED.format(number))
        if run is None:
            amount = line.body.get("nano_rho")
            if type(amount) is not int or not 0 < amount <= self.remaining:
                raise IntegrityError(_DAMAGED.format(number))
            run = RunAccount(line.run, "reserve", amount, reserved=line.body, bound=line.body)
        else:
            bound = line.body if line.state == "bind" else run.bound
            revealed = line.body if line.state == "reveal" else run.revealed
            run = replace(run, state=line.state, bound=bound, revealed=revealed)
        self.runs[line.run] = run
        self.heads.append(line.hash)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able account, for ``ledger show``. Commitments stay inside: they are nobody's business."""
        return {
            "promise": {k: self.promise[k] for k in ("epsilon", "delta", "relation", "max_rows")},
            "unit": self.unit.describe(),
            "nano_rho_total": self.total,
            "nano_rho_spent": self.spent,
            "nano_rho_left": self.remaining,
            "runs": [
                {"run": r.run, "state": r.state, "epsilon": r.reserved.get("epsilon"), "nano_rho": r.nano_rho}
                for r in self.runs.values()
            ],
            "lines": len(self.heads) - 1,
            "head": self.head,
        }


def _promised(promise: dict[str, Any]) -> tuple[Budget, PrivacyUnit, int]:
    try:
        budget = Budget(epsilon=promise["epsilon"], delta=promise["delta"])
        unit = PrivacyUnit(relation=promise["relation"], max_rows=promise["max_rows"])
        total = promise["nano_rho"]
    except (FairshareError, KeyError, TypeError) as error:
        raise IntegrityError("the ledger's promise is not one of ours; restore the file from a copy") from error
    if type(total) is not int or not 0 < total <= budget.nano_rho:
        raise IntegrityError("the ledger's total is more than its epsilon and delta give; restore it from a copy")
    return budget, unit, total
