"""Bring a workspace to the newest schema, whole or not at all."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from klankbord.errors import WorkspaceError

# Every released schema, oldest first; the migrations folder holds one step for each.
REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009", "0010", "0011")


def migrate(connection: Connection, where: str) -> None:
    """Run the missing migrations inside the caller's transaction.

    Raises WorkspaceError for a workspace of a newer Klankbord and for another program's file.
    """
    if revision_of(connection, where) == REVISIONS[-1]:
        return
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", _escaped(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def is_current(connection: Connection, where: str) -> bool:
    """Tell whether the workspace already has the newest schema, without a write lock."""
    return revision_of(connection, where) == REVISIONS[-1]


def revision_of(connection: Connection, where: str) -> str | None:
    """Return the schema of a workspace, None where nothing was made yet; raises as `migrate`."""
    revision = _revision(connection, where)
    if revision is not None and revision not in REVISIONS:
        raise WorkspaceError(
            f"the workspace was written by a newer Klankbord (schema {revision},"
            f" this version knows {REVISIONS[-1]})",
            where=where,
            hint="pip install --upgrade klankbord",
        )
    return revision


def _revision(connection: Connection, where: str) -> str | None:
    tables = inspect(connection).get_table_names()
    if "alembic_version" in tables:
        row = connection.execute(text("SELECT version_num FROM alembic_version")).first()
        if row is not None:
            return str(row[0])
    if tables:
        raise WorkspaceError(
            "this database belongs to another program",
            where=where,
            hint="name another file with --workspace",
        )
    return None


def _escaped(path: Path) -> str:
    return str(path).replace("%", "%%")
