"""What each party's process does, from the first handshake to the last goodbye."""

import hashlib
import hmac
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairshare.counting import CountingEngine
from fairshare.errors import FairshareError, IntegrityError, UsageError
from fairshare.mpc.alignment import in_random_order, record_hashes
from fairshare.mpc.channel import Traffic
from fairshare.mpc.contribution import Contribution, contribute
from fairshare.mpc.plan import Plan
from fairshare.mpc.requests import (
    REQUEST_LIMIT,
    Answer,
    Finish,
    Refusal,
    Request,
    reply_from_bytes,
    request_from_bytes,
)
from fairshare.mpc.rounds import complete
from fairshare.mpc.server import Server
from fairshare.mpc.session import Session, establish
from fairshare.mpc.wire.certificates import Identity
from fairshare.mpc.wire.channel import TlsChannel
from fairshare.mpc.wire.durable import ServerLedger, ledger_file
from fairshare.mpc.wire.frames import Kind
from fairshare.mpc.wire.hub import Hub
from fairshare.mpc.wire.session import ServerOpening, join, learn_session, wait_for
from fairshare.mpc.wire.witness import Standing, exchange

__all__ = ["Driver", "Node", "Served", "serve", "share"]

#: Told where a node is, in a few words for a person.
Report = Callable[[str], None]
Codes = Mapping[str, NDArray[np.unsignedinteger[Any]]]


@dataclass(frozen=True, kw_only=True)
class Node:
    """Who runs a process, under which plan.

    Attributes:
        plan: approved.
        identity: the party's.
        certificates: everybody's, PEM; see ``approvals.certificates``.
        report: told where it is.
        delay: seconds added to each frame's way, to imitate a distant network.
    """

    plan: Plan
    identity: Identity
    certificates: dict[str, str]
    report: Report = lambda _: None
    delay: float = 0.0

    def hub(self, bind: tuple[str, int] | None = None) -> Hub:
        """Its place in the network.

        Raises:
            UsageError: its certificate is not the one in the plan.
        """
        if self.identity.fingerprint != self.plan.party(self.identity.name).fingerprint:
            raise UsageError(
                f"{self.identity.certificate} is not the certificate that the plan names for {self.identity.name}"
            )
        return Hub(self.plan, self.identity, self.certificates, bind=bind, delay=self.delay, note=self.report)


@dataclass(frozen=True, kw_only=True)
class Served:
    """What a server did.

    Attributes:
        calls: how many of the driver's calls it answered.
        traffic: bytes and rounds between servers.
        spent: share of the budget.
        session: the session id.
    """

    calls: int
    traffic: Traffic
    spent: float
    session: str


def serve(node: Node, state: Path, *, bind: tuple[str, int] | None = None) -> Served:
    """Run one of the three servers, once.

    Args:
        node: the server.
        state: folder of its ledgers.
        bind: where to listen, if not at the plan's address.

    Raises:
        PeerError: a party does not come, goes, or does not do as agreed.
        IntegrityError: a party shows another plan, or sent what it must not.
        BudgetError: this plan's budget was spent by an earlier run.
        DataError: holders' records do not fit together.
    """
    plan, name = node.plan, node.identity.name
    party = [s.name for s in plan.servers].index(name)
    ledger = ServerLedger(ledger_file(state, plan, name), plan)
    server = Server(plan.terms, party, ledger=ledger)
    with closing(ledger), node.hub(bind or plan.party(name).endpoint).closing() as hub:
        opening = ServerOpening(hub)
        node.report("listening; waiting for the other servers")
        opening.meet_servers()
        node.report("linked with the other servers; waiting for holders and driver")
        _collect(node, hub, opening, server)
        session_id = opening.seal()
        channel = TlsChannel(hub, deadline=plan.limits.step_seconds)
        session = complete(establish(channel))
        complete(server.begin(session))
        node.report("secret marginals made; serving")
        calls = _answer(node, hub, server, session, ledger=ledger, named=session_id.hex())
        hub.flush(plan.limits.step_seconds)
    return Served(calls=calls, traffic=channel.traffic, spent=ledger.share, session=session_id.hex())


def _countersign(node: Node, hub: Hub, ledger: ServerLedger, session: str) -> None:
    """Sign for the others where a call left our ledger, and keep what they sign; before the driver has its answer."""
    own = Standing(server=hub.name, plan=node.plan.digest, session=session, charges=ledger.charges, head=ledger.head)
    for standing in exchange(hub, node.identity, node.certificates, own):
        ledger.keep(standing)


def _collect(node: Node, hub: Hub, opening: ServerOpening, server: Server) -> None:
    """Meet every holder and the driver in any order, and take the holders' shares as they come."""
    plan, seconds = node.plan, node.plan.limits.start_seconds
    deadline = time.monotonic() + seconds
    awaited, sharing = [plan.driver.name, *server.missing], []
    while awaited:
        for name in opening.greet():
            if name == plan.driver.name:
                awaited.remove(name)
                node.report(f"{name} (driver) is here")
            else:
                sharing.append(name)
        for name in list(sharing):
            if (frame := hub.poll(name, Kind.CONTRIBUTION)) is not None:
                _take(node, hub, server, name, frame.payload)
                sharing.remove(name)
                awaited.remove(name)
        if awaited:
            wait_for(hub, awaited, deadline, seconds)


def _take(node: Node, hub: Hub, server: Server, name: str, payload: bytes) -> None:
    contribution = Contribution.from_bytes(payload, node.plan.terms, server.party)
    if contribution.owner != name:
        raise IntegrityError(f"{name} sent a contribution of {contribution.owner}; the run was stopped")
    server.accept(contribution)
    hub.send(name, Kind.RECEIPT, b"")
    hub.dismiss(name)
    node.report(f"{name} has shared ({len(payload):,} bytes)")


def _answer(node: Node, hub: Hub, server: Server, session: Session, *, ledger: ServerLedger, named: str) -> int:
    """The driver's calls in the session of this name, until it has no more; how many."""
    driver, limits, calls = node.plan.driver.name, node.plan.limits, 0
    while server.state != "finished":
        frame = hub.receive(driver, Kind.REQUEST, limits.driver_seconds)
        request = request_from_bytes(frame.payload)
        reply: Answer | Refusal
        try:
            reply = complete(server.answer(session, request))
        except FairshareError as error:
            if server.state == "broken":
                raise
            reply = Refusal.of(error)  # nothing was charged or opened
        if isinstance(reply, Answer):
            _countersign(node, hub, ledger, named)
        hub.send(driver, Kind.ANSWER, reply.to_bytes())
        hub.flush(limits.step_seconds)
        complete(server.make_ahead(session))  # while the driver thinks
        if not isinstance(request, Finish):
            calls += 1
            said = "answered" if isinstance(reply, Answer) else "refused"
            node.report(
                f"{said} call {calls} ({type(request).__name__.lower()}); {ledger.share:.1%} of the budget spent"
            )
    return calls


def share(
    node: Node, table: Codes | CountingEngine, keys: Sequence[object] | None = None, secret: bytes | None = None
) -> int:
    """Run a data holder: share once, and leave.

    Args:
        node: the holder.
        table: one array of codes for each of its columns, or an engine that counts its rows; see ``contribute``.
        keys: of its records, where columns are split.
        secret: known to all holders and to no server; the run's key for record hashes is derived from it.

    Returns:
        Bytes sent.

    Raises:
        DataError: too many rows, repeated keys, or codes outside the schema; nothing was sent.
        PeerError: a server does not come, or refuses us.
        IntegrityError: a server has another plan.
    """
    plan, name = node.plan, node.identity.name
    if isinstance(table, CountingEngine):
        _check_limit(table, name, plan.schema.max_rows_per_person)
    if keys is not None and secret is None:
        raise UsageError("match-key must be given where columns are split: all holders use the same file")
    # What is wrong with the table shows before anybody is met; only the hashes that are sent need the run's id.
    if keys is not None and not isinstance(table, CountingEngine):
        table, keys = in_random_order(table, keys)
    hashes = None if keys is None or secret is None else record_hashes(keys, secret)
    parts = contribute(plan.terms, name, table, hashes)
    with node.hub().closing() as hub:
        node.report("waiting for the servers")
        run = join(hub)
        if keys is not None and secret is not None:
            hashes = record_hashes(keys, hmac.digest(secret, b"fairshare-records-1\0" + run, hashlib.sha256))
            one, two, three = (replace(part, hashes=hashes) for part in parts)
            parts = one, two, three
        node.report("sharing")
        sent = 0
        for server, part in zip(plan.servers, parts, strict=True):
            payload = part.to_bytes()
            hub.send(server.name, Kind.CONTRIBUTION, payload)
            sent += len(payload)
        for server in plan.servers:
            hub.receive(server.name, Kind.RECEIPT, plan.limits.start_seconds)
    return sent


def _check_limit(engine: CountingEngine, name: str, limit: int | None) -> None:
    if limit is not None and engine.max_rows_per_person != limit:
        raise UsageError(f"the engine of {name} must limit one person's rows to {limit}, which the promise rests on")


class Driver:
    """The driver's way to the three servers (``curator.secure.Servers``).

    Args:
        node: the driver.
        hub: its place in the network.
    """

    def __init__(self, node: Node, hub: Hub) -> None:
        self._node = node
        self._hub = hub
        self.calls = 0

    def open(self) -> str:
        """Meet the servers and wait until all holders have shared; the session id."""
        self._node.report("waiting for the servers")
        join(self._hub)
        self._node.report("linked with the servers; waiting for the holders")
        session = learn_session(self._hub).hex()
        self._node.report("everybody is here")
        return session

    def ask(self, request: Request) -> list[Answer | Refusal]:
        """What each of the three servers answers; see ``Servers.ask``."""
        plan, payload = self._node.plan, request.to_bytes()
        self.calls += not isinstance(request, Finish)
        for server in plan.servers:
            self._hub.send(server.name, Kind.REQUEST, payload)
        frames = [self._hub.receive(s.name, Kind.ANSWER, plan.limits.driver_seconds) for s in plan.servers]
        return [reply_from_bytes(frame.payload, limit=REQUEST_LIMIT) for frame in frames]
