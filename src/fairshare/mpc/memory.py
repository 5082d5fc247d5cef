"""Three servers as three threads of one process: for tests, benchmarks and simulation.

One process sees all shares, so nothing is secret here; whatever is made with it must say so.
"""

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from fairshare.errors import PeerError
from fairshare.mpc.channel import PARTIES, Traffic, total
from fairshare.mpc.cost import Cost
from fairshare.mpc.keys import fresh_key
from fairshare.mpc.rounds import Rounds, complete
from fairshare.mpc.session import Session

__all__ = ["MemoryChannel", "Outcome", "memory_channels", "run_parties"]

T = TypeVar("T")
#: Clock and payload; ``None`` says that the sender has failed.
_Message = tuple[int, bytes] | None
_Links = dict[tuple[int, int], "queue.SimpleQueue[_Message]"]


class MemoryChannel:
    """A channel over queues, with a deadline on every receive.

    Args:
        party: which server.
        links: one queue for each ordered pair (sender, receiver).
        deadline: seconds that a receive may wait.
        delay: seconds added to every message's way, to imitate a distant network.
    """

    def __init__(self, party: int, links: _Links, *, deadline: float = 60.0, delay: float = 0.0) -> None:
        self.party = party
        self.traffic = Traffic()
        self._links = links
        self._deadline = deadline
        self._delay = delay

    def send(self, to: int, payload: bytes) -> None:
        """Queue a message; see ``Channel.send``."""
        self.traffic.sent += len(payload)
        self._links[self.party, to].put((self.traffic.rounds + 1, payload))

    def receive(self, sender: int, size: int) -> bytes:
        """The next message; see ``Channel.receive``."""
        try:
            message = self._links[sender, self.party].get(timeout=self._deadline)
        except queue.Empty:
            raise PeerError(f"server {sender} sent nothing for {self._deadline} s; restart the run") from None
        if message is None:
            raise PeerError(f"server {sender} has stopped; see its own error")
        clock, payload = message
        if len(payload) != size:
            raise PeerError(f"server {sender} sent {len(payload)} bytes, must be {size}; are all versions the same?")
        if self._delay and clock > self.traffic.rounds:
            time.sleep(self._delay)
        self.traffic.rounds = max(self.traffic.rounds, clock)
        self.traffic.received += size
        return payload

    def abort(self) -> None:
        """Tell the others that this server has failed."""
        for (sender, _), link in self._links.items():
            if sender == self.party:
                link.put(None)


def memory_channels(*, deadline: float = 60.0, delay: float = 0.0) -> list[MemoryChannel]:
    """Three connected channels."""
    links: _Links = {(a, b): queue.SimpleQueue() for a in range(PARTIES) for b in range(PARTIES) if a != b}
    return [MemoryChannel(p, links, deadline=deadline, delay=delay) for p in range(PARTIES)]


@dataclass(frozen=True)
class Outcome(Generic[T]):
    """What three servers returned, and what it cost.

    Attributes:
        values: each server's return value.
        cost: measured rounds and bytes.
        traffic: each server's counts.
    """

    values: list[T]
    cost: Cost
    traffic: list[Traffic]


def run_parties(
    program: Callable[[Session], Rounds[T]], *, channels: list[MemoryChannel] | None = None, deadline: float = 60.0
) -> Outcome[T]:
    """Run one program as three servers with fresh keys.

    Args:
        program: a protocol for each server's session, run in a thread of its own.
        channels: others than fresh ones.
        deadline: seconds that a receive may wait.

    Raises:
        BaseException: whatever a server raised; of several, the first that is not about a stopped peer.
    """
    channels = channels or memory_channels(deadline=deadline)
    keys = [fresh_key() for _ in range(PARTIES)]
    values: dict[int, T] = {}
    errors: list[BaseException] = []

    def serve(party: int) -> None:
        session = Session(channels[party], keys[party], keys[(party + 1) % PARTIES])
        try:
            values[party] = complete(program(session))
        except BaseException as error:  # handed to the caller's thread below
            errors.append(error)
            channels[party].abort()

    threads = [threading.Thread(target=serve, args=(p,), daemon=True) for p in range(PARTIES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise min(errors, key=lambda e: "has stopped" in str(e))
    traffic = [c.traffic for c in channels]
    return Outcome([values[p] for p in range(PARTIES)], total(traffic), traffic)
