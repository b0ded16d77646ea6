# ruff: noqa: DTZ001 - times without a zone are what is read here
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from klankbord.errors import UnreadableInputError
from klankbord.sources import Profile

from . import binary_files
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
    with pytest.raises(UnreadableInputError, match="no workbook"):
        read_all(path)


SMALL = [
    ["Klantnummer", "NPS", "Opmerking"],
    ["001", 9, "Geïrriteerd & moe"],
    ["002", 3, "goed"],
    ["003", 12, "te hoog"],
]


@pytest.mark.parametrize("kind", ["xls", "xlsb", "ods"])
@pytest.mark.parametrize("extension", ["", ".xlsx", ".csv"])
def test_other_workbooks_are_read_by_content(tmp_path: Path, kind: str, extension: str) -> None:
    path = getattr(binary_files, kind)(tmp_path / f"x{extension}", SMALL)
    got = read_all(path)
    assert [row["customer_id"] for row in got.feedback] == ["001", "002"]
    assert got.verbatims == ["Geïrriteerd & moe", "goed"]
    assert [(row.row, row.column) for row in got.rejected] == [(4, "NPS")]


def test_an_ods_as_libreoffice_ends_it(tmp_path: Path) -> None:
    rest = (
        '<table:table-row table:number-rows-repeated="1048570"><table:table-cell '
        'table:number-columns-repeated="16384"/></table:table-row>'
    )
    assert len(read_all(binary_files.ods(tmp_path / "x", SMALL, rest)).feedback) == 2


@pytest.mark.parametrize(
    "more",
    [
        '<table:table-row table:number-rows-repeated="1000000"><table:table-cell '
        'office:value-type="string" table:number-columns-repeated="90"><text:p>x</text:p>'
        "</table:table-cell></table:table-row>",
        '<table:table-row table:number-rows-repeated="1000000"><table:table-cell/>'
        '</table:table-row><table:table-row><table:table-cell table:number-columns-repeated="99"/>'
        '<table:table-cell office:value-type="string"><text:p>x</text:p></table:table-cell>'
        "</table:table-row>",
    ],
    ids=["repeated", "far"],
)
def test_an_ods_bomb_is_not_opened(tmp_path: Path, more: str) -> None:
    with pytest.raises(UnreadableInputError, match="absurd size"):
        read_all(binary_files.ods(tmp_path / "x", SMALL, more))


@pytest.mark.parametrize("kind", ["xls", "xlsb"])
def test_a_far_cell_is_stopped_in_a_process_of_its_own(tmp_path: Path, kind: str) -> None:
    far: list[list[object]] = [*SMALL, [""] * 255 + ["x"], *([[]] * 60_000), ["x"]]
    path = getattr(binary_files, kind)(tmp_path / "x", far)
    with pytest.raises(UnreadableInputError, match="absurd size"):
        read_all(path)


@pytest.mark.parametrize(
    ("stream", "message", "advice"),
    [
        ("EncryptedPackage", "password", "without a password"),
        ("__nameid_version1.0", "Outlook", ".eml"),
        ("WordDocument", "Word", ".txt"),
        ("Iets anders", "cannot be opened", "save it again"),
    ],
)
def test_what_else_is_a_compound_file_is_told(
    tmp_path: Path, stream: str, message: str, advice: str
) -> None:
    path = tmp_path / "x.xls"
    path.write_bytes(binary_files.compound({stream: bytes(5_000)}))
    with pytest.raises(UnreadableInputError, match=message) as caught:
        read_all(path)
    assert advice in caught.value.hint


def test_a_word_document_is_no_archive(tmp_path: Path) -> None:
    path = tmp_path / "x.docx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", "<w/>")
    with pytest.raises(UnreadableInputError, match="office document"):
        read_all(path)


def test_a_sheet_with_too_many_columns_is_refused(tmp_path: Path) -> None:
    cells = b"<c><v>1</v></c>" * 100_000
    path = repacked(workbook(tmp_path / "x.xlsx", ROWS), b'<row r="9">' + cells + b"</row>")
    with pytest.raises(UnreadableInputError, match="columns"):
        read_all(path)


def test_rows_are_not_copied_before_they_are_asked_for(tmp_path: Path) -> None:
    rows = [["Klantnummer", "Opmerking"], *([f"{at:05}", f"zin {at}"] for at in range(3_000))]
    path = workbook(tmp_path / "x.xlsx", rows)
    got = read_all(path, batch_rows=500)
    assert len(got.feedback) == 3_000
    assert got.feedback[2_999]["customer_id"] == "02999"


def test_a_locked_or_mutated_archive_names_no_traceback(tmp_path: Path) -> None:
    whole = bytearray(workbook(tmp_path / "x.xlsx", ROWS).read_bytes())
    for at in range(30, len(whole), 97):
        changed = bytearray(whole)
        changed[at] ^= 0x55
        path = tmp_path / "changed.xlsx"
        path.write_bytes(changed)
        try:
            read_all(path)
        except UnreadableInputError as error:
            assert error.hint  # noqa: PT017 - most changes are seen, some are harmless
