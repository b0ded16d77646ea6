"""Genesys, Contact Lens and the speech recognisers."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from klankbord.sources import read

from .helpers import Outcome, read_all, write
from .service_documents import (
    DOCUMENTS,
    EPOCH,
    LATER,
    NOON,
    contact_lens_chat,
    genesys_transcript,
    whisper_transcript,
)


def said(got: Outcome) -> list[tuple[str, str]]:
    return [(row["author_role"], row["verbatim"]) for row in got.feedback]


def read_document(path: Path, document: Any) -> Outcome:
    return read_all(write(path, json.dumps(document)))


@pytest.mark.parametrize("form", ["object", "array", "lines"])
def test_genesys_phrases(tmp_path: Path, form: str) -> None:
    one = json.dumps(genesys_transcript())
    two = json.dumps(genesys_transcript() | {"conversationId": "g-9"})
    text = {"object": one, "array": f"[{one}]", "lines": f"{one}\n{two}\n"}[form]
    got = read_all(write(tmp_path / "x", text))
    assert got.detection.source == "genesys"
    assert said(got)[:3] == [
        ("bot", "Welkom bij de bank."), ("agent", "Met Iris."),
        ("customer", "mijn pas is geblokkeerd"),
    ]  # fmt: skip
    last = got.feedback[2]
    assert last["received_at"] == datetime(2026, 3, 12, 12, 0, 1, 900_000, tzinfo=UTC)
    assert (last["language"], last["customer_id"], last["channel"], last["conversation_id"]) == (
        "nl", "EC-4", "transcript", "g-1",
    )  # fmt: skip


def test_genesys_transcripts_of_two_lines_are_put_in_order_by_offset(tmp_path: Path) -> None:
    def line(purpose: str, *phrases: tuple[int, str]) -> dict[str, Any]:
        return {"phrases": [
            {"text": text, "startTimeMs": at, "participantPurpose": purpose} for at, text in phrases
        ]}  # fmt: skip

    document = {
        "conversationId": "g", "communicationId": "c", "conversationStartTime": NOON,
        "transcripts": [line("external", (10, "a"), (900, "c")), line("internal", (400, "b"))],
    }  # fmt: skip
    got = read_document(tmp_path / "x", document)
    assert got.verbatims == ["a", "b", "c"]
    assert got.feedback[2]["received_at"] == datetime(2026, 3, 12, 12, 0, 0, 900_000, tzinfo=UTC)


@pytest.mark.parametrize(
    "messages",
    [
        {"messages": [
            {"id": "1", "textBody": "Hoi", "direction": "inbound", "timestamp": NOON},
            {"id": "2", "textBody": "Dag", "direction": "outbound", "timestamp": LATER}]},
        {"messagingTranscript": [
            {"purpose": "customer", "messageText": "Hoi", "timestamp": NOON, "from": "x"},
            {"purpose": "agent", "messageText": "Dag", "timestamp": LATER, "from": "y"}]},
        {"transcript": [
            {"purpose": "customer", "body": "Hoi", "utc": NOON},
            {"purpose": "agent", "body": "Dag", "utc": LATER}, {"purpose": "acd", "utc": LATER}]},
    ],
)  # fmt: skip
def test_genesys_chats(tmp_path: Path, messages: dict[str, Any]) -> None:
    got = read_document(tmp_path / "x", {"conversationId": "m"} | messages)
    assert said(got) == [("customer", "Hoi"), ("agent", "Dag")]
    assert {row["channel"] for row in got.feedback} == {"chat"}


def test_a_contact_lens_chat(tmp_path: Path) -> None:
    got = read_document(tmp_path / "x", contact_lens_chat())
    assert said(got) == [("customer", "Waar blijft mijn [PII]?"), ("agent", "Onderweg.")]
    first = got.feedback[0]
    assert (first["channel"], first["language"], first["conversation_id"]) == ("chat", "nl", "cl-3")
    assert first["received_at"] == datetime(2026, 3, 12, 12, tzinfo=UTC)
    assert json.loads(first["attributes"]) == {"categories": "Klacht"}
    assert "Noor" not in str(got.feedback)
    (batch,) = read(tmp_path / "x")
    assert batch.ignored == {"system notices": 1}


@pytest.mark.parametrize(
    ("name", "start"),
    [("gesprek.json", None), ("k_analysis_2026-03-12T12_00_00Z.json", NOON),
     ("k_analysis_redacted_2026-03-12T12:00:00Z.json", NOON)],
)  # fmt: skip
def test_a_contact_lens_call_begins_when_its_file_name_says(
    tmp_path: Path, name: str, start: str | None
) -> None:
    got = read_document(tmp_path / name, DOCUMENTS["contact lens call"])
    assert said(got) == [("agent", "Ja?"), ("customer", "Nee!")]
    begun = datetime(2026, 3, 12, 12, tzinfo=UTC) + timedelta(milliseconds=2_900)
    assert got.feedback[1]["received_at"] == (begun if start else None)


@pytest.mark.parametrize(
    "document",
    [
        {"Segments": [
            {"Transcript": {"ParticipantRole": "CUSTOMER", "Content": "Hoi", "Id": "1"}},
            {"Categories": {"MatchedCategories": []}},
            {"Transcript": {"ParticipantRole": "AGENT", "Content": "Dag", "Id": "2"}}]},
        {"JobName": "j", "Transcript": [
            {"ParticipantRole": "CUSTOMER", "Content": "Hoi", "BeginOffsetMillis": 5},
            {"ParticipantRole": "AGENT", "Content": "Dag", "BeginOffsetMillis": 9}]},
        {"ContactId": "c", "Transcript": [
            {"Type": "MESSAGE", "ParticipantRole": "CUSTOMER", "Content": "Hoi",
             "AbsoluteTime": NOON, "ParticipantId": "u"},
            {"Type": "ATTACHMENT", "ParticipantRole": "CUSTOMER", "AbsoluteTime": NOON},
            {"Type": "MESSAGE", "ParticipantRole": "SYSTEM", "Content": "wacht",
             "AbsoluteTime": NOON},
            {"Type": "MESSAGE", "ParticipantRole": "AGENT", "Content": "Dag",
             "AbsoluteTime": LATER}]},
    ],
)  # fmt: skip
def test_other_forms_of_contact_lens(tmp_path: Path, document: dict[str, Any]) -> None:
    got = read_document(tmp_path / "x", document)
    assert said(got) == [("customer", "Hoi"), ("agent", "Dag")]
    assert got.detection.source == "contact-lens"


def test_whisper_turns_are_whole_sentences_of_one_speaker(tmp_path: Path) -> None:
    got = read_document(tmp_path / "x", whisper_transcript())
    assert said(got) == [
        ("agent", "Goedemiddag, waarmee kan ik u helpen?"), ("customer", "Ik heb een klacht."),
        ("unknown", "Hm."),
    ]  # fmt: skip
    assert {row["language"] for row in got.feedback} == {"nl"}
    assert got.feedback[0]["conversation_id"] == got.feedback[2]["conversation_id"]


SEGMENTS = [
    {"start": 0.0, "end": 1.0, "text": " Dit is mijn", "id": 0},
    {"start": 1.0, "end": 2.0, "text": " klacht.", "id": 1},
    {"start": 2.0, "end": 3.0, "text": "[muziek]", "id": 2},
]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"task": "transcribe", "language": "dutch", "text": "x", "segments": SEGMENTS}),
        json.dumps(SEGMENTS),
        "\n".join(map(json.dumps, SEGMENTS)),
        json.dumps({"result": {"language": "nl"}, "transcription": [
            {"offsets": {"from": 0, "to": 9}, "text": each["text"]} for each in SEGMENTS]}),
        json.dumps({"chunks": [
            {"timestamp": [0, 1], "text": each["text"]} for each in SEGMENTS], "text": "x"}),
    ],
)  # fmt: skip
def test_other_forms_of_whisper(tmp_path: Path, text: str) -> None:
    got = read_all(write(tmp_path / "x", text))
    assert said(got) == [("unknown", "Dit is mijn klacht.")]
    assert got.detection.source == "whisper"


@pytest.mark.parametrize(("name", "source"), [("azure", "azure-speech"), ("aws", "aws-transcribe")])
def test_other_recognisers(tmp_path: Path, name: str, source: str) -> None:
    got = read_document(tmp_path / "x", DOCUMENTS[name])
    assert got.detection.source == source
    assert [verbatim.partition(" ")[0].strip(".") for verbatim in got.verbatims] == ["Hallo", "Dag"]
    assert len({json.loads(row["attributes"])["voice"] for row in got.feedback}) == 2


def test_a_recording_of_silence_has_no_turns(tmp_path: Path) -> None:
    assert (
        read_document(tmp_path / "x", {"text": "", "segments": [], "language": "nl"}).rows_in == 0
    )


@pytest.mark.parametrize(
    "records",
    [
        [{"start": "2026-01-01", "end": "2026-02-01", "text": "prima", "klant": 5}],
        [{"id": 1, "role": "agent", "text": "goed", "nps": 9}],
        {"messages": [{"text": "goed", "score": 5}]},
        {"results": [{"text": "goed", "nps": 9}]},
        [{"source": "web", "text": "goed", "tags": []}],
    ],
)
def test_ordinary_records_are_no_conversation(tmp_path: Path, records: Any) -> None:
    got = read_document(tmp_path / "x", records)
    assert got.detection.source.startswith("json-")
    assert len(got.verbatims) == 1


def test_conversations_keep_within_a_second_per_megabyte(tmp_path: Path) -> None:
    import time

    phrase = {"text": "ja", "participantId": "q", "startTimeMs": EPOCH * 1000}
    people = [{"id": str(at), "participantPurpose": "agent"} for at in range(7_000)]
    document = genesys_transcript() | {"participants": people}
    document["transcripts"][0]["phrases"] += [phrase] * 7_000
    write(tmp_path / "x", json.dumps(document))
    start = time.process_time()
    assert read_all(tmp_path / "x").rows_in == 7_003
    assert time.process_time() - start < 16
