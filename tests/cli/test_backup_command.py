import os
from collections.abc import Callable
from pathlib import Path

import pytest

from klankbord.cli import run
from klankbord.store import Workspace, check_backup
from klankbord.store.backup import manifest_of
from klankbord.store.engine import begin, engine_for
from old_schemas import at_schema, fill


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with an imported export."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_text("klant,datum,opmerking\n007,01-03-2026,Snel geholpen\n")
    assert run(["import", "a.csv", "--quiet"]) == 0
    return tmp_path


@pytest.fixture
def said(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, list[str], list[str]]]:
    def call(*arguments: str) -> tuple[int, list[str], list[str]]:
        capsys.readouterr()
        code = run(["backup", *arguments])
        out, err = capsys.readouterr()
        return code, out.splitlines(), err.splitlines()

    return call


def test_a_backup_is_made_listed_and_put_back(place: Path, said):
    code, out, err = said()
    assert code == 0
    (name,) = out
    assert name.startswith("klankbord-backup-")
    assert check_backup(place / name).rows["feedback"] == 1
    assert "1 pieces of feedback" in err[0]
    assert "read back and found whole" in err[0]
    assert "the pseudonym key is not in it" in err[1]
    assert os.environ["KLANKBORD_KEY_FILE"] in err[1]
    code, out, _ = said("--list")
    assert code == 0
    assert out[1].endswith(f"{place / name}\tyes")
    code, out, err = said("--restore", name, "--workspace", "terug.db")
    assert (code, out) == (0, [])
    assert err[0].startswith("restored terug.db: 1 pieces of feedback")
    assert "forget them once more" in err[-1]
    with Workspace.open(place / "terug.db") as workspace:
        assert workspace.feedback()["verbatim"].to_pylist() == ["Snel geholpen"]


def test_the_key_is_not_in_a_backup(place: Path, said):
    assert said("--to", "kopie.db", "--quiet")[0] == 0
    key = Path(os.environ["KLANKBORD_KEY_FILE"]).read_bytes().strip()
    assert key not in (place / "kopie.db").read_bytes()
    assert key not in manifest_of(place / "kopie.db").read_bytes()


def test_nothing_is_written_over_without_force(place: Path, said):
    (place / "kopie.db").write_text("iets anders")
    code, out, err = said("--to", "kopie.db")
    assert (code, out) == (1, [])
    assert err[0] == "error: kopie.db: there is a file already; it was left as it is"
    assert "--force" in err[1]
    assert (place / "kopie.db").read_text() == "iets anders"
    assert said("--to", "kopie.db", "--force")[0] == 0
    code, _, err = said("--restore", "kopie.db")
    assert code == 1
    assert "there is a workspace already" in err[0]
    assert said("--restore", "kopie.db", "--force")[0] == 0


def test_a_damaged_backup_is_one_line_and_changes_nothing(place: Path, said):
    assert said("--to", "kopie.db")[0] == 0
    with (place / "kopie.db").open("r+b") as file:
        file.seek(5000)
        file.write(b"\0\1\2\3")
    before = (place / "klankbord.db").read_bytes()
    code, out, err = said("--restore", "kopie.db", "--force")
    assert (code, out, len(err)) == (1, [], 2)
    assert err[0].startswith("error: kopie.db: the backup is damaged")
    assert (place / "klankbord.db").read_bytes() == before


def test_without_a_workspace_there_is_nothing_to_back_up(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(["backup"]) == 1
    assert "there is no workspace yet" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_one_thing_at_a_time(place: Path, said):
    assert said("--list", "--restore", "a.db")[0] == 2


def test_the_copy_before_an_upgrade_is_told(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    engine, _ = engine_for(tmp_path / "klankbord.db")
    with begin(engine, writes=True) as connection:
        at_schema(connection, "0009")
        fill(connection)
    engine.dispose()
    assert run(["backup", "--list"]) == 0
    out, err = capsys.readouterr()
    assert "how it was is kept in klankbord.schema-0009.backup" in err
    assert str(tmp_path / "klankbord.schema-0009.backup") in out


@pytest.mark.parametrize("command", [["import", "b.csv"], ["analyse", "b.csv", "--out", "rapport"]])
def test_a_disk_without_room_is_told_before_anything_is_stored(
    place: Path, monkeypatch, capsys, command
):
    (place / "b.csv").write_text("klant,datum,opmerking\n008,02-03-2026,Prima geholpen\n" * 2)
    full = os.statvfs_result([4096, 4096, 10, 0, 0, 10, 0, 0, 0, 255])
    monkeypatch.setattr("os.statvfs", lambda _: full)
    assert run([*command, "--quiet"]) == 1
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2
    assert "the disk has 0.0 kB free and these files may take" in said[0]
    assert "make room there" in said[1]
    with Workspace.open(place / "klankbord.db") as workspace:
        assert workspace.feedback().num_rows == 1
        assert workspace.unfinished_imports() == ()
    assert run(["import", "a.csv", "--quiet"]) == 0  # known already: takes no room
