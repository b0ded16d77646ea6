"""Opening a workspace of an earlier schema: a copy of it is kept first, where it is a file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from glob import escape
from itertools import count
from pathlib import Path

from sqlalchemy import Connection, Engine

from klankbord.room import require
from klankbord.store import tables
from klankbord.store.arrow import to_micros
from klankbord.store.backup import manifest_of, write_backup
from klankbord.store.engine import begin, insert
from klankbord.store.migrate import REVISIONS, is_current, migrate, revision_of


def upgrade(engine: Engine, name: str) -> Path | None:
    """Bring a workspace to the newest schema, whole or not at all; return the copy that was kept.

    There is none of a new workspace, or of one on a server. Raises WorkspaceError where the
    workspace is of a newer Klankbord or of another program.
    """
    with begin(engine, writes=False) as connection:
        if is_current(connection, name):
            return None
    with begin(engine, writes=True) as connection:  # of two who upgrade at once the second waits
        revision = revision_of(connection, name)
        kept = None
        if revision not in (None, REVISIONS[-1]) and connection.dialect.name == "sqlite":
            kept = _keep(engine, name, str(revision))
        migrate(connection, name)
        if kept is not None:
            _remember(connection, _copies(kept.parent, Path(name), str(revision)))
    return kept


def _keep(engine: Engine, name: str, revision: str) -> Path:
    path = Path(str(engine.url.database)).resolve()
    require(path.parent, 2 * path.stat().st_size, "a copy and the upgrade of the workspace")
    kept = next(each for each in _names(path, revision) if not each.exists())
    write_backup(engine, name, kept, at=datetime.now(UTC))
    return kept


def _names(path: Path, revision: str) -> Iterator[Path]:
    """Yield names for the copy, none of which is a name that a person would choose."""
    stem = f"{path.stem}.schema-{revision}"
    yield path.with_name(f"{stem}.backup")
    for number in count(2):
        yield path.with_name(f"{stem}-{number}.backup")


def _copies(folder: Path, path: Path, revision: str) -> list[Path]:
    """Return the copies that are there, those of an upgrade that was interrupted too."""
    found = folder.glob(f"{escape(path.stem)}.schema-{revision}*.backup")
    return sorted(each for each in found if manifest_of(each).is_file())


def _remember(connection: Connection, copies: list[Path]) -> None:
    now = to_micros(datetime.now(UTC))
    rows = [{"path": str(each), "made_at": now} for each in copies]
    connection.execute(insert(connection, tables.backup).on_conflict_do_nothing(), rows)
