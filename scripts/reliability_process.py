"""Commands of Klankbord in processes of their own that are killed, or that meet a fault.

The processes are forked from one that has imported what they need, so that hundreds of them fit in
minutes. A fault is raised where the operating system or the database would raise it: in place of
the commit of the database driver, of a rename, or of having the disk hold what was written.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

NEEDED = (
    "klankbord.pipeline", "klankbord.cli", "klankbord.store.workspace", "klankbord.models",
    "klankbord.themes", "klankbord.shifts", "klankbord.loop", "klankbord.drivers",
    "klankbord.report", "klankbord.roundtrip", "klankbord.sources", "klankbord.language",
    "pyarrow.parquet", "pyarrow.compute", "sqlalchemy.dialects.sqlite", "sklearn.linear_model",
    "sknetwork", "vl_convert", "xlsxwriter", "spacy", "rich",
)  # fmt: skip
FULL, INPUT_OUTPUT, MEMORY = "disk full", "I/O error", "memory error"
KILL_BEFORE, KILL_AFTER = "killed before", "killed after"
KINDS = (FULL, INPUT_OUTPUT, MEMORY, KILL_BEFORE, KILL_AFTER)


@dataclass(frozen=True)
class Fault:
    """What goes wrong, and at which of the points where something can."""

    kind: str
    point: int


@dataclass(frozen=True)
class Ended:
    """How a process ended: its exit code, minus the signal that killed it, and what it said."""

    code: int
    said: list[str]
    seconds: float
    points: list[str]  # that it came by, where they were asked for


def warm_up() -> None:
    """Import what every command needs, once."""
    for name in NEEDED:
        import_module(name)


def start(arguments: Sequence[str], said: Path, before: Callable[[], None] | None = None) -> int:
    """Run one command of Klankbord in a process of its own and return its number."""
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child:
        return child
    code = 70
    try:
        descriptor = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(descriptor, 1)
        os.dup2(descriptor, 2)
        if before is not None:
            before()
        from klankbord.cli import run

        code = run(arguments)
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


def wait(process: int) -> int:
    """Wait for a process; returns its exit code, or minus the signal that killed it."""
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def finish(
    arguments: Sequence[str], said: Path, *, fault: Fault | None = None, points: Path | None = None
) -> Ended:
    """Run one command to its end, with a fault if one is given."""
    began = time.monotonic()
    code = wait(start(arguments, said, lambda: _watch(fault, points)))
    lines = said.read_text("utf-8", "replace").splitlines()
    passed = points.read_text("utf-8").splitlines() if points and points.exists() else []
    return Ended(code, lines, time.monotonic() - began, passed)


def kill_after(arguments: Sequence[str], said: Path, seconds: float) -> bool:
    """Run one command and kill it after so many seconds; False where it had ended before."""
    process = start(arguments, said)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        done, status = os.waitpid(process, os.WNOHANG)
        if done:
            if os.waitstatus_to_exitcode(status):
                raise SystemExit(f"the command failed: {said.read_text('utf-8')}")
            return False
        time.sleep(min(0.002, max(0.0, deadline - time.monotonic())))
    os.kill(process, signal.SIGKILL)
    wait(process)
    return True


# --- points at which something can go wrong -------------------------------------------------------


def _watch(fault: Fault | None, points: Path | None) -> None:
    """Let every commit, rename and flush to disk of this process pass by here."""
    from sqlalchemy.engine.default import DefaultDialect

    counted = -1

    @contextlib.contextmanager
    def point(name: str, path: str) -> Iterator[None]:
        nonlocal counted
        counted += 1
        if points is not None:
            with points.open("a", encoding="utf-8") as file:
                file.write(f"{name} {Path(path).name}".strip() + "\n")
        hit = fault is not None and fault.point == counted
        if hit:
            _strike(fault.kind, name, path)
        yield
        if hit:
            os.kill(os.getpid(), signal.SIGKILL)

    def passing(name: str, real: Callable[..., Any], place: int) -> Callable[..., Any]:
        def call(*given: Any, **more: Any) -> Any:  # noqa: ANN401 - whatever the real one takes
            path = given[place] if isinstance(given[place], str | os.PathLike) else ""
            with point(name, os.fspath(path)):
                return real(*given, **more)

        return call

    os.replace = passing("rename", os.replace, 1)
    os.rename = passing("rename", os.rename, 1)
    os.fsync = passing("flush", os.fsync, 0)
    DefaultDialect.do_commit = passing("commit", DefaultDialect.do_commit, 0)


def _strike(kind: str, name: str, path: str) -> None:
    if kind == MEMORY:
        raise MemoryError
    if kind == KILL_BEFORE:
        os.kill(os.getpid(), signal.SIGKILL)
    if kind == KILL_AFTER:
        return
    if name == "commit":
        raise sqlite3.OperationalError(
            "database or disk is full" if kind == FULL else "disk I/O error"
        )
    number = errno.ENOSPC if kind == FULL else errno.EIO
    raise OSError(number, os.strerror(number), path)
