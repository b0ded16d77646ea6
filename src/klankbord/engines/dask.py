"""A cluster of other machines, by Dask `distributed`.

Everything a task is given and gives back travels between the machines by Dask's own transport;
with a scheduler at tls:// that is encrypted, by the certificates in Dask's configuration.
"""

from __future__ import annotations

import contextlib
import gc
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from statistics import median
from threading import Event, Lock
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar
from uuid import uuid4

from klankbord import __version__
from klankbord.engines.engine import Task
from klankbord.engines.outcome import Done, Failed, attempt
from klankbord.errors import KlankbordError, MissingExtraError
from klankbord.room import keep_to

if TYPE_CHECKING:
    from distributed import Client, Future

Shard = TypeVar("Shard")
Result = TypeVar("Result")

_AHEAD = 2  # shards per worker that are worked on or wait, which bounds memory
_RETRIES = 3  # of a task that its worker could not begin
_SLOW, _SOONEST = 3.0, 5.0  # times the median, and seconds, before a task is given out again
_LOOK = 0.2  # seconds between looks at the task that is waited for
_PATIENCE = 60.0  # seconds without any worker
_SAME_RUN = "what was done is kept: run the same command again"


class DaskEngine:
    """Works on the workers of a Dask scheduler that runs already.

    A task is done again where its worker is lost, and given to a second worker as well where it
    takes much longer than others; the first result counts. Making one silences Dask's loggers in
    this process, which could tell what a task was given.
    """

    here: ClassVar[bool] = False

    def __init__(self, scheduler: str) -> None:
        """Use the scheduler at an address such as tls://host:8786.

        Raises KlankbordError where none answers, MissingExtraError without `distributed`.
        """
        self._scheduler = scheduler
        self._client: Client | None = _connected(scheduler)
        self._without_since: float | None = None  # when the last worker was gone

    def map(self, task: Task[Shard, Result], shards: Iterable[Shard]) -> Iterator[Result]:
        """Yield the result for each shard, in their order; raises KlankbordError on a lost cluster.

        An error of a task is raised here as its kind and place alone, but for KlankbordErrors.
        """
        recipe, ahead, times = _Recipe.of(task), iter(shards), deque[float](maxlen=100)
        jobs: deque[_Job] = deque()
        try:
            while True:
                room = max(1, _AHEAD * len(self._workers()) - len(jobs))
                for shard in islice(ahead, room):
                    jobs.append(_Job(recipe, _Parcel(shard), times))
                    jobs[-1].give_out(self._connection())
                if not jobs:
                    return
                outcome = self._outcome_of(jobs[0], times)
                jobs.popleft().drop()
                yield outcome.taken()
        finally:
            for job in jobs:
                job.drop()

    def close(self) -> None:
        """Let go of the scheduler, whose workers stay; the next `map` connects again."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _connection(self) -> Client:
        if self._client is None:
            self._client = _connected(self._scheduler)
        return self._client

    def _outcome_of(self, job: _Job, times: deque[float]) -> Done[Any] | Failed:
        """Wait for a job, which is given out once more where it takes too long."""
        while not job.done.wait(_LOOK):
            workers = self._workers()
            slow = bool(times) and job.waited > max(_SOONEST, _SLOW * median(times))
            if slow and len(job.copies) == 1 and len(workers) > 1:
                busy, key = self._connection().processing(), job.copies[0].key
                idle = [worker for worker in workers if key not in busy.get(worker, ())]
                job.give_out(self._connection(), workers=idle or None, allow_other_workers=True)
        finished = [copy for copy in job.copies if copy.status == "finished"]
        return _result_of((finished or job.copies)[0])

    def _workers(self) -> list[str]:
        """Return the addresses of the workers; KlankbordError where there are none for a minute."""
        client = self._connection()
        began = monotonic()
        while True:
            try:
                workers = list(client.nthreads())
            except (OSError, TimeoutError):
                raise _lost(self._scheduler) from None
            if workers:
                self._without_since = None
                return workers
            self._without_since = self._without_since or began
            if monotonic() - self._without_since > _PATIENCE:
                raise KlankbordError(
                    f"this scheduler has had no workers for {_PATIENCE:.0f} seconds",
                    where=self._scheduler,
                    hint=f"start some: dask worker {self._scheduler} --nthreads 1; {_SAME_RUN}",
                )
            with contextlib.suppress(TimeoutError):
                client.wait_for_workers(1, timeout=1)


@dataclass
class _Job:
    """A shard that was given out, to a second worker too where the first is slow."""

    recipe: _Recipe
    parcel: _Parcel
    times: deque[float]  # how long jobs took
    since: float = field(default_factory=monotonic)
    copies: list[Future] = field(default_factory=list)
    done: Event = field(default_factory=Event)

    @property
    def waited(self) -> float:
        """Seconds since it was given out."""
        return monotonic() - self.since

    def give_out(self, client: Client, **where: Any) -> None:  # noqa: ANN401 - Dask's own options
        """Have a worker do it."""
        # a key of our own: Dask shows keys, and would make one from what the task is given
        copy = client.submit(
            _work,
            self.recipe,
            self.parcel,
            key=f"klankbord-{uuid4().hex}",
            pure=False,
            retries=_RETRIES,
            **where,
        )
        self.copies.append(copy)
        copy.add_done_callback(self._note)

    def drop(self) -> None:
        """Have the cluster forget it."""
        for copy in self.copies:
            if not copy.done():
                copy.cancel()
            copy.release()

    def _note(self, copy: Future) -> None:
        if copy.status == "finished" and not self.done.is_set():
            self.times.append(self.waited)
        if copy.status == "finished" or all(other.done() for other in self.copies):
            self.done.set()


@dataclass(frozen=True)
class _Recipe:
    """How a task is made where it is done.

    The scheduler reads what travels by it, and must not load models and keys for that.
    """

    build: Callable[..., Any]
    given: tuple[Any, ...] | None  # None: what is built by is the task itself
    version: str = __version__

    @classmethod
    def of(cls, task: Task[Any, Any]) -> _Recipe:
        told = task.__reduce__() if "__reduce__" in vars(type(task)) else None
        return cls(told[0], told[1]) if isinstance(told, tuple) else cls(task, None)

    def task(self) -> Task[Any, Any]:
        if self.version != __version__:
            raise KlankbordError(
                f"a worker has klankbord {__version__} and this is {self.version}",
                hint="install the same version on every worker",
            )
        return self.build if self.given is None else self.build(*self.given)


@dataclass(frozen=True, repr=False)
class _Parcel:
    """What a task is given, which Dask cannot write to a log."""

    content: Any

    def __repr__(self) -> str:
        return "a shard"


_at_work = Lock()  # a task uses all that a process has: models, and one core


def _work(recipe: _Recipe, parcel: _Parcel) -> Done[Any] | Failed:
    """Do a task in a worker, where nothing of it is told."""
    import warnings

    with _at_work:
        keep_to(1)
        warnings.simplefilter("ignore")
        return attempt(lambda content: recipe.task()(content), parcel.content)


def _connected(scheduler: str) -> Client:
    try:
        from distributed import Client
    except ImportError:
        raise MissingExtraError(
            "working on a cluster needs Dask distributed",
            hint="pip install 'klankbord[cluster]'",
        ) from None
    _hush()
    with contextlib.suppress(OSError, TimeoutError, ValueError, TypeError, RuntimeError):
        return Client(scheduler, set_as_default=False)
    gc.collect()  # now: half a client that is collected while another is made stops both
    raise KlankbordError(
        "no Dask scheduler answers at this address",
        where=scheduler,
        hint="start one with: dask scheduler; its certificates for tls:// are in Dask's own"
        " configuration",
    )


def _hush() -> None:
    """Silence Dask's loggers: with an error they write what a task was given."""
    import logging

    for name in ("distributed", *logging.root.manager.loggerDict):
        if name.partition(".")[0] == "distributed":
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def _result_of(copy: Future) -> Done[Any] | Failed:
    from asyncio import CancelledError

    from distributed.scheduler import KilledWorker

    try:
        outcome: Done[Any] | Failed = copy.result()
    except KilledWorker:
        raise KlankbordError(
            "the same shard stopped several workers, perhaps for lack of memory",
            hint=f"give workers more memory, or split the largest files; {_SAME_RUN}",
        ) from None
    except (CancelledError, OSError, TimeoutError):
        raise _lost("") from None
    except Exception as error:  # noqa: BLE001 - what Dask itself met: it may tell of a shard
        raise KlankbordError(
            f"the workers cannot do this task ({type(error).__name__})",
            hint="install the same version of 'klankbord[cluster]' on the scheduler and on every"
            " worker",
        ) from None
    return outcome


def _lost(where: str) -> KlankbordError:
    return KlankbordError("the scheduler was lost", where=where, hint=_SAME_RUN)
