"""What is attacked, and how."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from benchmarks.peers.field import ENTRIES, OURS, Entry, Library
from benchmarks.peers.report import BASELINES

__all__ = ["ANONYMETER", "APART", "ATTACKS", "OTHERS", "REAL_ROWS", "TARGETS", "Attack", "Target", "made", "on"]

#: The attacker. Its pins (numpy below 1.27) exclude ours, so it is never beside fairshare.
ANONYMETER = Library(
    name="anonymeter",
    requires=("anonymeter==1.1.0",),
    versions=("anonymeter", "numpy", "pandas", "polars"),
    licence="BSD 3-Clause Clear",
)

REAL_ROWS, APART = BASELINES
#: Rows of the same table that are neither attacked nor the control: where there is nothing to find.
OTHERS = "other real rows"


@dataclass(frozen=True, kw_only=True)
class Target:
    """A table that is attacked.

    Attributes:
        name: for people and files.
        entry: what makes it; without one it is a reference.
        epsilon: of the promise, where there is one.
        runs: tables made, each attacked.
    """

    name: str
    entry: Entry | None = None
    epsilon: float | None = None
    runs: int = 1


@dataclass(frozen=True, kw_only=True)
class Attack:
    """An attack.

    Attributes:
        name: for people and records.
        meaning: what the attacker does, for people.
        kind, options: for ``drivers/run_anonymeter.py``.
        by_row: whether a guess is about a row that the attacker half knows, so that the promise bounds its success.
    """

    name: str
    meaning: str
    kind: str
    options: Mapping[str, Any] = field(default_factory=dict)
    by_row: bool = False


# What a register or an acquaintance may know of a person, and what an employer or a bank does.
_PERSON = ("age", "education", "education-num", "marital-status", "relationship", "race", "sex", "native-country")
_WORK = ("workclass", "fnlwgt", "occupation", "capital-gain", "capital-loss", "hours-per-week", "income")

ATTACKS = (
    Attack(
        name="singling out by one column",
        meaning="a value that exactly one synthetic row has, or the smallest or largest of a column; it succeeds if "
        "exactly one attacked row has it too. There are as many guesses as the synthetic rows have such values",
        kind="univariate",
    ),
    Attack(
        name="singling out by four columns",
        meaning="values of four random columns that exactly one synthetic row has; it succeeds if exactly one attacked "
        "row has them too",
        kind="multivariate",
        options={"columns": 4},
    ),
    Attack(
        name="linkability",
        meaning="the attacker holds two halves of a row, one with what an acquaintance knows (age, education, marital "
        "status, relationship, race, sex, country), one with what an employer or a bank knows (the rest), and links "
        "them if their ten nearest synthetic rows have one in common",
        kind="linkability",
        options={"halves": [_PERSON, _WORK], "neighbours": 10},
        by_row=True,
    ),
    *(
        Attack(
            name=f"inference of {secret}",
            meaning=f"the attacker knows all of a row but its {secret}, and takes that of the nearest synthetic row",
            kind="inference",
            options={"secret": secret},
            by_row=True,
        )
        for secret in ("income", "race")
    ),
)

_OURS = {entry.label: entry for entry in ENTRIES if entry.library == OURS}
_COPULA = next(entry for entry in ENTRIES if entry.library == "sdv")
_MST, _SWIFT = _OURS["MST"], _OURS["SWIFT"]
_FAIR = Entry(library=OURS, label="MST, strictly fair", mechanism="MST", fair=True)


def _ours(entry: Entry, epsilon: float) -> Target:
    return Target(name=f"{OURS} {entry.label}, epsilon {epsilon:g}", entry=entry, epsilon=epsilon, runs=3)


#: The references first: they show whether the attacks can find anything.
TARGETS = (
    Target(name=REAL_ROWS),
    Target(name=OTHERS),
    Target(name=APART),
    Target(name="sdv Gaussian copula", entry=_COPULA),
    *(_ours(entry, 1.0) for entry in (_MST, _SWIFT, _FAIR)),
    *(_ours(entry, epsilon) for epsilon in (10.0, 64.0) for entry in (_MST, _SWIFT)),
)


def made(target: str) -> str:
    """The entry under which the making of a table is on record."""
    return f"{target}: made"


def on(target: str, attack: Attack) -> str:
    """The entry under which an attack on a table is on record."""
    return f"{target}: {attack.name}"
