"""The exports of survey tools, each in the shape it really has."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from klankbord.sources import read

from .helpers import Outcome, read_all, workbook, write
from .survey_exports import (
    AWKWARD,
    FORMULA,
    MARKUP,
    TEXTS,
    csv_text,
    qualtrics,
    rate_nl,
    survey_monkey,
)


def told(got: Outcome) -> list[tuple[Any, ...]]:
    names = ("question", "verbatim", "score_metric", "score_value")
    return [tuple(row[name] for name in names) for row in got.feedback]


def of_question(got: Outcome, question: str) -> list[dict[str, Any]]:
    return [row for row in got.feedback if row["question"] == question]


def no_person_in(got: Outcome) -> bool:
    stored = json.dumps(got.feedback, default=str)
    return not any(word in stored for word in ("192.0.2.7", "b@bol.test", "Bram"))


WHY = "Waarom geeft u dit cijfer?"


@pytest.mark.parametrize("words", [True, False])
def test_qualtrics_answers_remember_their_question(tmp_path: Path, words: bool) -> None:
    got = read_all(write(tmp_path / "x", csv_text(qualtrics(words=words))))
    assert got.detection.source == "qualtrics"
    assert told(got)[:3] == [
        (WHY, AWKWARD, "nps", 5),
        ("Tevredenheid - Levering", "", "csat", 1),
        (WHY, FORMULA, "nps", 6),
    ]
    assert [row["verbatim"] for row in of_question(got, WHY)] == list(TEXTS)
    assert [row["verbatim"] for row in of_question(got, "Wat kan er beter?")] == ["parkeren"] * 2
    assert [row["score_value"] for row in of_question(got, "Tevredenheid - Levering")] == [
        1, 2, 3, 4, 5,
    ]  # fmt: skip
    first = got.feedback[0]
    assert (first["feedback_id"], first["customer_id"]) == ("qualtrics:R_0", "000")
    assert first["received_at"] == datetime(2026, 2, 3, 17, tzinfo=UTC)
    assert first["language"] == "nl"
    assert "Groep" not in str(got.feedback)
    assert no_person_in(got)
    assert got.rows_in == 12


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_qualtrics_as_tsv(tmp_path: Path, encoding: str) -> None:
    text = csv_text(qualtrics(), delimiter="\t")
    got = read_all(write(tmp_path / "x.csv", text, encoding))
    assert (got.detection.source, got.rows_in) == ("qualtrics", 12)


def test_qualtrics_as_a_workbook(tmp_path: Path) -> None:
    got = read_all(workbook(tmp_path / "x", qualtrics()))
    assert (got.detection.source, got.rows_in) == ("qualtrics", 12)


def test_qualtrics_is_told_by_its_row_of_ids(tmp_path: Path) -> None:
    rows = qualtrics()
    places = [at for at, name in enumerate(rows[0]) if name[0] == "Q" or name == "ResponseId"]
    rows = [[row[at] for at in places] for row in rows]
    rows[0] = [f"veld {at}" for at, _ in enumerate(places)]
    got = read_all(write(tmp_path / "x", csv_text(rows)))
    assert got.detection.source == "qualtrics"
    assert got.feedback[0]["question"] == WHY


@pytest.mark.parametrize(
    ("statuses", "ignored", "kept"),
    [
        (["IP-adres", "Vragenlijstvoorbeeld", "Survey Preview", "Spam", "IP Address"],
         {"previews": 2, "spam": 1}, ["R_0", "R_4"]),
        (["0", "1", "8", "9", "16"], {"previews": 1, "spam": 2}, ["R_0", "R_4"]),
        (["0", "17", "2", "4", "0"], {"previews": 2}, ["R_0", "R_3", "R_4"]),
    ],
)  # fmt: skip
def test_qualtrics_previews_and_spam_are_counted_but_no_rows(
    tmp_path: Path, statuses: list[str], ignored: dict[str, int], kept: list[str]
) -> None:
    path = write(tmp_path / "x", csv_text(qualtrics(statuses=statuses)))
    (batch,) = read(path)
    assert batch.ignored == ignored
    ids = batch.feedback.column("feedback_id").to_pylist()
    assert [each for each in ids if "/" not in each] == [f"qualtrics:{own}" for own in kept]
    assert not batch.rejected


def test_a_later_export_with_one_more_question_keeps_the_ids(tmp_path: Path) -> None:
    first = read_all(write(tmp_path / "a", csv_text(qualtrics())))
    more = [("Q9", "Wat vond u van de parkeergarage?", "QID9_TEXT")]
    later = read_all(write(tmp_path / "b", csv_text(qualtrics(more=more))))
    before = {row["feedback_id"]: row["verbatim"] for row in first.feedback}
    after = {row["feedback_id"]: row["verbatim"] for row in later.feedback}
    assert before.items() <= after.items()
    assert len(after) == len(before) + 5


def test_a_reworded_qualtrics_question_keeps_its_ids(tmp_path: Path) -> None:
    rows = qualtrics()
    first = read_all(write(tmp_path / "a", csv_text(rows)))
    rows[1][rows[0].index("Q4")] = "Wat kunnen wij beter doen?"
    later = read_all(write(tmp_path / "b", csv_text(rows)))
    assert [row["feedback_id"] for row in first.feedback] == [
        row["feedback_id"] for row in later.feedback
    ]


def test_qualtrics_options_in_columns_of_their_own_are_joined(tmp_path: Path) -> None:
    rows = qualtrics()
    for at, option in ((1, "Winkel"), (2, "App")):
        rows[0].append(f"Q7_{at}")
        rows[1].append(f"Waar kocht u? - Selected Choice - {option}")
        rows[2].append(json.dumps({"ImportId": f"QID7_{at}"}))
        for number, row in enumerate(rows[3:]):
            row.append(option if number != at else "")
    rows[0].append("Q7_3_TEXT")
    rows[1].append("Waar kocht u? - Anders, namelijk - Tekst")
    rows[2].append(json.dumps({"ImportId": "QID7_3_TEXT"}))
    for number, row in enumerate(rows[3:]):
        row.append("Bij mijn buurvrouw op het erf" if number == 4 else "")
    got = read_all(write(tmp_path / "x", csv_text(rows)))
    main = [row for row in got.feedback if "/" not in row["feedback_id"]]
    found = [json.loads(row["attributes"]).get("Waar kocht u?") for row in main]
    assert found == ["Winkel; App", "App", "Winkel", "Winkel; App", "Winkel; App"]
    (other,) = of_question(got, "Waar kocht u? - Anders, namelijk")
    assert other["verbatim"] == "Bij mijn buurvrouw op het erf"


def test_older_qualtrics_has_two_header_rows_and_an_empty_last_column(tmp_path: Path) -> None:
    names = ["ResponseID", "ResponseSet", "Name", "ExternalDataReference", "EmailAddress",
             "IPAddress", "Status", "StartDate", "EndDate", "Finished"]  # fmt: skip
    header = [f"V{at}" for at in range(1, 11)]
    rows = [
        [*header, "Q1", "Q2", ""],
        [*names, "Hoe waarschijnlijk is het dat u ons aanbeveelt?", WHY, ""],
        ["R_a", "Default", "Bram", "", "b@bol.test", "192.0.2.7", "0", "2014-03-01 09:00:00",
         "2014-03-01 09:05:00", "1", "8", AWKWARD, ""],
        ["R_b", "Default", "Bram", "", "b@bol.test", "192.0.2.7", "1", "2014-03-01 09:00:00",
         "2014-03-01 09:05:00", "0", "2", MARKUP, ""],
    ]  # fmt: skip
    path = write(tmp_path / "x", csv_text(rows), "utf-8-sig")
    got = read_all(path)
    assert got.detection.source == "qualtrics"
    assert told(got) == [(WHY, AWKWARD, "nps", 8)]
    assert got.feedback[0]["feedback_id"] == "qualtrics:R_a"
    assert no_person_in(got)
    assert next(iter(read(path))).ignored == {"previews": 1}


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_survey_monkey_joins_options_and_pairs_scores_with_their_words(
    tmp_path: Path, kind: str
) -> None:
    rows = survey_monkey()
    path = tmp_path / "x"
    got = read_all(write(path, csv_text(rows)) if kind == "csv" else workbook(path, rows))
    assert got.detection.source == "surveymonkey"
    ids = [row["feedback_id"] for row in got.feedback]
    assert len(set(ids)) == len(ids) == got.rows_in == 11
    nps = [row for row in got.feedback if row["score_metric"] == "nps"]
    assert [row["score_value"] for row in nps] == [10, 9, 8, 7, 6]
    assert nps[0]["verbatim"] == "Het assortiment is te klein"
    why = of_question(got, "Waarom?")
    assert [row["score_value"] for row in why] == [1, 2, 3, 4, 5]
    assert {row["score_metric"] for row in why} == {"csat"}
    assert why[0]["verbatim"] == AWKWARD
    (other,) = of_question(got, "Waarover had u contact? - Anders, namelijk")
    assert other["verbatim"] == "De draaideur bij de ingang zat klem"
    attributes = json.loads(why[2]["attributes"])
    assert attributes == {"Custom Data 1": "batch 2", "Waarover had u contact?": "Kassa; Parkeren"}
    assert nps[0]["received_at"] == datetime(2026, 4, 1, 12, 30, tzinfo=UTC)
    assert no_person_in(got)


def test_survey_monkey_condensed_has_one_header_row(tmp_path: Path) -> None:
    rows = [[cell for at, cell in enumerate(row) if at not in (12, 13, 14, 16)]
            for at_row, row in enumerate(survey_monkey()) if at_row != 1]  # fmt: skip
    got = read_all(write(tmp_path / "x", csv_text(rows)))
    assert got.detection.source == "surveymonkey"
    assert [row["verbatim"] for row in of_question(got, "Waarom?")] == list(TEXTS)


def test_survey_monkey_in_dutch(tmp_path: Path) -> None:
    rows = survey_monkey()
    names = {"Respondent ID": "Respondent-ID", "Collector ID": "Collector-ID",
             "Start Date": "Startdatum", "End Date": "Einddatum", "IP Address": "IP-adres",
             "Email Address": "E-mailadres", "First Name": "Voornaam", "Last Name": "Achternaam",
             "Custom Data 1": "Aangepaste gegevens 1"}  # fmt: skip
    rows[0] = [names.get(name, name) for name in rows[0]]
    rows[1] = [{"Response": "Antwoord", "Open-Ended Response": "Open antwoord"}.get(name, name)
               for name in rows[1]]  # fmt: skip
    got = read_all(write(tmp_path / "x", csv_text(rows, ";")))
    assert (got.detection.source, got.rows_in) == ("surveymonkey", 11)
    assert got.feedback[0]["received_at"].month == 4
    assert no_person_in(got)


def test_typeform_option_columns_stay_attributes(tmp_path: Path) -> None:
    header = ["#", "Hoe waarschijnlijk beveel je ons aan?", "Waarom?", "Kassa", "Parkeren",
              "Other", "Wat kan beter?", "Waar zag je ons?", "Response Type", "Start Date (UTC)",
              "Stage Date (UTC)", "Submit Date (UTC)", "Network ID", "Tags"]  # fmt: skip
    rows = [header]
    for at, text in enumerate(TEXTS):
        rows.append([f"{at:032x}", str(at), text, "Kassa" if at else "", "", "",
                     "parkeren" if at == 1 else "", "Krant / Radio" if at % 2 else "Radio",
                     "completed", "2026-01-02 10:00:00", "", "2026-01-02 10:01:00", "abc",
                     ""])  # fmt: skip
    got = read_all(write(tmp_path / "x", csv_text(rows)))
    assert got.detection.source == "typeform"
    assert told(got)[:3] == [
        ("Waarom?", AWKWARD, "nps", 0),
        ("Waarom?", FORMULA, "nps", 1),
        ("Wat kan beter?", "parkeren", None, None),
    ]
    assert json.loads(got.feedback[1]["attributes"]) == {
        "Kassa": "Kassa", "Waar zag je ons?": "Krant; Radio", "Response Type": "completed",
    }  # fmt: skip
    assert got.feedback[0]["received_at"] == datetime(2026, 1, 2, 10, 1, tzinfo=UTC)


def test_typeform_with_a_token(tmp_path: Path) -> None:
    text = "Hoe tevreden ben je?,Waarom?,Submitted At,Token\n4,Snel,2026-01-02 10:01:00,t1\n"
    (row,) = read_all(write(tmp_path / "x", text)).feedback
    assert (row["feedback_id"], row["score_metric"]) == ("typeform:t1", "csat")


@pytest.mark.parametrize(
    ("stamp", "sign"), [("2026/02/03 8:48:17 p.m. CET", ";"), ("03-02-2026 20:48:17", ", ")]
)
def test_google_forms_joins_choices(tmp_path: Path, stamp: str, sign: str) -> None:
    header = ["Tijdstempel", "Gebruikersnaam", "Hoe tevreden bent u?", "Waarover?", "Toelichting",
              "Wat kan beter?"]  # fmt: skip
    picks = ("Kassa", sign.join(("Kassa", "Parkeren")))
    rows = [header, *([stamp, "b@bol.test", at + 1, picks[at % 2], text, "niets" if at else ""]
                      for at, text in enumerate(TEXTS * 2) if at < 5)]  # fmt: skip
    got = read_all(write(tmp_path / "x", csv_text(rows)))
    assert got.detection.source == "google-forms"
    main = [row for row in got.feedback if row["score_metric"]]
    assert [row["verbatim"] for row in main] == list(TEXTS)
    assert json.loads(main[1]["attributes"]) == {"Waarover?": "Kassa; Parkeren"}
    assert [row["verbatim"] for row in of_question(got, "Wat kan beter?")] == ["niets"] * 4
    assert main[0]["received_at"] == datetime(2026, 2, 3, 19, 48, 17, tzinfo=UTC)
    assert no_person_in(got)


@pytest.mark.parametrize(
    "names",
    [["ID", "Begintijd", "Tijd van voltooien", "E-mail", "Naam", "Tijd van laatste wijziging"],
     ["ID", "Start time", "Completion time", "Email", "Name", "Last modified time"]],
)  # fmt: skip
def test_ms_forms_points_and_feedback_of_a_quiz_are_no_answers(
    tmp_path: Path, names: list[str]
) -> None:
    header = [*names, "Total points", "Quiz feedback", "Hoe tevreden bent u?",
              "Points - Hoe tevreden bent u?", "Feedback - Hoe tevreden bent u?", "Waarover?",
              "Toelichting\xa0", "Wat kan beter?"]  # fmt: skip
    at = datetime(2026, 3, 1, 9, 14)  # noqa: DTZ001 - a cell of a workbook has no zone
    rows = [header]
    for number, text in enumerate(TEXTS, start=1):
        rows.append([number, at, at, "anonymous", "", "", 5, "", number, 1,
                     "Goed zo, dat is het juiste antwoord", "Kassa;Parkeren;", text,
                     "de drukte" if number == 2 else ""])  # type: ignore[list-item] # fmt: skip
    got = read_all(workbook(tmp_path / "x.xlsx", rows))
    assert got.detection.source == "ms-forms"
    main = [row for row in got.feedback if row["score_metric"]]
    assert [row["score_value"] for row in main] == [1, 2, 3, 4, 5]
    assert main[0]["verbatim"] == AWKWARD
    assert [row["verbatim"] for row in of_question(got, "Wat kan beter?")] == ["de drukte"]
    assert got.rows_in == 6
    assert json.loads(main[0]["attributes"])["Waarover?"] == "Kassa; Parkeren"
    assert "anonymous" not in str(got.feedback)


def usabilla(*nps: int) -> str:
    return json.dumps({"items": [
        {"id": f"u{at}", "userAgent": "Mozilla", "comment": text, "location": "Ede, NL",
         "date": "2026-03-12T09:14:05.123Z", "custom": {"klantnummer": f"00{at}"},
         "email": "b@bol.test", "labels": ["betaling", "app"], "nps": score, "publicUrl": "",
         "rating": 4, "buttonId": "b", "tags": [], "url": "https://bol.test/kassa"}
        for at, (score, text) in enumerate(zip(nps, TEXTS, strict=False))
    ], "count": len(nps), "hasMore": False})  # fmt: skip


def test_usabilla_nps_that_was_not_asked_is_no_detractor(tmp_path: Path) -> None:
    got = read_all(write(tmp_path / "x", usabilla(0, 0, 0)))
    assert [row["score_metric"] for row in got.feedback] == ["csat"] * 3
    assert got.feedback[0]["customer_id"] == "000"
    assert json.loads(got.feedback[0]["attributes"])["labels"] == "betaling; app"
    assert no_person_in(got)
    asked = read_all(write(tmp_path / "y", usabilla(0, 9, 0)))
    assert [row["score_metric"] for row in asked.feedback] == ["csat", "nps"] * 3


def test_rate_nl_answers_of_one_result_belong_together(tmp_path: Path) -> None:
    got = read_all(write(tmp_path / "x", csv_text(rate_nl())))
    assert got.detection.source == "rate-nl"
    assert told(got) == [
        ("OPEN", AWKWARD, "nps", 9),
        ("BETER", "Langer open op zaterdag", None, None),
        ("OPEN", "", "nps", 3),
        ("BETER", "niets", None, None),
        ("OPEN", MARKUP, None, None),
        ("BETER", "Meer kassa's in de winkel", None, None),
    ]
    assert got.feedback[0]["feedback_id"] == "rate-nl:1"
    assert [(row.row, row.column) for row in got.rejected] == [
        (8, "ConfirmStatus"), (9, "ConfirmStatus"), (10, "ResultIgnoredWhen"),
    ]  # fmt: skip
    assert {row.reason for row in got.rejected} == {"resultaat is in RateNL ongeldig verklaard"}
    assert no_person_in(got)


def test_a_long_table_mixes_scores_and_words_in_one_column(tmp_path: Path) -> None:
    text = (
        "respondent_id;datum;vraag;antwoord\n"
        "a;01-02-2026;Hoe waarschijnlijk is het dat u ons aanbeveelt?;9\n"
        "a;01-02-2026;Hoe tevreden bent u over de kassa?;Tevreden\n"
        "a;01-02-2026;Wat kan beter?;parkeren\n"
        "b;02-02-2026;Hoe waarschijnlijk is het dat u ons aanbeveelt?;11\n"
        "b;02-02-2026;Hoe tevreden bent u over de kassa?;Zeer ontevreden\n"
        "b;02-02-2026;Wat kan beter?;9\n"
        "c;03-02-2026;Hoe waarschijnlijk is het dat u ons aanbeveelt?;7\n"
    )
    for number in range(12):
        text += f"n{number};03-02-2026;Hoe waarschijnlijk is het dat u ons aanbeveelt?;7\n"
    got = read_all(write(tmp_path / "x", text))
    assert told(got)[:5] == [
        ("Hoe waarschijnlijk is het dat u ons aanbeveelt?", "", "nps", 9),
        ("Hoe tevreden bent u over de kassa?", "", "csat", 4),
        ("Wat kan beter?", "parkeren", None, None),
        ("Hoe tevreden bent u over de kassa?", "", "csat", 1),
        ("Wat kan beter?", "9", None, None),
    ]
    assert [row.reason for row in got.rejected] == ["score ligt buiten het bereik 0 tot en met 10"]
    ids = [row["feedback_id"] for row in got.feedback]
    assert len(set(ids)) == len(ids)
