import csv
import io
import re
import sys
import tomllib
from collections import Counter, defaultdict
from datetime import date
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "corpora" / "demo"
TONES = ("boos", "ontevreden", "neutraal", "positief", "enthousiast")
KINDS = ["verkoeling", "teleurstelling", "escalatie", "paradox", "gesprek", "stilte", "herstel"]


def table(path):
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def cells(content):
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    return [book.get_sheet_by_name(name).to_python() for name in book.sheet_names]


@pytest.fixture(scope="module")
def gold():
    return {path.stem: table(path) for path in (DEMO / "gold").glob("*.csv")}


@pytest.fixture(scope="module")
def plan():
    return tomllib.loads((DEMO / "verbatims" / "plan.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def histories(gold):
    found = defaultdict(list)
    for row in gold["stukken"]:
        found[row["customer_id"]].append(row)
    for rows in found.values():
        rows.sort(key=lambda row: (row["date"], row["file"], int(row["row"]), row["turn"]))
    return found


def ranks(rows):
    return [TONES.index(row["tone"]) for row in rows]


def test_rebuilding_gives_what_is_committed(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    for name in ("build_demo", "demo_files"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    import build_demo

    assert build_demo.main(["--out", str(tmp_path)]) == 0
    for folder in ("exports", "gold"):
        built = {
            p.relative_to(tmp_path).as_posix(): p.read_bytes()
            for p in (tmp_path / folder).rglob("*.*")
        }
        kept = {p.relative_to(DEMO).as_posix(): p for p in (DEMO / folder).rglob("*.*")}
        assert sorted(built) == sorted(kept)
        for name, path in kept.items():
            if path.suffix == ".xlsx":  # compression may differ between machines
                assert cells(built[name]) == cells(path.read_bytes())
            else:
                assert built[name] == path.read_bytes(), name


def test_sizes_are_as_the_card_promises(gold, histories):
    assert len(histories) >= 400
    pieces = gold["stukken"]
    assert len(pieces) >= 2500
    assert len({row["verbatim_id"] for row in pieces}) >= 800
    languages = Counter(row["language"] for row in pieces)
    assert set(languages) == {"nl", "en", "de", "fr"}
    assert 0.8 < languages["nl"] / len(pieces) < 0.95
    files = [path for path in DEMO.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 3_000_000


def test_longer_verbatims_are_used_a_few_times_only(gold):
    used = Counter(row["verbatim_id"] for row in gold["stukken"])
    longer = [n for name, n in used.items() if not name.startswith("k")]
    assert max(longer) <= 5
    assert sum(n <= 3 for n in longer) / len(longer) > 0.85


def test_every_kind_is_planted_as_often_as_planned(gold, plan):
    planted = Counter(row["kind"] for row in gold["toonverschuivingen"])
    assert dict(planted) == plan["planted"]
    assert set(planted) == set(KINDS)
    assert planted["verkoeling"] >= 24
    assert min(planted.values()) >= 10
    controls = Counter(row["kind"] for row in gold["stabiel"])
    assert controls["weinig"] == plan["few_pieces"]
    assert sum(planted.values()) + sum(controls.values()) == plan["customers"]


@pytest.mark.parametrize("kind", ["verkoeling", "teleurstelling", "escalatie", "herstel"])
def test_a_planted_turn_shows_in_the_tones_on_both_sides(gold, histories, kind):
    for row in gold["toonverschuivingen"]:
        if row["kind"] != kind:
            continue
        pieces = histories[row["customer_id"]]
        before = ranks(p for p in pieces if p["date"] < row["turn_date"])
        after = ranks(p for p in pieces if p["date"] >= row["turn_date"])
        assert min(len(before), len(after)) >= 3
        moved = sum(after) / len(after) - sum(before) / len(before)
        assert moved > 0.8 if kind == "herstel" else moved < -0.6


def test_a_cooled_customer_starts_enthusiastic_and_ends_neutral(gold):
    for row in gold["toonverschuivingen"]:
        if row["kind"] == "verkoeling":
            assert (row["before_tone"], row["after_tone"]) == ("enthousiast", "neutraal")


def test_a_paradox_is_a_high_score_with_flat_or_negative_words(gold, histories):
    for row in gold["toonverschuivingen"]:
        if row["kind"] == "paradox":
            pieces = histories[row["customer_id"]]
            assert all(int(p["score"]) >= 9 for p in pieces)
            assert sum(TONES.index(p["tone"]) <= 2 for p in pieces) >= 2


def test_a_silenced_voice_stops_three_months_before_the_end(gold, histories):
    for row in gold["toonverschuivingen"]:
        if row["kind"] == "stilte":
            pieces = histories[row["customer_id"]]
            assert len(pieces) >= 5
            last = date.fromisoformat(pieces[-1]["date"])
            assert (date(2026, 9, 30) - last).days >= 90


def test_a_conversation_drop_starts_friendly_and_ends_angry(gold, histories):
    for row in gold["toonverschuivingen"]:
        if row["kind"] == "gesprek":
            turns = [p for p in histories[row["customer_id"]] if p["date"] == row["turn_date"]]
            turns.sort(key=lambda p: int(p["turn"]))
            assert turns[0]["tone"] in {"positief", "enthousiast"}
            assert turns[-1]["tone"] == "boos"
            assert len({(p["file"], p["row"]) for p in turns}) == 1


def test_controls_stay_within_a_level_of_their_own_tone(gold, histories):
    for row in gold["stabiel"]:
        pieces = [p for p in histories[row["customer_id"]] if not p["turn"]]
        if row["kind"] == "stabiel":
            at = TONES.index(row["tone"])
            assert all(abs(rank - at) <= 1 for rank in ranks(pieces))
        else:
            assert row["pieces"] in {"1", "2"}


def test_planted_themes_rise_and_fall(gold):
    themes = {row["theme"]: row for row in gold["themas"]}
    for name, rising in (("storing", True), ("zon", True), ("wachttijd", False)):
        months = [int(themes[name][f"2026-{m:02d}"]) for m in range(1, 10)]
        early, late = sum(months[:3]), sum(months[6:])
        assert late > 3 * early if rising else early > 3 * late
        assert sum(months) == int(themes[name]["mentions"])


def rows_of(name):
    path = DEMO / "exports" / name
    if path.suffix == ".xlsx":
        return cells(path.read_bytes())[0][1:]
    encoding = {"enquete-golf-1.csv": "cp1252"}.get(name, "utf-8-sig")
    text = path.read_text(encoding=encoding)
    if path.suffix == ".jsonl":
        return text.splitlines()
    sep = ";" if ";" in text.splitlines()[0] else ","
    return list(csv.reader(io.StringIO(text), delimiter=sep))[1:]


def test_gold_counts_the_rows_of_every_table(gold):
    for row in gold["bestanden"]:
        if row["file"].endswith((".txt", ".vtt")):
            continue
        assert len(rows_of(row["file"])) == int(row["rows_in"]), row["file"]
    names = {p.relative_to(DEMO / "exports").as_posix() for p in (DEMO / "exports").rglob("*.*")}
    assert names == {row["file"] for row in gold["bestanden"]}


def test_repeated_rows_are_exactly_the_duplicates_in_gold(gold):
    for row in gold["bestanden"]:
        if row["file"].startswith(("enquete", "reviews")):
            counts = Counter(map(str, rows_of(row["file"])))
            extra = sum(n - 1 for n in counts.values())
            assert extra == int(row["duplicates"]), row["file"]


def test_gold_rows_point_at_the_text_they_label(gold):
    folder = DEMO / "verbatims"
    texts = {}
    for path in folder.glob("*.tsv"):
        for line in path.read_text(encoding="utf-8").splitlines()[1:]:
            texts[line.split("\t")[0]] = line.split("\t")[-1]
    for name in ("enquete-golf-1.csv", "enquete-golf-2.csv", "enquete-golf-3.xlsx"):
        rows = rows_of(name)
        for piece in gold["stukken"]:
            if piece["file"] == name:
                row = rows[int(piece["row"]) - 1]
                assert row[0] == piece["customer_id"]
                assert row[4] == texts[piece["verbatim_id"]]


def test_transcripts_hold_the_conversations_gold_lists(gold):
    for row in gold["bestanden"]:
        if not row["file"].endswith((".txt", ".vtt")):
            continue
        text = (DEMO / "exports" / row["file"]).read_text(encoding="utf-8")
        listed = [p for p in gold["stukken"] if p["file"] == row["file"]]
        heads = re.findall(r"^Gesprek \d\d-\d\d-2026 \d\d:\d\d\nKlantnummer: (\d{5})$", text, re.M)
        assert len(heads) == len({p["row"] for p in listed})
        assert [heads[int(p["row"]) - 1] for p in listed] == [p["customer_id"] for p in listed]
        assert len(re.findall(r"^(?:<v )?Klant[:>]", text, re.M)) == int(row["pieces"])
        said = len(re.findall(r"^(?:<v )?(?:Klant|Medewerker)[:>]", text, re.M))
        assert said == int(row["rows_in"])


def test_every_voice_is_in_the_customer_table(histories):
    known = {row[0]: row for row in rows_of("klanten.csv")}
    assert set(histories) <= set(known)
    assert any(number.startswith("0") for number in known)
    assert all(re.fullmatch(r"\d{1,3}(\.\d{3})*,\d\d", row[3]) for row in known.values())


def test_nobody_speaks_after_leaving(histories):
    for number, *_, cancelled in rows_of("klanten.csv"):
        if cancelled:
            day, month, year = map(int, cancelled.split("-"))
            assert histories[number][-1]["date"] < date(year, month, day).isoformat()


def test_verbatims_are_written_once():
    texts = Counter()
    for path in (DEMO / "verbatims").glob("*.tsv"):
        if path.stem.startswith(("enquete", "kort", "anderstalig", "reviews")):
            lines = path.read_text(encoding="utf-8").splitlines()
            assert all(len(line.split("\t")) == 11 for line in lines)
            texts.update(line.split("\t")[-1] for line in lines[1:])
    assert [text for text, n in texts.items() if n > 1] == []
    assert len(texts) >= 800


def test_the_card_gives_the_sizes_of_these_files(gold, histories):
    card = (DEMO / "README.md").read_text(encoding="utf-8")
    pieces = gold["stukken"]
    sizes = {
        "customers": str(len(histories)),
        "customer pieces with words": f"{len(pieces):,}",
        "distinct verbatims used": f"{len({p['verbatim_id'] for p in pieces}):,}",
    }
    for name, size in sizes.items():
        assert f"| {name} | {size} |" in card
    for tone, count in Counter(p["tone"] for p in pieces).items():
        assert f"{tone} {count}" in card
    for kind, count in Counter(r["kind"] for r in gold["toonverschuivingen"]).items():
        assert f"| {kind} | {count} |" in card
