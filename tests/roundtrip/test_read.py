import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from klankbord.errors import KlankbordError, UnreadableInputError
from klankbord.roundtrip import Form, compare, read
from klankbord.roundtrip.basis import basis_of, canonical, mark

from .builders import action, csv_rows, export, resave, save_csv


def test_what_is_no_sheet_of_actions(tmp_path: Path) -> None:
    for name, content in {
        "a.ics": "BEGIN:VCALENDAR",
        "b.csv": "klant;tekst\r\nx;y\r\n",
        "c.json": "{}",
        "d.json": "[1]",
        "e.json": "{nee",
        "f.xlsx": "PK nee",
        "g.csv": "",
    }.items():
        (tmp_path / name).write_text(content, "utf-8")
        with pytest.raises(UnreadableInputError):
            read(tmp_path / name)
    with pytest.raises(UnreadableInputError, match="cannot be opened"):
        read(tmp_path / "weg.json")
    with pytest.raises(UnreadableInputError, match="cannot be opened"):
        read(tmp_path / "weg.xlsx")


def test_the_page_with_actions_is_found_whatever_stands_in_front(tmp_path: Path) -> None:
    path = export(tmp_path / "a.xlsx", [action()])

    def edit(page):
        book = page.parent
        book.move_sheet("Uitleg", -1)
        book.create_sheet("Notities", 0)["A1"] = "eigen blad"

    sheet = read(resave(path, edit))
    assert [row.text("action_id") for row in sheet.rows] == ["inner-1"]


def test_a_title_above_the_headings(tmp_path: Path) -> None:
    path = export(tmp_path / "a.xlsx", [action()])
    sheet = read(resave(path, lambda page: page.insert_rows(1, 2)))
    assert [row.row for row in sheet.rows] == [4]
    assert sheet.heading("owner") == "Afdeling"


def test_rows_that_cannot_be_read_are_refused_alone(tmp_path: Path) -> None:
    made = [action("a"), action("b")]
    path = export(tmp_path / "a.csv", made, Form.CSV)
    rows = csv_rows(path)
    rows[1] += ["te", "veel"]
    rows[2][3] = "uitgevoerd"
    found = compare(read(save_csv(path, rows)), made)
    assert [(one.row, one.column) for one in found.refused] == [(2, "")]
    assert "niet te lezen" in found.refused[0].reason
    assert [change.action.action_id for change in found.changes] == ["b"]


def test_json_that_people_edited(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    edited = [
        {"action_id": "inner-1", "status": "uitgevoerd", "owner": None, "due": "", "nieuw": {}},
        {"Actienummer": "b", "Status": "communicated"},
    ]
    path.write_text(json.dumps(edited), "utf-8")
    made = [action(), action("b")]
    opened = type("E", (), {"at": None, "by": "", "event": "geopend", "changes": {}, "why": ""})()
    found = compare(read(path), made, {"inner-1": [opened], "b": [opened]})
    assert [(one.row, dict(one.values)) for one in found.changes] == [
        (1, {"status": "uitgevoerd"}),
        (2, {"status": "gecommuniceerd"}),
    ]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip  # noqa: E501
@given(st.binary(max_size=300), st.sampled_from(["csv", "xlsx", "json"]))
def test_any_bytes_are_read_or_refused(tmp_path: Path, content: bytes, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    path.write_bytes((b"Actienummer;Status\r\n" if suffix == "csv" else b"") + content)
    try:
        sheet = read(path)
    except KlankbordError:
        return
    compare(sheet, [action()])


@given(st.text(min_size=1, max_size=20).filter(str.strip))
def test_the_hidden_cell_comes_back(action_id: str) -> None:
    one = action(action_id.strip(), version=12)
    basis = basis_of(f" {mark(one)} ")
    if "\n" in one.action_id:
        return
    assert basis is not None
    assert (basis.action_id, basis.version) == (one.action_id, 12)
    assert basis.said("owner", one.owner)
    assert not basis.said("owner", "Sales")
    assert not basis.said("draft", one.owner)


@pytest.mark.parametrize("text", ["", "v1", "v1|zz|x", "1|2|3", "v1|" + "a" * 8 + "|x"])
def test_another_cell_is_no_basis(text: str) -> None:
    assert basis_of(text) is None


def test_what_a_spreadsheet_changes_unasked_is_the_same() -> None:
    assert canonical(" a \r\nb\t\n") == canonical("a\nb")
    assert canonical("'=1") == canonical("=1")
    assert canonical("a\u202eb\x00") == canonical("ab")
    assert canonical("a b") != canonical("a  b")
