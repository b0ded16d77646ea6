# ruff: noqa: DTZ001 - times without a zone are what is read here
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from klankbord.errors import UnreadableInputError
from klankbord.sources import Profile

from .helpers import read_all, workbook, write

ROWS = [
    ["Klantnummer", "Datum", "NPS", "Opmerking"],
    [123.0, datetime(2024, 3, 12, 9, 14), 9, "Prima, =1+1"],
    ["00124", 45363, 3, "=HYPERLINK(1)"],
    [None, None, None, None],
    ["00125", "31-02-2024", 3, "x"],
    ["00126", "12-03-2024", None, ""],
]


def test_a_workbook_is_read_by_content(tmp_path: Path) -> None:
    got = read_all(workbook(tmp_path / "geen.extensie.xlsx", ROWS))
    assert [row["customer_id"] for row in got.feedback] == ["123", "00124"]
    assert got.verbatims == ["Prima, =1+1", "=HYPERLINK(1)"]
    assert got.feedback[0]["received_at"] == datetime(2024, 3, 12, 8, 14, tzinfo=UTC)
    assert got.feedback[1]["received_at"] == datetime(2024, 3, 11, 23, tzinfo=UTC)
    assert [row.row for row in got.rejected] == [5, 6]
    assert got.rows_in == 4


def test_the_extension_does_not_matter(tmp_path: Path) -> None:
    path = workbook(tmp_path / "x.xlsx", ROWS)
    other = path.rename(tmp_path / "x.csv")
    assert len(read_all(other).feedback) == 2


def test_a_sheet_that_reads_as_a_table_is_chosen_and_the_others_named(tmp_path: Path) -> None:
    import xlsxwriter

    path = tmp_path / "x.xlsx"
    book = xlsxwriter.Workbook(str(path))
    book.add_worksheet("Uitleg").write(0, 0, "Zie blad twee")
    data = book.add_worksheet("Data")
    data.write_row(3, 1, ["Klantnummer", "Opmerking"])
    data.write_row(4, 1, ["007", "goed"])
    data.write_row(5, 1, ["008", ""])
    book.close()
    got = read_all(path)
    assert got.verbatims == ["goed"]
    assert got.rejected[0].row == 6
    assert got.detection.details["sheet"] == "Data"
    assert got.detection.details["sheets_not_read"] == "Uitleg"
    with pytest.raises(UnreadableInputError, match="no filled sheet 'Weg'"):
        read_all(path, Profile(name="x", sheet="Weg"))


def test_a_hidden_sheet_comes_after_the_visible_ones(tmp_path: Path) -> None:
    import xlsxwriter

    path = tmp_path / "x.xlsx"
    book = xlsxwriter.Workbook(str(path))
    for name, verbatim in (("Oud", "verborgen"), ("Nu", "zichtbaar")):
        sheet = book.add_worksheet(name)
        sheet.write_row(0, 0, ["Klantnummer", "Opmerking"])
        sheet.write_row(1, 0, ["007", verbatim])
    book.get_worksheet_by_name("Nu").activate()
    book.get_worksheet_by_name("Oud").hide()
    book.close()
    assert read_all(path).verbatims == ["zichtbaar"]
    assert read_all(path, Profile(name="x", sheet="Oud")).verbatims == ["verborgen"]


def repacked(path: Path, extra: bytes) -> Path:
    """Add cells to the end of the sheet of a workbook."""
    other = path.with_name("bomb.xlsx")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(other, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            data = old.read(part)
            if "worksheets/" in part.filename:
                data = data.replace(b"</sheetData>", extra + b"</sheetData>")
            new.writestr(part.filename, data)
    return other


@pytest.mark.parametrize(
    "extra",
    [
        b'<row r="9">' + b'<c r="A9"><v>1</v></c>' * 1_500_000 + b"</row>",
        b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
    ],
    ids=["repetition", "one far cell"],
)
def test_a_bomb_is_not_opened(tmp_path: Path, extra: bytes) -> None:
    path = repacked(workbook(tmp_path / "x.xlsx", ROWS), extra)
    assert path.stat().st_size < 500_000
    with pytest.raises(UnreadableInputError, match="absurd size"):
        read_all(path)


def test_damaged_workbooks_are_one_clear_error(tmp_path: Path) -> None:
    whole = workbook(tmp_path / "x.xlsx", ROWS).read_bytes()
    for name, data in {
        "half.xlsx": whole[: len(whole) // 2],
        "holed.xlsx": whole[:300] + bytes(200) + whole[500:],
    }.items():
        path = tmp_path / name
        path.write_bytes(data)
        with pytest.raises(UnreadableInputError) as caught:
            read_all(path)
        assert caught.value.where == str(path)
        assert caught.value.hint


def test_another_zip_is_no_workbook(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(write(tmp_path / "a.csv", "klant;tekst\n"), "a.csv")
    with pytest.raises(UnreadableInputError, match="no Excel workbook"):
        read_all(path)
