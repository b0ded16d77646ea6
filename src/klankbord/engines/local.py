"""The cores of this machine."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import chain, islice
from typing import ClassVar, TypeVar

from klankbord.engines.engine import Task
from klankbord.engines.outcome import Done, Failed, attempt
from klankbord.errors import KlankbordError
from klankbord.room import cores, keep_to

Shard = TypeVar("Shard")
Result = TypeVar("Result")

_FEW = 4  # shards that are done before a worker has loaded its models
_AHEAD = 2  # shards per worker that are worked on or wait, which bounds memory


class LocalEngine:
    """Works in this process on a few shards, and with a process per core on more of them."""

    here: ClassVar[bool] = True

    def __init__(self, workers: int = 0) -> None:
        """Use `workers` processes; 0 for as many as this process has cores."""
        self._workers = workers or cores()
        self._pool: ProcessPoolExecutor | None = None

    def map(self, task: Task[Shard, Result], shards: Iterable[Shard]) -> Iterator[Result]:
        """Yield the result for each shard, in their order; raises KlankbordError on a lost worker.

        A program that uses more than one worker must guard its main module, as Python's
        multiprocessing asks: `if __name__ == "__main__":`.
        """
        ahead = iter(shards)
        if self._workers < 2:
            yield from map(task, ahead)
            return
        first = list(islice(ahead, _FEW + 1))
        if len(first) <= _FEW and self._pool is None:
            yield from map(task, first)
            return
        yield from self._spread(task, chain(first, ahead))

    def close(self) -> None:
        """Let the workers go; the next `map` starts others."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None

    def _spread(self, task: Task[Shard, Result], shards: Iterable[Shard]) -> Iterator[Result]:
        from concurrent.futures.process import BrokenProcessPool

        waiting: deque[Future[Done[Result] | Failed]] = deque()
        try:
            for shard in shards:
                waiting.append(self._started().submit(attempt, task, shard))
                if len(waiting) >= _AHEAD * self._workers:
                    yield waiting.popleft().result().taken()
            while waiting:
                yield waiting.popleft().result().taken()
        except BrokenProcessPool:
            self._pool = None
            raise KlankbordError(
                "a worker process was stopped, perhaps for lack of memory; what was done is kept",
                hint="run the same command again, with --workers 1 for less memory",
            ) from None
        finally:
            for future in waiting:
                future.cancel()

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            from multiprocessing import get_context

            # a fresh process: a fork of one with threads may wait forever for a lock
            self._pool = ProcessPoolExecutor(
                self._workers, mp_context=get_context("spawn"), initializer=_begin_quietly
            )
        return self._pool


def _begin_quietly() -> None:
    """Use one core, leave interrupts to the process that started this one, and say nothing.

    A library's warning could hold a customer's words.
    """
    import logging
    import signal
    import warnings
    from threading import Thread

    from klankbord.spared import spare_pandas

    spare_pandas()
    keep_to(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()
    logging.lastResort = None
    warnings.simplefilter("ignore")


def _end_with_parent() -> None:
    """End this process when the one that started it is gone, however that ended."""
    from multiprocessing import parent_process

    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
