"""Work that is done ahead of its consumer, in threads and bounded memory."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

_Item = TypeVar("_Item")
_Made = TypeVar("_Made")

AHEAD = 4
"""Results made ahead for each thread: enough that a long recording does not leave the other threads idle."""


def read_ahead(read: Callable[[_Item], _Made], items: Iterable[_Item], n_threads: int) -> Iterator[_Made]:
    """Yield ``read(item)`` of each item in order, made in threads, at most ``AHEAD * n_threads`` ahead.

    Threads suffice where the work is decoding and resampling: libsndfile, soxr and hashing release the interpreter lock.
    An error of an item is raised in its turn, after the results before it.
    """
    pool = ThreadPoolExecutor(n_threads)
    try:
        waiting: deque[Future[_Made]] = deque()
        for item in items:
            waiting.append(pool.submit(read, item))
            if len(waiting) >= AHEAD * n_threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)  # an interruption does not wait for what is left
