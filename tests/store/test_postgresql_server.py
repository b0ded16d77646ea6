"""What is PostgreSQL's own: addresses, refusals, limits and the order of texts."""

import sys
import threading
import time

import pyarrow as pa
import pytest
from sqlalchemy import text

from klankbord.errors import MissingExtraError, WorkspaceError
from klankbord.schema import FEEDBACK
from klankbord.store import Workspace
from klankbord.store.engine import engine_for


@pytest.fixture
def empty(postgres):
    return postgres.empty()


def refused(address):
    with pytest.raises(WorkspaceError) as caught:
        Workspace.open(address)
    error = caught.value
    assert error.__cause__ is None
    for secret in ("geheim", "Anna", "tester", "wachtwoord", "klankbord-pg", "127.0.0.1"):
        assert secret not in f"{error} {error.hint}", secret
    assert error.hint
    return str(error)


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("mysql://Anna:wachtwoord@server/stem", "a file or a PostgreSQL database"),
        ("postgresql+asyncpg://Anna:wachtwoord@server/stem", "a file or a PostgreSQL database"),
        ("postgresql://Anna:wachtwoord@server", "which database is not said"),
        ("postgresql://Anna:wachtwoord@server/", "which database is not said"),
        ("postgresql://Anna:wachtwoord@server:poort/stem", "not the address of a database"),
    ],
)
def test_an_address_that_cannot_be_one(address, message):
    assert message in refused(address)


@pytest.mark.parametrize("scheme", ["postgresql+psycopg", "postgresql", "postgres"])
def test_every_way_to_write_the_scheme(scheme):
    engine, name = engine_for(f"{scheme}://Anna:wachtwoord@server/stem")
    assert engine.url.drivername == "postgresql+psycopg"
    assert engine.hide_parameters
    assert name == f"{scheme}://…/stem"


def test_without_psycopg_one_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(MissingExtraError) as caught:
        Workspace.open("postgresql://server/stem")
    assert caught.value.hint == "pip install 'klankbord[postgres]'"


def test_a_server_that_is_not_there(tmp_path):
    assert "no database answers" in refused(f"postgresql://tester@/stem?host={tmp_path}")
    assert "no database answers" in refused("postgresql://Anna:wachtwoord@127.0.0.1:1/stem")


def test_refusals_of_the_server(postgres):
    postgres.run("CREATE ROLE geheim LOGIN PASSWORD 'goed'")
    host = postgres.address("postgres").partition("?")[2]
    assert "no such database" in refused(postgres.address("bestaat_niet"))
    assert "no such database, or no such user" in refused(f"postgresql://Anna@/postgres?{host}")
    assert "refused this user or password" in refused(
        f"postgresql://geheim:wachtwoord@/postgres?{host}"
    )
    assert "asks for a password" in refused(f"postgresql://geheim@/postgres?{host}")
    postgres.run("CREATE DATABASE andermans")
    assert "may not do that" in refused(f"postgresql://geheim:goed@/andermans?{host}")


def test_a_database_that_is_not_in_utf8_is_refused(postgres):
    postgres.run("CREATE DATABASE latijn TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
    assert "keeps text as LATIN1" in refused(postgres.address("latijn"))


def test_another_programs_database_is_refused_and_left_alone(postgres):
    postgres.run("CREATE DATABASE boekhouding")
    postgres.run("CREATE TABLE klanten (naam TEXT)", "boekhouding")
    assert "another program" in refused(postgres.address("boekhouding"))
    postgres.run("SELECT naam FROM klanten", "boekhouding")


def test_many_may_open_a_new_database_at_once(postgres):
    postgres.run("CREATE DATABASE nieuw")
    failures = []

    def opening():
        try:
            Workspace.open(postgres.address("nieuw")).close()
        except Exception as error:  # noqa: BLE001 - reported by the test
            failures.append(error)

    threads = [threading.Thread(target=opening) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_texts_are_compared_by_code_point_in_every_column(empty):
    with Workspace.open(empty) as workspace, workspace._reading() as connection:
        other = connection.execute(
            text(
                "SELECT table_name, column_name FROM information_schema.columns"
                " WHERE table_schema = 'public' AND table_name <> 'alembic_version'"
                " AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C'"
            )
        )
        assert other.all() == []


@pytest.mark.parametrize("ids", [["a", "B", "_", "é", "Z", "e", "-a", "a b", "ab", "🙂", "ﬀ"]])
def test_the_order_is_that_of_python(workspace, ids):
    usual = {"source": "s", "channel": "review", "author_role": "customer", "verbatim": "x"}
    rows = [usual | {"feedback_id": own, "attributes": "{}"} for own in ids]
    workspace.add_feedback(pa.Table.from_pylist(rows, schema=FEEDBACK))
    assert workspace.feedback()["feedback_id"].to_pylist() == sorted(ids)


def test_a_reader_sees_one_moment_and_cannot_write(empty):
    with Workspace.open(empty) as workspace, workspace._reading() as connection:
        found = connection.execute(
            text("SELECT current_setting('transaction_isolation'),"
                 " current_setting('transaction_read_only')")
        ).one()  # fmt: skip
    assert tuple(found) == ("repeatable read", "on")


def test_nothing_waits_for_ever(empty):
    with Workspace.open(empty) as workspace, workspace._reading() as connection:
        limits = [
            connection.execute(text(f"SHOW {name}")).scalar_one()
            for name in (
                "lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout",
            )
        ]  # fmt: skip
    assert limits == ["30s", "10min", "10min"]


def test_a_writer_that_waits_too_long_is_told_so(empty):
    address = f"{empty}&options=-c lock_timeout=200ms"
    with Workspace.open(empty) as busy, Workspace.open(address) as waiting, busy.transaction():
        with pytest.raises(WorkspaceError, match="busy for too long"):
            waiting.record_run({})
        assert waiting.runs() == ()


def test_a_connection_that_breaks_is_told_and_replaced(postgres, empty):
    with Workspace.open(empty) as workspace:
        name = workspace._engine.url.database
        ended = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"

        def broken_off():
            with workspace.transaction():
                workspace.record_run({})
                postgres.run(ended)
                workspace.record_run({})

        with pytest.raises(WorkspaceError, match="connection to the database was lost"):
            broken_off()
        assert workspace.runs() == ()
        workspace.record_run({})
        assert len(workspace.runs()) == 1


def test_a_large_table_is_read_through_a_cursor_of_the_server(empty, monkeypatch):
    from psycopg import ServerCursor

    opened = []
    made = ServerCursor.__init__
    monkeypatch.setattr(
        ServerCursor, "__init__",
        lambda self, *given, **more: (opened.append(self), made(self, *given, **more))[1],
    )  # fmt: skip
    with Workspace.open(empty) as workspace:
        workspace.feedback()
    assert len(opened) == 1


def test_writers_take_turns_in_the_order_in_which_they_came(empty):
    turns = []

    def write(number):
        with Workspace.open(empty) as workspace, workspace.transaction():
            turns.append(number)

    with Workspace.open(empty) as first:
        with first.transaction():
            threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
            for thread in threads:
                thread.start()
                time.sleep(0.4)
        for thread in threads:
            thread.join()
    assert turns == [0, 1, 2, 3]
