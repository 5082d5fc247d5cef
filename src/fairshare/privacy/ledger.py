"""The ledger of one run: a promise, and every spend against it, written before the data are touched."""

import hashlib
import json
import threading
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from fairshare.errors import BudgetError
from fairshare.privacy.budget import NANO, Budget
from fairshare.privacy.events import Event, nano_rho
from fairshare.privacy.unit import PrivacyUnit
from fairshare.privacy.zcdp import epsilon_of_rho, rho_of_mironov

__all__ = ["Entry", "Ledger", "chain_hash", "replay_head"]


@dataclass(frozen=True)
class Entry:
    """One spend: what was asked, what it cost, and the hash that chains it to all before it."""

    event: dict[str, Any]
    nano_rho: int
    hash: str


def chain_hash(previous: str, event: dict[str, Any], cost: int) -> str:
    """The hash of a spend that follows ``previous``."""
    text = json.dumps([previous, event, cost], sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


class Ledger:
    """Refuses or records; the caller touches data only after ``charge`` returns.

    Args:
        budget: the promise of the run.
        unit: whom it protects.
    """

    def __init__(self, budget: Budget, unit: PrivacyUnit) -> None:
        self._budget = budget
        self._unit = unit
        self._lock = threading.Lock()
        self._entries: list[Entry] = []
        self._spent = 0
        self._distance = Fraction(0)

    def charge(self, event: Event) -> None:
        """Record a spend.

        Raises:
            BudgetError: the budget does not cover it; nothing is recorded.
        """
        if event.unit != self.unit:
            raise BudgetError(f"the event's unit ({event.unit}) must be the ledger's ({self.unit})")
        cost, distance, described = nano_rho(event), event.distance, event.describe()
        with self._lock:  # two threads must not spend the same remainder
            if cost < 0 or self._spent + cost > self.budget.nano_rho:
                raise BudgetError(
                    f"{described['call']} costs rho {cost / NANO:.9f} and {self.remaining / NANO:.9f} of "
                    f"{self.budget.rho:.9f} is left; raise epsilon or ask for less"
                )
            if distance < 0 or self._distance + distance > self.budget.slack:
                raise BudgetError("the samplers' distance from their ideals exceeds what delta reserves; raise delta")
            self._entries.append(Entry(described, cost, chain_hash(self.head, described, cost)))
            self._spent += cost
            self._distance += distance

    @property
    def budget(self) -> Budget:
        """The promise of the run."""
        return self._budget

    @property
    def unit(self) -> PrivacyUnit:
        """Whom it protects."""
        return self._unit

    def __iter__(self) -> Iterator[Entry]:
        """Copies of the entries: changing one changes no account."""
        return iter(deepcopy(self._entries))

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def spent(self) -> int:
        """Billionths of rho spent so far."""
        return self._spent

    @property
    def remaining(self) -> int:
        """Billionths of rho left."""
        return self.budget.nano_rho - self._spent

    @property
    def head(self) -> str:
        """Hash of the whole history; of the promise itself while nothing is spent."""
        if self._entries:
            return self._entries[-1].hash
        return chain_hash("fairshare-ledger-1", self._promise(), self.budget.nano_rho)

    def _promise(self) -> dict[str, Any]:
        usual = Budget(epsilon=self.budget.epsilon, delta=self.budget.delta).slack_share
        kept = {} if self.budget.slack_share == usual else {"slack_share": float(self.budget.slack_share)}
        return {
            **kept,
            "epsilon": self.budget.epsilon,
            "delta": self.budget.delta,
            "relation": self.unit.relation,
            "max_rows": self.unit.max_rows,
        }

    def to_dict(self) -> dict[str, Any]:
        """JSON-able account: the promise, each spend, and what was really spent in several currencies."""
        spent, delta = self._spent / NANO, self.budget.delta
        # A share of delta is kept for the samplers, so epsilon is what rho means at the rest of it; never above what
        # was promised, which holds in any case.
        rest = float(Fraction(delta) * (1 - self.budget.slack_share))
        return {
            "promise": self._promise(),
            "unit": self.unit.describe(),
            "accountant": "zCDP, adaptive composition by addition; amounts in billionths of rho, rounded up",
            "nano_rho_total": self.budget.nano_rho,
            "nano_rho_spent": self._spent,
            "nano_rho_unspent": self.remaining,
            "epsilon_spent_at_delta": min(epsilon_of_rho(spent, rest), self.budget.epsilon) if spent else 0.0,
            "renyi": f"(alpha, {spent:.9f} alpha)-RDP for every alpha > 1",
            "rho_by_the_older_conversion": rho_of_mironov(self.budget.epsilon, delta),
            "entries": [{**e.event, "nano_rho": e.nano_rho, "hash": e.hash} for e in self],
            "head": self.head,
        }


def replay_head(account: dict[str, Any]) -> str:
    """Recompute the head of a stored account from its promise and entries, for tamper checks."""
    head = chain_hash("fairshare-ledger-1", account["promise"], account["nano_rho_total"])
    for stored in account["entries"]:
        event = {k: v for k, v in stored.items() if k not in ("nano_rho", "hash")}
        head = chain_hash(head, event, stored["nano_rho"])
    return head
