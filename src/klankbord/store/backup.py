"""A copy of a whole workspace in one SQLite file, with a manifest beside it that tells damage.

A file is copied by SQLite's online backup, so that others may read and write meanwhile; a database
on a server is copied table by table as it was at one moment. The pseudonym key is in neither.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, func, select, text
from sqlalchemy.schema import Table

from klankbord import __version__
from klankbord.errors import WorkspaceError
from klankbord.files import replacing, sha256_of
from klankbord.store import tables
from klankbord.store.arrow import BATCH_ROWS
from klankbord.store.engine import begin, readable_errors
from klankbord.store.migrate import migrate
from klankbord.store.sqlite_file import BUSY_SECONDS, engine_for_file

_MANIFEST = ".json"  # behind the whole name of the backup
_LARGEST_MANIFEST = 1 << 20
_DAMAGED = "restore another backup; klankbord backup --list names those that were made"


@dataclass(frozen=True)
class Manifest:
    """What a backup holds, and by what it is known to be whole."""

    made_at: str  # UTC, ISO 8601
    klankbord: str
    schema: str  # revision of the tables
    bytes: int
    sha256: str
    rows: Mapping[str, int]  # by table


def manifest_of(path: Path) -> Path:
    """Return where the manifest of a backup is."""
    return path.with_name(path.name + _MANIFEST)


def write_backup(engine: Engine, name: str, path: Path, *, at: datetime) -> Manifest:
    """Copy the workspace under `engine` to `path`, whole and checked, in place of what is there.

    Raises WorkspaceError where the copy is not sound, which is the workspace's own damage.
    """
    with replacing(path) as draft, readable_errors(name):
        if engine.dialect.name == "sqlite":
            copy_file(Path(str(engine.url.database)), draft)
        else:
            _copy_server(engine, draft)
        check_file(draft, name)
        manifest = _manifest(draft, at)
        _write(manifest, path)
    return manifest


def sign(path: Path, *, at: datetime) -> Manifest:
    """Write the manifest of a backup that was changed on purpose; raises where it is unsound."""
    check_file(path, str(path))
    manifest = _manifest(path, at)
    _write(manifest, path)
    return manifest


def check_backup(path: Path) -> Manifest:
    """Return the manifest of a backup that is as it was made; raises WorkspaceError otherwise."""
    if not path.is_file():
        raise WorkspaceError("there is no such backup", where=str(path), hint=_DAMAGED)
    manifest = _read(path)
    if path.stat().st_size != manifest.bytes or sha256_of(path) != manifest.sha256:
        raise WorkspaceError(
            "the backup is damaged: it is not the file that its manifest tells of",
            where=str(path),
            hint=_DAMAGED,
        )
    return manifest


def copy_file(source: Path, target: Path) -> None:
    """Copy a workspace in a file as it is at one moment, while others may use it."""
    with (
        closing(sqlite3.connect(source, timeout=BUSY_SECONDS)) as held,
        closing(sqlite3.connect(target, timeout=BUSY_SECONDS)) as copy,
    ):
        held.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it


def copy_rows(source: Connection, target: Connection) -> None:
    """Put every row of one workspace of the newest schema in another one, which has none."""
    for table in tables.metadata.sorted_tables:
        found = source.execute(select(table).execution_options(yield_per=BATCH_ROWS))
        for rows in found.mappings().partitions(BATCH_ROWS):
            target.execute(table.insert(), [dict(row) for row in rows])
        _count_on(target, table)


def check_file(path: Path, name: str) -> None:
    """Read a whole file; raises WorkspaceError where it is damaged."""
    with readable_errors(name), closing(sqlite3.connect(path)) as connection:
        verdict = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
        dangling = connection.execute("PRAGMA foreign_key_check").fetchone()
    if verdict != "ok" or dangling is not None:
        raise WorkspaceError("the workspace is damaged", where=name, hint=_DAMAGED)


def _copy_server(engine: Engine, draft: Path) -> None:
    copy = engine_for_file(draft)
    try:
        with begin(engine, writes=False) as held, begin(copy, writes=True) as connection:
            migrate(connection, str(draft))
            copy_rows(held, connection)
    finally:
        copy.dispose()
    with closing(sqlite3.connect(draft)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")


def _count_on(connection: Connection, table: Table) -> None:
    """Let PostgreSQL number the next row after those that came with their numbers."""
    column = table.autoincrement_column
    if connection.dialect.name != "postgresql" or column is None:
        return
    last = connection.execute(select(func.max(column))).scalar()
    if last is not None:
        connection.execute(
            text("SELECT setval(pg_get_serial_sequence(:table, :column), :last)"),
            {"table": f'"{table.name}"', "column": column.name, "last": last},
        )


def _manifest(path: Path, at: datetime) -> Manifest:
    with closing(sqlite3.connect(path)) as connection:
        schema = connection.execute("SELECT version_num FROM alembic_version").fetchone()[0]
        names = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        ).fetchall()
        rows = {
            name: int(connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0])  # noqa: S608 - names of our own tables
            for (name,) in sorted(names)
        }
    size, sha256 = path.stat().st_size, sha256_of(path)
    return Manifest(at.isoformat(), __version__, str(schema), size, sha256, rows)


def _write(manifest: Manifest, path: Path) -> None:
    with replacing(manifest_of(path)) as file:
        file.write_text(json.dumps(asdict(manifest), indent=2) + "\n", "utf-8")


def _read(path: Path) -> Manifest:
    manifest = manifest_of(path)
    try:
        with manifest.open("rb") as file:
            values = json.loads(file.read(_LARGEST_MANIFEST))
        return Manifest(**values)
    except FileNotFoundError:
        problem = "the manifest of this backup is not beside it"
    except (OSError, ValueError, TypeError, RecursionError):
        problem = "the manifest of this backup cannot be read"
    raise WorkspaceError(problem, where=str(manifest), hint=_DAMAGED)
