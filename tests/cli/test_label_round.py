"""Draw, fill in, measure, train and analyse with the result: the whole round."""

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pyarrow.parquet as pq
import pytest

from klankbord.cli import run
from klankbord.schema import Tone
from klankbord.store import Workspace

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from labelling.builders import TEXTS, labelled, survey, write_csv

FAST = {"KLANKBORD_TIER": "fast"}


@pytest.fixture(autouse=True)
def _fast(monkeypatch):
    for name, value in FAST.items():
        monkeypatch.setitem(os.environ, name, value)


def fill_in(path: Path) -> None:
    """Fill in the sheet as a person would, with one correction."""
    tone = dict(TEXTS)
    book = openpyxl.load_workbook(path)
    page = book["etiketten"]
    names = [cell.value for cell in page[1]]
    for row in page.iter_rows(min_row=2):
        said = row[names.index("tekst")].value
        row[names.index("toon")].value = tone[said]
    book.save(path)


def test_the_whole_round(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    survey(tmp_path / "enquete.csv")
    assert run(["analyse", "enquete.csv", "--out", "uit", "-q"]) == 0
    assert run(["label", "--out", "etiketten.xlsx", "--size", "60"]) == 0
    assert "35 of 35" in capsys.readouterr().err
    fill_in(tmp_path / "etiketten.xlsx")
    assert run(["evaluate", "etiketten.xlsx", "--format", "json", "--errors", "mis.csv"]) == 0
    shown = capsys.readouterr()
    found = json.loads(shown.out)
    assert found["rows"] == found["stored"] == 35
    assert found["weighted"]
    figure = found["figures"]["macro_f1"]
    assert figure["low"] <= figure["value"] <= figure["high"]
    assert len((tmp_path / "mis.csv").read_text("utf-8").splitlines()) == 1 + found["misread"]
    assert "35 labels kept" in shown.err
    assert run(["label", "--out", "rest.csv"]) == 0
    assert "no more texts" in capsys.readouterr().err
    assert run(["evaluate", "-f", "json", "-q"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == 35
    assert run(["train", "--out", "eigen"]) == 0
    shown = capsys.readouterr()
    assert "after\tmacro_f1" in shown.out
    assert "chosen by cross-validation" in shown.err
    assert run(["evaluate", "etiketten.xlsx", "--tone-model", "eigen", "-q"]) == 0
    assert run(["analyse", "enquete.csv", "--out", "uit", "--tone-model", "eigen", "-q"]) == 0
    rows = pq.read_table(tmp_path / "uit" / "feedback.parquet").to_pylist()
    tone = dict(TEXTS)
    assert all(row["tone"] == tone[row["verbatim"]] for row in rows)
    assert {row["scored_by"] for row in rows} == {"person"}
    assert json.loads((tmp_path / "uit" / "run.json").read_text("utf-8"))["workspace"][
        "labelled_by_people"
    ] == len(rows)


def test_corrections_train_count_in_an_analysis_and_do_not_measure(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    survey(tmp_path / "enquete.csv")
    assert run(["analyse", "enquete.csv", "--out", "uit", "-q"]) == 0
    with Workspace.open(tmp_path / "klankbord.db") as store:
        said = store.feedback()
        for own, text in zip(said["feedback_id"].to_pylist(), said["verbatim"].to_pylist(),
                             strict=True):  # fmt: skip
            store.correct_tone(own, Tone(dict(TEXTS)[text]), at=datetime.now(UTC), by="Anna")
    capsys.readouterr()
    assert run(["evaluate"]) == 2
    assert "no sample to measure on" in capsys.readouterr().err
    assert run(["train", "--out", "eigen"]) == 0
    shown = capsys.readouterr()
    assert "35 labels used" in shown.err
    assert "35 of them are corrections" in shown.err
    assert "the choice rests on corrections too" in shown.err
    assert "te weinig gegevens: " in shown.err
    assert run(["analyse", "enquete.csv", "--out", "uit", "--tone-model", "eigen", "-q"]) == 0
    rows = pq.read_table(tmp_path / "uit" / "feedback.parquet").to_pylist()
    assert all(row["tone"] == dict(TEXTS)[row["verbatim"]] for row in rows)
    page = (tmp_path / "uit" / "rapport.html").read_text("utf-8")
    assert "35 verbeteringen van de beoordelingspagina tellen hier niet mee" in page
    assert "nog niet gemeten" in page
    fill = ["label", "--out", "etiketten.xlsx", "--size", "60"]
    assert run(fill) == 0
    fill_in(tmp_path / "etiketten.xlsx")
    assert run(["evaluate", "etiketten.xlsx", "-q"]) == 0
    capsys.readouterr()
    assert run(["evaluate", "--format", "json"]) == 0
    shown = capsys.readouterr()
    found = json.loads(shown.out)
    assert (found["rows"], found["corrections_left_out"]) == (35, 0)  # the sheet came later


def test_a_sample_from_sources_stores_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    survey(tmp_path / "enquete.csv")
    assert run(["label", "enquete.csv", "--out", "s.csv", "--size", "10", "-q"]) == 0
    content = (tmp_path / "s.csv").read_text("utf-8")
    assert len(content.splitlines()) == 11
    assert not any(f"K{number}," in content for number in range(35))
    assert {path.name for path in tmp_path.iterdir()} == {"enquete.csv", "s.csv"}


def test_a_missed_threshold_is_exit_code_4(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    turned = [(text, {"boos": "enthousiast", "enthousiast": "boos"}.get(t, t)) for text, t in TEXTS]
    labelled(tmp_path / "s.csv", turned)
    assert run(["evaluate", "s.csv", "--min-f1", "0.9"]) == 4
    shown = capsys.readouterr()
    assert "macro_f1" in shown.out
    assert "below 0.9" in shown.err
    assert run(["evaluate", "s.csv", "--min-f1", "0.1", "-q"]) == 0
    assert not (tmp_path / "klankbord.db").exists()


def test_few_rows_are_measured_with_a_warning(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    labelled(tmp_path / "s.csv", TEXTS[::4])
    assert run(["evaluate", "s.csv"]) == 0
    shown = capsys.readouterr()
    assert "te weinig gegevens" in shown.err
    assert "alpha_interval" in shown.out


@pytest.mark.parametrize(
    ("header", "rows", "code", "said"),
    [
        (["tekst", "toon"], [["fijn", "blijj"]], 2, "row 2, column 'toon'"),
        (["tekst", "iets"], [["fijn", "boos"]], 2, "no column with the label"),
        (["tekst", "toon"], [], 2, "no labelled rows"),
    ],
)
def test_a_wrong_sheet_is_one_clear_line(tmp_path, monkeypatch, capsys, header, rows, code, said):
    monkeypatch.chdir(tmp_path)
    write_csv(tmp_path / "s.csv", header, rows)
    assert run(["evaluate", "s.csv"]) == code
    shown = capsys.readouterr().err
    assert said in shown
    assert "blijj" not in shown


def test_too_few_labels_to_train_on(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    labelled(tmp_path / "s.csv", TEXTS[:6])
    assert run(["train", "s.csv", "--out", "m"]) == 1
    assert "two classes with 5 labels" in capsys.readouterr().err


@pytest.mark.parametrize(
    "command", [["evaluate"], ["train", "--out", "m"], ["label", "-o", "s.csv"]]
)
def test_without_labels_or_workspace_the_next_step_is_told(tmp_path, monkeypatch, capsys, command):
    monkeypatch.chdir(tmp_path)
    assert run(command) in (1, 2)
    assert "try: " in capsys.readouterr().err
