import os
from pathlib import Path

import pytest

from klankbord.errors import UnreadableInputError
from klankbord.sources import expand


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    clutter = (".git/x", ".verborgen", "~$a.xlsx", "Thumbs.db", "__MACOSX/._a.csv")
    for name in ("b.csv", "a.csv", "sub/c.csv", *clutter):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")
    return tmp_path


def test_folders_are_walked_in_order_without_hidden_files(folder: Path) -> None:
    names = [str(path.relative_to(folder)) for path in expand([folder])]
    assert names == ["a.csv", "b.csv", "sub/c.csv"]


def test_patterns_are_matched_here_since_windows_shells_do_not(folder: Path) -> None:
    assert [path.name for path in expand([folder / "*.csv"])] == ["a.csv", "b.csv"]
    assert [path.name for path in expand([folder / "**" / "c.*"])] == ["c.csv"]
    assert [path.name for path in expand([folder / "s*"])] == ["c.csv"]


def test_a_file_named_twice_comes_once(folder: Path) -> None:
    assert expand([folder / "b.csv", folder, folder / "sub" / ".." / "b.csv"])[0].name == "b.csv"
    assert len(expand([folder / "b.csv", folder])) == 3


def test_a_file_whose_name_looks_like_a_pattern(tmp_path: Path) -> None:
    path = tmp_path / "export [1].csv"
    path.write_text("x")
    assert expand([path]) == [path]


@pytest.mark.parametrize("name", ["weg.csv", "*.weg", "leeg"])
def test_what_is_not_there_is_an_error_that_names_it(tmp_path: Path, name: str) -> None:
    (tmp_path / "leeg").mkdir()
    with pytest.raises(UnreadableInputError) as caught:
        expand([tmp_path / name])
    assert caught.value.where == str(tmp_path / name)
    assert caught.value.hint


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pijp")
    (tmp_path / "a.csv").write_text("x")
    assert [path.name for path in expand([tmp_path])] == ["a.csv"]
    with pytest.raises(UnreadableInputError, match="read twice"):
        expand([tmp_path / "pijp"])
