import logging
import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from klankbord.schema import CUSTOMERS, FEEDBACK, SCORES, SEGMENTS
from klankbord.store import Workspace, migrate, tables


def test_the_migrations_end_in_exactly_the_tables_the_code_uses(tmp_path):
    with Workspace.open(tmp_path / "w.db") as workspace, workspace._reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), tables.metadata) == []


def test_every_migration_on_disk_is_a_known_revision():
    folder = Path(migrate.__file__).parent / "migrations"
    script = ScriptDirectory(str(folder))
    found = [step.revision for step in reversed(list(script.walk_revisions()))]
    assert tuple(found) == migrate.REVISIONS


@pytest.mark.parametrize(
    ("table", "schema"),
    [
        (tables.feedback, FEEDBACK),
        (tables.customer, CUSTOMERS),
        (tables.score, SCORES),
        (tables.segment, SEGMENTS),
    ],
)
def test_tables_have_the_columns_of_their_schema_in_order(table, schema):
    assert table.columns.keys() == schema.names
    assert [column.nullable for column in table.columns] == [field.nullable for field in schema]


def test_a_failing_migration_leaves_nothing_behind(tmp_path, monkeypatch):
    path = tmp_path / "w.db"
    monkeypatch.setattr("klankbord.store.workspace.migrate", _migrate_then_fail)
    with pytest.raises(RuntimeError, match="halverwege"):
        Workspace.open(path)
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    connection.close()
    monkeypatch.undo()
    Workspace.open(path).close()


def _migrate_then_fail(connection, name):
    migrate.migrate(connection, name)
    raise RuntimeError("halverwege")


def test_opening_works_from_any_folder_and_says_nothing(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    root = logging.getLogger()
    before = (list(root.handlers), root.level, logging.getLogger("alembic").level)
    Workspace.open("w.db").close()
    assert (list(root.handlers), root.level, logging.getLogger("alembic").level) == before
    assert capfd.readouterr() == ("", "")
    assert [item.name for item in tmp_path.iterdir()] == ["w.db"]


def test_pragmas(tmp_path):
    with Workspace.open(tmp_path / "w.db") as workspace, workspace._reading() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "foreign_keys", "secure_delete", "busy_timeout")
        }
    assert found == {
        "journal_mode": "wal",
        "foreign_keys": 1,
        "secure_delete": 1,
        "busy_timeout": 30_000,
    }
