"""How long a function takes, for tests that hostile input is read in linear time."""

import time
from collections.abc import Callable
from functools import cache
from typing import Any


def seconds(function: Callable[..., Any], *given: Any) -> float:
    """Return the processor time of a call, less what other work slows the processor by."""
    least = float("inf")
    for _ in range(3):
        before = _spin()
        start = time.process_time()
        function(*given)
        taken = time.process_time() - start
        slowdown = max(1.0, (before + _spin()) / 2 / _undisturbed())
        least = min(least, taken / slowdown)
        if least < 0.5:
            break
    return least


@cache
def _undisturbed() -> float:
    return min(_spin() for _ in range(50))


def _spin() -> float:
    start = time.process_time()
    sum(number * number for number in range(50_000))
    return time.process_time() - start
