import csv
import io
import json
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from klankbord.cli import run
from klankbord.records import Action
from klankbord.schema import FEEDBACK, conform
from klankbord.store import Workspace

OPENED = datetime(2026, 3, 2, 12, tzinfo=UTC)


def planned(number: str, owner: str = "Customer Service", due: date = date(2026, 3, 4)) -> Action:
    return Action(
        f"inner-{number}", "inner", "herstelgesprek", f"K-{number}", None, owner, due, 0.5,
        "actieplan", "Klant zakte.", (f"f-{number}",), "wel: bellen", "Dag {naam},\n\nTot gauw.",
    )  # fmt: skip


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    path = tmp_path / "klankbord.db"
    rows = [
        {"feedback_id": "f-abcdef01", "source": "s", "channel": "survey", "customer_id": "K-1",
         "author_role": "customer", "verbatim": "al drie keer gebeld", "received_at": OPENED,
         "attributes": "{}"}
    ]  # fmt: skip
    with Workspace.open(path) as store:
        store.add_feedback(conform(pa.Table.from_pylist(rows, FEEDBACK), FEEDBACK))
        store.merge_actions(
            [planned("abcdef01"), planned("abcdef02", "Sales", date(2099, 1, 4))], at=OPENED
        )
    return path


def actions(workspace: Path, *arguments: str) -> int:
    return run(["actions", *arguments, "--workspace", str(workspace)])


def test_the_list_says_who_does_what_before_when(workspace, capsys):
    assert actions(workspace) == 0
    out, err = capsys.readouterr()
    assert "abcdef01\t04-03-26 !\tCustomer Service\therstelgesprek" in out
    assert "2 actions, 1 overdue, 0 escalated" in err


def test_the_list_by_owner_overdue_and_format(workspace, capsys):
    assert actions(workspace, "list", "--owner", "Sales", "--format", "json") == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert found["action_id"] == "inner-abcdef02"
    assert actions(workspace, "--overdue", "--format", "csv") == 0
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert (row["action_id"], row["due"]) == ("inner-abcdef01", "2026-03-04")
    assert actions(workspace, "--owner", "Verkoop") == 2
    assert "'Verkoop' is not one of Sales" in capsys.readouterr().err


def test_one_action_is_followed_from_plan_to_closing(workspace, capsys):
    assert actions(workspace, "assign", "abcdef01", "Finance", "--by", "Anna", "--why", "geld") == 0
    assert actions(workspace, "update", "abcdef01", "--status", "uitgevoerd", "--by", "Bo",
                   "--on", "2026-03-05", "--why", "gebeld") == 0  # fmt: skip
    assert actions(workspace, "close", "abcdef01", "geslaagd", "--by", "Bo") == 0
    assert "closed, geslaagd" in capsys.readouterr().err
    assert actions(workspace, "show", "abcdef01") == 0
    shown = capsys.readouterr().out
    assert "owner      Finance" in shown
    assert "al drie keer gebeld" in shown
    assert "2026-03-05 bijgewerkt by Bo (status actieplan → uitgevoerd): gebeld" in shown
    assert "gesloten by Bo (outcome geslaagd)" in shown
    assert actions(workspace) == 0
    assert "abcdef01" not in capsys.readouterr().out
    assert actions(workspace, "reopen", "abcdef01", "--why", "belde weer") == 0
    assert actions(workspace) == 0
    assert "abcdef01" in capsys.readouterr().out


def test_the_last_step_is_taken_back(workspace, capsys):
    assert actions(workspace, "close", "abcdef01", "vals alarm", "--by", "Anna") == 0
    assert actions(workspace, "undo", "abcdef01", "--by", "Bo", "--why", "toch echt") == 0
    assert "the last step is taken back" in capsys.readouterr().err
    assert actions(workspace, "show", "abcdef01") == 0
    shown = capsys.readouterr().out
    assert "ongedaan gemaakt by Bo (outcome vals alarm → None): toch echt" in shown
    assert "May end as vals alarm" in shown


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["close", "abcdef01", "geslaagd"], 1, "it can: vals alarm, bewust afscheid"),
        (["close", "abcdef01", "klaar"], 2, "geslaagd, niet geslaagd"),
        (["update", "abcdef01", "--status", "gemeten"], 1, "it can: gecommuniceerd, uitgevoerd"),
        (["update", "abcdef01"], 2, "give --status"),
        (["update", "abcdef01", "--status", "uitgevoerd", "--on", "2099-01-01"], 2, "still to"),
        (["assign", "abcdef01", "Verkoop"], 2, "not one of Sales"),
        (["show", "abcdef"], 1, "2 actions start with"),
        (["show", "zzz"], 1, "no such action"),
        (["reopen", "abcdef01", "--why", "x"], 1, "is open"),
        (["undo", "abcdef01"], 1, "no step of this action can be taken back"),
    ],
)
def test_what_cannot_be_done_is_refused_with_what_can(workspace, capsys, arguments, code, told):
    assert actions(workspace, *arguments) == code
    assert told in capsys.readouterr().err
    with Workspace.open(workspace) as store:
        assert all(action.version == 1 for action in store.actions())


def test_a_draft_that_is_not_personal_is_not_kept(workspace, tmp_path, capsys):
    message = tmp_path / "bericht.txt"
    message.write_text("Beste klant,\n\nTot gauw.", "utf-8")
    assert actions(workspace, "update", "abcdef01", "--draft", str(message)) == 2
    assert "algemeen" in capsys.readouterr().err
    message.write_text("Dag mevrouw Bos,\n\nTot gauw.", "utf-8")
    assert actions(workspace, "update", "abcdef01", "--draft", str(message)) == 0
    assert actions(workspace, "show", "abcdef01") == 0
    assert "Dag mevrouw Bos," in capsys.readouterr().out


def test_overdue_actions_go_to_the_level_above(workspace, capsys):
    assert actions(workspace, "escalate", "--on", "2026-06-01") == 0
    assert "1 actions escalated" in capsys.readouterr().err
    assert actions(workspace, "show", "abcdef01") == 0
    assert "escalated twice" in capsys.readouterr().out


def test_without_a_workspace_the_next_step_is_told(tmp_path, capsys):
    assert actions(tmp_path / "geen.db") == 1
    assert "klankbord analyse" in capsys.readouterr().err
