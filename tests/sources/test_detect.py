"""What a file is recognised as, by its content; small files in the shape of real exports."""

import json
import os
import random
import re
from pathlib import Path

import pytest

from klankbord.errors import UnreadableInputError
from klankbord.sources import detect, expand, load_profile, read
from klankbord.sources.known_sources import known_sources

from .helpers import read_all, workbook, write

FORMATS = os.environ.get("KLANKBORD_FORMATS", "")


def test_trustpilot(tmp_path: Path) -> None:
    text = (
        "Domain Url,Review Id,Review Created (UTC),Review Title,Review Content,Review Stars,"
        "Reference Id,Review Language,Company Reply\n"
        "w.nl,abc,2026-03-12T09:14:00.000Z,Jammer,Te laat,2,K7,nl,Excuus\n"
    )
    got = read_all(write(tmp_path / "x", text))
    (row,) = got.feedback
    assert (row["feedback_id"], row["customer_id"], row["source"]) == (
        "trustpilot:abc", "K7", "trustpilot",
    )  # fmt: skip
    assert (row["verbatim"], row["score_metric"], row["channel"]) == (
        "Jammer. Te laat", "stars", "review",
    )  # fmt: skip
    assert row["received_at"].hour == 9


def test_typeform_times_are_utc(tmp_path: Path) -> None:
    text = (
        "#,Hoe waarschijnlijk beveel je ons aan?,Waarom?,Start Date (UTC),Submit Date (UTC),"
        "Network ID\n0a,9,Snel,2026-07-01 09:00:00,2026-07-01 09:01:00,f\n"
    )
    (row,) = read_all(write(tmp_path / "x", text)).feedback
    assert (row["feedback_id"], row["score_metric"], row["verbatim"]) == (
        "typeform:0a",
        "nps",
        "Snel",
    )
    assert (row["received_at"].hour, row["question"]) == (9, "Waarom?")


def test_google_forms_both_ways(tmp_path: Path) -> None:
    direct = '"Tijdstempel","Hoe tevreden bent u? (1-5)","Toelichting"\n' \
        '"2026/03/01 8:48:17 p.m. CET","4","Prima"\n'  # fmt: skip
    sheets = "Tijdstempel,Hoe tevreden bent u?,Toelichting\n01-03-2026 20:48:17,4,Prima\n"
    one = read_all(write(tmp_path / "a", direct)).feedback
    two = read_all(write(tmp_path / "b", sheets)).feedback
    assert one[0]["received_at"] == two[0]["received_at"]
    assert one[0]["score_metric"] == two[0]["score_metric"] == "csat"


def test_ms_forms_row_numbers_are_no_identity(tmp_path: Path) -> None:
    header = [
        "ID",
        "Begintijd",
        "Tijd van voltooien",
        "E-mail",
        "Hoe tevreden bent u?",
        "Toelichting",
    ]
    row = [1, "12-03-2026 09:10", "12-03-2026 09:14", "anonymous", 4, "Prima"]
    got = read_all(workbook(tmp_path / "x.xlsx", [header, row]))
    assert got.detection.source == "ms-forms"
    assert (got.feedback[0]["feedback_id"], got.feedback[0]["verbatim"]) == ("", "Prima")
    assert got.feedback[0]["received_at"].minute == 14


def test_google_business_keeps_the_original_words(tmp_path: Path) -> None:
    def review(comment: str | None, stars: str) -> dict[str, object]:
        body: dict[str, object] = {
            "reviewId": stars,
            "starRating": stars,
            "createTime": "2026-03-12T09:14:05.123456789Z",
            "updateTime": "2026-03-12T09:14:05Z",
            "reviewReply": {"comment": "Dank u"},
        }
        return body if comment is None else {**body, "comment": comment}

    text = json.dumps({"reviews": [
        review("Snel\n\n(Translated by Google)\nFast", "FIVE"),
        review("(Translated by Google) Slow\n\n(Original)\nTraag", "ONE"),
        review(None, "THREE"),
        review("Raar", "ELEVEN"),
    ]})  # fmt: skip
    got = read_all(write(tmp_path / "x", text))
    assert [(row["verbatim"], row["score_value"]) for row in got.feedback] == [
        ("Snel", 5), ("Traag", 1), ("", 3),
    ]  # fmt: skip
    assert [row.reason for row in got.rejected] == ["score is geen getal"]


@pytest.mark.parametrize(
    "text",
    ["Prima!\n\n> Op 12 mrt. 2026 om 09:14 heeft Help <h@b.nl> het volgende geschreven:\n> oud\n",
     "Helder.\n\n-----Oorspronkelijk bericht-----\nVan: Sam\n\noud\n",
     "From MAILER-DAEMON Sat Nov 21 20:00:52 2026\nFrom: K <k@v.nl>\nSubject: x\n\nhallo\n"],
)  # fmt: skip
def test_mail_is_not_taken_for_a_table(tmp_path: Path, text: str) -> None:
    assert read_all(write(tmp_path / "x", text)).detection.source in ("mail", "mbox")


def test_a_profile_goes_before_a_known_export(tmp_path: Path) -> None:
    profile = load_profile(
        write(tmp_path / "p.toml", 'name = "sf"\n[columns]\nverbatim = "DESCRIPTION"\n')
    )
    text = '"CASENUMBER","SUBJECT","DESCRIPTION","ORIGIN"\n"1","k","t","w"\n'
    got = read_all(write(tmp_path / "x", text), profile)
    assert got.verbatims == ["k. t"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"), (b"\xef\xbb\xbf \r\n", "empty"), (b"\x00" * 100, "empty"),
        (b"%PDF-1.7\n", "PDF"), (b"\x89PNG\r\n\x1a\n\x00", "image"), (b"\xff\xd8\xff\xe0", "image"),
        (b"\x1f\x8b\x08\x00", "compressed"), (b"SQLite format 3\x00", "database"),
        (random.Random(1).randbytes(4000), "not a text file"), (b"{\\rtf1 hallo}", "Rich Text"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "workbook cannot be opened"),
        (b"$FL2@(#) SPSS", "SPSS"),
        (b"Zomaar een zin.\nEn nog een.\n", "not recognised"), (b";;;;\n;;;;\n", "not recognised"),
    ],
)  # fmt: skip
def test_junk_is_one_clear_error(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "klanten.csv"
    path.write_bytes(data)
    for action in (detect, lambda path: list(read(path))):
        with pytest.raises(UnreadableInputError, match=message) as caught:
            action(path)
        assert str(path) in caught.value.where
        assert caught.value.hint


def test_a_folder_or_a_missing_file_is_an_error_too(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "weg"):
        with pytest.raises(UnreadableInputError):
            detect(path)


def test_detection_says_what_was_found(tmp_path: Path) -> None:
    path = write(tmp_path / "x", "Klantnummer;NPS;Toelichting\n1;9;goed\n", "cp1252")
    found = detect(path)
    assert found.path == path
    assert re.fullmatch("csv-[0-9a-f]{6}", found.source)
    assert found.details["column.customer_id"] == "Klantnummer"
    assert found.details["delimiter"] == ";"
    assert found.details["score_metric"] == "nps"
    assert 0.5 < found.confidence <= 1


def test_headers_that_serve_two_sources_cannot_clash() -> None:
    sources = known_sources()
    assert len({source.needs for source in sources}) == len(sources)


def test_reading_twice_gives_the_same(tmp_path: Path) -> None:
    path = write(tmp_path / "x", "klant;nps;winkel;opmerking\n1;9;Ede;a\n2;x;Ede;b\n")
    assert read_all(path) == read_all(path)


@pytest.mark.skipif(not FORMATS, reason="KLANKBORD_FORMATS names no folder of example exports")
def test_every_example_export_is_read() -> None:
    for path in expand([Path(FORMATS)]):
        if path.suffix == ".md":
            continue
        got = read_all(path)
        assert got.rows_in > 0 or path.stem == "users", path
        assert len(got.feedback) >= 0.8 * got.rows_in, path


@pytest.mark.parametrize(
    "text",
    [
        '[{"klant": "007", "text": "slecht"}, {"klant": "008", "text": "prima"}]',
        '{"klant": "007", "text": "slecht"}\n{"klant": "008", "text": "prima"}\n',
        '{ "reviews": [{"klant": "007", "text": "slecht"}, {"klant": "008", "text": "prima"}]}',
    ],
)
def test_json_that_names_a_customer_first_is_no_transcript(tmp_path: Path, text: str) -> None:
    got = read_all(write(tmp_path / "x", text))
    assert got.detection.source.startswith("json-")
    assert [row["customer_id"] for row in got.feedback] == ["007", "008"]
    assert got.verbatims == ["slecht", "prima"]
