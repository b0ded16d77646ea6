import os
import subprocess
import sys
from pathlib import Path

import pytest

from klankbord.files import DRAFTS, place_of, replacing, replacing_all, writing


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


def told(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_files_are_placed_together_and_keep_their_modes(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("oud")
    (tmp_path / "a.csv").chmod(0o644)
    with replacing_all(tmp_path) as drafts:
        for name in ("a.csv", "b.csv"):
            (drafts.folder / name).write_text("nieuw")
        assert drafts.places() == [tmp_path / "a.csv", tmp_path / "b.csv"]
        assert (tmp_path / "a.csv").read_text() == "oud"
        drafts.place()
        assert (tmp_path / "a.csv").read_text() == "nieuw"
    assert told(tmp_path) == {"a.csv": "nieuw", "b.csv": "nieuw"}
    assert (tmp_path / "a.csv").stat().st_mode & 0o777 == 0o644
    assert (tmp_path / "b.csv").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("placed", [False, True])
def test_an_error_puts_every_file_back_as_it_was(tmp_path: Path, placed: bool) -> None:
    (tmp_path / "a.csv").write_text("oud")
    (tmp_path / "acties.xlsx").write_text("bewerkt")
    before = told(tmp_path)

    def fail() -> None:
        with replacing_all(tmp_path) as drafts:
            for name in ("a.csv", "acties.xlsx", "b.csv"):
                (drafts.folder / name).write_text("nieuw")
            drafts.move(tmp_path / "acties.xlsx", tmp_path / "acties-bewerkt-1.xlsx")
            if placed:
                drafts.place()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert told(tmp_path) == before


def test_a_rename_that_fails_halfway_puts_the_others_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.csv").write_text("oud")

    def fail() -> None:
        with replacing_all(tmp_path) as drafts:
            (drafts.folder / "a.csv").write_text("nieuw")
            (drafts.folder / "b.csv").write_text("nieuw")
            (tmp_path / "b.csv").mkdir()
            drafts.place()

    with pytest.raises(OSError, match=r"b\.csv"):
        fail()
    assert (tmp_path / "a.csv").read_text() == "oud"


@pytest.mark.skipif(os.name != "posix", reason="needs kill -9")
def test_drafts_of_a_run_that_was_killed_are_removed_and_those_of_a_busy_one_are_not(
    tmp_path: Path,
) -> None:
    script = """
import os, signal, sys
from pathlib import Path
from klankbord.files import replacing_all

with replacing_all(Path(sys.argv[1])) as drafts:
    (drafts.folder / "a.csv").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False)
    (left,) = tmp_path.iterdir()
    assert left.name.startswith(DRAFTS)
    with replacing_all(tmp_path) as busy:
        assert not left.exists()
        with replacing_all(tmp_path) as other:
            assert busy.folder.exists()
            assert other.folder != busy.folder
    assert list(tmp_path.iterdir()) == []


def test_a_draft_is_called_by_the_name_of_its_file(tmp_path: Path) -> None:
    assert place_of(tmp_path / f"{DRAFTS}x1" / "a.csv") == tmp_path / "a.csv"
    assert place_of(tmp_path / f"{DRAFTS}x1" / ".a.csv.q_9.part") == tmp_path / "a.csv"
    assert place_of(tmp_path / ".a.csv.q_9.part") == tmp_path / "a.csv"
    assert place_of(tmp_path / "a.csv") == tmp_path / "a.csv"


def test_a_workbook_leaves_no_parts_in_the_folder_for_temporary_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import xlsxwriter

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nergens"))  # nothing can be put there
    with writing(tmp_path / "a.xlsx") as stream:
        book = xlsxwriter.Workbook(stream, {"in_memory": True})
        book.add_worksheet().write_string(0, 0, "woorden van een klant")
        book.close()
    assert [path.name for path in tmp_path.iterdir()] == ["a.xlsx"]
