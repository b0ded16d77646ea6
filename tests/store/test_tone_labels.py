from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text

from klankbord.schema import FEEDBACK, TONE_LABELS, conform
from klankbord.store import Workspace, migrate
from klankbord.store.engine import begin, engine_for

MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def workspace(address):
    with Workspace.open(address) as opened:
        names = ("source", "channel", "author_role", "verbatim", "attributes")
        values = {name: ["x"] * 3 for name in names}
        opened.add_feedback(conform(pa.table({"feedback_id": ["a", "b", "c"], **values}), FEEDBACK))
        yield opened


def label(own="a", tone="boos", days=0, **more):
    row = {
        "feedback_id": own, "tone": tone, "mixed": None, "complaint_theme": None, "flags": None,
        "labelled_by": "", "labelled_at": MONDAY + timedelta(days=days), "correction": False,
        **more,
    }  # fmt: skip
    return pa.Table.from_pylist([row], TONE_LABELS)


def test_the_newest_label_wins_and_history_is_kept(workspace):
    assert workspace.save_tone_labels(label(tone="boos", days=1)) == 1
    assert workspace.save_tone_labels(label(tone="positief", days=2)) == 1
    assert workspace.save_tone_labels(label(tone="neutraal", days=0)) == 1
    assert workspace.tone_labels()["tone"].to_pylist() == ["positief"]
    history = workspace.tone_labels(history=True)
    assert history["tone"].to_pylist() == ["neutraal", "boos", "positief"]


def test_of_labels_at_the_same_moment_the_last_stored_wins(workspace):
    workspace.save_tone_labels(pa.concat_tables([label(tone="boos"), label(tone="positief")]))
    assert workspace.tone_labels()["tone"].to_pylist() == ["positief"]


def test_the_same_sheet_twice_adds_nothing(workspace):
    both = pa.concat_tables([label(), label("b", mixed=True, complaint_theme="-", flags="CU")])
    assert workspace.save_tone_labels(both) == 2
    assert workspace.save_tone_labels(both) == 0
    assert workspace.tone_labels().equals(both)


def test_an_old_sheet_read_again_does_not_undo_a_correction(workspace):
    workspace.save_tone_labels(label(tone="boos", days=1))
    workspace.save_tone_labels(label(tone="positief", days=2))
    assert workspace.save_tone_labels(label(tone="boos", days=1)) == 0
    assert workspace.tone_labels()["tone"].to_pylist() == ["positief"]


def test_labels_of_feedback_that_is_not_here_are_not_kept(workspace):
    assert workspace.save_tone_labels(label("elders")) == 0
    assert workspace.tone_labels().num_rows == 0


def test_a_label_goes_with_its_feedback(workspace):
    workspace.save_tone_labels(label())
    with workspace._writing() as connection:
        connection.execute(text("DELETE FROM feedback WHERE feedback_id = 'a'"))
    assert workspace.tone_labels(history=True).num_rows == 0


def test_a_workspace_of_the_first_schema_gets_the_table_and_keeps_its_feedback(tmp_path):
    path = tmp_path / "old.db"
    engine, _ = engine_for(path)
    with begin(engine, writes=True) as connection:
        config = Config()
        folder = Path(migrate.__file__).parent / "migrations"
        config.set_main_option("script_location", str(folder))
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(
            text(
                "INSERT INTO feedback (feedback_id, source, channel, author_role, verbatim,"
                " attributes) VALUES ('a', 's', 'survey', 'customer', 'prima', '{}')"
            )
        )
    engine.dispose()
    with Workspace.open(path) as opened:
        assert opened.feedback()["feedback_id"].to_pylist() == ["a"]
        assert opened.save_tone_labels(label()) == 1
