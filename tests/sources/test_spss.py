# ruff: noqa: DTZ001 - SPSS dates have no zone
import math
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyreadstat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from klankbord.errors import UnreadableInputError
from klankbord.sources import Profile
from klankbord.sources import spss as reader
from klankbord.sources.spss import read_spss

from .helpers import read_all

NPS = "Hoe waarschijnlijk is het dat u ons aanbeveelt?"
ENDS = {0: "Zeer onwaarschijnlijk", 10: "Zeer waarschijnlijk"}
GENDER = {1: "Man", 2: "Vrouw", 9: "Wil niet zeggen"}
SATISFIED = {
    1: "Zeer ontevreden",
    2: "Ontevreden",
    3: "Neutraal",
    4: "Tevreden",
    5: "Zeer tevreden",
}


def sav(path: Path, columns: dict[str, Any], **options: Any) -> Path:
    import pandas as pd

    write = pyreadstat.write_por if path.suffix == ".por" else pyreadstat.write_sav
    write(pd.DataFrame(columns), str(path), **options)
    return path


def column(path: Path, header: str) -> list[Any]:
    grid = read_spss(path, None)
    return [cells[grid.header.index(header)] for _, cells in grid.records()]


@pytest.mark.parametrize(("name", "compress"), [("x.sav", False), ("x.zsav", True), ("x", False)])
def test_a_survey_with_labels_and_missing_values(tmp_path: Path, name: str, compress: bool) -> None:
    path = sav(
        tmp_path / name,
        {
            "klantnr": ["001", "002", "003"],
            "v1": [0.0, 10.0, 7.0],
            "v2": [1.0, 2.0, 9.0],
            "wanneer": [datetime(2024, 3, 1, 10), None, datetime(2024, 7, 1, 10)],
            "v3": ["Geïrriteerd over de lange wachttijd", "Alles ging prima zo", ""],
        },
        column_labels=["Klantnummer", NPS, "Geslacht", "Invuldatum", "Waarom geeft u dit cijfer?"],
        variable_value_labels={"v1": ENDS, "v2": GENDER},
        missing_ranges={"v2": [9]},
        compress=compress,
    )
    got = read_all(path)
    assert [row["customer_id"] for row in got.feedback] == ["001", "002", "003"]
    assert [(row["score_metric"], row["score_value"]) for row in got.feedback] == [
        ("nps", 0.0), ("nps", 10.0), ("nps", 7.0),
    ]  # fmt: skip
    assert got.verbatims == ["Geïrriteerd over de lange wachttijd", "Alles ging prima zo", ""]
    assert got.feedback[0]["question"] == "Waarom geeft u dit cijfer?"
    assert got.feedback[0]["received_at"] == datetime(2024, 3, 1, 9, tzinfo=UTC)
    assert got.feedback[2]["received_at"] == datetime(2024, 7, 1, 8, tzinfo=UTC)
    assert [row["attributes"] for row in got.feedback] == [
        '{"Geslacht": "Man"}', '{"Geslacht": "Vrouw"}', "{}",
    ]  # fmt: skip
    assert got.detection.details["encoding"] == "UTF-8"


def test_a_portable_file(tmp_path: Path) -> None:
    columns = {"KLANTNR": ["001", "002"], "NPS": [9.0, None], "OPM": ["goed", "Traag hoor, jammer"]}
    got = read_all(sav(tmp_path / "x.por", columns))
    assert [(row["customer_id"], row["score_value"]) for row in got.feedback][:1] == [("001", 9.0)]
    assert got.rows_in == 2
    assert got.detection.source.startswith("spss-")


@pytest.mark.parametrize(
    ("label", "labels", "values", "found"),
    [
        ("Geslacht", GENDER, [1, 2, 9], ["Man", "Vrouw", "Wil niet zeggen"]),
        ("Geslacht", {1: "1. Man", 2: "2. Vrouw"}, [1, 2], ["1. Man", "2. Vrouw"]),
        (NPS, ENDS, [0, 10], [0, 10]),
        (NPS, {**ENDS, 99: "Weet niet"}, [0, 7, 99], [0, 7, "Weet niet"]),
        ("Mening", ENDS, [0, 4], [0, 4]),
        ("Hoe tevreden bent u over de winkel?", SATISFIED, [1, 5], [1, 5]),
        ("Leeftijd", {999: "Onbekend"}, [34, 999], [34, "Onbekend"]),
        ("Mening", {1: "1 helemaal oneens", 2: "2", 3: "3 helemaal eens"}, [1, 3], [1, 3]),
        ("Regio", {}, [3, None], [3, None]),
    ],
)
def test_scores_keep_their_number_and_choices_get_their_label(
    tmp_path: Path, label: str, labels: dict[int, str], values: list[Any], found: list[Any]
) -> None:
    options: dict[str, Any] = {"variable_value_labels": {"v": labels}} if labels else {}
    columns = {"v": [None if value is None else float(value) for value in values]}
    path = sav(tmp_path / "x.sav", columns, column_labels=[label], **options)
    assert column(path, label) == found


@pytest.mark.parametrize(
    ("name", "label", "header"),
    [
        ("klantnr", "Klantnummer", "Klantnummer"),
        ("klantnr", "Uw nummer", "klantnr"),
        ("datum", "Op welke dag heeft u dit ingevuld?", "datum"),
        ("opmerking", "Wat kunnen wij verbeteren?", "Wat kunnen wij verbeteren?"),
        ("nps", NPS, NPS),
        ("nps", "Vraag 1", "nps"),
        ("v12", "Vraag 1", "Vraag 1"),
        ("v12", "", "v12"),
    ],
)
def test_the_header_is_the_label_unless_only_the_name_is_known(
    tmp_path: Path, name: str, label: str, header: str
) -> None:
    path = sav(tmp_path / "x.sav", {name: ["1", "2"]}, column_labels=[label])
    grid = read_spss(path, None)
    assert grid.header == (header,)
    assert (header in grid.asked) == (header != name)


def test_missing_ranges_and_system_missing_are_empty(tmp_path: Path) -> None:
    path = sav(
        tmp_path / "x.sav",
        {"a": [1.0, 95.0, 97.0, None], "b": ["ja", "x", "nee", ""]},
        missing_ranges={"a": [{"lo": 95, "hi": 99}], "b": ["x"]},
    )
    assert column(path, "a") == [1, None, None, None]
    assert [text or "" for text in column(path, "b")] == ["ja", "", "nee", ""]


ABOUT = SimpleNamespace(
    column_names=["q1a", "q1b", "q2", "q3a", "q3b"],
    column_names_to_labels={"q1a": "Levering", "q1b": "Prijs", "q2": "Leeftijd"},
    variable_value_labels={"q3a": {1: "Site", 2: "Winkel"}, "q3b": {1: "Site", 2: "Winkel"}},
    mr_sets={
        "$q1": {"is_dichotomy": True, "counted_value": 1, "label": "Waarover?",
                "variable_list": ["Q1A", "Q1B"]},
        "$q3": {"is_dichotomy": False, "counted_value": None, "label": "",
                "variable_list": ["q3a", "q3b", "weg"]},
    },
)  # fmt: skip


def test_multi_response_sets_are_one_column() -> None:
    data = {"q1a": [1.0, 0.0, 1.0], "q1b": [1.0, None, 0.0], "q2": [1.0, 2.0, 3.0],
            "q3a": [1.0, 2.0, None], "q3b": [2.0, 2.0, None]}  # fmt: skip
    columns = reader._columns(data, ABOUT)  # type: ignore[arg-type]
    assert [each.header for each in columns] == ["Waarover?", "Leeftijd", "q3"]
    assert [list(each.cells(data)) for each in columns] == [
        ["Levering; Prijs", None, "Levering"],
        [1.0, 2.0, 3.0],
        ["Site; Winkel", "Winkel", None],
    ]


@pytest.mark.parametrize("rows", [0, 1, 6, 7, 8, 20])
def test_a_file_is_read_in_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    monkeypatch.setattr(reader, "_MOST_ROWS_AT_ONCE", 7)
    path = sav(tmp_path / "x.sav", {"nps": [float(at % 11) for at in range(rows)]})
    grid = read_spss(path, None)
    for _ in range(2):
        assert [(row, cells[0]) for row, cells in grid.records()] == [
            (at + 1, at % 11) for at in range(rows)
        ]


def test_a_date_after_the_year_9999_costs_no_other_row(tmp_path: Path) -> None:
    path = sav(tmp_path / "x.sav", {"nps": [9.0, 8.0], "datum": [1e15, 13_928_666_400.0]},
               variable_format={"datum": "DATETIME20"})  # fmt: skip
    got = read_all(path)
    assert got.rows_in == 2
    assert [row["received_at"] for row in got.feedback] == [datetime(2024, 3, 1, 9, tzinfo=UTC)]
    assert [row.reason for row in got.rejected] == ["datum is niet leesbaar of bestaat niet"]


@pytest.mark.parametrize("cut", [0.01, 0.3, 0.9, 0.99])
@pytest.mark.parametrize("name", ["x.sav", "x.zsav", "x.por"])
def test_a_file_that_is_cut_off_is_one_clear_error(tmp_path: Path, name: str, cut: float) -> None:
    columns = {"NPS": [float(at % 11) for at in range(3_000)], "OPM": ["goed"] * 3_000}
    options = {"compress": True} if name == "x.zsav" else {}
    whole = sav(tmp_path / name, columns, **options).read_bytes()
    path = tmp_path / "cut"
    path.write_bytes(whole[: max(470, int(cut * len(whole)))])
    with pytest.raises(UnreadableInputError) as caught:
        read_all(path)
    assert caught.value.where == str(path)
    assert caught.value.hint


def test_a_profile_reads_an_spss_file_too(tmp_path: Path) -> None:
    path = sav(tmp_path / "x.sav", {"a": ["een", "twee"], "b": [1.0, 2.0]})
    got = read_all(path, Profile(name="panel", columns={"verbatim": "a"}))
    assert got.verbatims == ["een", "twee"]
    assert got.detection.source == "panel"


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rows=st.lists(
        st.tuples(
            st.none() | st.integers(-5, 20),
            st.text(
                st.characters(min_codepoint=32, max_codepoint=0x24F, exclude_categories=["Cc"]),
                max_size=40,
            ).map(str.strip),
        ),
        min_size=1,
        max_size=30,
    )
)
def test_values_are_read_back(tmp_path: Path, rows: list[tuple[int | None, str]]) -> None:
    path = sav(
        tmp_path / "x.sav",
        {
            "a": [math.nan if n is None else float(n) for n, _ in rows],
            "b": [text for _, text in rows],
        },
    )
    numbers = column(path, "a")
    assert [None if n is None else float(n) for n in numbers] == [
        None if n is None else float(n) for n, _ in rows
    ]
    assert [text or "" for text in column(path, "b")] == [text for _, text in rows]
