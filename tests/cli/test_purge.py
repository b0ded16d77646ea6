"""Feedback past its term: no byte of it is left, and what is younger is as it was."""

import json
import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow.compute as pc
import pytest

from klankbord.cli import run
from klankbord.cli.purge import _day_before
from klankbord.store import Workspace
from planted_customer import OWN_ID, found_in, write_export

TODAY = datetime.now(UTC).date()
WORDS = ("xylofoonkist", "kwispelsnaar", "muntgroene tobbe achter de volière", OWN_ID)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a workspace of two years, its outputs and a backup."""
    monkeypatch.setitem(os.environ, "KLANKBORD_KEY_FILE", str(tmp_path / "sleutels" / "k.key"))
    monkeypatch.setitem(os.environ, "KLANKBORD_TIER", "fast")
    sources = tmp_path / "bronnen"
    sources.mkdir()
    old = write_export(sources / "oud.csv", since=TODAY - timedelta(days=900))
    new = write_export(sources / "nieuw.csv", since=TODAY - timedelta(days=120), planted=False)
    folder = tmp_path / "huis"
    workspace = ("-w", str(folder / "w.db"), "-q")
    for source, out in ((old, "oud"), (new, "uit")):
        keep = ["--keep-ids"] if out == "oud" else []
        assert run(["analyse", str(source), "-o", str(folder / out), *keep, *workspace]) == 0
    with Workspace.open(folder / "w.db") as store:
        store.back_up(folder / "kopie.db", at=datetime.now(UTC))
    return folder


def feedback(folder: Path, name: str = "w.db") -> list[dict]:
    cut = datetime.now(UTC) - timedelta(days=400)
    with Workspace.open(folder / name) as store:
        table = store.feedback()
    return table.filter(pc.greater(table["received_at"], cut)).to_pylist()


def test_what_is_older_is_gone_to_the_last_byte(place: Path, capsys):
    held = found_in(place, WORDS)
    assert {Path(name).suffix for name, _ in held} >= {".db", ".html", ".parquet", ".xlsx", ".csv"}
    before = feedback(place)
    assert len(before) == 180
    capsys.readouterr()
    asked = ["purge", "--older-than", "24m", "-w", str(place / "w.db")]
    assert run([*asked, "--dry-run"]) == 0
    assert "feedback\t186" in capsys.readouterr().out
    assert found_in(place, WORDS) == held
    assert run([*asked, "--yes", "--receipt", str(place / "bewijs.json")]) == 0
    assert found_in(place, WORDS) == []
    assert feedback(place) == feedback(place, "kopie.db") == before
    with Workspace.open(place / "w.db") as store:
        assert store.feedback().num_rows == len(before)
        assert all(one.customer_id for one in store.shifts())
    told = json.loads((place / "bewijs.json").read_text("utf-8"))
    assert told["rijen verwijderd of aangepast"]["feedback"] == 186
    assert told["klanten van wie niets over is"] == 1
    assert "geweigerd bij import onder" not in told
    assert (place / "uit" / "rapport.html").exists()
    capsys.readouterr()
    assert run([*asked, "--yes"]) == 0
    assert "nothing is older" in capsys.readouterr().err


NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("term", "day"),
    [
        ("24m", date(2024, 3, 31)),
        ("1m", date(2026, 2, 28)),
        ("13m", date(2025, 2, 28)),
        ("25m", date(2024, 2, 29)),
        ("3m", date(2025, 12, 31)),
        ("90d", date(2025, 12, 31)),
        ("2w", date(2026, 3, 17)),
        ("1y", date(2025, 3, 31)),
        (" 2Y ", date(2024, 3, 31)),
    ],
)
def test_terms(term: str, day: date):
    found = _day_before(NOON, term)
    assert (found.date(), found.hour) == (day, 0)


@pytest.mark.parametrize("term", ["24", "m", "0d", "-1m", "1.5y", "2 years", "9999y", ""])
def test_what_is_no_term(term: str, tmp_path: Path, capsys):
    asked = ["purge", "--older-than", term, "-w", str(tmp_path / "w.db")]
    assert run(asked) == 2
    assert "--older-than" in capsys.readouterr().err
