"""Heads of the servers' ledgers, signed by each for the others, so that a ledger that is put back shows.

After each call, and before the driver has the answer, each server signs where the call left its ledger: plan, session,
number of charges, head. The others compare it with their own, which the same calls must have made equal, and keep it in
their files. A server whose file later lacks charges, or is another, is contradicted by its own signature in the two
other files.

Files can be compared without signatures, too, after a run that died: servers agree on a call before they charge it, and
none charges one before all have charged the one before, so two chains differ by one charge at most, and neither
contradicts the other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from typing import Protocol

from fairshare.errors import IntegrityError, PeerError
from fairshare.mpc.encoding import decode, encode
from fairshare.mpc.plan import Plan
from fairshare.mpc.wire.certificates import Identity, sign, verify
from fairshare.mpc.wire.frames import Kind
from fairshare.mpc.wire.hub import Hub

__all__ = ["Standing", "compare", "exchange"]

_PURPOSE = b"fairshare-standing-1\0"
_LIMIT = 1 << 16


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Where a run left a server's ledger, as that server says.

    Attributes:
        server: whose ledger.
        plan: hash of the plan.
        session: of the run.
        charges: how many spends it holds.
        head: hash of its whole history.
        signature: the server's, in hex, under all the rest.
    """

    server: str
    plan: str
    session: str
    charges: int
    head: str
    signature: str = ""

    def checked(self) -> "Standing":
        """Itself.

        Raises:
            TypeError: a field is of the wrong type.
        """
        texts = (self.server, self.plan, self.session, self.head, self.signature)
        if type(self.charges) is not int or not all(type(text) is str for text in texts):
            raise TypeError("standing")
        return self

    def signed(self, identity: Identity) -> "Standing":
        """The same under a signature."""
        return replace(self, signature=sign(identity, self._message()))

    def authentic(self, certificate: str) -> bool:
        """Whether the owner of the certificate signed it."""
        return verify(certificate, self._message(), self.signature)

    def to_bytes(self) -> bytes:
        """Its one encoding."""
        return encode({**self._facts(), "signature": self.signature})

    @classmethod
    def from_bytes(cls, data: bytes) -> "Standing":
        """Decode.

        Raises:
            PeerError: it is malformed.
        """
        body, arrays = decode(data, limit=_LIMIT)
        try:
            if not arrays:
                return cls(**body).checked()
        except TypeError:
            pass
        raise PeerError("a ledger's standing is malformed; are all versions the same?")

    def _facts(self) -> dict[str, str | int]:
        own = {"server": self.server, "plan": self.plan, "session": self.session}
        return {**own, "charges": self.charges, "head": self.head}

    def _message(self) -> bytes:
        return _PURPOSE + encode(self._facts())


def exchange(hub: Hub, identity: Identity, certificates: Mapping[str, str], own: Standing) -> list[Standing]:
    """Sign our standing, and take the two others', which must be the same.

    Returns:
        All three, ours first.

    Raises:
        PeerError: a server does not answer.
        IntegrityError: a server's ledger stands elsewhere, or its signature does not verify.
    """
    found, others = [own.signed(identity)], [s.name for s in hub.plan.servers if s.name != hub.name]
    for name in others:
        hub.send(name, Kind.STANDING, found[0].to_bytes())
    for name in others:
        told = Standing.from_bytes(hub.receive(name, Kind.STANDING, hub.plan.limits.step_seconds).payload)
        if replace(told, signature="") != replace(own, server=name):
            raise IntegrityError(f"the ledger of {name} stands elsewhere than ours; keep both files and compare them")
        if not told.authentic(certificates[name]):
            raise IntegrityError(f"the signature of {name} under its ledger's head does not verify")
        found.append(told)
    return found


class _Chain(Protocol):
    """What is compared of a server's file (``durable.Kept``)."""

    @property
    def heads(self) -> Sequence[str]: ...

    @property
    def standings(self) -> Sequence[Standing]: ...


def compare(plan: Plan, certificates: Mapping[str, str], files: Mapping[str, _Chain]) -> dict[str, list[str]]:
    """Hold servers' ledgers against one another and against what each has signed.

    Args:
        plan: whose ledgers.
        certificates: of its parties, PEM.
        files: of each server, what its file holds (``durable.kept_in``).

    Returns:
        For each server in ``files`` the servers whose files hold its signature under the state that it is in.

    Raises:
        IntegrityError: a ledger lacks charges, or holds others than it should; says whose, and what contradicts it.
    """
    vouching: dict[str, list[str]] = {name: [] for name in files}
    for keeper, file in files.items():
        for standing in file.standings:
            if standing.plan != plan.digest or not standing.authentic(certificates.get(standing.server, "")):
                raise IntegrityError(f"a signature in the ledger of {keeper} does not verify; its file was changed")
            if standing.server not in files:
                continue
            heads = files[standing.server].heads
            if standing.charges >= len(heads) or heads[standing.charges] != standing.head:
                raise IntegrityError(
                    f"the ledger of {standing.server} holds {max(len(heads) - 1, 0)} charges, and {standing.server} "
                    f"signed for {standing.charges} (in the ledger of {keeper}): it was put back or replaced"
                )
            if keeper != standing.server:
                vouching[standing.server].append(keeper)
    for (name, file), (other, theirs) in permutations(files.items(), 2):
        if (
            len(file.heads) < len(theirs.heads) - 1
            or file.heads[: len(theirs.heads)] != theirs.heads[: len(file.heads)]
        ):
            raise IntegrityError(
                f"the ledger of {name} lacks charges that the ledger of {other} holds, or holds others: one was changed"
            )
    return vouching
