import os
import sqlite3
import subprocess
import sys
import threading
from datetime import UTC, datetime

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from klankbord.errors import WorkspaceError
from klankbord.records import SourceCount
from klankbord.schema import CUSTOMERS, FEEDBACK, SCORES, SEGMENTS, TONE_PROBABILITIES, conform
from klankbord.store import Stored, Workspace

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "klankbord.db"


def feedback(ids, **columns):
    rows = len(ids)
    return conform(
        pa.table(
            {
                "feedback_id": pa.array(ids, pa.string()),
                "source": pa.array(["bron.csv"] * rows, pa.string()),
                "channel": pa.array(["survey"] * rows, pa.string()),
                "author_role": pa.array(["customer"] * rows, pa.string()),
                "verbatim": pa.array(["prima"] * rows, pa.string()),
                "attributes": pa.array(["{}"] * rows, pa.string()),
                **columns,
            }
        ),
        FEEDBACK,
    )


def scores(ids, scored_by="model-1", tone="neutraal"):
    rows = len(ids)
    flat = pa.array([0.2] * rows, pa.float32())
    flags = ("mixed", "churn_cue", "ambassador_cue", "unresolved", "non_answer")
    return conform(
        pa.table(
            {
                "feedback_id": pa.array(ids, pa.string()),
                "tone": pa.array([tone] * rows, pa.string()),
                **dict.fromkeys((*TONE_PROBABILITIES, "valence", "enthusiasm", "tone_sd"), flat),
                **dict.fromkeys(flags, pa.array([False] * rows)),
                "cues": pa.array([["jammer"]] * rows, pa.list_(pa.string())),
                "scored_by": pa.array([scored_by] * rows, pa.string()),
            }
        ),
        SCORES,
    )


def segments(rows):
    names = ("feedback_id", "segment", "start", "end", "text")
    columns = {n: [row[i] for row in rows] for i, n in enumerate(names)}
    return conform(pa.table(columns), SEGMENTS)


# --- tables that hypothesis draws: any text, any number, any moment -----------------------------

TEXT = st.text(
    alphabet=st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=20
)
KEY = st.text(alphabet="abcÉ' 🙂", min_size=1, max_size=3)


def values(field):
    if field.name == "feedback_id":
        return KEY
    kind = field.type
    if pa.types.is_string(kind):
        drawn = TEXT
    elif pa.types.is_timestamp(kind):
        drawn = st.integers(-(2**62), 2**62)
    elif pa.types.is_int32(kind):
        drawn = st.integers(-(2**31), 2**31 - 1)
    elif pa.types.is_float32(kind):
        drawn = st.floats(width=32, allow_nan=False)
    elif pa.types.is_floating(kind):
        drawn = st.floats(allow_nan=False)
    elif pa.types.is_boolean(kind):
        drawn = st.booleans()
    elif kind == pa.list_(pa.int32()):
        drawn = st.lists(st.integers(0, 2**31 - 1), max_size=4)
    else:
        drawn = st.lists(TEXT, max_size=3)
    return drawn if not field.nullable else st.none() | drawn


def build(schema, rows):
    arrays = []
    for position, field in enumerate(schema):
        column = [row[position] for row in rows]
        kind = pa.int64() if pa.types.is_timestamp(field.type) else field.type
        arrays.append(pa.array(column, kind).cast(field.type))
    return pa.table(arrays, schema=schema)


def tables(schema, **options):
    row = st.tuples(*(values(field) for field in schema))
    return st.lists(row, max_size=8, **options).map(lambda rows: build(schema, rows))


def by_key(table, *keys):
    return table.sort_by([(key, "ascending") for key in keys]).combine_chunks()


def distinct(table):
    seen, keep = set(), []
    for row, value in enumerate(table["feedback_id"].to_pylist()):
        if value not in seen:
            keep.append(row)
        seen.add(value)
    return table.take(pa.array(keep, pa.int64()))


@given(table=tables(FEEDBACK))
@settings(max_examples=40, deadline=None)
def test_any_feedback_comes_back_exactly_and_is_counted_exactly(blank_address, table):
    table = distinct(table)
    with Workspace.open(blank_address()) as workspace:
        assert workspace.add_feedback(table) == Stored(table.num_rows, 0, 0)
        assert by_key(workspace.feedback(), "feedback_id").equals(by_key(table, "feedback_id"))
        assert workspace.add_feedback(table) == Stored(0, 0, table.num_rows)
        assert by_key(workspace.feedback(), "feedback_id").equals(by_key(table, "feedback_id"))


@given(table=tables(SCORES))
@settings(max_examples=25, deadline=None)
def test_any_scores_come_back_exactly(blank_address, table):
    table = distinct(table)
    with Workspace.open(blank_address()) as workspace:
        workspace.add_feedback(feedback(table["feedback_id"].to_pylist()))
        workspace.save_scores(table)
        workspace.save_scores(table)
        assert by_key(workspace.scores(), "feedback_id").equals(by_key(table, "feedback_id"))


def test_feedback_is_ordered_by_time_then_id_with_undated_last(workspace):
    moments = pa.array([3, None, 1, 3, -5], pa.int64()).cast(pa.timestamp("us", tz="UTC"))
    workspace.add_feedback(feedback(["b", "x", "c", "a", "d"], received_at=moments))
    assert workspace.feedback()["feedback_id"].to_pylist() == ["d", "c", "a", "b", "x"]
    workspace.save_scores(scores(["x", "a", "b", "c"]))
    assert workspace.scores()["feedback_id"].to_pylist() == ["c", "a", "b", "x"]


def test_empty_tables_go_in_and_out(workspace):
    assert workspace.add_feedback(FEEDBACK.empty_table()) == Stored(0, 0, 0)
    assert workspace.add_customers(CUSTOMERS.empty_table()) == (0, 0)
    workspace.save_scores(SCORES.empty_table())
    workspace.save_segments(SEGMENTS.empty_table())
    assert workspace.feedback().equals(FEEDBACK.empty_table())
    assert workspace.customers().equals(CUSTOMERS.empty_table())
    assert workspace.scores().equals(SCORES.empty_table())
    assert workspace.segments().equals(SEGMENTS.empty_table())
    assert workspace.unscored("m") == []
    workspace.save_shifts([])
    workspace.save_themes([])
    assert (workspace.shifts(), workspace.themes(), workspace.actions()) == ((), (), ())


def test_counts_stay_exact_over_batches(workspace):
    ids = [f"f{number % 25_000:06d}" for number in range(45_000)]
    assert workspace.add_feedback(feedback(ids)) == Stored(25_000, 0, 20_000)
    assert workspace.feedback().num_rows == 25_000


def test_feedback_without_an_id_is_a_programming_error(workspace):
    with pytest.raises(ValueError, match="assign ids"):
        workspace.add_feedback(feedback(["a", ""]))
    assert workspace.feedback().num_rows == 0


def test_nul_is_left_out_of_a_text(workspace):
    table = feedback(["a\0"], verbatim=["pri\0ma"], segment=["\0"])
    assert workspace.add_feedback(table) == Stored(1, 0, 0)
    assert workspace.add_feedback(table) == Stored(0, 0, 1)
    (row,) = workspace.feedback().to_pylist()
    assert (row["feedback_id"], row["verbatim"], row["segment"]) == ("a", "prima", "")


def test_nan_is_stored_as_null(workspace):
    workspace.add_feedback(feedback(["a"], score_value=[float("nan")]))
    assert workspace.feedback()["score_value"].to_pylist() == [None]


# --- customers ----------------------------------------------------------------------------------


def customers(*rows):
    names = ("customer_id", "value_eur", "segment", "attributes")
    return conform(
        pa.table(
            {
                "customer_id": pa.array([row[0] for row in rows], pa.string()),
                "value_eur": pa.array([row[1] for row in rows], pa.float64()),
                "segment": pa.array([row[2] for row in rows], pa.string()),
                names[3]: pa.array([row[3] for row in rows], pa.string()),
            }
        ),
        CUSTOMERS,
    )


def test_customers_are_updated_and_counted(workspace):
    assert workspace.add_customers(customers(("K-1", 10, "zzp", "{}"), ("K-2", 5, None, "{}"))) == (
        2,
        0,
    )
    again = customers(("K-1", 10, "zzp", "{}"), ("K-2", 6, None, "{}"), ("K-3", 1, None, "{}"))
    assert workspace.add_customers(again) == (2, 1)
    assert workspace.add_customers(again) == (0, 3)
    assert workspace.customers()["value_eur"].to_pylist() == [10, 6, 1]


def test_a_later_export_without_a_column_erases_nothing(workspace):
    workspace.add_customers(customers(("K-1", 10, "zzp", '{"stad":"Ede"}')))
    assert workspace.add_customers(customers(("K-1", None, None, "{}"))) == (0, 1)
    assert workspace.add_customers(customers(("K-1", None, "mkb", "{}"))) == (1, 0)
    row = workspace.customers().to_pylist()[0]
    assert (row["value_eur"], row["segment"], row["attributes"]) == (10, "mkb", '{"stad":"Ede"}')


def test_one_customer_twice_in_a_table_ends_as_the_last_row(workspace):
    table = customers(("K-1", 1, None, "{}"), ("K-1", 2, None, "{}"), ("K-1", 2, None, "{}"))
    assert workspace.add_customers(table) == (2, 1)
    assert workspace.customers()["value_eur"].to_pylist() == [2]


# --- scores and segments ------------------------------------------------------------------------


def test_unscored_is_what_a_customer_put_into_words_and_this_model_has_not_seen(workspace):
    table = feedback(
        ["klant", "onbekend", "agent", "bot", "leeg", "wit"],
        author_role=["customer", "unknown", "agent", "bot", "customer", "customer"],
        verbatim=["a", "b", "c", "d", "", " \n\t\u00a0"],
    )
    workspace.add_feedback(table)
    assert workspace.unscored("model-1") == ["klant", "onbekend"]
    workspace.save_scores(scores(["klant"]))
    assert workspace.unscored("model-1") == ["onbekend"]
    assert workspace.unscored("model-2") == ["klant", "onbekend"]


def test_a_new_model_replaces_the_score(workspace):
    workspace.add_feedback(feedback(["a"]))
    workspace.save_scores(scores(["a"], "model-1", "boos"))
    workspace.save_scores(scores(["a"], "model-2", "positief"))
    assert workspace.scores().select(["tone", "scored_by"]).to_pylist() == [
        {"tone": "positief", "scored_by": "model-2"}
    ]


def test_scores_of_unknown_feedback_are_refused_whole(workspace):
    workspace.add_feedback(feedback(["a"]))
    with pytest.raises(WorkspaceError, match="does not hold") as caught:
        workspace.save_scores(scores(["a", "geheim-123"]))
    assert "geheim" not in f"{caught.value} {caught.value.hint}"
    assert workspace.scores().num_rows == 0


def test_segments_are_replaced_per_feedback(workspace):
    workspace.add_feedback(feedback(["a", "b"]))
    workspace.save_segments(
        segments([("a", 0, 0, 3, "een"), ("a", 1, 4, 8, "twee"), ("b", 0, 0, 1, "x")])
    )
    workspace.save_segments(segments([("a", 0, 0, 8, "een twee")]))
    assert workspace.segments()["text"].to_pylist() == ["een twee", "x"]
    assert workspace.segments().schema == SEGMENTS


# --- transactions -------------------------------------------------------------------------------


def test_a_stage_is_stored_whole_or_not_at_all(workspace):
    def half_a_stage():
        with workspace.transaction():
            workspace.add_feedback(feedback(["a"]))
            workspace.save_scores(scores(["a"]))
            assert workspace.scores().num_rows == 1
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        half_a_stage()
    assert workspace.feedback().num_rows == 0
    with workspace.transaction():
        workspace.add_feedback(feedback(["a"]))
    assert workspace.feedback().num_rows == 1


def test_a_failed_step_leaves_the_rest_of_the_transaction_whole(workspace):
    with workspace.transaction():
        workspace.add_feedback(feedback(["a"]))
        with pytest.raises(WorkspaceError):
            workspace.save_scores(scores(["a", "onbekend"]))
        assert workspace.scores().num_rows == 0
        workspace.save_scores(scores(["a"], "model-2"))
    assert workspace.scores()["scored_by"].to_pylist() == ["model-2"]


def test_a_full_disk_is_named_although_the_rollback_fails_too(path):
    workspace = Workspace.open(path)
    workspace.add_feedback(feedback(["a"]))
    with workspace._engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")  # no more than there are
    with pytest.raises(WorkspaceError, match="the disk is full"), workspace.transaction():
        workspace.add_feedback(feedback([str(number) for number in range(3_000)]))
    assert workspace.feedback().num_rows == 1


def test_a_reader_sees_the_old_state_until_the_writer_commits(address, workspace):
    with Workspace.open(address) as reader:
        with workspace.transaction():
            workspace.add_feedback(feedback(["a"]))
            assert reader.feedback().num_rows == 0
        assert reader.feedback().num_rows == 1


def test_threads_and_processes_may_open_and_write_at_once(address):
    failures, stored = [], []

    def write(number):
        try:
            with Workspace.open(address) as workspace:
                for step in range(5):
                    ids = [f"{number}-{step}-{row}" for row in range(20)] + [f"samen-{step}"]
                    stored.append(workspace.add_feedback(feedback(ids)).stored)
        except Exception as error:  # noqa: BLE001 - reported by the test
            failures.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with Workspace.open(address) as workspace:
        assert workspace.feedback().num_rows == sum(stored) == 4 * 5 * 20 + 5
        workspace.check_integrity()


# --- provenance ---------------------------------------------------------------------------------


def test_imports_and_runs_are_remembered(workspace):
    count = SourceCount("enquête.csv", "table", "feedback", 10, 7, 2, 1, updated=3)
    assert not workspace.was_imported("ab" * 32)
    workspace.finish_import(count, sha256="ab" * 32, at=NOON)
    assert workspace.was_imported("ab" * 32)
    (record,) = workspace.imports()
    assert (record.count, record.sha256, record.at) == (count, "ab" * 32, NOON)
    first = workspace.record_run({"versie": "0.1.0", "in": 10}, as_of=NOON)
    second = workspace.record_run({"é": ["ü"]})
    assert second > first
    assert [run.provenance for run in workspace.runs()] == [
        {"versie": "0.1.0", "in": 10},
        {"é": ["ü"]},
    ]
    assert workspace.runs()[0].as_of == NOON


# --- the file -----------------------------------------------------------------------------------


def test_what_is_stored_is_there_after_reopening(address):
    with Workspace.open(address) as workspace:
        workspace.add_feedback(feedback(["a"]))
    with Workspace.open(str(address)) as workspace:
        assert workspace.feedback().num_rows == 1


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
def test_the_file_and_its_log_are_private(path):
    old = os.umask(0)
    try:
        with Workspace.open(path) as workspace:
            workspace.add_feedback(feedback(["a"]))
            modes = {item.name: item.stat().st_mode & 0o777 for item in path.parent.iterdir()}
    finally:
        os.umask(old)
    assert "klankbord.db-wal" in modes
    assert set(modes.values()) == {0o600}


def test_deleted_words_do_not_linger_in_the_file(path):
    word = "Xylofoonfabriek"
    with Workspace.open(path) as workspace:
        workspace.add_feedback(feedback(["a", "b"], verbatim=[word * 40, "blijft staan"]))
        workspace.save_segments(segments([("a", 0, 0, 15, word)]))
    assert word.encode() in path.read_bytes()
    with Workspace.open(path) as workspace, workspace._writing() as connection:
        connection.exec_driver_sql("DELETE FROM feedback WHERE feedback_id = 'a'")
    assert word.encode() not in path.read_bytes()
    with Workspace.open(path) as workspace:
        assert workspace.segments().num_rows == 0
        assert workspace.feedback()["verbatim"].to_pylist() == ["blijft staan"]


@pytest.mark.parametrize(
    "content", [b"geen database " * 100, b"PK\x03\x04" * 400, os.urandom(5000)]
)
def test_a_file_that_is_no_database_is_refused_and_left_alone(path, content):
    path.write_bytes(content)
    with pytest.raises(WorkspaceError, match="not a Klankbord workspace"):
        Workspace.open(path)
    assert path.read_bytes() == content


def test_a_file_replaced_by_junk_while_open_is_a_known_error(path):
    workspace = Workspace.open(path)
    workspace.add_feedback(feedback([f"f{row}" for row in range(2000)]))
    workspace.close()
    path.write_bytes(b"rommel" * 1000)
    with pytest.raises(WorkspaceError) as caught:
        workspace.feedback()
    assert caught.value.where == str(path)


def test_damage_inside_is_found(path):
    with Workspace.open(path) as workspace:
        workspace.add_feedback(feedback([f"f{row:05d}" for row in range(3000)]))
    content = bytearray(path.read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 20_000] = os.urandom(20_000)
    path.write_bytes(content)
    with pytest.raises(WorkspaceError, match="damaged"), Workspace.open(path) as workspace:
        workspace.check_integrity()


def test_a_cut_off_file_is_damaged(path):
    with Workspace.open(path) as workspace:
        workspace.add_feedback(feedback([f"f{row:05d}" for row in range(3000)]))
    os.truncate(path, path.stat().st_size // 3)
    with pytest.raises(WorkspaceError, match="damaged"), Workspace.open(path) as workspace:
        workspace.check_integrity()


def test_another_programs_database_is_refused_and_left_alone(path):
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE klanten (naam TEXT)")
    connection.close()
    with pytest.raises(WorkspaceError, match="another program"):
        Workspace.open(path)
    with sqlite3.connect(path) as connection:
        names = connection.execute("SELECT name FROM sqlite_master").fetchall()
    connection.close()
    assert names == [("klanten",)]


def test_a_newer_workspace_is_refused_with_the_way_out(new_address):
    address = new_address()
    with Workspace.open(address) as workspace, workspace._writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(WorkspaceError, match="newer Klankbord") as caught:
        Workspace.open(address)
    assert "upgrade" in caught.value.hint


@pytest.mark.parametrize(
    ("name", "message"), [("map", "is a folder"), ("nergens/w.db", "folder for the workspace")]
)
def test_a_path_that_cannot_be_a_workspace(tmp_path, name, message):
    (tmp_path / "map").mkdir()
    with pytest.raises(WorkspaceError, match=message):
        Workspace.open(tmp_path / name)


def test_database_errors_carry_no_verbatim(workspace):
    workspace.add_feedback(feedback(["a"]))
    with pytest.raises(WorkspaceError) as caught, workspace._writing() as connection:
        connection.execute(
            text("INSERT INTO feedback (feedback_id, verbatim) VALUES (:own, :words)"),
            {"own": "a", "words": "diep geheim"},
        )
    error = caught.value
    assert error.__cause__ is None
    assert error.__suppress_context__
    assert "geheim" not in f"{error} {error.hint}"


def test_a_process_that_dies_in_the_middle_of_a_stage_leaves_the_old_state(address):
    script = """
import os, sys
import pyarrow as pa
from klankbord.schema import FEEDBACK
from klankbord.store import Workspace

def rows(name, count):
    row = {"source": "s", "channel": "survey", "author_role": "customer", "verbatim": "v" * 200,
           "attributes": "{}"}
    return pa.Table.from_pylist(
        [row | {"feedback_id": f"{name}{number}"} for number in range(count)], schema=FEEDBACK)

workspace = Workspace.open(sys.argv[1])
workspace.add_feedback(rows("eerder", 10))
with workspace.transaction():
    workspace.add_feedback(rows("half", 20_000))
    os._exit(9)
"""
    ended = subprocess.run([sys.executable, "-c", script, str(address)], check=False)
    assert ended.returncode == 9
    with Workspace.open(address) as workspace:
        assert workspace.feedback().num_rows == 10
        workspace.check_integrity()
