from pathlib import Path

import openpyxl

from klankbord.outputs.edited import set_aside
from klankbord.records import Action
from klankbord.roundtrip import Form, write
from roundtrip.builders import TODAY, action


def sheet(folder: Path, actions: list[Action]) -> Path:
    path = folder / "acties.xlsx"
    write(actions, path, Form.XLSX, today=TODAY)
    return path


def edit(path: Path, column: str, value: str) -> None:
    book = openpyxl.load_workbook(path)
    page = book["Acties"]
    place = next(cell.column for cell in page[1] if cell.value == column)
    page.cell(2, place).value = value
    book.save(path)


def test_edits_that_were_not_imported_are_kept(tmp_path: Path) -> None:
    actions = [action()]
    for number in (1, 2):
        path = sheet(tmp_path, actions)
        edit(path, "Afdeling", "Finance")
        kept = set_aside(path, actions, {})
        assert kept is not None
        assert kept.path.name == f"acties-bewerkt-{number}.xlsx"
        assert kept.rows == 1
        assert f"klankbord actions import acties-bewerkt-{number}.xlsx" in str(kept)
        assert kept.path.is_file()
        assert not path.exists()


def test_an_untouched_sheet_another_file_and_none_are_written_over(tmp_path: Path) -> None:
    actions = [action()]
    path = sheet(tmp_path, actions)
    assert set_aside(path, actions, {}) is None
    assert path.is_file()
    path.write_text("no sheet", "utf-8")
    assert set_aside(path, actions, {}) is None
    path.unlink()
    assert set_aside(path, actions, {}) is None
