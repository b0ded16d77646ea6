"""`klankbord import`: preview, wizard and saved profiles, as a new user would meet them."""

import io
import json
import zipfile
from pathlib import Path

import pytest

from klankbord.cli import run

RARE = "wie;wanneer;gezegd;rapport\n007;03-04-2025;De kassa was snel en vriendelijk;8\n"
ANSWERS = "gezegd\n4\n2\n1\ngrade\nsurvey\nday\nn\nmijn lijst\n"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KLANKBORD_KEY_FILE", str(tmp_path / "key"))
    return tmp_path


def answer(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


def test_preview_tells_what_was_seen_and_stores_nothing(place, capsys):
    path = place / "uitvoer.dat"
    path.write_bytes(
        "klantnr;datum;opmerking;nps\n0012;03-04-2025;Geïrriteerd weggegaan;3\n".encode("cp1252")
    )
    assert run(["import", str(path), "--preview"]) == 0
    said = capsys.readouterr().out
    for part in (
        "% sure", "cp1252", "delimiter: ;", "dd-mm-jjjj", "klantnr\tcustomer_id",
        "opmerking\tverbatim", "nps\tscore", "2025-04-03 00:00", "0012", "Geïrriteerd weggegaan",
    ):  # fmt: skip
        assert part in said, part
    assert not (place / "klankbord.db").exists()


def test_unknown_columns_name_the_way_out(place, capsys):
    (place / "rare.csv").write_text(RARE)
    assert run(["import", "rare.csv"]) == 2
    said = capsys.readouterr().err
    assert "rare.csv" in said
    assert "--map" in said


def test_the_wizard_saves_a_profile_that_later_files_are_read_by(place, capsys, monkeypatch):
    (place / "april.csv").write_text(RARE)
    (place / "mei.csv").write_text(RARE.replace("03-04", "05-06").replace("007", "008"))
    answer(monkeypatch, ANSWERS)
    assert run(["import", "april.csv", "--map"]) == 0
    assert (place / "profiles" / "mijn-lijst.toml").is_file()
    assert not (place / "klankbord.db").exists()
    capsys.readouterr()
    assert run(["import", "mei.csv"]) == 0
    assert "mei.csv\tmijn-lijst\t1\t1\t0\t0\t0" in capsys.readouterr().out
    assert run(["import", "april.csv", "--profile", "mijn-lijst"]) == 0
    assert "april.csv\tmijn-lijst\t1\t1\t0\t0\t0" in capsys.readouterr().out


def test_the_wizard_asks_again_after_a_wrong_answer(place, capsys, monkeypatch):
    (place / "rare.csv").write_text(RARE)
    answer(monkeypatch, "77\nbestaat niet\n" + ANSWERS)
    assert run(["import", "rare.csv", "--map"]) == 0
    assert "a number from 1 to 4" in capsys.readouterr().err


def test_the_wizard_without_anybody_to_answer(place, capsys, monkeypatch):
    (place / "rare.csv").write_text(RARE)
    answer(monkeypatch, "3\n")
    assert run(["import", "rare.csv", "--map"]) == 1
    assert "--profile" in capsys.readouterr().err
    assert not (place / "profiles").exists()


def test_a_profile_nobody_saved(place, capsys):
    (place / "rare.csv").write_text(RARE)
    assert run(["import", "rare.csv", "--profile", "zomer"]) == 2
    assert "--map" in capsys.readouterr().err


def test_an_archive_is_read_file_by_file_with_users_and_tickets_joined(place, capsys):
    ticket = {
        "id": 1, "raw_subject": "x", "subject": "x", "description": "Nog steeds stuk",
        "requester_id": 5, "created_at": "2025-02-01T10:00:00Z", "via": {"channel": "email"},
        "comments": [
            {"id": 1, "author_id": 5, "body": "Nog steeds stuk", "public": True,
             "created_at": "2025-02-01T10:00:00Z"},
            {"id": 2, "author_id": 9, "body": "Lastige klant", "public": False,
             "created_at": "2025-02-01T11:00:00Z"},
            {"id": 3, "author_id": 6, "body": "Bij mij ook", "public": True,
             "created_at": "2025-02-01T12:00:00Z"},
        ],
    }  # fmt: skip
    users = [
        {"id": 5, "role": "end-user", "name": "A", "email": "a@x.nl", "locale": "nl"},
        {"id": 6, "role": "end-user", "name": "B", "email": "b@x.nl", "locale": "nl"},
    ]
    with zipfile.ZipFile(place / "uitvoer.zip", "w") as archive:
        archive.writestr("map/tickets.json", json.dumps(ticket))
        archive.writestr("users.json", "\n".join(map(json.dumps, users)))
        archive.writestr("logo.png", b"\x89PNG\r\n\x1a\n0000")
    assert run(["import", "uitvoer.zip"]) == 0
    said = capsys.readouterr()
    assert "tickets.json\tzendesk\t2\t2\t0\t0\t0" in said.out
    assert "internal notes (1)" in said.err
    assert "logo.png" in said.err
    from klankbord.store import Workspace

    with Workspace.open(place / "klankbord.db") as store:
        roles = store.feedback()["author_role"].to_pylist()
    assert roles == ["customer", "customer"]


def test_an_edited_review_is_an_update_and_overlap_a_duplicate(place, capsys):
    header = "Domain Url,Review Id,Review Created (UTC),Review Title,Review Content,Review Stars\n"
    line = 'x.nl,{own},2025-01-0{day}T08:00:00Z,,"{text}",{stars}\n'
    (place / "jan.csv").write_text(
        header
        + line.format(own="a", day=1, text="Viel tegen", stars=2)
        + line.format(own="b", day=2, text="Keurig", stars=5)
    )
    (place / "feb.csv").write_text(
        header
        + line.format(own="a", day=1, text="Netjes opgelost", stars=4)
        + line.format(own="b", day=2, text="Keurig", stars=5)
        + line.format(own="c", day=3, text="Snel", stars=5)
    )
    assert run(["import", "jan.csv", "--quiet"]) == 0
    assert run(["import", "feb.csv", "--quiet"]) == 0
    assert "feb.csv\ttrustpilot\t3\t2\t1\t1\t0" in capsys.readouterr().out
    from klankbord.store import Workspace

    with Workspace.open(place / "klankbord.db") as store:
        assert store.feedback().num_rows == 3
        (earlier,) = store.versions("trustpilot:a")
    assert earlier.verbatim == "Viel tegen"
