"""A real Dask cluster of two worker processes on this computer."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

import offline
from klankbord.engines import DaskEngine


@contextmanager
def cluster(workers: int = 2, *, deaths: int = 1) -> Iterator[Any]:
    """Give a running LocalCluster; a task that more than so many workers died of is given up.

    Only addresses of this computer are used.
    """
    import dask
    from distributed import LocalCluster

    before = os.environ.get(offline.ALLOWED, "")
    os.environ[offline.ALLOWED] = "1"  # for the workers, and between tests
    try:
        with (
            dask.config.set({"distributed.scheduler.allowed-failures": deaths}),
            LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                dashboard_address="127.0.0.1:0",
                memory_limit=None,
            ) as running,
        ):
            yield running
    finally:
        os.environ[offline.ALLOWED] = before


@pytest.fixture(scope="module")
def running() -> Iterator[Any]:
    with cluster() as found:
        yield found


@pytest.fixture
def engine(running: Any) -> Iterator[DaskEngine]:
    made = DaskEngine(running.scheduler_address)
    yield made
    made.close()


def pids(running: Any) -> list[int]:
    """Return the process ids of the workers."""
    return [nanny.pid for nanny in running.workers.values()]


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
