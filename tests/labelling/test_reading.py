import contextlib
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from klankbord.errors import KlankbordError, UnreadableInputError
from klankbord.labelling import read_sheet
from klankbord.schema import TONES

from .builders import write_csv


def workbook(path: Path, rows: list[list[object]]) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def test_a_full_sheet(tmp_path):
    header = ["feedback_id", "kanaal", "vraag", "tekst", "toon", "toon_2", "gemengd",
              "klachtthema", "kenmerken", "gewicht", "beoordelaar"]  # fmt: skip
    path = write_csv(
        tmp_path / "s.csv",
        header,
        [
            ["a:1", "survey", "Wat kan beter?", "De rij", "Ontevreden", "boos", "nee",
             "bereikbaarheid", "cu", "12,5", "Ans"],
            ["a:2", "survey", "", "Top!", "enthousiast", "", "", "", "", "3", ""],
            ["a:3", "survey", "", "Mwah", "", "", "", "", "", "3", ""],
            ["a:4", "survey", "", "", "boos", "", "", "", "", "3", ""],
            ["a:5", "chat", "", "Ja maar", "positief", "positief", "JA", "-", "-", "1", "Ans"],
        ],
    )  # fmt: skip
    sheet = read_sheet(path)
    assert sheet.ids == ("a:1", "a:2", "a:5")
    assert sheet.rows == (2, 3, 6)
    assert sheet.questions == ("Wat kan beter?", "", "")
    assert sheet.codes.tolist() == [1, 4, 3]
    assert sheet.second.tolist() == [0, -1, 3]
    assert sheet.weight.tolist() == [12.5, 3, 1]
    assert sheet.mixed == (False, None, True)
    assert sheet.themes == ("bereikbaarheid", None, "-")
    assert sheet.flags == ("CU", None, "")
    assert sheet.skipped == 2
    labels = sheet.tone_labels().to_pylist()
    assert [row["tone"] for row in labels] == ["ontevreden", "enthousiast", "positief"]
    assert labels[0]["labelled_by"] == "Ans"


def test_english_headings_and_a_workbook_with_numbers(tmp_path):
    rows = [["text", "label"], ["Fine bike", 1], ["Broken bike", -1], ["A bike", 0.0]]
    sheet = read_sheet(workbook(tmp_path / "s.xlsx", rows))
    assert sheet.scheme.name == "three"
    assert sheet.codes.tolist() == [2, 0, 1]
    assert sheet.tone_labels().num_rows == 0


def test_columns_of_any_name_can_be_pointed_at(tmp_path):
    path = write_csv(tmp_path / "s.csv", ["nr", "kop", "oordeel"], [["1", "Winst", "1"]])
    assert read_sheet(path, text="kop", label="Oordeel").texts == ("Winst",)


@pytest.mark.parametrize(
    ("column", "value", "allowed"),
    [
        ("toon", "geheim", "boos, ontevreden, neutraal, positief, enthousiast"),
        ("toon_2", "geheim", "boos, ontevreden"),
        ("gemengd", "geheim", "ja, nee"),
        ("klachtthema", "geheim", "levertijd"),
        ("kenmerken", "geheim", "C, A, U, S"),
        ("gewicht", "geheim", "above 0"),
        ("gewicht", "-1", "above 0"),
        ("gewicht", "nan", "above 0"),
    ],
)
def test_a_wrong_cell_is_named_without_its_words(tmp_path, column, value, allowed):
    header = ["tekst", "toon", "toon_2", "gemengd", "klachtthema", "kenmerken", "gewicht"]
    good = ["Fijn", "positief", "boos", "ja", "-", "A", "1"]
    bad = [value if name == column else cell for name, cell in zip(header, good, strict=True)]
    path = write_csv(tmp_path / "mijn.csv", header, [good, good, bad])
    with pytest.raises(UnreadableInputError) as caught:
        read_sheet(path)
    said = str(caught.value)
    assert "mijn.csv" in said
    assert "row 4" in said
    assert f"'{column}'" in said
    assert allowed in said
    assert "geheim" not in said
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"tekst,iets\nhallo,ja\n", "no column with the label"),
        (b"iets,toon\nhallo,boos\n", "no column with the text"),
        (b"PK\x03\x04rommel", "damaged"),
    ],
)
def test_what_is_no_labelled_sheet_is_refused(tmp_path, content, said):
    path = tmp_path / "s.csv"
    path.write_bytes(content)
    with pytest.raises(UnreadableInputError, match=said):
        read_sheet(path)


def test_a_missing_file_and_a_missing_named_column(tmp_path):
    with pytest.raises(UnreadableInputError, match="cannot be opened"):
        read_sheet(tmp_path / "weg.csv")
    path = write_csv(tmp_path / "s.csv", ["tekst", "toon"], [["a", "boos"]])
    with pytest.raises(UnreadableInputError, match="no column 'kop'"):
        read_sheet(path, text="kop")


def test_only_a_header_is_a_sheet_without_rows(tmp_path):
    sheet = read_sheet(write_csv(tmp_path / "s.csv", ["tekst", "toon"], []))
    assert sheet.texts == ()
    assert sheet.skipped == 0


CELL = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), min_size=1, max_size=30
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(CELL, st.sampled_from([*TONES, ""])), min_size=1, max_size=8))
def test_every_row_is_read_or_counted(tmp_path, rows):
    path = write_csv(tmp_path / "s.csv", ["tekst", "toon"], [list(row) for row in rows])
    sheet = read_sheet(path)
    worded = [(text.strip(), tone) for text, tone in rows if text.strip() and tone]
    assert len(sheet.texts) == len(worded)
    assert [TONES[code] for code in sheet.codes] == [tone for _, tone in worded]
    blank = sum(not text.strip() and not tone for text, tone in rows)
    assert len(sheet.texts) + sheet.skipped == len(rows) - blank


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.binary(max_size=200)
    | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace"))
)
def test_any_bytes_are_read_or_refused(tmp_path, content):
    path = tmp_path / "s.csv"
    path.write_bytes(b"tekst;toon\n" + content)
    with contextlib.suppress(KlankbordError):
        assert read_sheet(path).skipped >= 0
