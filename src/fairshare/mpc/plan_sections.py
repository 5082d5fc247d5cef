"""The sections of a plan: what is promised, asked, split, waited for, and who takes part."""

import re
from typing import Annotated, Literal

from pydantic import Field

from fairshare.errors import UsageError
from fairshare.schema.spec import Label, Spec

__all__ = ["DataChoice", "FairChoice", "Limits", "MechanismChoice", "Party", "Promise", "Role", "check_party"]

Role = Literal["server", "holder", "driver"]
Partition = Literal["horizontal", "vertical", "mixed"]

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_FINGERPRINT = re.compile(r"[0-9a-f]{64}")
_ADDRESS = re.compile(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):([0-9]{1,5})")

_Rows = Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)]


class Promise(Spec):
    """What is promised, and about whom; ``max_rows_per_person`` is the schema's.

    Attributes:
        epsilon: in (0, 64].
        delta: in [2^-64, 1).
        relation: see ``PrivacyUnit``.
        noise: ``joint`` (drawn inside the computation; nobody knows any part of it) or ``distributed`` (each server
            adds its own; cheaper, and wider by sqrt(3/2)).
        security: what the servers are trusted with: at most one is curious, all follow the protocol.
    """

    epsilon: float
    delta: float
    relation: Literal["add-remove", "replace-one"] = "add-remove"
    noise: Literal["joint", "distributed"] = "joint"
    security: Literal["semi-honest"] = "semi-honest"


class MechanismChoice(Spec):
    """The mechanism that the driver runs, and its knobs where they are not the defaults."""

    name: Label
    knobs: dict[str, bool | int | float | str] = Field(default_factory=dict)


class FairChoice(Spec):
    """Roles and policy; see ``Fairness``."""

    protected: tuple[Label, ...]
    admissible: tuple[Label, ...]
    outcome: tuple[Label, ...]
    policy: Literal["strict", "justifiable", "exact"] = "strict"
    saturate: bool = False


class DataChoice(Spec):
    """How the table is split.

    Attributes:
        partition: ``horizontal`` (each holder has some rows, with all columns), ``vertical`` (each has some columns,
            of all rows) or ``mixed``.
        record_key: the column of each holder's file that names the record, where columns are split.
        order: marginals of up to this many columns are shared, so that the mechanism may ask for them.
        max_cells: those of three or more columns only with at most this many cells.
    """

    partition: Partition
    record_key: Label | None = None
    order: Annotated[int, Field(strict=True, ge=1, le=4)] = 2
    max_cells: Annotated[int, Field(strict=True, ge=1, le=2**26)] = 10_000


class Limits(Spec):
    """How long parties wait, and how much they read.

    Attributes:
        start_seconds: for a party that has not come yet.
        step_seconds: for a party's next message while it must be working.
        driver_seconds: for the driver's next call: it fits models in between.
        frame_mb: largest message, in MiB.
    """

    start_seconds: Annotated[float, Field(gt=0, le=7 * 86400)] = 600.0
    step_seconds: Annotated[float, Field(gt=0, le=86400)] = 120.0
    driver_seconds: Annotated[float, Field(gt=0, le=86400)] = 3600.0
    frame_mb: Annotated[int, Field(strict=True, ge=1, le=4095)] = 1024


class Party(Spec):
    """Who takes part.

    Attributes:
        name: short, lower case, unique.
        role: three servers compute, holders share, one driver asks.
        fingerprint: SHA-256 of the party's certificate, in hex; empty until it has sent it.
        address: ``host:port`` where a server listens.
        columns: which columns a holder has, where columns are split.
        rows: a holder's number of rows, where that is public.
        row_cap: else the most rows that it may have; the number itself stays hidden where the partition allows.
    """

    name: Label
    role: Role
    fingerprint: Label = ""
    address: Label | None = None
    columns: tuple[Label, ...] = ()
    rows: _Rows | None = None
    row_cap: _Rows | None = None

    @property
    def most_rows(self) -> int:
        """The most rows that a holder may have."""
        return self.rows or self.row_cap or 0

    @property
    def endpoint(self) -> tuple[str, int]:
        """Host and port of a server.

        Raises:
            UsageError: there is none.
        """
        found = _ADDRESS.fullmatch(self.address or "")
        if found is None or not 1 <= int(found[2]) <= 65535:
            raise UsageError(
                f"address ({self.address!r}) of {self.name} must be host:port, such as s1.example.org:7001"
            )
        return found[1].strip("[]"), int(found[2])


def check_party(party: Party) -> None:
    """Refuse a party whose fields do not fit its role.

    Raises:
        UsageError: names the party and the field.
    """
    if not _NAME.fullmatch(party.name):
        raise UsageError(f"name ({party.name!r}) must be 1 to 32 of a-z, 0-9 and -, and not begin with -")
    if party.fingerprint and not _FINGERPRINT.fullmatch(party.fingerprint):
        raise UsageError(f"fingerprint of {party.name} must be 64 hex digits, as 'consortium keys' prints it")
    if party.role == "server":
        _ = party.endpoint
    elif party.address is not None:
        raise UsageError(f"address of {party.name} must be absent: only servers listen")
    if party.role == "holder":
        if (party.rows is None) == (party.row_cap is None):
            raise UsageError(f"holder {party.name} must have either rows (public) or row_cap (the most it may have)")
    elif party.columns or party.most_rows:
        raise UsageError(f"columns, rows and row_cap of {party.name} must be absent: it is no holder")
