"""Work on parts in threads, a little ahead of whoever takes the results."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

__all__ = ["ahead"]

_MOST_WORKERS = 8

Part = TypeVar("Part")
Result = TypeVar("Result")


def ahead(work: Callable[[Part], Result], parts: Iterable[Part]) -> Iterator[Result]:
    """``map(work, parts)`` in order, with one result a thread computed ahead and no more kept.

    The first result is computed before the threads begin: what the work caches is there for all of them.
    """
    workers = min(_MOST_WORKERS, os.cpu_count() or 1)
    left = iter(parts)
    yield from map(work, islice(left, 1))
    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[Future[Result]] = deque()
        try:
            for part in left:
                waiting.append(pool.submit(work, part))
                if len(waiting) > workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
