"""The plan of a consortium: one public record that every party approves by its hash before anything is shared.

A plan says what is asked, at which price, of whom, and who may speak. Whoever changes any of it makes another plan,
with another hash, that nobody has approved; ``difference`` names what was changed.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, TypeVar

from fairshare.errors import SchemaError, UsageError
from fairshare.fairness import Fairness
from fairshare.marginals import Domain
from fairshare.mpc.channel import PARTIES
from fairshare.mpc.plan_sections import (
    DataChoice,
    FairChoice,
    Limits,
    MechanismChoice,
    Party,
    Promise,
    Role,
    check_party,
)
from fairshare.mpc.terms import SLACK_SHARE, Owner, Terms
from fairshare.privacy import Budget, PrivacyUnit
from fairshare.schema import Schema
from fairshare.schema.spec import Spec, nearest
from fairshare.version import __version__

__all__ = ["PROTOCOL", "Plan"]

#: Version of the protocols and of the frames that carry them.
PROTOCOL = 1

S = TypeVar("S", bound=Spec)

_MOST_PARTIES = 64

_SECTIONS: dict[str, type[Spec]] = {
    "privacy": Promise,
    "mechanism": MechanismChoice,
    "fairness": FairChoice,
    "data": DataChoice,
    "limits": Limits,
}
#: Sections that every plan has.
_ALWAYS = ("privacy", "mechanism", "data", "limits")
_SCALARS = ("format", "title", "fairshare", "protocol")


class Plan:
    """A checked plan.

    Args:
        fields: the tree of a plan file.

    Attributes:
        title: for people.
        privacy: the promise.
        mechanism: what the driver runs.
        fairness: roles and policy, or None.
        data: how the table is split.
        limits: deadlines and sizes.
        parties: in the plan's order; a party's place here is its number on the wire.
        schema: the public schema.

    Raises:
        UsageError: a field is missing, unknown, outside its range, or does not fit another one.
        SchemaError: the schema is malformed or not reviewed.
    """

    def __init__(self, fields: Mapping[str, Any]) -> None:
        _refuse_unknown(fields)
        self.title = str(fields.get("title", ""))
        self.fairshare = str(fields.get("fairshare", ""))
        self.protocol = fields.get("protocol")
        self.privacy = _section(Promise, "privacy", fields)
        self.mechanism = _section(MechanismChoice, "mechanism", fields)
        self.fairness = _section(FairChoice, "fairness", fields) if "fairness" in fields else None
        self.data = _section(DataChoice, "data", fields)
        self.limits = _section(Limits, "limits", {"limits": {}, **fields})
        self.parties = _parties(fields.get("parties"))
        self.schema = _schema(fields.get("schema"))
        self._check()

    @property
    def servers(self) -> tuple[Party, ...]:
        """The three servers; a server's place here is its number in the protocols."""
        return self._of("server")

    @property
    def holders(self) -> tuple[Party, ...]:
        """The data holders."""
        return self._of("holder")

    @property
    def driver(self) -> Party:
        """Who runs the mechanism."""
        return self._of("driver")[0]

    @property
    def budget(self) -> Budget:
        """The promise in the ledger's currency."""
        return Budget(epsilon=self.privacy.epsilon, delta=self.privacy.delta, slack_share=SLACK_SHARE)

    @property
    def unit(self) -> PrivacyUnit:
        """Whom the promise protects: a person may be at every holder, and each holder limits the rows that it has."""
        rows = (self.schema.max_rows_per_person or 1) * (1 if self.schema.person is None else len(self.holders))
        return PrivacyUnit(relation=self.privacy.relation, max_rows=rows)

    @property
    def domain(self) -> Domain:
        """The public domain."""
        return Domain.from_sizes(self.schema.sizes)

    @cached_property
    def terms(self) -> Terms:
        """What the servers enforce."""
        owners = tuple(Owner(name=h.name, attributes=self.columns_of(h), most_rows=h.most_rows) for h in self.holders)
        return Terms(
            domain=self.domain,
            budget=self.budget,
            unit=self.unit,
            owners=owners,
            noise=self.privacy.noise,
            order=self.data.order,
            max_cells=self.data.max_cells,
            context=self.digest,
        )

    @property
    def wish(self) -> Fairness | None:
        """The fairness to be met, if any."""
        return None if self.fairness is None else Fairness(**self.fairness.model_dump())

    def party(self, name: str) -> Party:
        """The party of this name.

        Raises:
            UsageError: there is none.
        """
        for party in self.parties:
            if party.name == name:
                return party
        raise UsageError(f"no party {name!r} in the plan: {nearest(name, tuple(p.name for p in self.parties))}")

    def number(self, name: str) -> int:
        """A party's number on the wire."""
        return self.parties.index(self.party(name))

    def columns_of(self, holder: Party) -> tuple[str, ...]:
        """The synthesised columns that a holder has, in the schema's order."""
        return tuple(c for c in self.schema.sizes if not holder.columns or c in holder.columns)

    @property
    def absent_fingerprints(self) -> tuple[str, ...]:
        """Parties whose certificate is not in the plan yet."""
        return tuple(p.name for p in self.parties if not p.fingerprint)

    def ready(self) -> None:
        """Refuse a plan that can't be approved yet, or that another version made.

        Raises:
            UsageError: fingerprints are missing, or versions differ.
        """
        if absent := self.absent_fingerprints:
            raise UsageError(
                f"the plan lacks the fingerprint of {', '.join(absent)}: each party runs 'fairshare consortium keys "
                "NAME' and sends the line that it prints"
            )
        if (self.fairshare, self.protocol) != (__version__, PROTOCOL):
            raise UsageError(
                f"the plan is for fairshare {self.fairshare}, protocol {self.protocol}; this is {__version__}, "
                f"protocol {PROTOCOL}: all parties must run the plan's version"
            )

    # -- the canonical form

    def to_dict(self) -> dict[str, Any]:
        """The plan as a tree that JSON can hold, every default written out."""
        fair = {} if self.fairness is None else {"fairness": self.fairness.model_dump(mode="json")}
        return {
            "format": 1,
            "title": self.title,
            "fairshare": self.fairshare,
            "protocol": self.protocol,
            **{
                name: getattr(self, name).model_dump(mode="json") for name in ("privacy", "mechanism", "data", "limits")
            },
            **fair,
            "parties": [p.model_dump(mode="json") for p in self.parties],
            "schema": self.schema.to_dict(),
        }

    @cached_property
    def canonical(self) -> bytes:
        """Canonical JSON: sorted keys, no spaces, ASCII."""
        text = json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
        return text.encode("ascii")

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the canonical form, in hex: what parties approve."""
        return hashlib.sha256(b"fairshare-plan-1\0" + self.canonical).hexdigest()

    def difference(self, other: "Plan") -> list[str]:
        """What differs, as ``privacy.epsilon (1.0 here, 2.0 there)``; empty for the same plan."""
        mine, theirs = (dict(_leaves("", p.to_dict())) for p in (self, other))
        changed = [k for k in [*mine, *(k for k in theirs if k not in mine)] if mine.get(k) != theirs.get(k)]
        return [f"{k} ({_shown(mine.get(k))} here, {_shown(theirs.get(k))} there)" for k in changed]

    # -- checks

    def _of(self, role: Role) -> tuple[Party, ...]:
        return tuple(p for p in self.parties if p.role == role)

    def _check(self) -> None:
        if not self.fairshare or not isinstance(self.protocol, int):
            raise UsageError(f'the plan must say fairshare = "{__version__}" and protocol = {PROTOCOL}')
        expected = self.schema.expected_rows
        if expected is not None and self.privacy.delta * expected >= 1:
            raise UsageError(
                f"privacy.delta ({self.privacy.delta}) must be below 1/expected_rows; 1e-9 is a good choice"
            )
        if self.wish is not None:
            self.wish.check(self.domain)
        self._check_parties()
        self._check_split()

    def _check_parties(self) -> None:
        for role, least, most in (("server", PARTIES, PARTIES), ("holder", 1, _MOST_PARTIES), ("driver", 1, 1)):
            found = len(self._of(role))  # type: ignore[arg-type]
            if not least <= found <= most:
                number = f"{least}" if least == most else f"{least} to {most}"
                raise UsageError(f"parties must hold {number} of role {role!r}, and hold {found}")
        for field in ("name", "fingerprint", "address"):
            values = [value for p in self.parties if (value := getattr(p, field))]
            if twice := sorted({v for v in values if values.count(v) > 1}):
                raise UsageError(f"parties must have different {field}s, but {twice[0]!r} repeats")
        for party in self.parties:
            check_party(party)

    def _check_split(self) -> None:
        split, sizes = self.data.partition != "horizontal", self.schema.sizes
        if split != (self.data.record_key is not None):
            raise UsageError(
                f"data.record_key must name the column that matches records when columns are split, and only then; the "
                f"partition is {self.data.partition}"
            )
        if split and self.schema.person is not None:
            raise UsageError(
                f"schema.person ({self.schema.person!r}) must be left out where columns are split: there the promise "
                "is about one record's values, and a person with several record keys could not be limited"
            )
        if split and self.data.record_key in sizes:
            raise UsageError(f"data.record_key ({self.data.record_key!r}) must not be a synthesised column")
        for holder in self.holders:
            for column in holder.columns:
                if column not in sizes:
                    raise UsageError(f"columns of {holder.name} name {column!r}: {nearest(column, tuple(sizes))}")
        found = self.terms.partition
        if found != self.data.partition:
            raise UsageError(
                f"data.partition ({self.data.partition!r}) must be {found!r}: that is how columns are held"
            )


def _refuse_unknown(fields: Mapping[str, Any]) -> None:
    known = (*_SCALARS, *_SECTIONS, "parties", "schema")
    for name in fields:
        if name not in known:
            raise UsageError(f"unknown key {name!r} in the plan: {nearest(str(name), known)}")
    if fields.get("format") != 1:
        raise UsageError(f"format ({fields.get('format')!r}) of the plan must be 1")


def _section(kind: type[S], name: str, fields: Mapping[str, Any]) -> S:
    found = fields.get(name)
    if not isinstance(found, Mapping):
        raise UsageError(f"the plan must have a section [{name}]")
    try:
        return kind(**found)
    except SchemaError as error:
        raise UsageError(f"{name}: {error}") from None


def _parties(found: Any) -> tuple[Party, ...]:
    if not isinstance(found, Sequence) or not all(isinstance(p, Mapping) for p in found):
        raise UsageError("the plan must have a [[parties]] table for each party")
    if len(found) > _MOST_PARTIES:
        raise UsageError(f"parties ({len(found)}) must be at most {_MOST_PARTIES}")
    made = []
    for number, fields in enumerate(found, start=1):
        name = fields.get("name", f"number {number}")
        made.append(_section(Party, f"party {name}", {f"party {name}": fields}))
    return tuple(made)


def _schema(found: Any) -> Schema:
    if not isinstance(found, Mapping):
        raise UsageError("the plan must hold the public schema, as [schema] and [[schema.columns]]")
    schema = Schema.from_dict(found)
    if schema.unreviewed:
        raise SchemaError(
            f"the schema holds values that nobody has reviewed ({', '.join(schema.unreviewed[:8])}): the other parties "
            "would read them; see 'fairshare schema check'"
        )
    if not schema.sizes:
        raise SchemaError("the schema must have at least one column to synthesise; it has only keys")
    return schema


def _leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Every leaf with its path; entries of lists of records go by their names."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(f"{path}.{key}" if path else key, item)
    elif isinstance(value, list) and value and all(isinstance(i, Mapping) and "name" in i for i in value):
        yield f"{path} (order)", [i["name"] for i in value]
        for item in value:
            yield from _leaves(f"{path}.{item['name']}", item)
    else:
        yield path, value


def _shown(value: Any) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
