"""Three servers in one process, behind the same door that a network has: for research, tests and benchmarks.

One process holds all shares, so nothing is secret here; whatever is made with it must say so.
"""

import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

from fairshare.errors import FairshareError
from fairshare.mpc.channel import PARTIES, total
from fairshare.mpc.contribution import Contribution
from fairshare.mpc.cost import Cost
from fairshare.mpc.keys import fresh_key
from fairshare.mpc.memory import memory_channels
from fairshare.mpc.requests import Answer, Refusal, Request, reply_from_bytes, request_from_bytes
from fairshare.mpc.rounds import complete
from fairshare.mpc.server import Server
from fairshare.mpc.session import Session
from fairshare.mpc.terms import Terms

__all__ = ["SimulatedServers"]

T = TypeVar("T")


class SimulatedServers:
    """Three servers as threads, with everything encoded and decoded as on a wire.

    Args:
        terms: what is enforced.
        contributions: of each holder, one for each server.
        servers: others than fresh ones.
        delay: seconds added to every message between servers, to imitate a distant network.
        deadline: seconds that a server waits for another.
        ahead: whether servers make randomness for the next call as soon as they have answered, as nodes do. Here the
            driver waits for it, so nothing is gained.

    Raises:
        DataError: the holders' records do not fit together.
    """

    def __init__(
        self,
        terms: Terms,
        contributions: Sequence[tuple[Contribution, Contribution, Contribution]],
        *,
        servers: Sequence[Server] | None = None,
        delay: float = 0.0,
        deadline: float = 600.0,
        ahead: bool = False,
    ) -> None:
        self._ahead = ahead
        self.servers = list(servers) if servers is not None else [Server(terms, p) for p in range(PARTIES)]
        self.received_from_holders = sum(part.size for parts in contributions for part in parts[:1])
        for parts in contributions:
            for server, part in zip(self.servers, parts, strict=True):
                server.accept(Contribution.from_bytes(part.to_bytes(), terms, server.party))
        self._channels = memory_channels(deadline=deadline, delay=delay)
        keys = [fresh_key() for _ in range(PARTIES)]
        self._sessions = [Session(c, keys[p], keys[(p + 1) % PARTIES]) for p, c in enumerate(self._channels)]
        self._each(lambda p: complete(self.servers[p].begin(self._sessions[p])))

    @property
    def cost(self) -> Cost:
        """Measured rounds and bytes between servers so far."""
        return total([c.traffic for c in self._channels])

    def ask(self, request: Request) -> list[Answer | Refusal]:
        """What each server answers."""
        return self.ask_each([request.to_bytes()] * PARTIES)

    def ask_each(self, encoded: Sequence[bytes]) -> list[Answer | Refusal]:
        """The same for a driver that may tell servers different things."""

        def answered(party: int) -> bytes:
            server, session = self.servers[party], self._sessions[party]
            try:
                answer = complete(server.answer(session, request_from_bytes(encoded[party])))
                if self._ahead:
                    complete(server.make_ahead(session))
                return answer.to_bytes()
            except FairshareError as error:
                if server.state == "broken":
                    self._channels[party].abort()  # so that the others need not wait for their deadline
                return Refusal.of(error).to_bytes()

        return [reply_from_bytes(reply) for reply in self._each(answered)]

    def _each(self, work: Callable[[int], T]) -> list[T]:
        """Run three servers' work in threads; raise the error of the one that failed first, if one did."""
        results: dict[int, T] = {}
        errors: list[BaseException] = []

        def run(party: int) -> None:
            try:
                results[party] = work(party)
            except BaseException as error:  # raised again below, in the caller's thread
                errors.append(error)
                self._channels[party].abort()

        threads = [threading.Thread(target=run, args=(p,), daemon=True) for p in range(PARTIES)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if errors:
            raise min(errors, key=lambda e: "has stopped" in str(e))
        return [results[p] for p in range(PARTIES)]
