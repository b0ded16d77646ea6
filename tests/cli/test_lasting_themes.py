"""Analyse, decide about the themes, analyse again: the whole round on a small survey."""

import csv
import io
import json
import os
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from klankbord.cli import run

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "themes"))
from planted import complaints_of

pytestmark = pytest.mark.slow
HEAD = "bereikbaarheid"


def praise(count: int, word: str = "Fantastisch") -> list[str]:
    forms = (
        "{0}, de monteur was er binnen {1} minuten en legde alles uit",
        "{0}, wat een vriendelijke monteur, na {1} minuten klaar",
        "{0}, de app werkt al {1} weken heel makkelijk",
        "{0}, in de app zie ik mijn verbruik van {1} dagen",
    )
    return [
        f"{forms[number % 4].format(word, number + 2)} {chr(97 + number % 26)}straat"
        for number in range(count)
    ]


def survey(path: Path, texts: Sequence[str], start: date, first: int) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["klant", "datum", "opmerking"])
        for number, text in enumerate(texts):
            day = start + timedelta(days=number % 80)
            rows.writerow([f"{first + number:05d}", day.isoformat(), text])


def angry(each: int, seed: int) -> list[str]:
    said = [*complaints_of("telefoon", each, seed), *complaints_of("mail", each, seed + 1)]
    return [f"Slecht: {text}" for text in said]


def themes_csv(out: Path) -> dict[str, dict[str, str]]:
    with (out / "themas.csv").open(encoding="utf-8-sig", newline="") as file:
        return {row["theme_id"]: row for row in csv.DictReader(file)}


def themes_of(out: Path) -> dict[str, set[str]]:
    """Return the themes of each piece of feedback."""
    table = pq.read_table(out / "segmenten.parquet", columns=["feedback_id", "theme_id"])
    found: dict[str, set[str]] = {}
    for row in table.to_pylist():
        found.setdefault(row["feedback_id"], set()).add(row["theme_id"])
    return found


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with one analysed survey: `uit` and klankbord.db."""
    folder, before = tmp_path_factory.mktemp("ronde"), os.environ.get("KLANKBORD_TIER")
    os.environ["KLANKBORD_TIER"] = "fast"
    survey(folder / "een.csv", [*angry(60, 1), *praise(60)], date(2026, 1, 5), 0)
    analyse(folder, "een.csv", "uit")
    yield folder
    os.environ.pop("KLANKBORD_TIER")
    if before is not None:
        os.environ["KLANKBORD_TIER"] = before


def analyse(folder: Path, source: str, out: str, workspace: str = "klankbord.db") -> None:
    arguments = [str(folder / source), "--out", str(folder / out), "--quiet"]
    assert run(["analyse", *arguments, "--workspace", str(folder / workspace)]) == 0


def test_decisions_count_in_the_next_analysis(place: Path, capsys) -> None:
    before = themes_csv(place / "uit")
    subs = sorted(
        (row for row in before.values() if row["parent_id"] == HEAD),
        key=lambda row: -int(row["mentions"]),
    )
    assert len(subs) >= 2
    named, hidden = subs[0]["theme_id"], subs[1]["theme_id"]
    workspace = ["-w", str(place / "klankbord.db")]
    assert run(["themes", "rename", named, "=Lang wachten", "--by", "Anna", *workspace]) == 0
    assert run(["themes", "forbid", hidden, *workspace]) == 0
    assert run(["themes", "assign", named, "operations", *workspace]) == 0
    first = themes_of(place / "uit")
    survey(place / "twee.csv", angry(6, 41), date(2026, 4, 6), 500)
    analyse(place, "twee.csv", "uit2")
    after = themes_csv(place / "uit2")
    assert after[named]["label"] == "'=Lang wachten"  # as a name, not as a formula
    assert after[named]["owner"] == "Operations"
    assert hidden not in after
    assert int(after[HEAD]["mentions"]) > int(before[HEAD]["mentions"])
    assert set(after) <= set(before)
    second = themes_of(place / "uit2")
    expected = {
        row: {HEAD if one == hidden else one for one in themes} for row, themes in first.items()
    }
    kept = Counter(second[row] == themes for row, themes in expected.items())
    assert kept[True] >= 0.95 * len(first)
    capsys.readouterr()
    assert run(["themes", "list", "--all", "-f", "json", *workspace]) == 0
    rows = {row["theme_id"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows[named]["label"] == "=Lang wachten"
    assert rows[hidden]["forbidden"]
    assert not any(row["pending"] for row in rows.values())


def listed(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0):
    capsys.readouterr()
    assert run(["themes", *arguments]) == code
    return capsys.readouterr()


def test_praise_is_listed_in_every_format(place: Path, capsys) -> None:
    workspace = ["-w", str(place / "klankbord.db")]
    shown = listed(capsys, "list", "--praise", *workspace)
    told = re.search(r"groups in (\d+) pieces of feedback with praise", shown.err)
    assert told
    pieces = int(told[1])
    assert 50 <= pieces <= 60  # the tone model may misread a few
    assert f"grouping {pieces} pieces of feedback with praise" in shown.err
    found = json.loads(listed(capsys, "--praise", "-f", "json", "-q", *workspace).out)
    assert found
    assert {word for group in found for word in group["label"].split()} & {"monteur", "app"}
    assert all("fantastisch" not in group["label"] for group in found)
    assert all(len(group["quotes"]) == 3 for group in found)
    assert all(group["quotes"][0]["text"].startswith("Fantastisch") for group in found)
    assert all(
        group["share"] == pytest.approx(group["mentions"] / pieces, abs=1e-6) for group in found
    )
    written = listed(capsys, "--praise", "-f", "csv", *workspace).out
    rows = list(csv.DictReader(io.StringIO(written)))
    assert [row["label"] for row in rows] == [group["label"] for group in found]
    assert rows[0]["quote_3"] == found[0]["quotes"][2]["text"]
    lines = list(csv.reader(io.StringIO(shown.out), delimiter="\t"))
    assert lines[0] == ["praise", "mentions", "share", "quotes"]
    assert [line[0] for line in lines[1:] if line[0]] == [group["label"] for group in found]
    assert len(lines) == 1 + 3 * len(found)


def test_listing_praise_keeps_nothing(place: Path, capsys) -> None:
    workspace = place / "klankbord.db"
    before = workspace.read_bytes()
    listed(capsys, "list", "--praise", "-q", "-w", str(workspace))
    assert workspace.read_bytes() == before
    listed(capsys, "list", "--praise", "-w", str(place / "weg.db"), code=1)
    assert not (place / "weg.db").exists()


def test_praise_runs_no_formula_and_hides_nothing(place: Path, capsys) -> None:
    texts = [f"={text}\u202e" for text in praise(60, "Geweldig")]
    survey(place / "lof.csv", texts, date(2026, 1, 5), 0)
    analyse(place, "lof.csv", "lof", "lof.db")
    given = ["--praise", "-q", "-w", str(place / "lof.db")]
    rows = list(csv.reader(io.StringIO(listed(capsys, *given, "-f", "csv").out)))
    assert len(rows) > 1
    assert not [cell for row in rows for cell in row if cell.startswith("=") or "\u202e" in cell]
    assert "\u202e" not in listed(capsys, *given).out
    assert "\\u202e" not in json.dumps(json.loads(listed(capsys, *given, "-f", "json").out))


def test_little_praise_says_so(place: Path, capsys) -> None:
    survey(place / "weinig.csv", [*angry(10, 3), *praise(7)], date(2026, 1, 5), 0)
    analyse(place, "weinig.csv", "weinig", "weinig.db")
    shown = listed(capsys, "--praise", "-f", "json", "-w", str(place / "weinig.db"))
    assert json.loads(shown.out) == []
    assert "7 pieces of feedback with praise: too few to group (20 are needed)" in shown.err


def test_praise_has_no_dormant_themes(place: Path, capsys) -> None:
    shown = listed(capsys, "--praise", "--all", "-w", str(place / "klankbord.db"), code=2)
    assert "leave it out with --praise" in shown.err
