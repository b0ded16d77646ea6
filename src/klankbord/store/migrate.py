"""Bring a workspace to the newest schema, whole or not at all."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Column, Connection, MetaData, String, Table, inspect, text

from klankbord.errors import WorkspaceError
from klankbord.store import tables

# Every released schema, oldest first; the migrations folder holds one step for each.
REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009", "0010", "0011")


_SCHEMA = Table(  # as Alembic makes it
    "alembic_version",
    MetaData(naming_convention={"pk": "%(table_name)s_pkc"}),
    Column("version_num", String(32), primary_key=True),
)


def migrate(connection: Connection, where: str) -> None:
    """Make the tables, or run the missing migrations, inside the caller's transaction.

    Raises WorkspaceError for a workspace of a newer Klankbord and for another program's file.
    """
    revision = revision_of(connection, where)
    if revision == REVISIONS[-1]:
        return
    if revision is None and connection.dialect.name == "sqlite":
        # the same as all migrations make, in a fraction of the time
        tables.metadata.create_all(connection, checkfirst=False)
        _SCHEMA.create(connection)
        connection.execute(_SCHEMA.insert(), {"version_num": REVISIONS[-1]})
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
