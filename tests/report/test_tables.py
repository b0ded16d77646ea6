import csv
import dataclasses
import re
import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from klankbord.cells import neutral
from klankbord.report import write_tables
from klankbord.report.tables import feedback_with_scores, write_csv

from .builders import FAN, world

HEADERS = {
    "toonverschuivingen.csv": "rank,customer_id,kind,before_tone,after_tone,before_date,after_date,"
    "probability,expected_fdr,value_eur,channels,before_quote,after_quote,explanation",
    "themas.csv": "theme_id,parent_id,label,keywords,mentions,share,trend,impact,impact_low,"
    "impact_high,value_eur,owner,quote_1,quote_2,quote_3,score_metric,shrunk,importance,at_stake,"
    "tone_impact,tone_low,tone_high",
    "themas_uitsplitsing.csv": "theme_id,dimension,value,mentions,feedback,share,share_low,"
    "share_high,verdict,score,score_low,score_high,difference,difference_low,difference_high",
    "acties.csv": "action_id,loop,kind,customer_id,theme_id,owner,due,priority,status,reason,"
    "evidence,wel_niet_later,draft",
    "afgekeurd.csv": "file,row,column,reason,raw",
}


def export(folder: Path, given: dict[str, Any] | None = None, **changes: Any) -> dict[str, bytes]:
    given = given or world()
    taken = ("feedback", "scores", "segments", "themes", "drivers", "actions", "rejected",
             "breakdown", "satisfied")  # fmt: skip
    paths = write_tables(
        folder,
        shifts=given["findings"].shifts,
        **{name: given[name] for name in taken},
        **changes,
    )
    return {path.name: path.read_bytes() for path in paths}


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_columns_are_exactly_as_promised(tmp_path: Path) -> None:
    written = export(tmp_path)
    assert {name: data.split(b"\r\n")[0].decode() for name, data in written.items()
            if name in HEADERS} == HEADERS  # fmt: skip


def test_values(tmp_path: Path) -> None:
    export(tmp_path)
    first = read(tmp_path / "toonverschuivingen.csv")[0]
    assert first["rank"] == "1"
    assert first["customer_id"] == FAN
    assert first["before_date"] == "2025-12-01"
    assert first["probability"] == "0.95"
    assert first["channels"] == "survey;chat"
    themes = read(tmp_path / "themas.csv")
    assert [row["theme_id"] for row in themes] == ["levertijd", "prijs", "levertijd/1"]
    assert themes[0]["impact"] == "-2.25"  # a negative number is no formula
    assert themes[1]["impact"] == ""
    added = ("score_metric", "shrunk", "importance", "at_stake", "tone_impact", "tone_high")
    assert [themes[0][name] for name in added] == [
        "nps",
        "-2.0",
        "0.35",
        "-1.6875",
        "-0.125",
        "-0.05",
    ]
    assert [themes[1][name] for name in added] == ["nps", "", "", "", "0.1", "0.3"]
    assert [themes[2][name] for name in added] == [""] * 6
    parts = read(tmp_path / "themas_uitsplitsing.csv")
    assert [row["dimension"] for row in parts] == (
        ["channel", "channel", "segment", "segment", "score", "score", "ai_answer", "ai_answer"]
    )
    assert [(row["mentions"], row["share"]) for row in parts[:2]] == [("8", "0.8"), ("", "")]
    assert [(row["value"], row["score"]) for row in parts[4:6]] == [("nps", "-40.0"), ("nps", "")]
    assert (parts[6]["share"], parts[6]["difference"]) == ("0.2", "-0.4")
    assert read(tmp_path / "acties.csv")[1]["draft"] == "Goedemiddag,\nmag ik u bellen?"
    assert len(read(tmp_path / "afgekeurd.csv")) == 2


FORMULA = re.compile(r"""[\s"]*[=+\-@＝＋－＠]""")


def cells_of(path: Path, delimiter: str) -> list[str]:
    """Return the cells as a spreadsheet finds them that splits at `delimiter`."""
    with path.open(encoding="utf-8", newline="") as stream:
        return [cell for row in csv.reader(stream, delimiter=delimiter) for cell in row]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("before", ["", "prima;", "prima; ", 'prima;"', "prima\t", "prima\n"])
@pytest.mark.parametrize("start", ["=", "+", "-", "@", "＝"])
def test_no_cell_is_a_formula_however_a_spreadsheet_splits(
    start: str, before: str, delimiter: str, tmp_path: Path
) -> None:
    export(tmp_path, world(words=f"{before}{start}cmd|' /C calc'!A0"))
    for name in HEADERS:
        found = [cell for cell in cells_of(tmp_path / name, delimiter) if FORMULA.match(cell)]
        numbers = [cell for cell in found if re.fullmatch(r"-\d+\.\d+", cell)]
        assert found == numbers
    texts = cells_of(tmp_path / "acties.csv", ",")
    assert len([cell for cell in texts if f"'{start}cmd" in cell]) == 2  # a reason and a draft


@given(st.text(st.sampled_from("=+-@;,\t\r\n\"' ax"), max_size=12))
def test_neutral_text_starts_no_formula_and_loses_nothing(text: str) -> None:
    safe = neutral(text)
    assert safe.replace("'", "") == text.replace("'", "")
    assert neutral(safe) == safe
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.csv"
        write_csv(path, ("a", "b"), [(text, text)])
        for delimiter in ",;\t":
            assert not [cell for cell in cells_of(path, delimiter) if FORMULA.match(cell)]


def test_a_quote_fits_in_a_cell(tmp_path: Path) -> None:
    given = world()
    theme = next(theme for theme in given["themes"] if theme.quotes)
    long = dataclasses.replace(theme.quotes[0], text="slechte service " * 6_000)
    export(tmp_path, given | {"themes": (dataclasses.replace(theme, quotes=(long,)),)})
    (row,) = read(tmp_path / "themas.csv")
    assert row["quote_1"].startswith("slechte service slechte")
    assert 900 < len(row["quote_1"]) <= 1_000


def test_feedback_parquet_has_every_column_and_every_row(tmp_path: Path) -> None:
    given = world()
    export(tmp_path, given)
    table = pq.read_table(tmp_path / "feedback.parquet")
    wanted = [*given["feedback"].column_names, *given["scores"].column_names[1:]]
    assert table.column_names == wanted
    assert table.num_rows == 25
    rows = {row["feedback_id"]: row for row in table.to_pylist()}
    assert rows["f0000"]["tone"] == "enthousiast"
    assert rows["f0000"]["cues"] == ["fijn"]
    assert rows["f0024"]["tone"] is None  # what an agent said has no score
    segments = pq.read_table(tmp_path / "segmenten.parquet")
    assert segments.column_names == [
        "feedback_id", "segment", "start", "end", "text", "tone", "valence", "theme_id"
    ]  # fmt: skip
    assert segments["feedback_id"].to_pylist() == ["f0000", "f0001"]


def test_same_input_same_bytes(tmp_path: Path) -> None:
    first = export(tmp_path / "a")
    given = world()
    given["feedback"] = given["feedback"].take(list(range(24, -1, -1)))
    assert export(tmp_path / "b", given) == first


def test_original_ids_reach_every_export(tmp_path: Path) -> None:
    written = export(tmp_path, original_ids={FAN: "00123"})
    assert read(tmp_path / "toonverschuivingen.csv")[0]["customer_id"] == "00123"
    assert read(tmp_path / "toonverschuivingen.csv")[0]["explanation"].startswith("Klant 00123 ")
    assert "00123" in pq.read_table(tmp_path / "feedback.parquet")["customer_id"].to_pylist()
    assert not [name for name in HEADERS if FAN.encode() in written[name]]


def test_without_any_rows(tmp_path: Path) -> None:
    given = world()
    empty = {name: given[name].schema.empty_table() for name in ("feedback", "scores", "segments")}
    paths = write_tables(
        tmp_path, **empty, shifts=(), themes=(), drivers=(), actions=(), rejected=()
    )
    assert len(paths) == 6
    assert pq.read_table(tmp_path / "feedback.parquet").num_rows == 0


def test_scores_split_over_chunks(tmp_path: Path) -> None:
    given = world()
    halves = pa.concat_tables([given["scores"].slice(12), given["scores"].slice(0, 12)])
    joined = pa.concat_tables(feedback_with_scores(given["feedback"], halves))
    whole = pa.concat_tables(feedback_with_scores(given["feedback"], given["scores"]))
    assert joined.equals(whole)
