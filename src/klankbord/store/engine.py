"""Connections to the database under a workspace: pragmas, transactions and readable errors."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.schema import Table

from klankbord.errors import WorkspaceError

BUSY_SECONDS = 30
_WRITES = "klankbord_writes"


def engine_for(location: Path | str) -> tuple[Engine, str]:
    """Return the engine for a workspace file and the name to show in messages about it.

    A database URL is where a shared PostgreSQL workspace will be recognised.
    """
    text = str(location)
    if "://" in text:
        raise WorkspaceError(
            "a workspace is a file; database addresses are not supported",
            where=text.split("://", 1)[0] + "://…",
            hint="name a file, such as --workspace klankbord.db",
        )
    path = Path(location)
    if path.is_dir():
        raise WorkspaceError("the workspace is a folder, not a file", where=text)
    if not path.parent.is_dir():
        raise WorkspaceError(
            "the folder for the workspace does not exist", where=text, hint="make the folder first"
        )
    _make_private(path)
    engine = create_engine(
        URL.create("sqlite", database=text),
        connect_args={"timeout": BUSY_SECONDS},
        hide_parameters=True,  # parameters hold verbatims
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine, text


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


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # transactions begin in `_begin_sqlite`, and nowhere else
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA secure_delete = ON")
    cursor.execute("PRAGMA synchronous = FULL")
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


def _begin_sqlite(connection: Connection) -> None:
    """Take the write lock at once when writing: upgrading a read lock later could deadlock."""
    immediate = connection.get_execution_options().get(_WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


@contextlib.contextmanager
def begin(engine: Engine, *, writes: bool) -> Iterator[Connection]:
    """Open one transaction: committed at the end, rolled back on any error."""
    with (
        engine.connect().execution_options(**{_WRITES: writes}) as connection,
        connection.begin(),
    ):
        yield connection


@contextlib.contextmanager
def readable_errors(where: str) -> Iterator[None]:
    """Turn database errors into WorkspaceError, without statement, parameters or cause."""
    try:
        yield
    except DBAPIError as error:
        problem = _explain(error)
    except sqlite3.Error as error:
        problem = _explain_text(str(error), integrity=False)
    else:
        return
    message, hint = problem
    raise WorkspaceError(message, where=where, hint=hint) from None


def _explain(error: DBAPIError) -> tuple[str, str]:
    """Explain the first of a chain: a rollback that fails as well hides what went wrong."""
    link: BaseException | None = error
    while link is not None:
        error = link if isinstance(link, DBAPIError) else error
        link = link.__context__
    return _explain_text(str(error.orig), integrity=isinstance(error, IntegrityError))


def _explain_text(text: str, *, integrity: bool) -> tuple[str, str]:
    lowered = text.lower()
    if "not a database" in lowered:
        return "this file is not a Klankbord workspace", "name another file with --workspace"
    if "malformed" in lowered or "corrupt" in lowered or "disk i/o" in lowered:
        return "the workspace is damaged", "put back a backup, or start a new workspace"
    if "locked" in lowered or "busy" in lowered:
        return "another process kept the workspace busy for too long", "try again in a moment"
    if "full" in lowered:
        return "the disk is full; nothing was changed", "make room and run the command again"
    if "readonly" in lowered or "read-only" in lowered or "unable to open" in lowered:
        return "the workspace cannot be written to", "check the permissions of file and folder"
    if integrity:
        return "rows refer to feedback or actions that the workspace does not hold", ""
    return "the workspace could not be used", "check the disk and the permissions"


def insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """Return the dialect's INSERT for `table`, the one that knows ON CONFLICT."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)
