"""Putting a backup back: into a new file, over a workspace, or into a database on a server."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, delete, select

from klankbord.errors import WorkspaceError
from klankbord.files import draft_folder, replacing
from klankbord.location import Location
from klankbord.room import require
from klankbord.store import tables
from klankbord.store.arrow import to_micros
from klankbord.store.backup import Manifest, check_backup, check_file, copy_file, copy_rows
from klankbord.store.engine import begin, engine_for, insert, readable_errors
from klankbord.store.migrate import migrate
from klankbord.store.sqlite_file import BUSY_SECONDS, engine_for_file

# What a workspace knows of copies and of people who were forgotten must not be unlearned.
_KEPT = (tables.backup, tables.written_file, tables.trained_model, tables.barred)


@dataclass(frozen=True)
class Restored:
    """What was put back, and what became of the workspace that stood there."""

    manifest: Manifest
    set_aside: Path | None  # the workspace that stood there, which was damaged


def restore_backup(path: Path, location: Location, *, force: bool = False) -> Restored:
    """Put the backup in `path` back as the workspace at `location`, whole or not at all.

    Raises WorkspaceError for a damaged backup and, without `force`, where there is a workspace.
    """
    manifest = check_backup(path)
    if not location.is_file:
        with _newest(path) as copy:
            _into_server(copy, path, location, force=force)
        return Restored(manifest, None)
    target = Path(location.address)
    taken = target.is_file() and target.stat().st_size > 0
    if taken and not force:
        raise _taken(location)
    location.make_folder()
    require(target.absolute().parent, 3 * manifest.bytes, "restoring the backup")
    with _newest(path, beside=target) as copy:
        set_aside = _set_aside_if_damaged(target) if taken else None
        _remember(copy, path, target if taken and set_aside is None else None)
        if taken and set_aside is None:
            with readable_errors(str(location)):
                _over(copy, target)
        else:
            with replacing(target) as draft:
                copy_file(copy, draft)
                check_file(draft, str(location))
    return Restored(manifest, set_aside)


@contextmanager
def _newest(path: Path, beside: Path | None = None) -> Iterator[Path]:
    """Give a copy of a backup that has the newest schema; the backup itself stays as it is."""
    place = beside.absolute().parent if beside else Path(tempfile.gettempdir())
    with draft_folder(place) as folder:
        copy = folder / "klankbord.db"
        with readable_errors(str(path)):
            copy_file(path, copy)
            engine = engine_for_file(copy)
            try:
                with begin(engine, writes=True) as connection:
                    migrate(connection, str(path))
            finally:
                engine.dispose()
        check_file(copy, str(path))
        yield copy


def _over(copy: Path, target: Path) -> None:
    """Copy over a workspace in one transaction: who has it open goes on with what was restored."""
    with (
        closing(sqlite3.connect(copy)) as held,
        closing(sqlite3.connect(target, timeout=BUSY_SECONDS)) as connection,
    ):
        held.backup(connection)


def _set_aside_if_damaged(target: Path) -> Path | None:
    """Move a file that is no sound workspace out of the way, with its log; else return None."""
    try:
        check_file(target, str(target))
    except WorkspaceError:
        moment = f"{datetime.now(UTC):%Y%m%d-%H%M%S}"
        aside = target.with_name(f"{target.name}.damaged-{moment}")
        for ending in ("-wal", "-shm", ""):
            part = target.with_name(target.name + ending)
            if part.exists():
                part.rename(aside.with_name(aside.name + ending))
        return aside
    return None


def _remember(copy: Path, path: Path, before: Path | None) -> None:
    """Let the restored workspace know of this backup, and what the one before it knew."""
    engine = engine_for_file(copy)
    try:
        with begin(engine, writes=True) as connection:
            if before is not None:
                with _opened(before) as held:
                    _keep_known(held, connection)
            _keep_backup(connection, path)
    finally:
        engine.dispose()


@contextmanager
def _opened(path: Path) -> Iterator[Connection]:
    """Give what a workspace holds, brought to the newest schema in a copy."""
    with _newest(path) as copy:
        engine = engine_for_file(copy)
        try:
            with begin(engine, writes=False) as connection:
                yield connection
        finally:
            engine.dispose()


def _keep_known(held: Connection, target: Connection) -> None:
    for table in _KEPT:
        rows = [dict(row) for row in held.execute(select(table)).mappings()]
        if rows:
            target.execute(insert(target, table).on_conflict_do_nothing(), rows)


def _keep_backup(connection: Connection, path: Path) -> None:
    row = {"path": str(path.resolve()), "made_at": to_micros(datetime.now(UTC))}
    connection.execute(insert(connection, tables.backup).on_conflict_do_nothing(), [row])


def _into_server(copy: Path, path: Path, location: Location, *, force: bool) -> None:
    """Put the rows in place of those of a database, in one transaction."""
    engine, name = engine_for(location)
    source = engine_for_file(copy)
    try:
        with (
            readable_errors(name),
            begin(source, writes=False) as held,
            begin(engine, writes=True) as connection,
        ):
            migrate(connection, name)
            if _holds_something(connection) and not force:
                raise _taken(location)
            known = {
                table: [dict(row) for row in connection.execute(select(table)).mappings()]
                for table in _KEPT
            }
            for table in reversed(tables.metadata.sorted_tables):
                connection.execute(delete(table))
            copy_rows(held, connection)
            for table, rows in known.items():
                if rows:
                    connection.execute(insert(connection, table).on_conflict_do_nothing(), rows)
            _keep_backup(connection, path)
    finally:
        source.dispose()
        engine.dispose()


def _holds_something(connection: Connection) -> bool:
    return any(
        connection.execute(select(table).limit(1)).first() is not None
        for table in tables.metadata.sorted_tables
    )


def _taken(location: Location) -> WorkspaceError:
    return WorkspaceError(
        "there is a workspace already; it was left as it is",
        where=str(location),
        hint="make a backup of it first, then restore with --force; or name another with"
        " --workspace",
    )
