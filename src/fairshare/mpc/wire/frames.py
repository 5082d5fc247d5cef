"""Messages on a link: a fixed header, then the payload; bounded before it is allocated, numbered, bound to a session.

TLS already keeps a third party from changing, repeating or reordering bytes. The header is for the peer itself and for
faults of ours: a frame of another session, from or to another party, out of order, of an unknown kind or too large
ends the run.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum

from fairshare.errors import IntegrityError

__all__ = ["HEADER_BYTES", "SESSION_BYTES", "Frame", "FrameReader", "Kind", "header"]

SESSION_BYTES = 32
_MAGIC = b"fsh1"
_HEADER = struct.Struct(f"!4sB{SESSION_BYTES}sHHIQI")
HEADER_BYTES = _HEADER.size


class Kind(IntEnum):
    """What a frame is."""

    HELLO = 1  # who wants which plan, and a nonce: from whoever dialled
    WELCOME = 2  # the answer; only then is a link open
    ROSTER = 3  # the session id as a server has it
    CONTRIBUTION = 4  # a holder's shares
    RECEIPT = 5  # a server has a holder's shares
    PROTOCOL = 6  # between servers, inside a protocol
    REQUEST = 7  # the driver's call
    ANSWER = 8  # a server's answer
    ABORT = 9  # the sender has failed; why
    BYE = 10  # the sender is done, and leaves in order
    STANDING = 11  # where the run left a server's ledger, signed


@dataclass(frozen=True, eq=False)
class Frame:
    """One message.

    Attributes:
        kind: what it is.
        session: which session it belongs to; zeros while the link is being opened. Whoever takes the frame checks it.
        step: for ``PROTOCOL`` the sender's clock, in rounds; else 0.
        payload: content.
    """

    kind: Kind
    session: bytes
    step: int
    payload: bytes


def header(*, kind: Kind, session: bytes, sender: int, receiver: int, step: int, sequence: int, length: int) -> bytes:
    """A frame's header, ``HEADER_BYTES`` long.

    Args:
        kind: what the frame is.
        session: 32 bytes; zeros while the link is being opened.
        sender: the sender's number in the plan.
        receiver: the receiver's number in the plan.
        step: the sender's clock.
        sequence: number of the frame on this link in this direction, from 0.
        length: bytes of payload.
    """
    return _HEADER.pack(_MAGIC, kind, session, sender, receiver, step, sequence, length)


class FrameReader:
    """Frames from the bytes of one link, in order.

    Args:
        sender: number of the party at the other end, by its certificate.
        receiver: our number.
        name: the sender's name, for messages.
        max_payload: largest payload, in bytes.
    """

    def __init__(self, *, sender: int, receiver: int, name: str, max_payload: int) -> None:
        self._ends = (sender, receiver)
        self._name = name
        self._max = max_payload
        self._sequence = 0
        self._head = bytearray()
        self._frame: tuple[Kind, bytes, int] | None = None
        self._body = bytearray()
        self._filled = 0

    @property
    def idle(self) -> bool:
        """No frame has begun and not ended."""
        return not self._head and self._frame is None

    def feed(self, data: memoryview) -> list[Frame]:
        """The frames that these bytes complete.

        Raises:
            IntegrityError: a header that is not the next one of this link.
        """
        found = []
        while len(data):
            data = self._body_bytes(data) if self._frame is not None else self._head_bytes(data)
            if self._frame is not None and self._filled == len(self._body):
                found.append(Frame(*self._frame, bytes(self._body)))
                self._frame, self._body, self._filled = None, bytearray(), 0
                self._sequence += 1
        return found

    def _body_bytes(self, data: memoryview) -> memoryview:
        take = min(len(data), len(self._body) - self._filled)
        self._body[self._filled : self._filled + take] = data[:take]
        self._filled += take
        return data[take:]

    def _head_bytes(self, data: memoryview) -> memoryview:
        take = min(len(data), HEADER_BYTES - len(self._head))
        self._head += data[:take]
        if len(self._head) == HEADER_BYTES:
            kind, session, step, length = self._checked()
            self._frame = (kind, session, step)
            self._head.clear()
            self._body, self._filled = bytearray(length), 0
        return data[take:]

    def _checked(self) -> tuple[Kind, bytes, int, int]:
        magic, kind, session, sender, receiver, step, sequence, length = _HEADER.unpack(self._head)
        found = [
            ("does not begin as a frame of this version", magic != _MAGIC),
            (f"is of unknown kind {kind}", kind not in Kind.__members__.values()),
            (f"says to be from party {sender} to party {receiver}", (sender, receiver) != self._ends),
            (f"has number {sequence}, must be {self._sequence}", sequence != self._sequence),
            (f"has {length} bytes, must be at most {self._max}", length > self._max),
        ]
        for words, wrong in found:
            if wrong:
                raise IntegrityError(f"a frame from {self._name} {words}; the run was stopped")
        return Kind(kind), session, step, length
