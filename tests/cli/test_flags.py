import csv
import io
import json
from pathlib import Path

import pytest

from klankbord.cli import run


def test_prints_what_the_export_holds(demo: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["flags", "-w", str(demo / "klankbord.db"), "--format", "csv"]) == 0
    shown = capsys.readouterr()
    exported = (demo / "toonverschuivingen.csv").read_text("utf-8")
    assert list(csv.reader(io.StringIO(shown.out))) == list(csv.reader(io.StringIO(exported)))
    assert "expected false alarms" in shown.err


def test_one_kind_as_json(demo: Path, capsys: pytest.CaptureFixture[str]):
    arguments = ["flags", "-w", str(demo / "klankbord.db"), "--kind", "verkoeling", "-f", "json"]
    assert run(arguments) == 0
    records = json.loads(capsys.readouterr().out)
    assert records
    assert {record["kind"] for record in records} == {"verkoeling"}
    assert all(0.5 <= record["probability"] <= 1 for record in records)


def test_a_table_for_people(demo: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["flags", "-w", str(demo / "klankbord.db"), "--quiet"]) == 0
    shown = capsys.readouterr()
    assert shown.out.startswith("rank\tcustomer_id\tkind")
    assert shown.err == ""


def test_no_workspace_yet_makes_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["flags", "-w", str(tmp_path / "weg.db")]) == 1
    assert "weg.db" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_kind_names_the_known_ones(capsys: pytest.CaptureFixture[str]):
    assert run(["flags", "--kind", "boosheid"]) == 2
    assert "verkoeling" in capsys.readouterr().err
