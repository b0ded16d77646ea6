from pathlib import Path

import pytest

from klankbord.cli import run


def test_the_table_tells_updates_from_new_rows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    header = "review_id,klant,datum,sterren,review\n"
    one, two = tmp_path / "maart.csv", tmp_path / "april.csv"
    one.write_text(f"{header}r1,007,01-03-2026,1,De monteur kwam niet opdagen\n")
    two.write_text(
        f"{header}r1,007,01-04-2026,4,De monteur kwam alsnog\nr2,008,02-04-2026,5,Snel en goed\n"
    )
    told = []
    for path in (one, two, one):
        assert run(["import", str(path), "-w", str(tmp_path / "w.db"), "--quiet"]) == 0
        heading, row = capsys.readouterr().out.splitlines()
        told.append(row.split("\t")[2:])
    assert heading.split("\t")[2:] == ["rows", "stored", "updated", "duplicate", "rejected"]
    assert told == [
        ["1", "1", "0", "0", "0"],
        ["2", "2", "1", "0", "0"],
        ["1", "0", "0", "1", "0"],
    ]
