from pathlib import Path

import pytest

from klankbord.files import replacing


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
