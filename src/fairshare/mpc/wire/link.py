"""One peer: its TLS connection without waiting, frames out, frames in, and how it ends."""

import ssl
import time
from collections import deque

from fairshare.errors import IntegrityError, PeerError
from fairshare.mpc.requests import Refusal, reply_from_bytes
from fairshare.mpc.wire.frames import SESSION_BYTES, Frame, FrameReader, Kind, header

__all__ = ["OPENING_BYTES", "Link"]

#: Largest payload before a link is open: a plan and a nonce.
OPENING_BYTES = 8 * 2**20
_STOPPED = " stopped: "
_CHUNK = 1 << 18
_READ = 1 << 16
#: Reads from one peer before all others have their turn, and what a frame without payload counts for.
_TURNS, _OVERHEAD = 16, 256


class Link:
    """A link to one party, driven by a ``Hub``: nothing here waits.

    Args:
        connection: non-blocking, after its handshake.
        name: the peer's, by its certificate.
        us: our number in the plan.
        peer: the peer's number in the plan.
        max_payload: largest frame, in bytes.
        delay: seconds added to each frame's way, to imitate a distant network.
    """

    def __init__(
        self, connection: ssl.SSLSocket, name: str, *, us: int, peer: int, max_payload: int, delay: float
    ) -> None:
        self.connection = connection
        self.name = name
        self.open = False  # the peer has answered: it accepts us
        self.left = False  # in order: nothing more is expected
        self.gone = False  # the connection has ended
        self.dismissed = False  # its part is done: whatever it still says or fails at is no concern of the run
        self._ends = (us, peer)
        self._delay = delay
        self._max = max_payload
        self._reader = FrameReader(sender=peer, receiver=us, name=name, max_payload=max_payload)
        self._session = self._expected = bytes(SESSION_BYTES)
        self._sequence = 0
        self._outgoing: deque[bytes] = deque()
        self._chunk = memoryview(b"")
        self._inbox: deque[tuple[float, Frame]] = deque()
        self._waiting = 0
        self._buffer = memoryview(bytearray(_READ))

    # -- sessions

    def speak(self, session: bytes) -> None:
        """Frames that we send from here on are of this session."""
        self._session = session

    def expect(self, session: bytes) -> None:
        """Frames that are taken from here on must be of this session."""
        self._expected = session

    # -- frames

    def queue(self, kind: Kind, payload: bytes, step: int = 0) -> None:
        """Queue a frame; ``write`` sends it.

        Raises:
            PeerError: the link is gone.
        """
        if self.gone:
            raise PeerError(f"{self.name} has gone; see its own message, then restart the run")
        if len(payload) > self._max:
            raise PeerError(
                f"a message to {self.name} has {len(payload)} bytes, must be at most {self._max}; raise frame_mb"
            )
        us, peer = self._ends
        head = header(
            kind=kind, session=self._session, sender=us, receiver=peer, step=step, sequence=self._sequence,
            length=len(payload),
        )  # fmt: skip
        self._sequence += 1
        self._outgoing += (head, payload)

    def take(self, now: float) -> Frame | None:
        """The next frame, if it is there and its delay is over.

        Raises:
            IntegrityError: it is of another session.
        """
        if not self._inbox or self._inbox[0][0] > now:
            return None
        frame = self._inbox.popleft()[1]
        self._waiting -= len(frame.payload) + _OVERHEAD
        if frame.session != self._expected:
            raise IntegrityError(f"a frame from {self.name} is of another session; the run was stopped")
        return frame

    def forget(self) -> None:
        """Drop what is here: nobody will take it."""
        self._inbox.clear()
        self._waiting = 0

    @property
    def next_at(self) -> float | None:
        """When the next frame that is here may be taken."""
        return self._inbox[0][0] if self._inbox else None

    # -- bytes

    @property
    def unsent(self) -> bool:
        """Bytes are queued."""
        return bool(self._chunk) or bool(self._outgoing)

    @property
    def full(self) -> bool:
        """So much is here unread that reading should pause."""
        return self._waiting > 2 * self._max

    def write(self) -> None:
        """Send what the network takes now."""
        try:
            while self.unsent and not self.gone:
                if not self._chunk:
                    self._chunk = memoryview(self._next_chunk())
                self._chunk = self._chunk[self.connection.send(self._chunk[:_CHUNK]) :]
        except (ssl.SSLWantWriteError, ssl.SSLWantReadError):
            return
        except OSError:
            self.gone = True

    def _next_chunk(self) -> bytes:
        """Small frames joined, so that one record carries them."""
        parts = [self._outgoing.popleft()]
        size = len(parts[0])
        while self._outgoing and size + len(self._outgoing[0]) <= _READ:
            parts.append(self._outgoing.popleft())
            size += len(parts[-1])
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def read(self) -> None:
        """Take in what the network has now.

        Raises:
            IntegrityError: a frame is not the next one of this link, or the peer stopped for such a reason.
            PeerError: the peer has stopped, or the connection ended inside a frame.
        """
        try:
            for _ in range(_TURNS):
                if self.full:
                    return
                count = self.connection.recv_into(self._buffer)
                if count == 0:
                    break
                if not self.dismissed:
                    for frame in self._reader.feed(self._buffer[:count]):
                        self._arrived(frame)
            else:
                return
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return
        except OSError:  # reset, or a TLS alert: the peer refused us or died
            pass
        self.gone = True
        if not (self._reader.idle or self.dismissed):
            raise PeerError(f"{self.name} was cut off inside a message; see its own message, then restart the run")

    def _arrived(self, frame: Frame) -> None:
        if self.left:  # it has said goodbye, and says nothing more that counts
            return
        if frame.kind is Kind.ABORT:
            self.left = True
            raise _stopped(self.name, frame.payload)
        if frame.kind is Kind.BYE:
            self.left = True
            return
        self._inbox.append((time.monotonic() + self._delay, frame))
        self._waiting += len(frame.payload) + _OVERHEAD


def _stopped(name: str, payload: bytes) -> PeerError | IntegrityError:
    """What a peer's last words mean here: its fault is a peer's, but broken integrity stays what it is."""
    reply = reply_from_bytes(payload, limit=OPENING_BYTES)
    words = reply.message if isinstance(reply, Refusal) else "it gave no reason"
    if isinstance(reply, Refusal) and reply.kind == IntegrityError.__name__:
        return IntegrityError(_by(name, words))
    return PeerError(_by(name, words))


def _by(name: str, words: str) -> str:
    """Whose words they are; a peer that was itself stopped by another passes that one's on."""
    return words if _STOPPED in words else f"{name}{_STOPPED}{words}"
