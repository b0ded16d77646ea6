"""Several people who work at the same moment."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def at_once(people: int, work: Callable[[int], T]) -> list[T]:
    """Let each of so many people do their work, begun together; return what came of it."""
    start = threading.Barrier(people)

    def one(number: int) -> T:
        start.wait()
        return work(number)

    with ThreadPoolExecutor(people) as threads:
        return list(threads.map(one, range(people)))
