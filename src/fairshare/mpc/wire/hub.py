"""All of a node's links in one thread: whoever waits for one peer also serves all others meanwhile.

So a send never waits, large messages that cross do not block each other, and a peer's failure is seen at once, whatever
is being waited for.
"""

import selectors
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from fairshare.errors import FairshareError, PeerError
from fairshare.mpc.plan import Plan
from fairshare.mpc.requests import Refusal
from fairshare.mpc.wire.certificates import Identity
from fairshare.mpc.wire.frames import Frame, Kind
from fairshare.mpc.wire.link import Link
from fairshare.mpc.wire.tls import accepting, dial, dialling, listen, peer_fingerprint

__all__ = ["Hub"]

_MIB = 2**20
#: Seconds for a handshake, for last words, and between attempts to reach somebody.
_HANDSHAKE, _LAST_WORDS, _AGAIN = 10.0, 2.0, 0.2


@dataclass(eq=False)
class _Arrival:
    """Somebody who has dialled us and has not shown a certificate yet."""

    connection: ssl.SSLSocket
    deadline: float


class Hub:
    """A node's place in the network.

    Args:
        plan: the approved plan.
        identity: our own.
        certificates: every party's certificate, PEM, as ``approvals.certificates`` returns them.
        bind: address to listen on, for a server.
        delay: seconds added to each frame's way, to imitate a distant network.
        note: told of refused strangers.
    """

    def __init__(
        self,
        plan: Plan,
        identity: Identity,
        certificates: dict[str, str],
        *,
        bind: tuple[str, int] | None = None,
        delay: float = 0.0,
        note: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.plan = plan
        self.name = identity.name
        self.links: dict[str, Link] = {}
        self._identity = identity
        self._certificates = certificates
        self._names = {p.fingerprint: p.name for p in plan.parties if p.name != identity.name}
        self._delay = delay
        self._note = note
        self._selector = selectors.DefaultSelector()
        self._listener: socket.socket | None = None
        self._new: list[Link] = []
        if bind is not None:
            self._context = accepting(identity, (c for name, c in certificates.items() if name != identity.name))
            self._listener = listen(*bind)
            self._listener.setblocking(False)
            self._selector.register(self._listener, selectors.EVENT_READ)

    # -- opening links

    @property
    def port(self) -> int:
        """Where we listen; 0 for whoever only dials."""
        return 0 if self._listener is None else int(self._listener.getsockname()[1])

    def dial(self, name: str) -> Link | None:
        """Try to reach a server once; None while nobody listens there.

        Raises:
            PeerError: somebody listens there who does not hold the certificate in the plan.
        """
        host, port = self.plan.party(name).endpoint
        context = dialling(self._identity, self._certificates[name])
        connection = dial(context, host, port, name=name, seconds=_HANDSHAKE)
        if connection is None:
            return None
        if peer_fingerprint(connection) != self.plan.party(name).fingerprint:
            connection.close()
            raise PeerError(f"who answers at {host}:{port} does not hold the certificate of {name} in the plan")
        return self._link(connection, name)

    def reach(self, names: list[str], seconds: float) -> Iterator[Link]:
        """Dial servers until all are reached; links in the order of success.

        Raises:
            PeerError: time is over.
        """
        deadline, missing = time.monotonic() + seconds, list(names)
        while missing:
            for name in list(missing):
                if (link := self.dial(name)) is not None:
                    missing.remove(name)
                    yield link
            if missing:
                self.pump(_AGAIN)
                if time.monotonic() > deadline:
                    raise PeerError(f"{', '.join(missing)} did not come within {seconds:g} s; is it running?")

    def arrivals(self) -> list[Link]:
        """Links opened by others since the last call."""
        new, self._new = self._new, []
        return new

    def _link(self, connection: ssl.SSLSocket, name: str) -> Link:
        connection.setblocking(False)
        link = Link(
            connection,
            name,
            us=self.plan.number(self.name),
            peer=self.plan.number(name),
            max_payload=self.plan.limits.frame_mb * _MIB,
            delay=self._delay,
        )
        self.links[name] = link
        self._selector.register(connection, selectors.EVENT_READ, link)
        return link

    def _accept(self) -> None:
        if self._listener is None:
            return
        with suppress(OSError):
            plain, _ = self._listener.accept()
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            plain.setblocking(False)
            wrapped = self._context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False)
            arrival = _Arrival(wrapped, time.monotonic() + _HANDSHAKE)
            self._selector.register(wrapped, selectors.EVENT_READ, arrival)

    def _greet(self, arrival: _Arrival) -> None:
        """A step of a handshake. A stranger is refused and noted; he can't stop the run."""
        try:
            arrival.connection.do_handshake()
        except ssl.SSLWantReadError:
            return
        except ssl.SSLWantWriteError:
            self._selector.modify(arrival.connection, selectors.EVENT_WRITE | selectors.EVENT_READ, arrival)
            return
        except OSError as error:
            why = error.verify_message if isinstance(error, ssl.SSLCertVerificationError) else "handshake failed"
            self._refuse(arrival, why)
            return
        name = self._names.get(peer_fingerprint(arrival.connection))
        if name is None:
            self._refuse(arrival, "its certificate is not in the plan")
        elif name in self.links:
            self._refuse(arrival, f"{name} is here already")
        else:
            self._selector.unregister(arrival.connection)
            self._new.append(self._link(arrival.connection, name))

    def _refuse(self, arrival: _Arrival, why: str) -> None:
        self._note(f"refused a connection: {why}")
        self._selector.unregister(arrival.connection)
        arrival.connection.close()

    # -- serving them

    def pump(self, seconds: float) -> None:
        """Serve all links once, waiting at most so long for something to do.

        Raises:
            PeerError: a peer has stopped or gone without saying so in order.
            IntegrityError: a peer sent what it must not, or stopped for such a reason.
        """
        for link in self.links.values():
            if link.unsent:
                link.write()
            if not (link.gone or link.full) and link.connection.pending():
                self._serve(link)  # decrypted already, so the selector would not tell
            self._watch(link)
        for key, _ in self._selector.select(max(0.0, seconds)):
            if key.fileobj is self._listener:
                self._accept()
            elif isinstance(key.data, _Arrival):
                self._greet(key.data)
            else:
                self._serve(key.data)
        now = time.monotonic()
        for arrival in self._arriving():
            if arrival.deadline < now:
                self._refuse(arrival, "no handshake in time")

    def _arriving(self) -> list[_Arrival]:
        """Who has not shown a certificate yet."""
        return [key.data for key in self._selector.get_map().values() if isinstance(key.data, _Arrival)]

    def _watch(self, link: Link) -> None:
        if link.gone:
            with suppress(KeyError, ValueError):
                self._selector.unregister(link.connection)
            return
        wanted = (0 if link.full else selectors.EVENT_READ) | (selectors.EVENT_WRITE if link.unsent else 0)
        if wanted != self._selector.get_key(link.connection).events:
            self._selector.modify(link.connection, wanted or selectors.EVENT_READ, link)

    def dismiss(self, name: str) -> None:
        """Part from a peer that has done its part; what it sends from here on is dropped, and it can't stop the run."""
        link = self.links[name]
        link.queue(Kind.BYE, b"")
        link.dismissed = True

    def _serve(self, link: Link) -> None:
        if link.dismissed:
            with suppress(FairshareError):
                link.write()
                link.read()
            link.forget()
            return
        link.write()
        link.read()
        if link.gone:
            with suppress(KeyError, ValueError):
                self._selector.unregister(link.connection)
            if not link.left:
                raise PeerError(_gone(link))

    def send(self, name: str, kind: Kind, payload: bytes, step: int = 0) -> None:
        """Queue a frame; large ones start on their way at once."""
        link = self.links[name]
        link.queue(kind, payload, step)
        if len(payload) > 1 << 16:
            link.write()

    def poll(self, name: str, kind: Kind) -> Frame | None:
        """A peer's next frame if it is here, which must be of this kind; never waits.

        Raises:
            PeerError: the peer has gone, or the frame is of another kind.
        """
        link = self.links[name]
        frame = link.take(time.monotonic())
        if frame is None and link.next_at is None and (link.gone or link.left):
            raise PeerError(f"{name} left before it was done; restart the run")
        return None if frame is None else _of_kind(name, frame, kind)

    def receive(self, name: str, kind: Kind, seconds: float) -> Frame:
        """A peer's next frame, which must be of this kind.

        Raises:
            PeerError: nothing came in time, the peer has gone, or the frame is of another kind.
        """
        link, deadline = self.links[name], time.monotonic() + seconds
        while (frame := self.poll(name, kind)) is None:
            now = time.monotonic()
            if now > deadline:
                raise PeerError(f"{name} sent nothing for {seconds:g} s; is it running? restart the run")
            self.pump((link.next_at or deadline) - now)
        return frame

    def flush(self, seconds: float) -> None:
        """Wait until all that is queued is sent.

        Raises:
            PeerError: time is over, or a peer has gone.
        """
        deadline = time.monotonic() + seconds
        while waiting := [
            link.name for link in self.links.values() if link.unsent and not (link.gone or link.dismissed)
        ]:
            if time.monotonic() > deadline:
                raise PeerError(f"{', '.join(waiting)} took nothing for {seconds:g} s; is it running?")
            self.pump(deadline - time.monotonic())

    # -- ending

    def close(self, error: BaseException | None = None) -> None:
        """Say why, and leave; never raises.

        Args:
            error: what failed; None says goodbye in order.
        """
        told = error if isinstance(error, FairshareError) else PeerError("it was interrupted or failed")
        kind, words = (Kind.BYE, b"") if error is None else (Kind.ABORT, Refusal.of(told).to_bytes())
        deadline = time.monotonic() + _LAST_WORDS
        for link in self.links.values():
            with suppress(FairshareError, OSError, ValueError):
                link.queue(kind, words)
                while link.unsent and not link.gone and time.monotonic() < deadline:
                    link.write()
                    if link.unsent:
                        time.sleep(0.01)
                # A close with unread bytes would reset the connection, and the last words with it.
                socket.socket.shutdown(link.connection, socket.SHUT_WR)
        self._drain(deadline)
        for link in self.links.values():
            link.connection.close()
        for arrival in self._arriving():
            arrival.connection.close()
        if self._listener is not None:
            self._listener.close()
        self._selector.close()

    def _drain(self, deadline: float) -> None:
        for link in self.links.values():
            while not link.gone and time.monotonic() < deadline:
                with suppress(FairshareError, OSError, ValueError):
                    link.read()
                    link.forget()
                    if not link.gone:
                        time.sleep(0.01)

    @contextmanager
    def closing(self) -> Iterator["Hub"]:
        """Close in order after the block, or with the error that ended it."""
        try:
            yield self
        except BaseException as error:
            self.close(error)
            raise
        self.close()


def _gone(link: Link) -> str:
    if link.open:
        return f"{link.name} has gone without a word; see its own message, then restart the run"
    # Under TLS 1.3 a client learns only at its first read that its certificate was refused.
    return f"{link.name} refused us or has gone: is our certificate valid, the one in its plan, and used once?"


def _of_kind(name: str, frame: Frame, kind: Kind) -> Frame:
    if frame.kind is not kind:
        raise PeerError(f"{name} sent {frame.kind.name}, must be {kind.name}; are all versions the same?")
    return frame
