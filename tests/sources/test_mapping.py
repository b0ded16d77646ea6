"""From rows with several answers to pieces of feedback, each counted once."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from klankbord.sources import FeedbackIds, Profile, read

from .helpers import Outcome, read_all, write
from .survey_exports import AWKWARD, FORMULA, MARKUP, csv_text

NPS = "Hoe waarschijnlijk is het dat u ons aanbeveelt?"
WHY = "Waarom geeft u dit cijfer?"
CSAT = "Hoe tevreden bent u over de levering?"
WHY_CSAT = "Kunt u dat toelichten?"
BETTER = "Wat kan er beter?"


def told(got: Outcome) -> list[tuple[Any, ...]]:
    names = ("question", "verbatim", "score_metric", "score_value")
    return [tuple(row[name] for name in names) for row in got.feedback]


def table(tmp_path: Path, header: list[str], *rows: list[object], name: str = "x") -> Path:
    return write(tmp_path / name, csv_text([header, *rows], ";"))


def test_every_answer_of_a_respondent_is_a_piece_with_its_question(tmp_path: Path) -> None:
    path = table(
        tmp_path,
        ["respondent_id", "klantnummer", NPS, WHY, CSAT, WHY_CSAT, BETTER],
        ["r1", "007", 9, AWKWARD, 2, FORMULA, "parkeren"],
        ["r2", "008", 3, "", 4, "", "niets"],
        ["r3", "009", "", MARKUP, "", "", ""],
        ["r4", "010", "", "", "", "", ""],
        ["r5", "011", "", "", 5, "", "De wachttijd aan de telefoon"],
    )
    got = read_all(path)
    assert told(got) == [
        (WHY, AWKWARD, "nps", 9), (WHY_CSAT, FORMULA, "csat", 2), (BETTER, "parkeren", None, None),
        (WHY, "", "nps", 3), (WHY_CSAT, "", "csat", 4), (BETTER, "niets", None, None),
        (WHY, MARKUP, None, None),
        (WHY_CSAT, "", "csat", 5), (BETTER, "De wachttijd aan de telefoon", None, None),
    ]  # fmt: skip
    assert [(row.row, row.reason) for row in got.rejected] == [(5, "geen tekst en geen score")]
    assert got.rows_in == 10
    assert [row["customer_id"] for row in got.feedback[:4]] == ["007", "007", "007", "008"]
    details = got.detection.details
    assert details["questions"] == f"{WHY}; {WHY_CSAT} (csat); {BETTER}"
    assert details["respondents"] == "one per row, with up to 3 answers counted as rows"
    assert (details["column.score 2"], details["column.verbatim 2"]) == (CSAT, WHY_CSAT)


def test_the_main_piece_keeps_its_id_and_the_others_add_their_question(tmp_path: Path) -> None:
    one = read_all(table(tmp_path, ["respondent_id", NPS, WHY], ["r1", 9, "Snel en vriendelijk"]))
    more = read_all(
        table(tmp_path, ["respondent_id", NPS, WHY, BETTER, CSAT],
              ["r1", 9, "Snel en vriendelijk", "parkeren", 4], name="y"),
        Profile(name=one.detection.source),
    )  # fmt: skip
    ids = [row["feedback_id"] for row in more.feedback]
    assert ids[0] == one.feedback[0]["feedback_id"]
    assert len(set(ids)) == 3
    assert all(each.startswith(f"{ids[0]}/") and len(each) == len(ids[0]) + 7 for each in ids[1:])
    moved = read_all(
        table(tmp_path, [CSAT, BETTER, "respondent_id", NPS, WHY],
              [4, "parkeren", "r1", 9, "Snel en vriendelijk"], name="z"),
        Profile(name=one.detection.source),
    )  # fmt: skip
    assert {row["feedback_id"] for row in moved.feedback} == set(ids)


def test_answers_without_an_id_of_their_own_do_not_double(tmp_path: Path) -> None:
    header, row = [NPS, WHY, BETTER], [9, "Snel en vriendelijk", "Snel en vriendelijk"]
    path = table(tmp_path, header, row, row)
    first, again = (
        [each for batch in read(path) for each in FeedbackIds().assign(batch.feedback)
         .column("feedback_id").to_pylist()]
        for _ in range(2)
    )  # fmt: skip
    assert first == again
    assert len(set(first)) == 4


def test_a_row_number_only_counts_with_what_was_said(tmp_path: Path) -> None:
    header = ["nr", NPS, WHY, CSAT, BETTER]
    one = read_all(table(tmp_path, header, [1, 9, "Snel geholpen hoor", 4, "niets"]))
    other = read_all(table(tmp_path, header, [1, 9, "Heel lang gewacht weer", 3, "wachten"],
                           name="y"))  # fmt: skip
    ids = {row["feedback_id"] for row in (*one.feedback, *other.feedback)}
    assert len(ids) == 6


def test_a_score_of_a_further_question_out_of_range_rejects_that_answer_only(
    tmp_path: Path,
) -> None:
    rows = [[9, "Prima geholpen door u", 5, "niets"] for _ in range(9)]
    path = table(tmp_path, [NPS, WHY, CSAT, BETTER], *rows, [8, "Ging goed deze keer", 55, "tempo"])
    got = read_all(path)
    assert [(row.row, row.column, row.reason) for row in got.rejected] == [
        (11, CSAT, "score ligt buiten het bereik 1 tot en met 5")
    ]
    assert told(got)[-2:] == [(WHY, "Ging goed deze keer", "nps", 8), (BETTER, "tempo", None, None)]
    assert got.rows_in == 30


def test_each_score_goes_with_its_own_explanation(tmp_path: Path) -> None:
    path = table(
        tmp_path, ["NPS", "Toelichting NPS", "CSAT", "Toelichting CSAT", "CES", "Toelichting CES"],
        [9, "Snel", 2, "De monteur kwam pas na vier weken langs bij ons", 7, ""],
        [3, "Duur", 4, "Het ging deze keer veel vlotter dan vorige maand", 5, "Een lastig menu"],
    )  # fmt: skip
    got = read_all(path)
    assert told(got)[:3] == [
        ("Toelichting NPS", "Snel", "nps", 9),
        ("Toelichting CSAT", "De monteur kwam pas na vier weken langs bij ons", "csat", 2),
        ("Toelichting CES", "", "ces", 7),
    ]
    assert got.rows_in == 6


def test_a_column_of_text_that_is_empty_does_not_hide_another(tmp_path: Path) -> None:
    path = table(tmp_path, ["Comments", CSAT, "Why did you give this score?"], ["", 4, "Quick"])
    (row,) = read_all(path).feedback
    assert (row["verbatim"], row["score_value"]) == ("Quick", 4)


def test_a_bad_date_rejects_the_row_once(tmp_path: Path) -> None:
    path = table(tmp_path, ["datum", NPS, WHY, BETTER], ["31-02-2026", 9, "Goed hoor", "tempo"],
                 ["28-02-2026", 8, "Goed hoor", "tempo"])  # fmt: skip
    got = read_all(path)
    assert [row.reason for row in got.rejected] == ["datum is niet leesbaar of bestaat niet"]
    assert got.rows_in == 3


def test_a_score_is_given_once(tmp_path: Path) -> None:
    path = table(
        tmp_path, [NPS, WHY, "Toelichting", CSAT, BETTER],
        [9, "De winkel is dichtbij", "Ik kom er vaak", 4, "de kassa"],
    )  # fmt: skip
    got = read_all(path)
    assert sorted(row["score_metric"] for row in got.feedback if row["score_metric"]) == [
        "csat", "nps",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("Welke winkel bezocht u?", ["Ede", "Arnhem", "Ede", "Ede"]),
        ("Wat is uw geslacht?", ["man", "vrouw", "vrouw", "man"]),
        ("Wat is uw leeftijd?", ["34", "51", "28", "77"]),
        ("Wat is het adres van uw website?", ["https://a.test", "www.b.test", "www.c.test", ""]),
        ("Waarover had u contact met ons?", ["Kassa;Retour", "Kassa", "Retour;Kassa", "Kassa"]),
        ("Mogen wij contact met u opnemen?", ["ja", "nee", "ja", "ja"]),
        ("Interne notitie bij deze klant", ["boos aan de lijn vandaag", "teruggebeld op maandag",
                                            "wil graag een bos bloemen", "geen actie nodig hier"]),
        ("Reactie van de winkel", ["Dank voor uw bericht aan ons", "Wat fijn om te horen zeg",
                                   "We gaan het nakijken voor u", "Bedankt en graag tot ziens"]),
        ("Hoe waarschijnlijk beveelt u ons aan? - Groep", ["1", "3", "2", "1"]),
    ],
)  # fmt: skip
def test_what_is_no_answer_in_words_stays_an_attribute(
    tmp_path: Path, header: str, cells: list[str]
) -> None:
    rows = [[at + 6, f"Reden nummer {at} van mij", cell] for at, cell in enumerate(cells)]
    got = read_all(table(tmp_path, [NPS, WHY, header], *rows))
    assert len(got.feedback) == len(cells)
    shown = cells[0].replace(";", "; ")
    assert json.loads(got.feedback[0]["attributes"]) == {header: shown}


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("Wat kan beter?", ["parkeren", "niets", "niets", "de prijs"]),
        ("Heeft u nog opmerkingen?", ["nee", "Nee hoor", "nee", "ga zo door"]),
        ("What could we improve?", ["parking", "nothing", "nothing", ""]),
        ("Was können wir verbessern?", ["nichts", "Parkplatz", "nichts", ""]),
        ("Hoe heeft u ons team ervaren?", ["erg vriendelijk", "beetje stug", "heel goed", "ok"]),
        ("Losse gedachten", ["De winkel was koud vandaag", "Fijne mensen achter de kassa",
                             "Ik kwam voor een tas", "De roltrap deed het niet"]),
    ],
)  # fmt: skip
def test_short_answers_to_an_open_question_are_read(
    tmp_path: Path, header: str, cells: list[str]
) -> None:
    rows = [[at + 6, f"Reden nummer {at} van mij", cell] for at, cell in enumerate(cells)]
    got = read_all(table(tmp_path, [NPS, WHY, header], *rows))
    found = [row["verbatim"] for row in got.feedback if row["question"] == header]
    assert found == [cell for cell in cells if cell]


def test_columns_that_point_at_a_person_are_never_an_answer(tmp_path: Path) -> None:
    path = table(
        tmp_path, [NPS, WHY, "Wat is uw naam?", "Wat is uw e-mailadres?"],
        [9, "Goede service van jullie", "Truus de Mier van Ede", "truus@mier.test"],
    )  # fmt: skip
    got = read_all(path)
    assert len(got.feedback) == 1
    assert "ruus" not in str(got.feedback)


def test_reviews_and_chats_have_one_piece_a_row(tmp_path: Path) -> None:
    reviews = read_all(
        table(tmp_path, ["sterren", "review", "Reactie ondernemer"],
              [1, "Koude friet en lang wachten", "Wat vervelend, kom nog eens langs"])
    )  # fmt: skip
    assert reviews.verbatims == ["Koude friet en lang wachten"]
    chats = read_all(
        table(tmp_path, ["gesprek_id", "afzender", "bericht", "Wat bedoelde de klant hiermee?"],
              ["g1", "klant", "mijn fiets is weg", "De fiets is gestolen hier"], name="y")
    )  # fmt: skip
    assert chats.verbatims == ["mijn fiets is weg"]


def test_a_profile_names_the_open_questions_itself(tmp_path: Path) -> None:
    path = table(
        tmp_path, [NPS, WHY, BETTER, "Losse gedachten"],
        [9, "Goede service van jullie", "tempo", "De winkel was koud vandaag"],
    )  # fmt: skip
    none = read_all(path, Profile(name="p", questions=()))
    assert none.verbatims == ["Goede service van jullie"]
    assert BETTER in none.feedback[0]["attributes"]
    one = read_all(path, Profile(name="p", questions=("losse gedachten",)))
    assert one.verbatims == ["Goede service van jullie", "De winkel was koud vandaag"]


def test_the_order_of_day_and_month_is_decided_per_column(tmp_path: Path) -> None:
    path = table(
        tmp_path, ["klantnummer", "klant sinds", "opzegdatum", "omzet"],
        ["1", "13-02-2020", "02/13/2026", "5"], ["2", "01-02-2020", "03/04/2026", "5"],
    )  # fmt: skip
    got = read_all(path)
    assert [row["started_at"].month for row in got.customers] == [2, 1]
    assert [row["cancelled_at"].month for row in got.customers] == [2, 3]
    assert got.detection.details["date.started_at"].startswith("dd-mm-jjjj; ")


def test_dates_that_could_be_either_are_told(tmp_path: Path) -> None:
    unsure = read_all(table(tmp_path, ["datum", "opmerking"], ["03-04-2026", "goed"]))
    assert unsure.detection.details["ambiguous_dates"] == (
        "datum: 1 dates could be either, read with the day first"
    )
    sure = read_all(table(tmp_path, ["datum", "opmerking"], ["13-04-2026", "goed"], name="y"))
    assert "ambiguous_dates" not in sure.detection.details


def test_attributes_are_sorted_and_lose_what_points_at_a_person(tmp_path: Path) -> None:
    path = table(
        tmp_path, ["zone", "opmerking", "afdelingscode", "kenmerk"],
        ["4", "goed zo", 'a "b" \\ c', "bel 0612345678"], ["4", "ook goed", "", "rood"],
    )  # fmt: skip
    got = read_all(path)
    assert [row["attributes"] for row in got.feedback] == [
        json.dumps({"afdelingscode": 'a "b" \\ c', "zone": "4"}),
        json.dumps({"kenmerk": "rood", "zone": "4"}),
    ]


answers = st.sampled_from(["", "", "parkeren", "=1+1", "regel\nregel", 'zei "x"', "<i>goed</i> zo"])
marks = st.sampled_from(["", "1", "4", "5", "12", "veel", "weet niet"])


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rows=st.lists(st.tuples(marks, answers, marks, answers, answers), min_size=1, max_size=30),
    batch_rows=st.integers(1, 9),
)
def test_every_row_is_stored_or_rejected_and_the_ids_differ(
    tmp_path: Path, rows: list[tuple[str, ...]], batch_rows: int
) -> None:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=";")
    writer.writerow(["review_id", NPS, WHY, CSAT, WHY_CSAT, BETTER])
    steady = [
        ("8", f"Ik kom hier al {at} jaren", "4", f"Het ging vlot bij kassa {at}", f"gang {at}")
        for at in range(40)
    ]
    writer.writerows([f"r{at}", *row] for at, row in enumerate([*steady, *rows]))
    got = read_all(write(tmp_path / "x", stream.getvalue()), batch_rows=batch_rows)
    ids = [row["feedback_id"] for row in got.feedback]
    assert len(set(ids)) == len(ids)
    assert all(row["verbatim"] or row["score_value"] is not None for row in got.feedback)
    respondents = {each.partition("/")[0] for each in ids}
    touched = len(respondents | {f"csv:{row.row}" for row in got.rejected})
    assert len(respondents) + len({row.row for row in got.rejected}) >= len(rows) + 40
    assert touched >= len(rows)
    said = [cell for row in rows for cell in (row[1], row[3], row[4]) if cell]
    lost = len(said) + 3 * 40 - len([text for text in got.verbatims if text])
    assert lost <= 2 * len(got.rejected)
