"""Protocols are coroutines: each ``await`` is where a server waits for messages, so independent ones share rounds.

No event loop is needed. A protocol sends, awaits ``messages()``, and receives; whoever drives it resumes it at once.
``together`` resumes several in turn, so that all have sent before the first of them waits. Every server runs the same
schedule, so messages and key streams stay in step.
"""

from collections.abc import Coroutine, Generator
from typing import TypeVar

__all__ = ["Rounds", "both", "complete", "messages", "together"]

T = TypeVar("T")
A = TypeVar("A")
B = TypeVar("B")
#: A protocol that returns a T.
Rounds = Coroutine[None, None, T]


class _Messages:
    def __await__(self) -> Generator[None, None, None]:
        yield


async def messages() -> None:
    """To be awaited between a round's sends and its receives."""
    await _Messages()


def complete(protocol: Rounds[T]) -> T:
    """Run a protocol to its end."""
    while True:
        try:
            protocol.send(None)
        except StopIteration as done:
            result: T = done.value
            return result


async def together(*protocols: Rounds[T]) -> list[T]:
    """Run protocols in the same rounds; their results in order. Cost: ``Cost.beside``."""
    results: dict[int, T] = {}
    waiting = dict(enumerate(protocols))
    try:
        while True:
            for place, protocol in list(waiting.items()):
                try:
                    protocol.send(None)
                except StopIteration as done:
                    results[place] = done.value
                    del waiting[place]
            if not waiting:
                return [results[place] for place in range(len(protocols))]
            await messages()
    finally:
        for protocol in waiting.values():
            protocol.close()


async def both(first: Rounds[A], second: Rounds[B]) -> tuple[A, B]:
    """``together`` for two results of different kinds."""
    results: list[A | B] = await together(_either(first), _either(second))
    return results[0], results[1]  # type: ignore[return-value]


async def _either(protocol: Rounds[T]) -> T:
    return await protocol
