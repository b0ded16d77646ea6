"""Backups hold everything, tell damage, and go back into either kind of database."""

import itertools
import json
import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from klankbord.errors import WorkspaceError
from klankbord.location import Location
from klankbord.records import SourceCount
from klankbord.store import Workspace, check_backup, migrate, restore_backup, tables
from klankbord.store.backup import manifest_of, sign
from klankbord.store.engine import begin, engine_for
from old_schemas import at_schema, fill
from together import at_once

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
NUMBERS = itertools.count()
KNOWN_OF_COPIES = ("backup", "written_file", "trained_model")


@pytest.fixture
def elsewhere(request, tmp_path):
    """Gives addresses in which nothing was ever made, of the kind asked for."""

    def address(kind):
        if kind == "sqlite":
            return tmp_path / f"ergens-{next(NUMBERS)}.db"
        server = request.getfixturevalue("postgres")
        name = f"terug{next(NUMBERS)}"
        server.run(f"CREATE DATABASE {name}")
        return server.address(name)

    return address


def filled(address, revision=migrate.REVISIONS[-1]):
    engine, _ = engine_for(address)
    with begin(engine, writes=True) as connection:
        at_schema(connection, revision)
        fill(connection)
    engine.dispose()
    return address


def everything(workspace, *, but=()):
    with workspace._reading() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(sa.select(table))]
            for table in tables.metadata.sorted_tables
            if table.name not in but
        }


@pytest.mark.parametrize("there", ["sqlite", "postgresql"])
def test_a_backup_goes_back_into_either_kind_of_database(database, elsewhere, tmp_path, there):
    path = tmp_path / "kopie.db"
    with Workspace.open(filled(elsewhere("postgresql" if database else "sqlite"))) as workspace:
        manifest = workspace.back_up(path, at=NOON)
        before = everything(workspace)
        assert path.resolve() in workspace.backups()
    assert manifest == check_backup(path)
    assert all(manifest.rows[name] == len(rows) for name, rows in before.items())
    place = Location.of(elsewhere(there))
    assert restore_backup(path, place).set_aside is None
    with Workspace.open(place) as restored:
        with restored._reading() as connection:
            context = MigrationContext.configure(connection)
            assert compare_metadata(context, tables.metadata) == []
        assert everything(restored, but=KNOWN_OF_COPIES) == {
            name: rows for name, rows in before.items() if name not in KNOWN_OF_COPIES
        }
        assert path.resolve() in restored.backups()
        restored.check_integrity()
        restored.finish_import(
            SourceCount("b.csv", "s", "feedback", 1, 1, 0, 0), sha256="b", at=NOON
        )
        assert len(restored.imports()) == 2  # the next number is not that of a restored row


@pytest.mark.parametrize("revision", migrate.REVISIONS[:-1])
def test_an_earlier_schema_is_kept_before_the_upgrade_and_can_be_put_back(tmp_path, revision):
    path = filled(tmp_path / "oud.db", revision)
    with closing(sqlite3.connect(path)) as connection:
        old = list(connection.iterdump())
    with Workspace.open(path) as workspace:
        kept = workspace.kept_copy
        assert kept is not None
        assert list(workspace.backups()) == [kept]
        upgraded = everything(workspace, but=KNOWN_OF_COPIES)
    assert check_backup(kept).schema == revision
    with closing(sqlite3.connect(kept)) as connection:
        assert list(connection.iterdump()) == old
    restore_backup(kept, Location.of(tmp_path / "terug.db"))
    with Workspace.open(tmp_path / "terug.db") as restored:
        assert restored.kept_copy is None
        assert everything(restored, but=KNOWN_OF_COPIES) == upgraded
        assert list(restored.backups()) == [kept]


def test_an_upgrade_that_failed_left_a_copy_that_the_next_one_knows_of(tmp_path, monkeypatch):
    path = filled(tmp_path / "oud.db", "0009")

    def fail(connection, name):
        migrate.migrate(connection, name)
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr("klankbord.store.upgrade.migrate", fail)
        with pytest.raises(RuntimeError):
            Workspace.open(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("0009",)
    with Workspace.open(path) as workspace:
        copies = list(workspace.backups())
    assert len(copies) == 2
    assert {check_backup(copy).schema for copy in copies} == {"0009"}


def test_of_two_who_open_an_earlier_schema_at_once_one_upgrades_it(tmp_path):
    path = filled(tmp_path / "oud [1].db", "0009")

    def opened(_):
        with Workspace.open(path) as workspace:
            return workspace.kept_copy

    kept = [copy for copy in at_once(4, opened) if copy is not None]
    assert [path.name for path in kept] == ["oud [1].schema-0009.backup"]
    assert check_backup(kept[0]).schema == "0009"
    with Workspace.open(path) as workspace:
        assert list(workspace.backups()) == kept


def test_a_backup_is_one_moment_while_others_write(address, tmp_path):
    done = threading.Event()

    def work():
        with Workspace.open(address) as workspace:
            while not done.is_set():
                with workspace.transaction():  # both or neither
                    workspace.record_run({}, as_of=NOON)
                    workspace.finish_import(
                        SourceCount("a.csv", "s", "feedback", 1, 1, 0, 0),
                        sha256=str(next(NUMBERS)),
                        at=NOON,
                    )

    worker = threading.Thread(target=work)
    with Workspace.open(address) as workspace:
        worker.start()
        try:
            for number in range(3):
                manifest = workspace.back_up(tmp_path / f"{number}.db", at=NOON)
                assert manifest.rows["run"] == manifest.rows["import_record"]
        finally:
            done.set()
            worker.join()
        assert workspace.runs() != ()


@pytest.fixture
def kept(tmp_path):
    with Workspace.open(filled(tmp_path / "w.db")) as workspace:
        workspace.back_up(tmp_path / "kopie.db", at=NOON)
    return tmp_path / "kopie.db"


def a_flipped_bit(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (a_flipped_bit, "damaged"),
        (lambda path: path.write_bytes(path.read_bytes()[:-4096]), "damaged"),
        (lambda path: path.write_bytes(path.read_bytes() + b"\0"), "damaged"),
        (lambda path: path.write_bytes(b""), "damaged"),
        (lambda path: path.unlink(), "no such backup"),
        (lambda path: manifest_of(path).unlink(), "not beside it"),
        (lambda path: manifest_of(path).write_text("{}"), "cannot be read"),
        (lambda path: manifest_of(path).write_bytes(b"\xff\xfe"), "cannot be read"),
        (lambda path: manifest_of(path).write_text("[" * 100_000), "cannot be read"),
    ],
)
def test_a_damaged_backup_is_refused_and_the_workspace_stays(tmp_path, kept, damage, said):
    before = (tmp_path / "w.db").read_bytes()
    damage(kept)
    for place in ("w.db", "nieuw.db"):
        with pytest.raises(WorkspaceError, match=said) as caught:
            restore_backup(kept, Location.of(tmp_path / place), force=True)
        assert caught.value.hint
    assert (tmp_path / "w.db").read_bytes() == before
    assert not (tmp_path / "nieuw.db").exists()
    assert not list(tmp_path.glob(".*"))


def test_a_backup_of_a_newer_klankbord_is_refused(tmp_path, kept):
    with closing(sqlite3.connect(kept)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    sign(kept, at=NOON)
    with pytest.raises(WorkspaceError, match="newer Klankbord"):
        restore_backup(kept, Location.of(tmp_path / "nieuw.db"))
    assert not (tmp_path / "nieuw.db").exists()


def test_nothing_is_written_over_unless_asked(tmp_path, kept):
    with Workspace.open(tmp_path / "w.db") as workspace:
        first = kept.read_bytes()
        with pytest.raises(WorkspaceError, match="file already"):
            workspace.back_up(kept, at=NOON)
        with pytest.raises(WorkspaceError, match="workspace itself"):
            workspace.back_up(tmp_path / "w.db", at=NOON, force=True)
        assert kept.read_bytes() == first
        workspace.record_run({"later": True})
        assert workspace.back_up(kept, at=NOON, force=True).rows["run"] == 2
        check_backup(kept)
    with pytest.raises(WorkspaceError, match="workspace already"):
        restore_backup(kept, Location.of(tmp_path / "w.db"))


def test_a_restored_workspace_still_knows_its_copies_and_whom_it_forgot(address, tmp_path):
    with Workspace.open(address) as workspace:
        workspace.back_up(tmp_path / "vroeger.db", at=NOON)
        workspace.bar("wie", ["wat"], at=NOON)
        workspace.remember_files([tmp_path / "rapport.html"], at=NOON)
        workspace.record_run({})
    restore_backup(tmp_path / "vroeger.db", Location.of(address), force=True)
    with Workspace.open(address) as restored:
        assert restored.runs() == ()
        assert restored.barred() == {"wie", "wat"}
        assert list(restored.written_files()) == [(tmp_path / "rapport.html").resolve()]


def test_who_has_the_workspace_open_goes_on_with_what_was_restored(address, tmp_path):
    with Workspace.open(address) as open_elsewhere:
        open_elsewhere.back_up(tmp_path / "kopie.db", at=NOON)
        open_elsewhere.record_run({})
        restore_backup(tmp_path / "kopie.db", Location.of(address), force=True)
        assert open_elsewhere.runs() == ()
        open_elsewhere.record_run({"na": 1})
        open_elsewhere.check_integrity()
    with Workspace.open(address) as workspace:
        assert [run.provenance for run in workspace.runs()] == [{"na": 1}]


@pytest.mark.parametrize("content", [b"rommel" * 1000, None])
def test_a_damaged_workspace_is_set_aside_and_replaced(tmp_path, kept, content):
    path = tmp_path / "w.db"
    damaged = content or path.read_bytes()[:8000]
    path.write_bytes(damaged)
    restored = restore_backup(kept, Location.of(path), force=True)
    assert restored.set_aside is not None
    assert restored.set_aside.read_bytes() == damaged
    with Workspace.open(path) as workspace:
        assert workspace.feedback().num_rows == 1
        workspace.check_integrity()


def test_the_manifest_tells_what_is_in_it(kept):
    told = json.loads(manifest_of(kept).read_text())
    assert told["schema"] == migrate.REVISIONS[-1]
    assert told["rows"]["feedback"] == 1
    assert kept.stat().st_mode & 0o777 == manifest_of(kept).stat().st_mode & 0o777 == 0o600
