"""Opening a run: everybody shows the same plan and a fresh nonce, and all frames belong to the hash of both.

::

    servers     HELLO (plan, nonce) / WELCOME (nonce) with each other; run id = H(plan, three nonces)
    clients     HELLO (plan, nonce) / WELCOME (three nonces) with each server; link id = H(run id, name, nonce)
    at the end  session id = H(run id, every client's name and nonce), compared by the servers (ROSTER)

So a recorded message fits no other run, and a server that tells two peers different nonces is found out.
"""

import hashlib
import os
import time
from collections.abc import Mapping
from typing import Any

from fairshare.errors import FairshareError, IntegrityError, PeerError
from fairshare.mpc.encoding import decode, encode
from fairshare.mpc.plan import Plan
from fairshare.mpc.wire.frames import Kind
from fairshare.mpc.wire.hub import Hub
from fairshare.mpc.wire.link import OPENING_BYTES, Link

__all__ = ["ServerOpening", "join", "learn_session", "wait_for"]

_NONCE_BYTES = 32
_PAUSE = 0.5


class ServerOpening:
    """How a server meets the others.

    Args:
        hub: listening.

    Attributes:
        run: the run id, once ``meet_servers`` has returned.
    """

    def __init__(self, hub: Hub) -> None:
        self.run = b""
        self._hub = hub
        self._plan = hub.plan
        self._nonce = os.urandom(_NONCE_BYTES)
        self._nonces: dict[str, bytes] = {}
        self._clients: dict[str, bytes] = {}
        self._early: list[Link] = []

    def meet_servers(self) -> None:
        """Link with the other two servers and agree about the run.

        Raises:
            PeerError: a server does not come, or is not who it should be.
            IntegrityError: a server has another plan; the message names the fields.
        """
        hub, names = self._hub, [s.name for s in self._plan.servers]
        place, seconds = names.index(hub.name), self._plan.limits.start_seconds
        deadline = time.monotonic() + seconds
        nonces = {hub.name: self._nonce}
        for link in hub.reach(names[:place], seconds):
            link.queue(Kind.HELLO, _hello(self._plan, self._nonce))
            answer = hub.receive(link.name, Kind.WELCOME, seconds)
            nonces[link.name] = _checked(self._plan, link.name, answer.payload)
            link.open = True
        while len(nonces) < len(names):
            self._early += hub.arrivals()
            for link in [link for link in self._early if link.name in names]:
                self._early.remove(link)
                nonces[link.name] = self._greeted(link)
                link.queue(Kind.WELCOME, _hello(self._plan, self._nonce))
            wait_for(hub, sorted(set(names) - set(nonces)), deadline, seconds)
        self._nonces = {name: nonces[name] for name in names}
        self.run = _run_id(self._plan, self._nonces)
        for name in names:
            if name != hub.name:
                hub.links[name].speak(self.run)
                hub.links[name].expect(self.run)

    def greet(self) -> list[str]:
        """Welcome whoever has come since; never waits, because clients wait for all three servers.

        Returns:
            Names of the holders or driver whose link is open now.

        Raises:
            IntegrityError: one has another plan.
        """
        self._early += self._hub.arrivals()
        greeted = []
        for link in list(self._early):
            if (frame := self._hub.poll(link.name, Kind.HELLO)) is None:
                continue
            self._early.remove(link)
            self._clients[link.name] = nonce = _checked(self._plan, link.name, frame.payload)
            link.open = True
            link.queue(Kind.WELCOME, _welcome(self._plan, self._nonces))
            session = _link_id(self.run, link.name, nonce)
            link.speak(session)
            link.expect(session)
            greeted.append(link.name)
        return greeted

    def seal(self) -> bytes:
        """Agree on the session id with the other servers, and tell the driver.

        Raises:
            IntegrityError: a server has met other clients, or the same ones with other nonces.
        """
        hub = self._hub
        session = _session_id(self.run, self._clients)
        others = [s.name for s in self._plan.servers if s.name != hub.name]
        for name in (*others, self._plan.driver.name):
            hub.send(name, Kind.ROSTER, session)
        for name in others:
            if hub.receive(name, Kind.ROSTER, self._plan.limits.start_seconds).payload != session:
                raise IntegrityError(f"{name} has met others than we have; one of them is faulty, restart the run")
        for name in others:
            hub.links[name].speak(session)
            hub.links[name].expect(session)
        return session

    def _greeted(self, link: Link) -> bytes:
        frame = self._hub.receive(link.name, Kind.HELLO, self._plan.limits.step_seconds)
        link.open = True
        return _checked(self._plan, link.name, frame.payload)


def join(hub: Hub) -> bytes:
    """Open a holder's or the driver's links to the three servers.

    Returns:
        The run id, which all three servers gave.

    Raises:
        PeerError: a server does not come or refuses us.
        IntegrityError: a server has another plan, or servers disagree about the run.
    """
    plan, nonce = hub.plan, os.urandom(_NONCE_BYTES)
    names, seconds = [s.name for s in plan.servers], plan.limits.start_seconds
    for link in hub.reach(names, seconds):
        link.queue(Kind.HELLO, _hello(plan, nonce))
    runs = []
    for name in names:
        body = _body(name, hub.receive(name, Kind.WELCOME, seconds).payload)
        hub.links[name].open = True
        if body.get("digest") != plan.digest:
            raise IntegrityError(f"{name} answers for another plan; the run was stopped")
        told = body.get("nonces")
        if not isinstance(told, dict) or sorted(told) != sorted(names):
            raise PeerError(f"{name} sent a malformed welcome; are all versions the same?")
        runs.append(_run_id(plan, {n: _nonce(name, told[n]) for n in names}))
    if len(set(runs)) != 1:
        raise IntegrityError("the servers disagree about the run; one of them is faulty, restart the run")
    for name in names:
        session = _link_id(runs[0], hub.name, nonce)
        hub.links[name].speak(session)
        hub.links[name].expect(session)
    return runs[0]


def learn_session(hub: Hub) -> bytes:
    """The session id, which the driver has from all three servers.

    Raises:
        PeerError: a holder or server does not come.
        IntegrityError: servers disagree about who takes part.
    """
    told = {hub.receive(s.name, Kind.ROSTER, hub.plan.limits.start_seconds).payload for s in hub.plan.servers}
    if len(told) != 1:
        raise IntegrityError("the servers disagree about who takes part; one of them is faulty, restart the run")
    return told.pop()


def wait_for(hub: Hub, absent: list[str], deadline: float, seconds: float) -> None:
    """Serve all links for a moment.

    Raises:
        PeerError: the deadline is over; names who is absent.
    """
    if time.monotonic() > deadline:
        raise PeerError(f"{', '.join(absent)} did not come within {seconds:g} s; is it running?")
    hub.pump(min(_PAUSE, max(0.0, deadline - time.monotonic())))


def _hello(plan: Plan, nonce: bytes) -> bytes:
    return encode({"plan": plan.to_dict(), "nonce": nonce.hex()})


def _welcome(plan: Plan, nonces: Mapping[str, bytes]) -> bytes:
    return encode({"digest": plan.digest, "nonces": {name: nonce.hex() for name, nonce in nonces.items()}})


def _checked(plan: Plan, name: str, payload: bytes) -> bytes:
    """The nonce in a hello whose plan is ours."""
    body = _body(name, payload)
    try:
        theirs = Plan(body.get("plan") or {})
    except FairshareError as error:
        raise IntegrityError(f"{name} shows a plan that can't be read here: {error}") from None
    if theirs.digest != plan.digest:
        shown = "; ".join(plan.difference(theirs)[:5])
        raise IntegrityError(f"{name} has another plan: {shown}; agree on one, and approve it again")
    return _nonce(name, body.get("nonce"))


def _body(name: str, payload: bytes) -> dict[str, Any]:
    try:
        return decode(payload, limit=OPENING_BYTES)[0]
    except PeerError as error:
        raise PeerError(f"{name}: {error}") from None


def _nonce(name: str, found: Any) -> bytes:
    try:
        nonce = bytes.fromhex(found)
    except (TypeError, ValueError):
        nonce = b""
    if len(nonce) != _NONCE_BYTES:
        raise PeerError(f"{name} sent a malformed nonce; are all versions the same?")
    return nonce


def _run_id(plan: Plan, nonces: Mapping[str, bytes]) -> bytes:
    ordered = b"".join(nonces[s.name] for s in plan.servers)
    return hashlib.sha256(b"fairshare-run-1\0" + bytes.fromhex(plan.digest) + ordered).digest()


def _link_id(run: bytes, name: str, nonce: bytes) -> bytes:
    return hashlib.sha256(b"fairshare-link-1\0" + run + nonce + name.encode()).digest()


def _session_id(run: bytes, clients: Mapping[str, bytes]) -> bytes:
    return hashlib.sha256(b"fairshare-session-1\0" + run + encode({n: x.hex() for n, x in clients.items()})).digest()
