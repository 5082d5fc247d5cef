"""What three servers enforce, as public facts: the part of a plan that protocols and budgets depend on."""

import hashlib
import json
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from itertools import combinations
from typing import Literal, get_args

from fairshare.errors import UsageError
from fairshare.marginals import Clique, Domain
from fairshare.mpc.ring import Ring, score_ring, smallest_ring
from fairshare.privacy import Budget, PrivacyUnit

__all__ = ["SLACK_SHARE", "NoiseMode", "Owner", "Terms"]

NoiseMode = Literal["joint", "distributed"]

#: The share of delta that a consortium's budget keeps for its samplers' distance from their ideals: 64-bit thresholds,
#: and selections that may fail to accept. It lowers rho by some 1%; 240 rounds of AIM need a tenth of it.
SLACK_SHARE = Fraction(1, 4)

_MOST_ROWS = 2**31 - 1
_MOST_OWNERS = 64
_MOST_ORDER = 4
#: Most cells of the marginals that one holder shares ahead.
_MOST_SHARED = 1 << 26


@dataclass(frozen=True, kw_only=True)
class Owner:
    """A data holder.

    Attributes:
        name: unique.
        attributes: the columns that it has, in the domain's order; all of them, or only some.
        most_rows: rows that it may have at most.
    """

    name: str
    attributes: tuple[str, ...]
    most_rows: int


@dataclass(frozen=True, kw_only=True)
class Terms:
    """Public facts that all servers, holders and the driver agree on before anything is shared.

    An owner of all columns shares counts of its rows, and its number of rows stays hidden. Owners of some columns share
    their rows (one-hot codes) too, under keyed hashes of record keys, and the servers see how many there are.

    Attributes:
        domain: attributes and sizes.
        budget: the promise; made with ``slack_share=SLACK_SHARE``.
        unit: whom it protects. Where columns are split: one row replaced, since the servers see which records exist.
        owners: all data holders.
        noise: how noise is made.
        order: marginals of up to this many columns are shared or computed ahead.
        max_cells: those of three or more columns only with at most this many cells.
        context: hash of the plan that these terms are part of.
        least_bits: use no smaller ring for counts and scores (32 or 64); tests have a reason.

    Raises:
        UsageError: what does not fit.
    """

    domain: Domain
    budget: Budget
    unit: PrivacyUnit
    owners: tuple[Owner, ...]
    noise: NoiseMode = "joint"
    order: int = 2
    max_cells: int = 10_000
    context: str = ""
    least_bits: int = field(default=32, repr=False)

    def __post_init__(self) -> None:
        if self.noise not in get_args(NoiseMode):
            raise UsageError(f"noise ({self.noise!r}) must be one of {', '.join(get_args(NoiseMode))}")
        if not 1 <= self.order <= _MOST_ORDER:
            raise UsageError(f"order ({self.order}) of shared marginals must be between 1 and {_MOST_ORDER}")
        if not 1 <= len(self.owners) <= _MOST_OWNERS:
            raise UsageError(f"owners ({len(self.owners)} of them) must be between 1 and {_MOST_OWNERS}")
        if len({o.name for o in self.owners}) != len(self.owners):
            raise UsageError("owners must have different names")
        for owner in self.owners:
            self._check_owner(owner)
        if missing := [a for a in self.domain if not any(a in o.attributes for o in self.owners)]:
            raise UsageError(f"no owner has column {missing[0]!r}; every column must have one")
        if self.most_rows > _MOST_ROWS:
            raise UsageError(f"most_rows ({self.most_rows} in all) must be at most {_MOST_ROWS}")
        if self.split and self.unit != PrivacyUnit(relation="replace-one"):
            raise UsageError(
                f"relation ({self.unit.describe()}) must be replace-one, one row a unit, where columns are split: the "
                "servers see which records exist, so their presence is not protected; set relation = 'replace-one'"
            )

    def _check_owner(self, owner: Owner) -> None:
        if not owner.attributes or owner.attributes != self.domain.clique(owner.attributes):
            raise UsageError(f"columns of {owner.name} must be named once each, in the schema's order")
        if not 1 <= owner.most_rows <= _MOST_ROWS:
            raise UsageError(f"most_rows ({owner.most_rows}) of {owner.name} must be between 1 and {_MOST_ROWS}")
        if sum(self.domain.cells(c) for c in self.shared(owner)) > _MOST_SHARED:
            raise UsageError(
                f"the marginals of {owner.name} have more than {_MOST_SHARED} cells in all; lower max_cells, or use "
                "coarser bins"
            )

    def is_whole(self, owner: Owner) -> bool:
        """Whether an owner has all columns."""
        return owner.attributes == self.domain.attributes

    @property
    def split(self) -> bool:
        """Whether any record's columns lie with several owners."""
        return not all(map(self.is_whole, self.owners))

    @property
    def partition(self) -> str:
        """``horizontal``, ``vertical`` or ``mixed``."""
        if not self.split:
            return "horizontal"
        columns = [a for o in self.owners for a in o.attributes]
        return "vertical" if len(columns) == len(set(columns)) else "mixed"

    @property
    def most_rows(self) -> int:
        """Records that there may be at most."""
        return max(sum(o.most_rows for o in self.owners if a in o.attributes) for a in self.domain)

    @property
    def ring(self) -> Ring:
        """Where counts are kept: room for all records."""
        return max(score_ring(self.most_rows), score_ring((1 << self.least_bits - 1) - 1), key=lambda r: r.bits)

    @property
    def row_ring(self) -> Ring:
        """Where shared rows are counted: room for all records, and for all codes of a column at once.

        With as many codes as the ring has elements, and one more, a record of ones only would add up to one.
        """
        return smallest_ring(max(self.most_rows, *self.domain.shape))

    def shared(self, owner: Owner) -> list[Clique]:
        """The marginals that an owner counts and shares, in the order in which it shares them."""
        cliques = (c for k in range(1, self.order + 1) for c in combinations(owner.attributes, k))
        return [c for c in cliques if len(c) <= 2 or self.domain.cells(c) <= self.max_cells]

    @cached_property
    def whole_shared(self) -> frozenset[Clique] | None:
        """The marginals that owners of all columns share; others cannot be asked. None where there is no such owner."""
        whole = [o for o in self.owners if self.is_whole(o)]
        return frozenset(self.shared(whole[0])) if whole else None

    def owner(self, name: str) -> Owner:
        """The owner of this name.

        Raises:
            UsageError: there is none.
        """
        for owner in self.owners:
            if owner.name == name:
                return owner
        raise UsageError(f"owner ({name!r}) must be one of {', '.join(o.name for o in self.owners)}")

    @cached_property
    def digest(self) -> str:
        """SHA-256 of everything here, in hex: bound into every contribution."""
        facts = {
            "domain": [list(self.domain.attributes), list(self.domain.shape)],
            "budget": [self.budget.epsilon, self.budget.delta, str(self.budget.slack_share)],
            "unit": [self.unit.relation, self.unit.max_rows],
            "owners": [[o.name, list(o.attributes), o.most_rows] for o in self.owners],
            "noise": self.noise,
            "shared": [self.order, self.max_cells],
            "ring": self.ring.bits,
            "context": self.context,
        }
        text = json.dumps(facts, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(b"fairshare-terms-1\0" + text.encode()).hexdigest()
