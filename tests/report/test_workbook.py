from datetime import datetime
from pathlib import Path

import openpyxl

from klankbord.report import build, write_workbook
from klankbord.settings import Settings

from .builders import FAN, HOSTILE, empty_world, world


def written(folder: Path, **changes: object) -> openpyxl.Workbook:
    path = folder / "themas.xlsx"
    write_workbook(build(**world(**changes)), path)
    return openpyxl.load_workbook(path)


def test_sheets_headings_and_values(tmp_path: Path) -> None:
    book = written(tmp_path)
    assert book.sheetnames == ["Themas", "Toonverschuivingen", "Toelichting"]
    shifts = book["Toonverschuivingen"]
    assert [cell.value for cell in shifts[1]][:4] == ["Rang", "Klant", "Soort", "Van"]
    row = [cell.value for cell in shifts[2]]
    assert row[:2] == [1, FAN]
    assert row[5] == datetime(2025, 12, 1)  # noqa: DTZ001 - Excel knows no zones
    assert row[7] == 0.95
    assert shifts["F2"].number_format == "dd-mm-yyyy"
    assert shifts.freeze_panes == "B2"
    assert shifts.auto_filter.ref == "A1:N4"
    assert shifts.column_dimensions["K"].width > 30
    assert shifts["K2"].alignment.wrap_text
    assert book["Themas"]["F2"].value == -2.25


def test_words_of_customers_stay_text(tmp_path: Path) -> None:
    for words in ("=1+1", "+1", "-1", "@x", "\t=1", "https://example.invalid ", HOSTILE):
        book = written(tmp_path, words=words)
        cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
        assert not [cell for cell in cells if cell.data_type == "f" or cell.hyperlink]


def test_a_very_long_text_is_cut_to_what_a_cell_holds(tmp_path: Path) -> None:
    book = written(tmp_path, words="x" * 40_000)
    assert len(book["Toonverschuivingen"]["K2"].value) == 32_767


def test_same_report_same_bytes(tmp_path: Path) -> None:
    for name in ("a.xlsx", "b.xlsx"):
        write_workbook(build(**world()), tmp_path / name)
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_empty_report_and_english(tmp_path: Path) -> None:
    write_workbook(build(**empty_world(settings=Settings(language="en"))), tmp_path / "x.xlsx")
    book = openpyxl.load_workbook(tmp_path / "x.xlsx")
    assert book.sheetnames == ["Themes", "Tone shifts", "Notes"]
    assert book["Themes"].max_row == 1


def test_everything_fixed_is_english(tmp_path: Path) -> None:
    book = written(tmp_path, settings=Settings(language="en"))
    shifts = book["Tone shifts"]
    assert [cell.value for cell in shifts[1]][:4] == ["Rank", "Customer", "Kind", "From"]
    assert book["Themes"]["K2"].value == "Distribution"
    assert shifts["F2"].number_format == "yyyy-mm-dd"
    assert shifts["I2"].number_format == '"€"#,##0'
