"""An attack on all tables of one target, summed up, and held against the promise."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from statistics import mean
from typing import Any

from benchmarks.peers.attacks.field import ATTACKS, TARGETS, Attack, Target, on
from benchmarks.peers.report import done
from benchmarks.peers.store import Store

__all__ = ["Summary", "allowed", "broken", "summary"]


@dataclass(frozen=True, kw_only=True)
class Summary:
    """All tables of a target.

    Attributes:
        tables, guesses: how many tables, and guesses in all.
        main, control, naive: shares of guesses that were right.
        ceiling: the upper end of the control's interval.
        risk: the mean of anonymeter's, (main - control) / (1 - control), below 0 counted as 0.
        low, high: the lowest and the highest end of the tables' 95% intervals.
    """

    tables: int
    guesses: int
    main: float
    control: float
    naive: float
    ceiling: float
    risk: float
    low: float
    high: float


def summary(store: Store, target: Target, attack: Attack) -> Summary | None:
    """What an attack found; None where it never ran to its end."""
    found = [record["found"] for record in done(store, on(target.name, attack))]
    if not found:
        return None
    guesses = sum(f["guesses"] for f in found)
    return Summary(
        tables=len(found),
        guesses=guesses,
        **{name: sum(f[name]["right"] for f in found) / guesses for name in ("main", "control", "naive")},
        ceiling=mean(_ceiling(f) for f in found),
        risk=mean(f["risk"] for f in found),
        low=min(f["low"] for f in found),
        high=max(f["high"] for f in found),
    )


def allowed(epsilon: float, control: float) -> float:
    """The largest share of right guesses on rows of the table that the promise allows.

    A guess about one row, made from the synthetic rows, is right with probability p if the synthesis saw the row and q
    if it did not; (epsilon, delta)-DP bounds p by e^epsilon q + delta, and 1 - q by e^epsilon (1 - p) + delta. The
    control measures q, up to one row more or less in the table; a delta of 1e-9 does not show. (Success is a matter of
    the one row and the table, but for the scale of numbers, which anonymeter takes from all rows guessed about.)

    Args:
        epsilon: of the promise, for one row more or less.
        control: the share of right guesses on rows that were not seen.
    """
    return min(math.exp(epsilon) * control, 1 - math.exp(-epsilon) * (1 - control))


def broken(store: Store) -> list[str]:
    """Where an attack, beyond its margin of error, did better than the promise allows: a fault of ours."""
    return list(_broken(store))


def _broken(store: Store) -> Iterator[str]:
    promised = [(target.name, target.epsilon) for target in TARGETS if target.epsilon is not None]
    for (name, epsilon), attack in product(promised, [attack for attack in ATTACKS if attack.by_row]):
        for record in done(store, on(name, attack)):
            main, limit = record["found"]["main"], allowed(epsilon, _ceiling(record["found"]))
            if main["rate"] - main["error"] > limit:
                yield f"{record['entry']}: right in {main['rate']:.3f} of guesses, {limit:.3f} allowed"


def _ceiling(found: dict[str, Any]) -> float:
    return min(1.0, float(found["control"]["rate"] + found["control"]["error"]))
