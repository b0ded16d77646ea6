from datetime import datetime
from pathlib import Path

import openpyxl

from klankbord.report import build, write_workbook
from klankbord.settings import Settings

from .builders import FAN, HOSTILE, empty_world, world


def written(folder: Path, **changes: object) -> openpyxl.Workbook:
    path = folder / "acties.xlsx"
    write_workbook(build(**world(**changes)), path)
    return openpyxl.load_workbook(path)


def test_sheets_headings_and_values(tmp_path: Path) -> None:
    book = written(tmp_path)
    assert book.sheetnames == ["Acties", "Toonverschuivingen", "Themas", "Toelichting"]
    actions = book["Acties"]
    assert [cell.value for cell in actions[1]][:4] == [
        "Actienummer", "Afdeling", "Uiterlijk", "Status"
    ]  # fmt: skip
    row = [cell.value for cell in actions[3]]
    assert row[0] == "inner-1"
    assert row[2] == datetime(2026, 3, 16)  # noqa: DTZ001 - Excel knows no zones
    assert row[6] == FAN
    assert row[8] == 0.9
    assert actions["C3"].number_format == "dd-mm-yyyy"
    assert actions.freeze_panes == "B2"
    assert actions.auto_filter.ref == "A1:M4"
    assert actions.column_dimensions["J"].width > 30
    assert actions["J3"].alignment.wrap_text
    shifts = [cell.value for cell in book["Toonverschuivingen"][2]]
    assert shifts[7] == 0.95
    assert book["Themas"]["F2"].value == -2.25


def test_status_is_chosen_from_the_six_steps(tmp_path: Path) -> None:
    rules = written(tmp_path)["Acties"].data_validations.dataValidation
    assert [(str(rule.sqref), rule.type) for rule in rules] == [("D2:D4", "list")]
    assert rules[0].formula1 == (
        '"verzameld,geanalyseerd,actieplan,gecommuniceerd,uitgevoerd,gemeten"'
    )


def test_words_of_customers_stay_text(tmp_path: Path) -> None:
    for words in ("=1+1", "+1", "-1", "@x", "\t=1", "https://example.invalid ", HOSTILE):
        book = written(tmp_path, words=words)
        cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
        assert not [cell for cell in cells if cell.data_type == "f" or cell.hyperlink]


def test_a_very_long_text_is_cut_to_what_a_cell_holds(tmp_path: Path) -> None:
    book = written(tmp_path, words="x" * 40_000)
    assert len(book["Acties"]["J3"].value) == 32_767


def test_same_report_same_bytes(tmp_path: Path) -> None:
    for name in ("a.xlsx", "b.xlsx"):
        write_workbook(build(**world()), tmp_path / name)
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_empty_report_and_english(tmp_path: Path) -> None:
    write_workbook(build(**empty_world(settings=Settings(language="en"))), tmp_path / "x.xlsx")
    book = openpyxl.load_workbook(tmp_path / "x.xlsx")
    assert book.sheetnames == ["Actions", "Tone shifts", "Themes", "Notes"]
    assert book["Actions"].max_row == 1


def test_everything_fixed_is_english(tmp_path: Path) -> None:
    book = written(tmp_path, settings=Settings(language="en"))
    actions = book["Actions"]
    assert [cell.value for cell in actions[1]][:4] == [
        "Action number",
        "Department",
        "Due",
        "Status",
    ]
    assert [row[3].value for row in actions.iter_rows(min_row=2)] == [
        "carried out", "planned", "communicated"
    ]  # fmt: skip
    (rule,) = actions.data_validations.dataValidation
    assert rule.formula1 == '"collected,analysed,planned,communicated,carried out,measured"'
    assert actions["B4"].value == book["Themes"]["K2"].value == "Distribution"
    assert actions["C2"].number_format == "yyyy-mm-dd"
    assert book["Tone shifts"]["I2"].number_format == '"€"#,##0'
