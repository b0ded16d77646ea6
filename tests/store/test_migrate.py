import itertools
import json
import logging
import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from klankbord.schema import CUSTOMERS, FEEDBACK, SCORES, SEGMENTS
from klankbord.store import Workspace, migrate, tables
from klankbord.store.engine import begin, engine_for
from old_schemas import at_schema, fill


def test_a_new_workspace_has_exactly_what_all_migrations_make(workspace, no_schema):
    engine, _ = engine_for(no_schema)
    with begin(engine, writes=True) as connection:
        at_schema(connection, "head")
        assert compare_metadata(MigrationContext.configure(connection), tables.metadata) == []
        migrated = everything_in(connection)
    engine.dispose()
    with workspace._reading() as connection:
        assert everything_in(connection) == migrated
    assert migrated["alembic_version"][1] == [(migrate.REVISIONS[-1],)]


def everything_in(connection):
    """Return what a database says of its tables, and their rows."""
    found = {}
    inspector = sa.inspect(connection)
    assert not inspector.get_view_names()
    for name in inspector.get_table_names():
        told = [
            *inspector.get_columns(name),
            inspector.get_pk_constraint(name),
            *inspector.get_foreign_keys(name),
            *inspector.get_unique_constraints(name),
            *inspector.get_indexes(name),
            *inspector.get_check_constraints(name),
        ]
        rows = connection.exec_driver_sql(f"SELECT * FROM {name}").fetchall()
        found[name] = sorted(json.dumps(each, default=str) for each in told), rows
    if connection.dialect.name == "sqlite":
        kinds = "SELECT type, name FROM sqlite_master ORDER BY type, name"
        found["kinds"] = connection.exec_driver_sql(kinds).fetchall()
    return found


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
    monkeypatch.setattr("klankbord.store.upgrade.migrate", _migrate_then_fail)
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


def test_a_workspace_of_before_known_themes_keeps_its_rows(tmp_path):
    path = tmp_path / "w.db"
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        at_schema(connection, "0003")
        connection.exec_driver_sql(
            "INSERT INTO theme VALUES ('levertijd-a', 0, 'levertijd', 'laat', '[]', 12, .25,"
            " 'stabiel', NULL, '[]', NULL, 'Distributie', '[]', '[]')"
        )
        found = connection.exec_driver_sql("SELECT name FROM sqlite_master").scalars().all()
        assert "known_theme" not in found
    engine.dispose()
    with Workspace.open(path) as workspace:
        assert [theme.theme_id for theme in workspace.themes()] == ["levertijd-a"]
        assert (workspace.known_themes(), workspace.theme_edits()) == ((), ())
        with workspace._reading() as connection:
            context = MigrationContext.configure(connection)
            assert compare_metadata(context, tables.metadata) == []


@pytest.fixture
def no_schema(database, tmp_path):
    """The address of a database in which nothing was ever made."""
    if database is None:
        return tmp_path / "oud.db"
    name = f"oud{next(NUMBERS)}"
    database.run(f"CREATE DATABASE {name}")
    return database.address(name)


NUMBERS = itertools.count()


@pytest.mark.parametrize("revision", migrate.REVISIONS)
def test_a_workspace_of_every_released_schema_opens_with_all_that_was_in_it(no_schema, revision):
    engine, _ = engine_for(no_schema)
    with begin(engine, writes=True) as connection:
        at_schema(connection, revision)
        rows = fill(connection)
    engine.dispose()
    assert {"feedback", "score", "segment", "shift", "theme", "action"} <= rows.keys()
    with Workspace.open(no_schema) as workspace:
        with workspace._reading() as connection:
            context = MigrationContext.configure(connection)
            assert compare_metadata(context, tables.metadata) == []
            for name, row in rows.items():
                kept = connection.execute(sa.select(tables.metadata.tables[name])).mappings().one()
                assert {column: kept[column] for column in row} == row
        (piece,) = workspace.feedback().to_pylist()
        assert piece["verbatim"] == "verbatim-1"
        assert workspace.scores().num_rows == workspace.segments().num_rows == 1
        assert len(workspace.shifts()) == len(workspace.themes()) == len(workspace.actions()) == 1
        assert [record.count.file for record in workspace.imports()] == ["a.csv"]
        assert len(workspace.runs()) == len(workspace.action_history("action_id-1")) == 1
        assert workspace.versions("s:1") == ()
        labels = workspace.tone_labels(history=True).num_rows
        known = len(workspace.known_themes()), len(workspace.theme_edits())
        assert labels == (revision >= "0002")
        assert len(workspace.verdicts()) == (revision >= "0003")
        assert known == ((1, 1) if revision >= "0004" else (0, 0))
        workspace.add_feedback(FEEDBACK.empty_table())
        workspace.check_integrity()


def test_labels_of_before_versions_still_count(tmp_path):
    path = tmp_path / "w.db"
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        at_schema(connection, "0004")
        connection.exec_driver_sql(
            "INSERT INTO feedback (feedback_id, source, channel, author_role, verbatim, attributes)"
            " VALUES ('s:1', 's', 'review', 'customer', 'prima', '{}')"
        )
        connection.exec_driver_sql(
            "INSERT INTO tone_labels (feedback_id, tone, labelled_by, labelled_at)"
            " VALUES ('s:1', 'positief', 'a', 5)"
        )
    engine.dispose()
    with Workspace.open(path) as workspace:
        assert workspace.tone_labels()["tone"].to_pylist() == ["positief"]
