"""Waiting for a server outside Python, where no signal is seen: a thread waits, and the caller looks around."""

from collections.abc import Callable
from concurrent.futures import Executor, wait
from typing import TypeVar

__all__ = ["patiently"]

#: Seconds between two looks.
_PATIENCE = 0.2
#: Seconds that cancelled work has to end.
_FAREWELL = 5.0

Answer = TypeVar("Answer")


def patiently(
    pool: Executor, call: Callable[[], Answer], waiting: Callable[[], None], cancel: Callable[[], object]
) -> Answer:
    """The answer of ``call()``, which runs in a thread of ``pool``, or what it raises.

    Args:
        pool: of threads.
        call: blocks outside Python.
        waiting: called a few times a second. What it raises, or an interruption, ends the wait.
        cancel: called then; it makes ``call`` end soon.
    """
    answer = pool.submit(call)
    try:
        while not wait([answer], timeout=_PATIENCE).done:
            waiting()
    except BaseException:
        cancel()
        wait([answer], timeout=_FAREWELL)
        raise
    return answer.result()
