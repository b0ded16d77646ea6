"""Connections to the database under a workspace: transactions and readable errors."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.schema import Table

from klankbord.errors import WorkspaceError
from klankbord.location import Location
from klankbord.store import postgresql_server, sqlite_file


def engine_for(location: Location | Path | str) -> tuple[Engine, str]:
    """Return the engine for a workspace and the name to show in messages about it."""
    logging.getLogger("sqlalchemy.engine.Engine").addFilter(_shows_no_rows)
    location = Location.of(location)
    if location.is_file:
        return sqlite_file.engine_for_file(Path(location.address)), str(location)
    return postgresql_server.engine_for_server(location), str(location)


def _shows_no_rows(record: logging.LogRecord) -> bool:
    """Tell whether a line of SQLAlchemy's log is no row: those hold customers' words."""
    return record.levelno > logging.DEBUG


@contextlib.contextmanager
def begin(engine: Engine, *, writes: bool) -> Iterator[Connection]:
    """Open one transaction: committed at the end, rolled back on any error.

    Results count rows on every kind of database, those of inserts too.
    """
    options: dict[str, Any] = {sqlite_file.WRITES: writes, "preserve_rowcount": True}
    if not writes and engine.dialect.name == "postgresql":
        options |= postgresql_server.READING
    with engine.connect().execution_options(**options) as connection, connection.begin():
        yield connection


@contextlib.contextmanager
def readable_errors(where: str) -> Iterator[None]:
    """Turn database errors into WorkspaceError, without statement, parameters or cause."""
    try:
        yield
    except DBAPIError as error:
        problem = _explain(error)
    except sqlite3.Error as error:
        problem = sqlite_file.explain(str(error)) or _UNKNOWN
    except PoolTimeoutError:
        problem = "too many people use the workspace at once", "try again in a moment"
    except UnicodeEncodeError:
        problem = "a text holds half a character", "take it out of the text"
    else:
        return
    message, hint = problem
    raise WorkspaceError(message, where=where, hint=hint) from None


_UNKNOWN = "the workspace could not be used", "check the disk and the permissions"


def _explain(error: DBAPIError) -> tuple[str, str]:
    """Explain the first of a chain: a rollback that fails as well hides what went wrong."""
    link: BaseException | None = error
    while link is not None:
        error = link if isinstance(link, DBAPIError) else error
        link = link.__context__
    if isinstance(error.orig, sqlite3.Error):
        found = sqlite_file.explain(str(error.orig))
    else:
        found = None if error.orig is None else postgresql_server.explain(error.orig)
    if found is None and isinstance(error, IntegrityError):
        return "rows refer to feedback or actions that the workspace does not hold", ""
    return found or _UNKNOWN


def insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """Return the dialect's INSERT for `table`, the one that knows ON CONFLICT."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)
