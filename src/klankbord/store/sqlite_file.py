"""A workspace in a file: SQLite's pragmas, and what its errors mean."""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event

from klankbord.errors import WorkspaceError

BUSY_SECONDS = 30
CACHE_KIB = 65_536  # of pages in memory: ids are hashes, so that rows come in all over the index
WRITES = "klankbord_writes"  # the execution option of a connection that is going to write


def engine_for_file(path: Path) -> Engine:
    """Return the engine for a workspace file, which is made where there is none."""
    if path.is_dir():
        raise WorkspaceError("the workspace is a folder, not a file", where=str(path))
    if not path.parent.is_dir():
        raise WorkspaceError(
            "the folder for the workspace does not exist",
            where=str(path),
            hint="make the folder first",
        )
    _make_private(path)
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        connect_args={"timeout": BUSY_SECONDS},
        hide_parameters=True,  # parameters hold verbatims
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def explain(text: str) -> tuple[str, str] | None:
    """Return what an error message of SQLite means and what to do, None where that is unknown."""
    lowered = text.lower()
    if "not a database" in lowered:
        return "this file is not a Klankbord workspace", "name another file with --workspace"
    if "malformed" in lowered or "corrupt" in lowered:
        return "the workspace is damaged", "put back a backup: klankbord backup --restore FILE"
    if "disk i/o" in lowered:
        return (
            "the disk of the workspace failed to read or write; nothing was changed",
            "check the disk and its room, then run the same command again",
        )
    if "locked" in lowered or "busy" in lowered:
        return "another process kept the workspace busy for too long", "try again in a moment"
    if "full" in lowered:
        return "the disk is full; nothing was changed", "make room and run the command again"
    if "readonly" in lowered or "read-only" in lowered or "unable to open" in lowered:
        return "the workspace cannot be written to", "check the permissions of file and folder"
    return None


def _make_private(path: Path) -> None:
    """Create an absent workspace readable by its owner only; SQLite copies the mode to its WAL."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise WorkspaceError(
            f"the workspace cannot be opened: {error.strerror}",
            where=str(path),
            hint="check that the file and its folder can be written to",
        ) from error


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # transactions begin in `_begin`, and nowhere else
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA secure_delete = ON")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    _use_write_ahead_log(cursor)
    cursor.close()


def _use_write_ahead_log(cursor: sqlite3.Cursor) -> None:
    """Switch the file to WAL once; SQLite does not wait for a lock here, so try again."""
    deadline = time.monotonic() + BUSY_SECONDS
    while cursor.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
        if time.monotonic() > deadline:
            return  # a file system without shared memory keeps the rollback journal
        time.sleep(0.02)


def _begin(connection: Connection) -> None:
    """Take the write lock at once when writing: upgrading a read lock later could deadlock."""
    writes = connection.get_execution_options().get(WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
