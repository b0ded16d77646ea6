"""What scores measure and which end is good."""

from pathlib import Path

import pytest

from klankbord.sources import load_profile
from klankbord.sources.scores import asks_for_effort

from .helpers import read_all, write


@pytest.mark.parametrize(
    ("text", "effort"),
    [
        ("Moeite", True), ("Hoeveel moeite kostte het om uw vraag te stellen?", True),
        ("How much effort did you put in?", True), ("effort_score", True),
        ("Hoe moeilijk was het?", True), ("Gemak", False), ("Hoe makkelijk was het?", False),
        ("How easy was it?", False), ("Het kostte mij weinig moeite", False),
        ("Hoeveel moeite kostte het? (1 = weinig moeite, 7 = heel veel moeite)", True),
        ("Hoeveel moeite kostte het? (1 = veel moeite, 7 = heel weinig moeite)", False),
        ("CES", None), ("Customer Effort Score", None), ("Waarom?", None),
    ],
)  # fmt: skip
def test_which_end_of_an_effort_question_is_good(text: str, effort: bool | None) -> None:
    assert asks_for_effort(text) is effort


@pytest.mark.parametrize(
    ("header", "stored"),
    [
        ("moeite", [1, 6]), ("Hoeveel moeite kostte het?", [1, 6]), ("gemak", [7, 2]),
        ("ces", [7, 2]), ("Hoe makkelijk was het?", [7, 2]), ("customer effort score", [7, 2]),
    ],
)  # fmt: skip
def test_effort_is_stored_as_ease(tmp_path: Path, header: str, stored: list[float]) -> None:
    got = read_all(write(tmp_path / "x", f"{header};opmerking\n7;a\n2;b\n"))
    assert [row["score_value"] for row in got.feedback] == stored
    assert {row["score_metric"] for row in got.feedback} == {"ces"}
    assert ("score_reversed" in got.detection.details) is (stored[0] == 1)


def test_the_question_of_a_row_decides_where_the_header_does_not(tmp_path: Path) -> None:
    text = (
        "metric;score;vraag;antwoord\nces;7;Hoeveel moeite kostte het?;a\n"
        "ces;7;Hoe makkelijk was het?;b\ncsat;5;Hoeveel moeite kostte het?;c\n"
    )
    got = read_all(write(tmp_path / "x", text))
    assert [row["score_value"] for row in got.feedback] == [1, 7, 5]
    assert "score_reversed" in got.detection.details


def test_a_profile_says_which_end_is_good(tmp_path: Path) -> None:
    path = write(tmp_path / "x", "ces;opmerking\n7;a\n")
    profile = load_profile(write(tmp_path / "p.toml", "score_reversed = true\n"))
    assert read_all(path, profile).feedback[0]["score_value"] == 1


def test_an_effort_score_out_of_range_is_still_rejected(tmp_path: Path) -> None:
    got = read_all(write(tmp_path / "x", "moeite;opmerking\n8;a\n0;b\n3;c\n"))
    assert [row["score_value"] for row in got.feedback] == [5]
    assert len(got.rejected) == 2


@pytest.mark.parametrize(
    ("headers", "metric"),
    [
        ("score;Welk rapportcijfer geeft u?", "grade"), ("score;Hoe tevreden bent u?", "csat"),
        ("score;Hoe waarschijnlijk is het dat u ons aanbeveelt?", "nps"),
    ],
)  # fmt: skip
def test_a_hint_gives_the_same_metric_every_week(tmp_path: Path, headers: str, metric: str) -> None:
    for week, scores in enumerate(("1 5 4", "2 3 3")):
        lines = "".join(f"{score};zomaar een zin met tekst {score}\n" for score in scores.split())
        got = read_all(write(tmp_path / f"{week}", f"{headers}\n{lines}"))
        assert {row["score_metric"] for row in got.feedback} == {metric}
        assert got.detection.details["score_metric_because"] == "a header or question says so"


def test_a_guessed_metric_says_how(tmp_path: Path) -> None:
    found = read_all(write(tmp_path / "x", "score;opmerking\n0;a\n9;b\n")).detection.details
    assert found["score_metric"] == "nps"
    assert "0" in found["score_metric_because"]
    assert "profile" in found["score_metric_because"]
    named = read_all(write(tmp_path / "y", "nps;opmerking\n9;b\n")).detection.details
    assert "score_metric_because" not in named


def test_one_typing_error_does_not_overrule_a_hint(tmp_path: Path) -> None:
    lines = "".join(f"{score};tekst\n" for score in [7, 8, 9] * 10)
    text = f"score;Hoe waarschijnlijk is het dat u ons aanbeveelt?\n{lines}88;tekst\n"
    got = read_all(write(tmp_path / "x", text))
    assert {row["score_metric"] for row in got.feedback} == {"nps"}
    assert len(got.rejected) == 1


@pytest.mark.parametrize(
    ("header", "cells", "metric", "stored"),
    [
        ("Hoe tevreden bent u? (1-10)", "7 9 1", "grade", [7, 9, 1]),
        ("Hoe tevreden bent u op een schaal van 0 tot en met 10?", "0 9", "grade", [1, 9]),
        ("csat", "7 9 10 6", "grade", [7, 9, 10, 6]),
        ("rating", "7 9 10 6", "grade", [7, 9, 10, 6]),
        ("Hoe makkelijk was het? (1-5)", "1 3 5", "ces", [1, 4, 7]),
        ("Hoeveel moeite kostte het? (1-5)", "1 3 5", "ces", [7, 4, 1]),
        ("Hoe makkelijk was het? (0-10)", "0 5 10", "ces", [1, 4, 7]),
        ("Hoe tevreden bent u? (1-7)", "1 4 7", "csat", [1, 3, 5]),
        ("Hoe waarschijnlijk beveelt u ons aan? (1-5)", "1 5", "csat", [1, 5]),
        ("Hoe waarschijnlijk beveelt u ons aan? (0-10)", "0 10", "nps", [0, 10]),
        ("Welk cijfer geeft u ons? (1-10)", "4 8", "grade", [4, 8]),
    ],
)  # fmt: skip
def test_another_scale_is_converted_and_told(
    tmp_path: Path, header: str, cells: str, metric: str, stored: list[float]
) -> None:
    lines = "".join(f"{cell};een zin met tekst\n" for cell in cells.split())
    got = read_all(write(tmp_path / "x", f"{header};opmerking\n{lines}"))
    assert not got.rejected
    assert [row["score_value"] for row in got.feedback] == stored
    assert {row["score_metric"] for row in got.feedback} == {metric}
    plain = metric in ("nps",) or header.startswith("Welk")
    assert ("stored as" in got.detection.details.get("score_metric_because", "")) is not plain


@pytest.mark.parametrize(
    ("header", "cells", "metric", "stored"),
    [
        ("Tevredenheid", ["Zeer tevreden", "Neutraal", "Zeer ontevreden"], "csat", [5, 3, 1]),
        ("How satisfied are you?", ["Very satisfied", "Dissatisfied"], "csat", [5, 2]),
        ("Wie zufrieden sind Sie?", ["Sehr zufrieden", "Unzufrieden"], "csat", [5, 2]),
        ("Hoe tevreden bent u?", ["😀", "😐", "😡"], "csat", [5, 3, 1]),
        ("Hoe makkelijk was het?", ["Zeer makkelijk", "Neutraal", "Zeer moeilijk"], "ces",
         [7, 4, 1]),
        ("Hoeveel moeite kostte het?", ["Heel veel moeite", "Weinig moeite"], "ces", [1, 5.5]),
        ("Het was makkelijk om ons te bereiken", ["Helemaal mee eens", "Mee oneens"], "ces",
         [7, 2.5]),
        ("Het kostte mij veel moeite", ["Helemaal mee eens", "Mee oneens"], "ces", [1, 5.5]),
        ("Ik ben tevreden over de monteur", ["Helemaal mee eens", "Oneens"], "csat", [5, 2]),
        ("Hoe tevreden bent u?", ["Tevreden", "Weet niet", "Tevreden"], "csat", [4, None, 4]),
        ("Hoe waarschijnlijk beveelt u ons aan?", ["10 (zeer waarschijnlijk)", "8 - goed",
                                                   "0 = zeer onwaarschijnlijk"], "nps", [10, 8, 0]),
        ("cijfer", ["Score: 8", "7,5", "9 goed"], "grade", [8, 7.5, 9]),
    ],
)  # fmt: skip
def test_answers_in_words_are_scores(
    tmp_path: Path, header: str, cells: list[str], metric: str, stored: list[float]
) -> None:
    lines = "".join(f"{cell};een zin met tekst\n" for cell in cells)
    got = read_all(write(tmp_path / "x", f"{header};opmerking\n{lines}"))
    assert [row["score_value"] for row in got.feedback] == stored
    assert {row["score_metric"] for row in got.feedback} - {None} == {metric}
    assert not got.rejected


def test_agreeing_with_a_complaint_is_no_praise(tmp_path: Path) -> None:
    text = "Ik overweeg over te stappen;opmerking\nHelemaal mee eens;een zin met tekst\n"
    (row,) = read_all(write(tmp_path / "x", text)).feedback
    assert row["score_value"] is None
    assert "Helemaal mee eens" in row["attributes"]


def test_a_metric_from_a_profile_is_not_converted(tmp_path: Path) -> None:
    profile = load_profile(write(tmp_path / "p.toml", 'score_metric = "csat"\n'))
    got = read_all(write(tmp_path / "x", "csat;opmerking\n7;a\n8;b\n9;c\n4;d\n"), profile)
    assert [row["score_value"] for row in got.feedback] == [4]
    assert len(got.rejected) == 3
