import csv
import json
import re
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from klankbord.cli import run
from klankbord.resources import bundled

OUTPUTS = {
    "rapport.html",
    "acties.xlsx",
    "acties.csv",
    "themas.xlsx",
    "toonverschuivingen.csv",
    "themas.csv",
    "themas_uitsplitsing.csv",
    "feedback.parquet",
    "segmenten.parquet",
    "afgekeurd.csv",
    "run.json",
}
EXPORTS = bundled("corpora/demo/exports")
GOLD = bundled("corpora/demo/gold")


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def run_json(out: Path) -> dict:
    return json.loads((out / "run.json").read_text("utf-8"))


@pytest.fixture
def analyse(tmp_path: Path) -> Callable[..., int]:
    def call(*sources: Path, out: str = "out", more: tuple[str, ...] = ()) -> int:
        return run(
            [
                "analyse",
                *map(str, sources),
                "--out",
                str(tmp_path / out),
                "--quiet",
                "--workspace",
                str(tmp_path / "klankbord.db"),
                *more,
            ]
        )

    return call


def test_writes_every_output(demo: Path):
    assert {path.name for path in demo.iterdir() if ".db" not in path.name} == OUTPUTS


def test_every_row_is_accounted_for_as_the_gold_says(demo: Path):
    counts = {row["file"]: row for row in run_json(demo)["sources"]}
    for row in rows_of(GOLD / "bestanden.csv"):
        count = counts[Path(row["file"]).name]
        assert count["rows_in"] == int(row["rows_in"]), row["file"]
        assert count["rejected"] == int(row["rejected"]), row["file"]
        assert count["duplicates"] == int(row["duplicates"]), row["file"]
    totals = run_json(demo)["totals"]
    assert totals["rows_in"] == totals["stored"] + totals["duplicates"] + totals["rejected"]
    assert len(rows_of(demo / "afgekeurd.csv")) == totals["rejected"] > 0


def test_finds_planted_cooling_and_few_false_alarms(tmp_path: Path):
    """On the demonstration only: says the parts fit together, not how good they are."""
    out = tmp_path / "out"
    assert run(["analyse", "--demo", "--out", str(out), "--keep-ids", "--quiet"]) == 0
    planted = {row["customer_id"]: row["kind"] for row in rows_of(GOLD / "toonverschuivingen.csv")}
    found = rows_of(out / "toonverschuivingen.csv")
    cooling = {row["customer_id"] for row in found if row["kind"] == "verkoeling"}
    levels = {
        (row["before_tone"], row["after_tone"]) for row in found if row["kind"] == "verkoeling"
    }
    assert levels == {("enthousiast", "neutraal")}
    planted_cooling = {name for name, kind in planted.items() if kind == "verkoeling"}
    assert len(cooling & planted_cooling) >= len(planted_cooling) / 2
    stable = {row["customer_id"] for row in rows_of(GOLD / "stabiel.csv")}
    assert len({row["customer_id"] for row in found} & stable) <= 0.15 * len(found)


def test_themes_planted_to_rise_are_seen_rising(demo: Path):
    """Outages and feed-in charges rise in the demonstration, waiting at the helpdesk falls."""
    themes = rows_of(demo / "themas.csv")
    rising = [row["keywords"] for row in themes if row["trend"] in ("stijgend", "opkomend")]
    assert any("storing" in keywords for keywords in rising)
    assert any("terugleverkosten" in keywords for keywords in rising)
    assert any(row["trend"] == "dalend" for row in themes)


def test_no_output_and_no_workspace_holds_a_customer_number(demo: Path):
    originals = {row["klantnummer"] for row in _customers()}
    assert len(originals) >= 400
    shown = {row["customer_id"] for row in rows_of(demo / "toonverschuivingen.csv")}
    assert all(name.startswith("K-") for name in shown)
    for path in demo.iterdir():
        if path.suffix in (".csv", ".json", ".html", ".db"):
            words = set(re.findall(r"(?<![\w.,-])0\d{4}(?![\w.,-])", path.read_text("latin-1")))
            assert not words & originals, path.name
    for name in ("feedback.parquet", "segmenten.parquet"):
        for column in pq.read_table(demo / name).columns:
            assert not originals & {str(value) for value in column.to_pylist()}


def test_a_second_run_adds_nothing_and_writes_the_same_bytes(demo: Path, tmp_path: Path):
    again = tmp_path / "again"
    workspace = tmp_path / "klankbord.db"
    shutil.copy(demo / "klankbord.db", workspace)
    before = run_json(demo)["workspace"]
    arguments = ["analyse", "--demo", "--out", str(again), "--workspace", str(workspace), "-q"]
    assert run(arguments) == 0
    assert run_json(again)["totals"]["stored"] == 0
    assert run_json(again)["workspace"] == before
    for name in OUTPUTS - {"run.json"}:
        assert (again / name).read_bytes() == (demo / name).read_bytes(), name


def test_next_months_file_continues(analyse, tmp_path: Path):
    header = "Klantnummer;Datum;NPS;Toelichting\n"
    march = tmp_path / "maart.csv"
    april = tmp_path / "april.csv"
    march.write_text(header + "00101;01-03-2026;9;Geweldige service, echt top!\n", "cp1252")
    april.write_text(
        header
        + "00101;01-03-2026;9;Geweldige service, echt top!\n"
        + "00101;02-04-2026;7;Prima, bedankt.\n",
        "cp1252",
    )
    assert analyse(march) == 0
    assert analyse(april) == 0
    run = run_json(tmp_path / "out")
    assert (run["totals"]["stored"], run["totals"]["duplicates"]) == (1, 1)
    assert run["workspace"]["feedback"] == 2


def test_bad_rows_are_kept_aside_with_a_reason(analyse, tmp_path: Path):
    source = tmp_path / "enquete.csv"
    source.write_text(
        "Klantnummer;Datum;NPS;Toelichting\n"
        "00101;01-03-2026;9;Goed geholpen\n"
        "00102;31-02-2026;8;Datum bestaat niet\n"
        "00103;03-03-2026;14;Cijfer bestaat niet\n"
        "00104;04-03-2026;;\n",
        "utf-8",
    )
    assert analyse(source) == 0
    rejected = rows_of(tmp_path / "out" / "afgekeurd.csv")
    assert [(row["file"], row["row"]) for row in rejected] == [
        ("enquete.csv", "3"),
        ("enquete.csv", "4"),
        ("enquete.csv", "5"),
    ]
    assert all(row["reason"] for row in rejected)


@pytest.mark.parametrize(
    ("name", "content", "named"),
    [
        ("leeg.csv", b"", "leeg.csv"),
        ("foto.csv", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, "foto.csv"),
        ("boek.xlsx", b"PK\x03\x04 not really a workbook", "boek.xlsx"),
        ("los.json", b'{"reviews": [', "los.json"),
    ],
)
def test_an_unreadable_file_costs_one_error_and_exit_2(
    analyse,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    content: bytes,
    named: str,
):
    (tmp_path / "goed.csv").write_text("klant,datum,opmerking\n1,2026-03-01,Prima\n")
    (tmp_path / name).write_bytes(content)
    assert analyse(tmp_path / "goed.csv", tmp_path / name) == 2
    errors = capsys.readouterr().err.strip().splitlines()
    assert errors[0].startswith("error: ")
    assert named in errors[0]
    assert "Traceback" not in "".join(errors)
    with sqlite3.connect(tmp_path / "klankbord.db") as database:
        assert database.execute("SELECT count(*) FROM feedback").fetchone() == (0,)


def test_a_missing_file_is_named(analyse, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert analyse(tmp_path / "weg.csv") == 2
    assert "weg.csv" in capsys.readouterr().err


def test_sources_or_demo_but_not_both(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["analyse", "--out", str(tmp_path)]) == 2
    assert run(["analyse", "x.csv", "--demo", "--out", str(tmp_path)]) == 2
    assert "--demo" in capsys.readouterr().err


def test_a_profile_names_the_columns(analyse, tmp_path: Path):
    source = tmp_path / "chats.tsv"
    source.write_text(
        "draad\twie\tzin\nc1\tafnemer\tMijn internet doet het niet\nc1\tmedewerker\tIk kijk even\n"
    )
    profile = tmp_path / "chats.toml"
    profile.write_text(
        '[columns]\nconversation_id = "draad"\nauthor_role = "wie"\nverbatim = "zin"\n'
        '[values.author_role]\nafnemer = "customer"\nmedewerker = "agent"\n'
        '[constants]\nchannel = "chat"\n'
    )
    assert analyse(source, more=("--profile", str(profile))) == 0
    table = pq.read_table(tmp_path / "out" / "feedback.parquet")
    assert set(table.column("author_role").to_pylist()) == {"customer", "agent"}
    assert set(table.column("channel").to_pylist()) == {"chat"}
    scored = table.filter(pc.is_valid(table.column("tone")))
    assert scored.column("author_role").to_pylist() == ["customer"]


def test_a_bug_leaves_a_log_without_a_customers_words(
    analyse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("Mijn geheime klacht")

    monkeypatch.setattr("klankbord.pipeline.analyse", fail)
    assert analyse(tmp_path / "x.csv") == 3
    shown = capsys.readouterr().err
    log = Path(next(word for word in shown.split() if word.endswith(".log")))
    text = log.read_text()
    log.unlink()
    assert "RuntimeError" in text
    assert "geheime" not in text + shown


def test_hostile_words_stay_words(analyse, tmp_path: Path):
    source = tmp_path / "vijandig.csv"
    complaint = "Schandalig slechte service, de factuur klopt al drie maanden niet!"
    starts = ["<script>alert(1)</script> ", "=HYPERLINK(1) ", "+31 bel me. ", "@SUM(A1) "]
    hostile = [start + complaint for start in starts]
    with source.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["klant", "datum", "nps", "opmerking"])
        for day in range(1, 29):
            writer.writerow(["=1+1", f"2026-03-{day:02}", 1, hostile[day % 4]])
        writer.writerow(["=1+1", "2026-02-31", 1, "=1+1"])
    assert analyse(source, more=("--keep-ids",)) == 0
    out = tmp_path / "out"
    assert "<script>alert" not in (out / "rapport.html").read_text("utf-8")
    rows = {name: rows_of(out / name) for name in ("acties.csv", "themas.csv", "afgekeurd.csv")}
    assert all(rows.values())
    for name, listed in rows.items():
        for row in listed:
            assert not any(cell.startswith(("=", "+", "@")) for cell in row.values()), name


def test_a_date_in_the_future_steers_nothing(analyse, tmp_path: Path):
    source = tmp_path / "enquete.csv"
    source.write_text(
        "klant,datum,nps,opmerking\n"
        "1,2026-03-01,9,Geweldige service!\n"
        "2,2050-01-01,2,Slechte service en een veel te hoge rekening\n"
    )
    assert analyse(source) == 0
    run = run_json(tmp_path / "out")
    assert run["as_of"] == "2026-02-28T23:00:00+00:00"  # midnight in Amsterdam
    assert run["workspace"] == {
        "feedback": 2,
        "dated_after_as_of": 1,
        "customers": 0,
        "labelled_by_people": 0,
        "corrected_by_people": 0,
    }
    assert "2050" not in (tmp_path / "out" / "rapport.html").read_text("utf-8")
    assert pq.read_table(tmp_path / "out" / "feedback.parquet").num_rows == 2


def test_rejected_rows_keep_their_content_only_for_who_may_see_it(analyse, tmp_path: Path):
    source = tmp_path / "enquete.csv"
    source.write_text("klant,datum,opmerking\n00777,2026-02-31,Mijn woorden\n")
    assert analyse(source) == 0
    (row,) = rows_of(tmp_path / "out" / "afgekeurd.csv")
    assert (row["row"], row["raw"]) == ("2", "")
    assert analyse(source, more=("--keep-ids",)) == 0
    (row,) = rows_of(tmp_path / "out" / "afgekeurd.csv")
    assert "00777" in row["raw"]


def test_an_english_report(analyse, tmp_path: Path):
    assert analyse(EXPORTS, more=("--language", "en")) == 0
    page = (tmp_path / "out" / "rapport.html").read_text("utf-8")
    assert '<html lang="en"' in page
    labels = {row["label"] for row in rows_of(tmp_path / "out" / "themas.csv")}
    assert labels
    assert "Te late levering" not in labels


def _customers() -> list[dict[str, str]]:
    with (EXPORTS / "klanten.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))
