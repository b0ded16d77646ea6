from pathlib import Path

import pytest

from klankbord.report import build, write_html, write_tables, write_workbook
from klankbord.report.files import replacing

from .builders import world


def test_a_failed_write_leaves_the_old_file_and_no_rubbish(tmp_path: Path) -> None:
    path = tmp_path / "rapport.html"
    path.write_text("oud")

    def interrupted() -> None:
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        interrupted()
    assert path.read_text() == "oud"
    assert [found.name for found in tmp_path.iterdir()] == ["rapport.html"]


def test_a_new_folder_is_made_and_nobody_else_may_read(tmp_path: Path) -> None:
    path = tmp_path / "uit" / "a.csv"
    with replacing(path) as temporary:
        assert temporary.parent == path.parent
        temporary.write_text("nieuw")
    assert path.read_text() == "nieuw"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [found.name for found in path.parent.iterdir()] == ["a.csv"]


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644])
def test_an_existing_file_keeps_its_mode(mode: int, tmp_path: Path) -> None:
    path = tmp_path / "rapport.html"
    path.write_text("oud")
    path.chmod(mode)
    with replacing(path) as temporary:
        temporary.write_text("nieuw")
    assert path.read_text() == "nieuw"
    assert path.stat().st_mode & 0o777 == mode


def test_every_output_with_customers_words_is_for_its_owner_only(tmp_path: Path) -> None:
    given = world()
    report = build(**given)
    write_html(report, tmp_path / "rapport.html")
    write_workbook(report, tmp_path / "acties.xlsx")
    taken = ("feedback", "scores", "segments", "themes", "drivers", "actions", "rejected")
    write_tables(tmp_path, shifts=given["findings"].shifts, **{name: given[name] for name in taken})
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert len(modes) == 8
    assert set(modes.values()) == {0o600}
