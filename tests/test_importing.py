from pathlib import Path

import pytest

from klankbord.importing import import_sources
from klankbord.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(key_file=str(tmp_path / "sleutel"))


def test_what_is_left_out_of_a_file_is_said(tmp_path: Path, settings: Settings) -> None:
    import xlsxwriter

    book = xlsxwriter.Workbook(str(tmp_path / "2026.xlsx"))
    for name in ("januari", "februari", "maart"):
        sheet = book.add_worksheet(name)
        sheet.write_row(0, 0, ["klant", "opmerking", "Wat kan er beter?"])
        sheet.write_row(1, 0, ["007", "Snel en goed geholpen", "De wachttijd mag wel korter"])
    book.close()
    done = import_sources([tmp_path / "2026.xlsx"], workspace=tmp_path / "w.db", settings=settings)
    assert [count.stored for count in done.counts] == [1]
    sheets, texts = done.notes
    assert "read sheet 'januari' and not: februari, maart" in sheets
    assert "not: Wat kan er beter?" in texts


def test_a_file_that_is_read_whole_needs_no_note(tmp_path: Path, settings: Settings) -> None:
    source = tmp_path / "enquete.csv"
    source.write_text("klant,opmerking\n007,Snel geholpen\n")
    done = import_sources([source], workspace=tmp_path / "w.db", settings=settings)
    assert done.notes == ()
    assert [count.rows_in for count in done.counts] == [1]
