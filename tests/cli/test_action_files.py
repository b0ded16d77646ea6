import csv
import io
import json
from datetime import UTC, date, datetime
from pathlib import Path

import openpyxl
import pyarrow as pa
import pytest

from klankbord.cli import run
from klankbord.loop import ActionState
from klankbord.privacy import Pseudonymiser
from klankbord.records import Action
from klankbord.schema import FEEDBACK, conform
from klankbord.settings import load_settings
from klankbord.store import Workspace

NOW = datetime(2026, 3, 30, 9, tzinfo=UTC)
DRAFT = "Beste {naam},\n\n“=altijd te laat”\n\nGroet"


def planned(action_id: str, customer: str, **more: object) -> Action:
    fields = {
        "action_id": action_id,
        "loop": "inner",
        "kind": "herstelgesprek",
        "customer_id": customer,
        "theme_id": None,
        "owner": "Customer Service",
        "due": date(2026, 4, 2),
        "priority": 0.5,
        "status": "actieplan",
        "reason": "Klant zakte van positief naar boos.",
        "evidence": ("f1",),
        "wel_niet_later": "wel: bellen",
        "draft": DRAFT,
    }
    return Action(**(fields | more))  # type: ignore[arg-type]


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    path = tmp_path / "w.db"
    masks = Pseudonymiser.from_key_file(load_settings().key_file)
    feedback = {
        "feedback_id": ["f1"],
        "source": ["x"],
        "channel": ["survey"],
        "author_role": ["customer"],
        "customer_id": ["00123"],
        "verbatim": ["=altijd te laat"],
        "attributes": ["{}"],
    }
    table = conform(pa.table(feedback), FEEDBACK)
    with Workspace.open(path) as store:
        store.remember_identities(masks.identities(table), masks)
        store.add_feedback(masks.feedback(table))
        who = masks.pseudonym("customer_id", "00123") or ""
        store.merge_actions(
            [
                planned("inner-1", who),
                planned("inner-2", "K-2", owner="Sales"),
                planned("inner-3", "K-3", priority=0.1),
            ],
            at=NOW,
        )
        store.close_action("inner-3", "vals alarm", at=NOW, by="Bo")
    return path


@pytest.fixture
def actions(workspace: Path, capsys: pytest.CaptureFixture[str]):
    def call(*arguments: str, code: int = 0):
        assert run(["actions", *arguments, "-w", str(workspace)]) == code, capsys.readouterr()
        return capsys.readouterr()

    return call


def edit(path: Path, values: dict[tuple[str, str], object]) -> None:
    """Put values in a sheet by action and heading, as a spreadsheet program does."""
    book = openpyxl.load_workbook(path)
    page = book.worksheets[0]
    headings = [cell.value for cell in page[1]]
    lines = {row[0].value: row[0].row for row in page.iter_rows(min_row=2)}
    for (action_id, heading), value in values.items():
        page.cell(lines[action_id], headings.index(heading) + 1).value = value
    book.save(path)


def stored(workspace: Path, action_id: str) -> Action:
    with Workspace.open(workspace) as store:
        return store.action(action_id)


def everything(workspace: Path):
    with Workspace.open(workspace) as store:
        return store.actions(), store.action_histories()


def lines(shown: str) -> list[dict]:
    return json.loads(shown)


def test_there_and_back(actions, workspace: Path, tmp_path: Path) -> None:
    path = tmp_path / "acties.xlsx"
    told = actions("export", str(path))
    assert told.out == ""
    assert "2 actions in acties.xlsx" in told.err
    before = everything(workspace)
    unchanged = actions("import", str(path))
    assert unchanged.out == ""
    assert "0 rows applied, 0 refused, 2 without a change" in unchanged.err
    assert everything(workspace) == before
    edit(
        path,
        {
            ("inner-1", "Status"): "uitgevoerd",
            ("inner-1", "Uitkomst"): "geslaagd",
            ("inner-1", "Toelichting"): "gebeld",
            ("inner-1", "Door"): "Anna",
            ("inner-2", "Uiterlijk"): datetime(2026, 4, 9),  # noqa: DTZ001 - Excel has no zones
        },
    )
    found = lines(actions("import", str(path), "-f", "json", "--by", "Bo", "--why", "lijst").out)
    assert [(row["action_id"], row["column"], row["new"], row["result"]) for row in found] == [
        ("inner-1", "Status", "uitgevoerd", "applied"),
        ("inner-1", "Uitkomst", "geslaagd", "applied"),
        ("inner-2", "Uiterlijk", "2026-04-09", "applied"),
    ]
    assert found[2]["old"] == "2026-04-02"
    one, two = stored(workspace, "inner-1"), stored(workspace, "inner-2")
    assert (one.status, one.outcome, one.draft) == ("uitgevoerd", "geslaagd", DRAFT)
    assert two.due == date(2026, 4, 9)
    with Workspace.open(workspace) as store:
        history = store.action_histories()
    assert [(event.by, event.why) for event in history["inner-1"][-2:]] == [("Anna", "gebeld")] * 2
    assert (history["inner-2"][-1].by, history["inner-2"][-1].why) == ("Bo", "lijst")
    before = everything(workspace)
    again = actions("import", str(path))
    assert "0 rows applied, 0 refused" in again.err
    assert everything(workspace) == before


def test_a_dry_run_keeps_nothing(actions, workspace: Path, tmp_path: Path) -> None:
    path = tmp_path / "acties.xlsx"
    actions("export", str(path))
    edit(path, {("inner-2", "Afdeling"): "Finance"})
    before = everything(workspace)
    (row,) = csv.DictReader(io.StringIO(actions("import", str(path), "--dry-run", "-f", "csv").out))
    assert (row["old"], row["new"], row["result"]) == ("Sales", "Finance", "would be applied")
    assert everything(workspace) == before


def test_a_conflict_refuses_its_row_only(actions, workspace: Path, tmp_path: Path) -> None:
    path = tmp_path / "acties.xlsx"
    actions("export", str(path))
    edit(
        path,
        {
            ("inner-1", "Afdeling"): "Finance",
            ("inner-1", "Wel, niet, later"): "wel: alles",
            ("inner-2", "Status"): "uitgevoerd",
        },
    )
    with Workspace.open(workspace) as store:
        store.update_action("inner-1", at=NOW, by="Anna", owner="Online", draft="Beste Jan,\nhoi")
        store.update_action("inner-2", at=NOW, by="Anna", due=date(2026, 5, 1))
    shown = actions("import", str(path), code=1)
    assert "1 rows applied, 1 refused" in shown.err
    assert "‘Online’ (door Anna op 30 maart 2026); in het blad staat ‘Finance’" in shown.out
    one, two = stored(workspace, "inner-1"), stored(workspace, "inner-2")
    assert (one.owner, one.wel_niet_later, one.draft) == (
        "Online",
        "wel: bellen",
        "Beste Jan,\nhoi",
    )
    assert (two.status, two.due) == ("uitgevoerd", date(2026, 5, 1))


def test_changed_while_it_is_read(actions, workspace, tmp_path, monkeypatch) -> None:
    path = tmp_path / "acties.xlsx"
    actions("export", str(path))
    edit(
        path,
        {
            ("inner-1", "Status"): "uitgevoerd",
            ("inner-1", "Uitkomst"): "geslaagd",
            ("inner-2", "Status"): "uitgevoerd",
        },
    )
    close = Workspace.close_action

    def overtaken(store, action_id, *arguments, **more):
        return close(store, action_id, *arguments, **(more | {"version": 99}))

    monkeypatch.setattr(Workspace, "close_action", overtaken)
    shown = actions("import", str(path), "-f", "json", code=1)
    assert [row["result"] for row in lines(shown.out)] == ["refused", "applied"]
    one = stored(workspace, "inner-1")
    assert (one.status, one.outcome) == ("actieplan", None), "a row is applied whole or not at all"


def test_edits_that_were_not_imported_are_not_overwritten(actions, tmp_path: Path) -> None:
    path = tmp_path / "acties.xlsx"
    actions("export", str(path))
    actions("export", str(path))
    edit(path, {("inner-2", "Afdeling"): "Finance"})
    told = actions("export", str(path), code=1)
    assert "1 rows of this sheet hold edits" in told.err
    assert "--overwrite" in told.err
    actions("import", str(path))
    actions("export", str(path))
    edit(path, {("inner-2", "Afdeling"): "Sales"})
    actions("export", str(path), "--overwrite")
    assert "0 rows applied" in actions("import", str(path)).err


def test_which_actions_and_whose(actions, tmp_path: Path) -> None:
    path = tmp_path / "a.json"

    def exported(*more: str) -> list[dict]:
        actions("export", str(path), *more)
        return json.loads(path.read_text("utf-8"))

    assert [row["action_id"] for row in exported()] == ["inner-1", "inner-2"]
    assert [row["action_id"] for row in exported("--all")] == ["inner-1", "inner-2", "inner-3"]
    assert [row["action_id"] for row in exported("--owner", "Sales")] == ["inner-2"]
    one = exported()[0]
    assert one["quotes"][0]["text"] == "=altijd te laat"
    assert one["customer_id"].startswith("K-")
    assert exported("--keep-ids")[0]["customer_id"] == "00123"
    assert exported("--no-quotes")[0]["quotes"] == []
    actions("export", str(path), "--owner", "Logistiek", code=2)
    actions("export", str(tmp_path / "a.pdf"), code=1)
    actions("export", str(path), "-f", "pdf", code=2)


def test_calendars_and_jira_hold_no_customers_words_unless_asked(actions, tmp_path: Path) -> None:
    for name, more in {"a.ics": (), "a.csv": ("-f", "jira")}.items():
        path = tmp_path / name
        told = actions("export", str(path), *more)
        assert "te laat" not in path.read_text("utf-8")
        assert ("yyyy-MM-dd" in told.err) == bool(more)
        actions("export", str(path), "--quotes", *more)
        assert "te laat" in path.read_text("utf-8").replace("\n ", "")


def test_english_by_the_settings(actions, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("KLANKBORD_LANGUAGE", "en")
    path = tmp_path / "actions.xlsx"
    actions("export", str(path))
    edit(path, {("inner-1", "Status"): "measured"})
    (row,) = lines(actions("import", str(path), "-f", "json", code=1).out)
    assert row["reason"] == "An action cannot go from ‘planned’ to ‘measured’."


def test_what_is_no_sheet_and_no_workspace(actions, tmp_path: Path, capsys) -> None:
    path = tmp_path / "x.csv"
    path.write_text("klant;tekst\r\na;b\r\n", "utf-8")
    assert "there is no column 'Actienummer'" in actions("import", str(path), code=2).err
    assert run(["actions", "import", str(path), "-w", str(tmp_path / "weg.db")]) in (1, 2)
    assert not (tmp_path / "weg.db").exists()


def test_every_state_goes_into_the_sheet_and_back(actions, workspace: Path, tmp_path: Path) -> None:
    path = tmp_path / "acties.csv"
    for state in (ActionState.UITGEVOERD, ActionState.GEMETEN, ActionState.ACTIEPLAN):
        actions("export", str(path))
        text = path.read_bytes().decode("utf-8-sig")
        before = stored(workspace, "inner-2").status
        row = next(line for line in text.split("\r\n") if line.startswith("inner-2"))
        path.write_text(text.replace(row, row.replace(f";{before};", f";{state};")), "cp1252",
                        newline="")  # fmt: skip
        actions("import", str(path))
        assert stored(workspace, "inner-2").status == state
