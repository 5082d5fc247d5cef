"""How three servers talk: the one seam between protocols and a network."""

from dataclasses import dataclass
from typing import Protocol

from fairshare.mpc.cost import Cost

__all__ = ["PARTIES", "Channel", "Traffic", "total"]

PARTIES = 3


@dataclass
class Traffic:
    """Counts kept by a channel.

    Attributes:
        sent: payload bytes sent.
        received: payload bytes received.
        rounds: length of the longest chain of waiting messages that ends here (a Lamport clock).
    """

    sent: int = 0
    received: int = 0
    rounds: int = 0


class Channel(Protocol):
    """One server's ordered, authenticated, private links to the other two."""

    @property
    def party(self) -> int:
        """Which server this is: 0, 1 or 2."""
        ...

    @property
    def traffic(self) -> Traffic:
        """What was sent and received so far."""
        ...

    def send(self, to: int, payload: bytes) -> None:
        """Queue a message; never waits for its receiver.

        Raises:
            PeerError: the link is gone.
        """
        ...

    def receive(self, sender: int, size: int) -> bytes:
        """The sender's next message, which must have ``size`` bytes.

        Raises:
            PeerError: nothing came before the deadline, the link is gone, or the size is another.
        """
        ...


def total(traffics: "list[Traffic]") -> Cost:
    """The measured cost of a run from the three servers' counts."""
    first, second, third = (t.sent for t in traffics)
    return Cost(max(t.rounds for t in traffics), (first, second, third))
