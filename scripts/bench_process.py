"""What a piece of work costs: wall time, processor time and peak memory, processes it starts too.

Memory is that of all processes together at one moment: what is shared between them counts once.
It is read from /proc; elsewhere it is the most that any one process held, and 0 for a stage.
Standard library only.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen

PROC = Path("/proc")
KIB = 1024e-6  # megabytes
PAUSE = 0.05  # seconds between two looks at the memory
RESET_PEAK = "5"  # what `clear_refs` takes to forget the peak, see proc(5)


@dataclass(frozen=True)
class Cost:
    """Seconds, processor seconds (user and system) and the peak in MB."""

    wall: float
    processor: float
    peak: float

    def __add__(self, other: Cost) -> Cost:
        """Return the cost of one after the other."""
        return Cost(
            self.wall + other.wall,
            self.processor + other.processor,
            max(self.peak, other.peak),
        )


class FailedError(RuntimeError):
    """A command that was to be measured failed."""


def run(command: Sequence[str], *, say: bool = False) -> tuple[Cost, str]:
    """Run `command`; return its cost and, with `say`, what it printed. Raises FailedError."""
    begin = time.perf_counter()
    process = Popen(list(command), stdout=PIPE if say else DEVNULL, text=True)
    with _watched(process.pid) as most:
        told = process.stdout.read() if process.stdout else ""
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begin
    most = [megabytes for megabytes in most if megabytes]
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.stdout:
        process.stdout.close()
    if status:
        raise FailedError(f"exit code {process.returncode}: {' '.join(command)}")
    if not most:  # what a parent held when it began the process may be in there too
        most.append(usage.ru_maxrss * (1e-6 if sys.platform == "darwin" else KIB))
    return Cost(wall, usage.ru_utime + usage.ru_stime, max(most)), told


@contextmanager
def _watched(pid: int) -> Iterator[list[float]]:
    """Look at the memory of a process and its descendants all the while; megabytes."""
    seen: list[float] = []
    done = threading.Event()

    def watch() -> None:
        while not done.wait(PAUSE):
            processes = [pid, *descendants(pid)]
            several = len(processes) > 1  # of a single one the kernel knows the peak
            seen.append(sum(map(_own_part, processes)) if several else _peak(pid))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield seen
    finally:
        done.set()
        watcher.join()


def descendants(pid: int) -> list[int]:
    """Return the processes that `pid` started, and those that they started."""
    try:
        files = list((PROC / str(pid) / "task").glob("*/children"))
        children = [int(child) for file in files for child in file.read_text().split()]
    except OSError:  # gone meanwhile
        return []
    return [found for child in children for found in (child, *descendants(child))]


def _own_part(pid: int) -> float:
    """Return the megabytes of a process, with its part of what it shares."""
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * KIB


class Clock:
    """Adds up what each stage of this process costs."""

    def __init__(self) -> None:
        self.costs: dict[str, Cost] = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        """Count what happens inside as `stage`."""
        _forget_peak()
        wall, processor = time.perf_counter(), _processor()
        yield
        cost = Cost(time.perf_counter() - wall, _processor() - processor, _peak(os.getpid()))
        self.costs[stage] = self.costs.get(stage, Cost(0, 0, 0)) + cost


def _processor() -> float:
    """Return the processor seconds of this process, and of those it started and still runs."""
    used = os.times()
    own = used.user + used.system + used.children_user + used.children_system
    return own + sum(_ticks(pid) for pid in descendants(os.getpid()))


def _ticks(pid: int) -> float:
    try:
        told = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, told[11:15])) / os.sysconf("SC_CLK_TCK")


def _forget_peak() -> None:
    file = PROC / "self" / "clear_refs"
    if file.exists():
        file.write_text(RESET_PEAK)


def _peak(pid: int) -> float:
    """Return the megabytes a process held at most, since the peak was forgotten; 0 if unknown."""
    try:
        lines = (PROC / str(pid) / "status").read_text().splitlines()
    except OSError:
        return 0.0
    return (
        max((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), default=0) * KIB
    )
