"""Workspaces as earlier versions of Klankbord left them, with a row in every table."""

from datetime import date
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from klankbord.store import migrate

SPECIAL = {
    "tone": "boos", "kind": "verkoeling", "before": "boos", "after": "neutraal",
    "author_role": "customer", "channel": "review", "attributes": "{}", "file": "a.csv",
}  # fmt: skip
JSON_TEXTS = (
    "keywords", "weekly", "quotes", "evidence", "terms", "channels", "cues", "changes",
    "provenance",
)  # fmt: skip


def at_schema(connection, revision):
    config = Config()
    folder = Path(migrate.__file__).parent / "migrations"
    config.set_main_option("script_location", str(folder))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def some_value(table, column):
    """Return a value that a released Klankbord could have stored."""
    if column.name in SPECIAL:
        return SPECIAL[column.name]
    if column.name in JSON_TEXTS:
        return "{}" if column.name in ("changes", "provenance") else "[]"
    if column.nullable:
        return None
    kind = column.type
    if isinstance(kind, sa.Boolean):
        return True
    if isinstance(kind, sa.Date):
        return date(2026, 3, 2)
    if isinstance(kind, sa.LargeBinary):
        return b"\0\0\x80\x3f"
    if isinstance(kind, sa.Text):
        return f"{column.name}-1"
    return 1


def fill(connection):
    """Put one row in every table there is; return them by table."""
    reflected = sa.MetaData()
    reflected.reflect(connection)
    rows = {}
    for table in reflected.sorted_tables:
        if table.name == "alembic_version":
            continue
        rows[table.name] = {column.name: some_value(table, column) for column in table.columns}
        connection.execute(table.insert(), rows[table.name])
    return rows
