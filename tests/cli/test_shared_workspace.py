"""The commands on a workspace that a team shares in PostgreSQL."""

import json
from pathlib import Path

import pytest

from klankbord.cli import run
from klankbord.store import Workspace


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert run(arguments) == 0, capsys.readouterr().err
    return capsys.readouterr().out


def test_import_analyse_and_read_the_demonstration(postgres, place, checkout, demo, capsys):
    shared = postgres.empty()
    exports = str(checkout / "corpora/demo/exports")
    assert run(["import", exports, "--workspace", shared, "--quiet"]) == 0
    assert run(["analyse", exports, "--out", "rapport", "--workspace", shared, "--quiet"]) == 0
    capsys.readouterr()
    for command in (
        ("flags", "--format", "json"),
        ("themes", "list", "--format", "json"),
        ("actions", "list", "--format", "json"),
    ):
        ours = printed(capsys, *command, "--quiet", "--workspace", shared)
        assert len(json.loads(ours)) > 0, command
        assert ours == printed(
            capsys, *command, "--quiet", "--workspace", str(demo / "klankbord.db")
        ), command
    assert run(["flags", "--confirm", "1", "--quiet", "--workspace", shared]) == 0
    assert run(["label", "--out", "etiketten.csv", "--quiet", "--workspace", shared]) == 0
    assert sorted(path.name for path in place.iterdir()) == ["etiketten.csv", "rapport"]
    with Workspace.open(shared) as here, Workspace.open(demo / "klankbord.db") as there:
        assert here.feedback().equals(there.feedback())
        assert here.scores().equals(there.scores())
        assert here.segments().equals(there.segments())
        assert here.verdicts() != ()


def test_a_profile_is_saved_in_the_working_folder(postgres, place, monkeypatch, capsys):
    import io

    shared = postgres.empty()
    rare = "wie;wanneer;gezegd;rapport\n007;03-04-2025;De kassa was snel en vriendelijk;8\n"
    (place / "april.csv").write_text(rare)
    monkeypatch.setattr(
        "sys.stdin", io.StringIO("gezegd\n4\n2\n1\ngrade\nsurvey\nday\nn\nmijn lijst\n")
    )
    assert run(["import", "april.csv", "--map", "--workspace", shared]) == 0
    assert (place / "profiles" / "mijn-lijst.toml").is_file()
    capsys.readouterr()
    assert "mijn-lijst\t1\t1" in printed(capsys, "import", "april.csv", "--workspace", shared)


@pytest.mark.parametrize(
    "command", [("flags",), ("themes", "list"), ("actions", "list"), ("import", "a.csv"),
                ("label", "--out", "l.csv")],
)  # fmt: skip
def test_a_database_that_cannot_be_reached_is_one_line_without_credentials(place, capsys, command):
    (place / "a.csv").write_text("klant,opmerking\n007,Snel geholpen\n")
    address = f"postgresql+psycopg://anna:geheim@/stem?host={place}"
    assert run([*command, "--workspace", address]) == 1
    said = capsys.readouterr().err
    assert said.startswith("error: postgresql+psycopg://…/stem: no database answers")
    for secret in ("anna", "geheim", str(place)):
        assert secret not in said
