import json
from pathlib import Path

import pytest

from klankbord.sources.roles import normal, vocabulary
from klankbord.sources.voices import role_of

from .helpers import read_all, write

PROMISED = {
    "customer_id": "customer_id klant klantnummer klant_id customer",
    "account_id": "account bedrijf",
    "received_at": "date datum received_at created_at ingevuld_op",
    "verbatim": "text verbatim opmerking toelichting antwoord review comment feedback",
    "score": "score cijfer nps csat ces sterren stars rating",
    "channel": "channel kanaal",
    "question": "question vraag",
    "segment": "segment",
    "journey_stage": "journey_stage fase",
    "value_eur": "value waarde omzet clv",
    "title": "title titel",
}


@pytest.mark.parametrize(
    ("role", "header"), [(role, name) for role, names in PROMISED.items() for name in names.split()]
)
def test_promised_headers_are_known_in_any_case(role: str, header: str) -> None:
    for written in (header, header.upper(), header.replace("_", " ").title()):
        assert vocabulary().headers[normal(written)][0] == role


def rows_of(tmp_path: Path, text: str) -> list[dict[str, object]]:
    return read_all(write(tmp_path / "x.csv", text)).feedback


def test_title_comes_in_front_of_the_text(tmp_path: Path) -> None:
    text = "titel;review;sterren\nSlecht;Nooit meer;1\nTop!;Ga zo door;5\nLeeg;;3\n;Kaal;3\n"
    got = rows_of(tmp_path, text)
    assert [row["verbatim"] for row in got] == [
        "Slecht. Nooit meer", "Top! Ga zo door", "Leeg", "Kaal",
    ]  # fmt: skip
    assert {row["channel"] for row in got} == {"review"}
    assert {row["score_metric"] for row in got} == {"stars"}


def test_columns_without_a_role_are_kept_as_attributes(tmp_path: Path) -> None:
    (row,) = rows_of(tmp_path, "zone;opmerking;Filiaal;leeg\n4;prima;Ede;\n")
    assert row["attributes"] == json.dumps({"Filiaal": "Ede", "zone": "4"})


def test_channels_and_roles_are_translated(tmp_path: Path) -> None:
    text = "kanaal;rol;tekst\nEnquête;klant;a\nTelefoon;Medewerker;b\nE-mail;user;c\nPost;kat;d\n"
    got = rows_of(tmp_path, text)
    assert [row["channel"] for row in got] == ["survey", "transcript", "email", "survey"]
    assert [row["author_role"] for row in got] == ["customer", "agent", "customer", "unknown"]
    assert got[3]["attributes"] == '{"kanaal": "Post", "rol": "kat"}'


def test_conversation_and_role_make_a_chat(tmp_path: Path) -> None:
    text = "gesprek_id,afzender,bericht\ng1,klant,hallo\ng1,bot,dag\ng2,klant,hoi\n"
    got = rows_of(tmp_path, text)
    assert {row["channel"] for row in got} == {"chat"}
    assert [(row["conversation_id"], row["turn"]) for row in got] == [
        ("g1", 1),
        ("g1", 2),
        ("g2", 1),
    ]


@pytest.mark.parametrize(
    ("header", "scores", "metric"),
    [
        ("nps", "3 9", "nps"), ("CSAT", "1 5", "csat"), ("ces", "1 7", "ces"),
        ("Sterren", "1 5", "stars"), ("cijfer", "7,5 8", "grade"), ("score", "0 10", "nps"),
        ("score", "1 5", "csat"), ("score", "6,5 8", "grade"), ("score", "7 9", "grade"),
        ("Hoe waarschijnlijk is het dat u ons aanbeveelt?", "7 9", "nps"),
        ("Hoe tevreden bent u? (1-5)", "2 4", "csat"),
        ("Hoe makkelijk was het?", "2 6", "ces"),
    ],
)  # fmt: skip
def test_the_score_metric(tmp_path: Path, header: str, scores: str, metric: str) -> None:
    lines = "".join(f"{score};tekst\n" for score in scores.split())
    got = rows_of(tmp_path, f"{header};opmerking\n{lines}")
    assert [row["score_metric"] for row in got] == [metric] * 2


def test_a_recommendation_question_makes_a_score_nps(tmp_path: Path) -> None:
    text = "vraag;score;antwoord\nHoe waarschijnlijk beveelt u ons aan?;7;goed\n"
    assert rows_of(tmp_path, text)[0]["score_metric"] == "nps"


def test_a_metric_column_goes_row_by_row(tmp_path: Path) -> None:
    got = read_all(
        write(tmp_path / "x.csv", "metric;score;tekst\nnps;10;a\ncsat;5;b\ncsat;9;c\nfoo;3;d\n")
    )
    assert [(row["score_metric"], row["score_value"]) for row in got.feedback] == [
        ("nps", 10), ("csat", 5),
    ]  # fmt: skip
    assert [row.reason for row in got.rejected] == [
        "score ligt buiten het bereik 1 tot en met 5", "soort score is onbekend",
    ]  # fmt: skip


def test_words_that_are_no_scale_are_no_score(tmp_path: Path) -> None:
    got = rows_of(tmp_path, "waardering;opmerking\nVia de app;prima\nOp de site;slecht\n")
    assert [row["score_value"] for row in got] == [None, None]
    assert got[0]["attributes"] == '{"waardering": "Via de app"}'


def test_a_survey_question_as_header_becomes_the_question(tmp_path: Path) -> None:
    text = (
        "Tijdstempel,nps,Wat vond u van onze monteur?,Wilt u nog iets anders melden aan ons?\n"
        "01-03-2024 10:00:00,9,Hij kwam op tijd en was erg vriendelijk,Niets te melden hoor\n"
        "02-03-2024 10:00:00,2,Hij kwam een uur te laat en liet troep achter,\n"
    )
    got = read_all(write(tmp_path / "x.csv", text))
    assert [(row["question"], row["verbatim"], row["score_value"]) for row in got.feedback] == [
        ("Wat vond u van onze monteur?", "Hij kwam op tijd en was erg vriendelijk", 9),
        ("Wilt u nog iets anders melden aan ons?", "Niets te melden hoor", None),
        ("Wat vond u van onze monteur?", "Hij kwam een uur te laat en liet troep achter", 2),
    ]
    assert got.feedback[0]["attributes"] == "{}"
    assert "text_in_attributes" not in got.detection.details
    assert got.detection.details["questions"] == (
        "Wat vond u van onze monteur?; Wilt u nog iets anders melden aan ons?"
    )


def test_american_dates_only_when_the_column_proves_it(tmp_path: Path) -> None:
    sure = rows_of(tmp_path, "date,comment\n03/04/2024,a\n03/25/2024,b\n")
    assert [row["received_at"].strftime("%d-%m") for row in sure] == ["03-03", "24-03"]  # type: ignore[attr-defined]
    unsure = rows_of(tmp_path, "date,comment\n03/04/2024,a\n05/06/2024,b\n")
    assert [row["received_at"].strftime("%d-%m") for row in unsure] == ["02-04", "04-06"]  # type: ignore[attr-defined]


def test_a_header_that_says_utc_is_believed(tmp_path: Path) -> None:
    (row,) = rows_of(tmp_path, "Submit Date (UTC);opmerking\n2024-07-01 12:00:00;a\n")
    assert row["received_at"].hour == 12  # type: ignore[attr-defined]


def test_customer_tables(tmp_path: Path) -> None:
    text = (
        "Klantnummer;Klant sinds;Omzet;Opzegdatum;Segment;Bedrijf;Regio\n"
        "00123;01-02-2019;1.234,50;;MKB;Jansen BV;Noord\n"
        "00124;01-02-2019;veel;;MKB;;\n"
        ";01-02-2019;3;;MKB;;\n"
        "00125;31-02-2019;3;;MKB;;\n"
        "00126;01-02-2019;;01-03-2024;;;\n"
    )
    got = read_all(write(tmp_path / "k.csv", text))
    assert (got.feedback, got.rows_in) == ([], 5)
    first, last = got.customers
    assert (first["customer_id"], first["value_eur"], first["account_id"]) == (
        "00123", 1234.5, "Jansen BV",
    )  # fmt: skip
    assert first["attributes"] == '{"Regio": "Noord"}'
    assert first["started_at"].year == 2019
    assert last["cancelled_at"].year == 2024
    assert [row.reason for row in got.rejected] == [
        "waarde is geen getal", "geen klantnummer", "datum is niet leesbaar of bestaat niet",
    ]  # fmt: skip


def test_a_value_that_is_no_number_does_not_cost_the_feedback(tmp_path: Path) -> None:
    (row,) = rows_of(tmp_path, "klant;omzet;opmerking\n1;onbekend;prima\n")
    assert (row["value_eur"], row["attributes"]) == (None, '{"omzet": "onbekend"}')


def test_own_ids_carry_the_source_and_row_numbers_their_content(tmp_path: Path) -> None:
    own = rows_of(tmp_path, "review_id;review\nr1;goed\nr2;slecht\n")
    source = own[0]["source"]
    assert [row["feedback_id"] for row in own] == [f"{source}:r1", f"{source}:r2"]
    weak = rows_of(tmp_path, "id;review\n1;goed\n2;slecht\n")
    other = rows_of(tmp_path, "id;review\n1;heel anders\n2;slecht\n")
    assert str(weak[0]["feedback_id"]).startswith(f"{weak[0]['source']}:1-")
    assert weak[0]["feedback_id"] != other[0]["feedback_id"]
    assert weak[1]["feedback_id"] == other[1]["feedback_id"]
    repeated = rows_of(tmp_path, "review_id;review\nr1;goed\nr1;slecht\n")
    assert len({row["feedback_id"] for row in repeated}) == 2


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ('klant,nps,score,omzet,opmerking\n1,7,7.5,"1,200",a\n2,8,8.5,"3,450",b\n', [1200, 3450]),
        ("klant;score;omzet;opmerking\n1;7.5;1.200;a\n2;8.5;13.450;b\n", [1200, 13450]),
        ("klant;omzet;opmerking\n1;1.200,-;a\n2;1.000;b\n", [1200, 1000]),
        ("klant;omzet;opmerking\n1;1.200;a\n2;950,50;b\n", [1200, 950.5]),
        ('klant,omzet,opmerking\n1,"1,200",a\n2,950.50,b\n', [1200, 950.5]),
        ("klant;omzet;opmerking\n1;0.125;a\n2;0.250;b\n", [0.125, 0.25]),
        ("klant;cijfer;omzet;opmerking\n1;7,5;12.50;a\n2;8,5;3;b\n", [12.5, 3]),
    ],
)
def test_the_decimal_mark_is_that_of_the_column(
    tmp_path: Path, text: str, values: list[float]
) -> None:
    assert [row["value_eur"] for row in rows_of(tmp_path, text)] == values


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("Nederlands", "nl"), ("Spaans", "es"), ("DUITS", "de"), ("Français", "fr"), ("nl", "nl"),
        ("nl-NL", "nl"), ("pt_BR", "pt"), ("zh-Hant-TW", "zh"), ("Nederlands (België)", "nl"),
        ("eng", "en"), ("sv", "sv"), ("Klingon", None), ("sp", None), ("en zo", None), ("-", None),
    ],
)  # fmt: skip
def test_a_language_is_a_code_or_left_to_be_identified(
    tmp_path: Path, written: str, code: str | None
) -> None:
    assert rows_of(tmp_path, f"taal;opmerking\n{written};a\n")[0]["language"] == code


@pytest.mark.parametrize("word", ["klant", "deelnemer", "huurder", "admin", "balie", "keuzemenu"])
def test_a_speaker_has_the_same_role_in_a_column_and_in_a_transcript(
    tmp_path: Path, word: str
) -> None:
    (row,) = rows_of(tmp_path, f"rol;opmerking\n{word};a\n")
    assert row["author_role"] == role_of(word) == role_of(f"{word.upper()} 2")
