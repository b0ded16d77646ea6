from pathlib import Path

import pytest

from klankbord.report.files import replacing


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


def test_a_new_folder_is_made_and_others_may_read(tmp_path: Path) -> None:
    path = tmp_path / "uit" / "a.csv"
    with replacing(path) as temporary:
        assert temporary.parent == path.parent
        temporary.write_text("nieuw")
    assert path.read_text() == "nieuw"
    assert path.stat().st_mode & 0o400
    assert [found.name for found in path.parent.iterdir()] == ["a.csv"]
