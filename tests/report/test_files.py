from pathlib import Path

from klankbord.report import build, write_html, write_tables, write_workbook

from .builders import world


def test_every_output_with_customers_words_is_for_its_owner_only(tmp_path: Path) -> None:
    given = world()
    report = build(**given)
    write_html(report, tmp_path / "rapport.html")
    write_workbook(report, tmp_path / "themas.xlsx")
    taken = ("feedback", "scores", "segments", "themes", "drivers", "actions", "rejected")
    write_tables(tmp_path, shifts=given["findings"].shifts, **{name: given[name] for name in taken})
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert len(modes) == 8
    assert set(modes.values()) == {0o600}
