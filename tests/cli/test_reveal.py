"""Looking behind a pseudonym leaves a trace, and only that."""

import os
from pathlib import Path

import pytest

from klankbord.cli import run
from klankbord.importing import import_sources
from klankbord.settings import Settings
from klankbord.store import Workspace


@pytest.fixture
def known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, dict[str, str]]:
    """A workspace with two customers, and original id -> pseudonym."""
    key = tmp_path / "sleutel"
    monkeypatch.setitem(os.environ, "KLANKBORD_KEY_FILE", str(key))
    source, path = tmp_path / "a.csv", tmp_path / "w.db"
    source.write_text("klant,datum,opmerking\nNL-4711,01-03-2026,Prima\nNL-4712,02-03-2026,Traag\n")
    import_sources([source], workspace=path, settings=Settings(key_file=str(key)))
    with Workspace.open(path) as store:
        said = {row["verbatim"]: row["customer_id"] for row in store.feedback().to_pylist()}
    return path, {"NL-4711": said["Prima"], "NL-4712": said["Traag"]}


def test_the_original_is_shown_once_and_never_logged(known, capsys):
    path, names = known
    asked = ["reveal", names["NL-4711"].lower(), "-w", str(path), "--by", "Ans"]
    assert run([*asked, "--reason", "NL-4711 terugbellen"]) == 0
    shown = capsys.readouterr()
    assert "NL-4711" in shown.out
    assert "NL-4712" not in shown.out
    assert run(["reveal", "--log", "-w", str(path)]) == 0
    (_, line) = capsys.readouterr().out.splitlines()
    assert line.split("\t")[1:] == ["Ans", names["NL-4711"], f"{names['NL-4711']} terugbellen"]
    assert b"NL-4711" not in b"".join(each.read_bytes() for each in path.parent.glob("w.db*"))


def test_without_a_reason_nothing_is_shown(known, capsys):
    path, names = known
    assert run(["reveal", names["NL-4711"], "-w", str(path), "--reason", " "]) == 2
    assert "4711" not in "".join(capsys.readouterr())
    with Workspace.open(path) as store:
        assert store.reveals() == ()


def test_what_is_not_known_is_not_logged(known, capsys):
    path, names = known
    asked = ["reveal", "K-0000000000", names["NL-4712"], "-w", str(path), "--reason", "controle"]
    assert run(asked) == 1
    shown = capsys.readouterr()
    assert "NL-4712" in shown.out
    assert "1 of these" in shown.err
    with Workspace.open(path) as store:
        assert [one.pseudonym for one in store.reveals()] == [names["NL-4712"]]


def test_another_key_opens_nothing(known, capsys, monkeypatch, tmp_path):
    path, names = known
    monkeypatch.setitem(os.environ, "KLANKBORD_KEY_FILE", str(tmp_path / "andere"))
    assert run(["reveal", names["NL-4711"], "-w", str(path), "--reason", "x"]) == 1
    assert "another pseudonym key" in capsys.readouterr().err


def test_pseudonyms_or_the_log(known, capsys):
    path, names = known
    assert run(["reveal", "-w", str(path)]) == 2
    assert run(["reveal", names["NL-4711"], "--log", "-w", str(path)]) == 2
