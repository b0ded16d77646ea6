"""One small export of every source, made here, as seeds for the fuzzer."""

from __future__ import annotations

import csv
import gzip
import io
import json
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import fuzz_tables as tables
from fuzz_tables import SAID


def _reviews() -> dict[str, object]:
    google = [
        {"reviewId": f"r{at}", "reviewer": {"displayName": "Piet"}, "starRating": "TWO",
         "comment": said, "createTime": "2024-03-12T09:14:05.123456789Z",
         "updateTime": "2024-03-12T09:14:05Z"}
        for at, said in enumerate(SAID)
    ]  # fmt: skip
    company = [
        {"id": at, "date_created": "2024-03-12 09:14:05", "date_updated": "2024-03-12 09:14:05",
         "total_score": 4, "recommends": "Ja", "client": {"name": "Piet"},
         "questions": [{"question_id": "open", "type": "open", "title": "Vraag", "value": said}]}
        for at, said in enumerate(SAID)
    ]  # fmt: skip
    kiyoh = [
        {"reviewId": f"k{at}", "reviewAuthor": "Piet", "rating": 8,
         "dateSince": "2024-03-12T09:14:05Z", "updatedSince": "2024-03-12T09:14:05Z",
         "reviewContent": [{"questionGroup": "DEFAULT_OVERALL", "rating": "8"},
                           {"questionGroup": "DEFAULT_OPINION", "rating": said}]}
        for at, said in enumerate(SAID)
    ]  # fmt: skip
    apple = [
        {"type": "customerReviews", "id": str(at), "attributes": {
            "rating": 2, "title": "Titel", "body": said,
            "createdDate": "2024-03-12T02:14:05-07:00"}}
        for at, said in enumerate(SAID)
    ]  # fmt: skip
    usabilla = [
        {"id": f"a{at}", "userAgent": "x", "comment": said, "date": "2024-03-12T09:14:05.123Z",
         "custom": {"klantnummer": "00123"}, "labels": [], "nps": 0, "rating": 4, "buttonId": "b",
         "tags": ["nl"]}
        for at, said in enumerate(SAID)
    ]  # fmt: skip
    return {
        "google-business.json": {"reviews": google},
        "feedback-company.json": {"success": True, "reviews": company},
        "kiyoh.json": {"locationName": "Winkel", "reviews": kiyoh},
        "app-store.json": {"data": apple, "links": {}},
        "usabilla.json": {"items": usabilla, "count": 5},
        "ai-answers.json": [
            {"engine": "zoekhulp", "prompt": "Is dit een goede winkel?", "answer": said,
             "date": "2024-03-12"}
            for said in SAID
        ],
    }  # fmt: skip


def _service() -> dict[str, object]:
    at = "2024-03-12T09:14:05Z"
    freshdesk = [
        {"id": 7, "subject": "Klacht", "description_text": SAID[1], "requester_id": 5, "status": 4,
         "created_at": at, "source": 1, "conversations": [
             {"id": 1, "body_text": "Wij zoeken het uit", "incoming": False, "private": False,
              "user_id": 9, "created_at": at},
             {"id": 2, "body_text": SAID[2], "incoming": True, "private": False, "user_id": 5,
              "created_at": at}]}
    ]  # fmt: skip
    intercom = {
        "type": "conversation.list", "conversations": [
            {"type": "conversation", "id": "12", "created_at": 1710234845, "source": {
                "id": "1", "body": f"<p>{SAID[1]}</p>", "author": {"type": "user", "id": "u1"}},
             "conversation_rating": {"rating": 2, "remark": "traag"},
             "conversation_parts": {"conversation_parts": [
                 {"id": "2", "part_type": "comment", "body": "<p>Hallo</p>",
                  "created_at": 1710234900, "author": {"type": "bot", "id": "b"}}]}}]
    }  # fmt: skip
    genesys = {
        "conversationId": "c1", "communicationId": "s1", "mediaType": "voice",
        "conversationStartTime": 1710234845000, "transcripts": [
            {"transcriptId": "t1", "language": "nl-nl", "phrases": [
                {"text": "goedemorgen", "startTimeMs": 1710234845500,
                 "participantPurpose": "internal"},
                {"text": SAID[1], "startTimeMs": 1710234849500, "participantPurpose": "external"}]}]
    }  # fmt: skip
    lens = {
        "Version": "1.1.0", "Channel": "VOICE", "LanguageCode": "nl-NL", "Participants": [
            {"ParticipantId": "CUSTOMER", "ParticipantRole": "CUSTOMER"},
            {"ParticipantId": "AGENT", "ParticipantRole": "AGENT"}],
        "CustomerMetadata": {"ContactId": "k1"}, "Transcript": [
            {"BeginOffsetMillis": 0, "Content": "Goedemorgen", "ParticipantId": "AGENT"},
            {"BeginOffsetMillis": 2100, "Content": SAID[1], "ParticipantId": "CUSTOMER"}]
    }  # fmt: skip
    whisper = {
        "segments": [
            {"start": 0.5, "end": 2.1, "text": " Goedemorgen.", "speaker": "SPEAKER_00"},
            {"start": 2.3, "end": 4.0, "text": SAID[1], "speaker": "SPEAKER_01"},
            {"start": 4.1, "end": 4.3, "text": " Ja."}],
        "language": "nl",
    }  # fmt: skip
    return {
        "freshdesk.json": freshdesk,
        "intercom.json": intercom,
        "genesys.json": genesys,
        "contact-lens.json": lens,
        "whisper.json": whisper,
    }


def _zendesk() -> str:
    tickets = [
        {"id": 100 + at, "created_at": "2024-03-12T09:14:05Z", "subject": "Klacht",
         "raw_subject": "Klacht", "description": said, "status": "closed", "requester_id": 5,
         "via": {"channel": "email"}, "satisfaction_rating": {"score": "bad", "comment": "traag"},
         "comments": [
             {"id": 1, "author_id": 5, "body": said, "public": True,
              "created_at": "2024-03-12T09:14:05Z"},
             {"id": 2, "author_id": 9, "body": "Excuses", "public": True,
              "created_at": "2024-03-12T10:14:05Z"},
             {"id": 3, "author_id": 9, "body": "notitie", "public": False,
              "created_at": "2024-03-12T10:14:05Z"}]}
        for at, said in enumerate(SAID)
    ]  # fmt: skip
    return "\n".join(map(json.dumps, tickets)) + "\n"


def _talks() -> dict[str, str]:
    whatsapp = "".join(
        f"12-03-2024 09:1{at} - {'Karin' if at % 2 else '+31 6 12345678'}: {said}\n"
        for at, said in enumerate(SAID)
    )
    cues = "".join(
        f"00:00:0{at}.254 --> 00:00:0{at + 1}.100\n<v {'Karin' if at % 2 else 'Sam'}>{said}</v>\n\n"
        for at, said in enumerate(SAID)
    )
    srt = "".join(
        f"{at}\n00:00:0{at},000 --> 00:00:0{at},900\n- Klant: {said}\n\n"
        for at, said in enumerate(SAID, start=1)
    )
    plain = "Gesprek 12-03-2024 09:14\nKlantnummer: 00123\n\n" + "".join(
        f"{'Klant' if at % 2 else 'Medewerker'}: {said}\n" for at, said in enumerate(SAID)
    )
    return {"whatsapp.txt": whatsapp, "teams.vtt": "WEBVTT\n\n" + cues, "gesprek.srt": srt,
            "gesprek.txt": plain}  # fmt: skip


def _mail() -> str:
    head = (
        "From: Karin <karin@voorbeeld.nl>\nTo: help@bedrijf.nl\n"
        "Subject: =?utf-8?q?ge=C3=AFrriteerd?=\nDate: Tue, 12 Mar 2024 09:14:05 +0100\n"
        "Message-ID: <{at}@voorbeeld.nl>\n"
    )
    plain = (
        'Content-Type: text/plain; charset="utf-8"\n\n{said}\n\nMet vriendelijke groet,\nKarin\n'
    )
    both = (
        'Content-Type: multipart/alternative; boundary="grens"\n\n--grens\n'
        'Content-Type: text/plain; charset="utf-8"\n\n{said}\n\n'
        "Op di 12 mrt. 2024 om 09:14 schreef Help <help@bedrijf.nl>:\n> oud\n--grens\n"
        'Content-Type: text/html; charset="utf-8"\n\n<p>html <b>versie</b></p>\n--grens--\n'
    )
    return "".join(
        "From MAILER-DAEMON Sat Mar 16 20:00:52 2024\n"
        + (head + (both if at % 2 else plain)).format(at=at, said=said)
        + "\n"
        for at, said in enumerate(SAID)
    )


def _kiyoh_xml() -> str:
    reviews = "".join(
        f"<reviews><reviewId>x{at}</reviewId><rating>8</rating><reviewContent><reviewContent>"
        f"<questionGroup>DEFAULT_OPINION</questionGroup><rating>tekst {at}</rating></reviewContent>"
        "</reviewContent><dateSince>2024-03-12T09:14:05Z</dateSince>"
        "<updatedSince>2024-03-12T09:14:05Z</updatedSince></reviews>"
        for at in range(3)
    )
    return f'<?xml version="1.0" encoding="UTF-8"?><Feed><reviews>{reviews}</reviews></Feed>'


def _written(write: Callable[[Path], object]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "seed"
        write(path)
        return path.read_bytes()


def _binary() -> dict[str, bytes]:
    import pandas as pd
    import pyreadstat
    import xlsxwriter

    frame = pd.DataFrame(
        {
            "klantnr": [f"00{at}" for at in range(5)],
            "nps": [5.0, 6.0, 7.0, 99.0, 9.0],
            "open": list(SAID),
            "datum": pd.to_datetime(["2024-03-12"] * 5),
        }
    )
    labels = [
        "Klantnummer",
        "Hoe waarschijnlijk is het dat u ons aanbeveelt?",
        "Toelichting",
        "Datum",
    ]
    ascii_only = frame.assign(
        open=["".join(filter(str.isalnum, said.replace("ï", "i"))) for said in SAID]
    )
    options = {
        "column_labels": labels,
        "variable_value_labels": {"nps": {0: "Zeer onwaarschijnlijk", 10: "Zeer waarschijnlijk"}},
    }

    def workbook(path: Path) -> None:
        book = xlsxwriter.Workbook(str(path))
        page = book.add_worksheet("Blad1")
        for row, cells in enumerate(csv.reader(io.StringIO(tables.plain()), delimiter=";")):
            for column, cell in enumerate(cells):
                page.write_string(row, column, cell)
        book.close()

    def archive(path: Path) -> None:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr("map/a.csv", tables.plain())
            packed.writestr("b.json", json.dumps(_reviews()["google-business.json"]))

    return {
        "spss.sav": _written(
            lambda path: pyreadstat.write_sav(
                frame, path, missing_ranges={"nps": [{"lo": 90, "hi": 99}]}, **options
            )
        ),
        "spss.zsav": _written(
            lambda path: pyreadstat.write_sav(frame, path, compress=True, **options)
        ),
        "spss.por": _written(
            lambda path: pyreadstat.write_por(ascii_only, path, column_labels=labels)
        ),
        "tabel.parquet": _written(frame.assign(nps=range(5)).to_parquet),
        "werkmap.xlsx": _written(workbook),
        "archief.zip": _written(archive),
        "tabel.csv.gz": gzip.compress(tables.plain().encode(), mtime=0),
    }


def seeds() -> dict[str, bytes]:
    """Return name -> content of one small file of every source."""
    texts = {
        **tables.texts(), "zendesk.ndjson": _zendesk(), "post.mbox": _mail(),
        "kiyoh.xml": _kiyoh_xml(), "post.eml": _mail().split("\n", 1)[1].split("\nFrom ", 1)[0],
        **_talks(),
    }  # fmt: skip
    objects = {**_reviews(), **_service()}
    return {
        **{name: text.encode() for name, text in texts.items()},
        **{name: json.dumps(value).encode() for name, value in objects.items()},
        "cp1252.csv": tables.plain().encode("cp1252"),
        "utf16.tsv": tables.plain("\t").encode("utf-16"),
        "google-play.csv": tables.play(),
        **_binary(),
    }


if __name__ == "__main__":
    total = io.StringIO()
    for name, content in sorted(seeds().items()):
        print(f"{name:24} {len(content):8,} bytes", file=total)
    print(total.getvalue(), end="")
