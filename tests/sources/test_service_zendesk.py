import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from klankbord.schema import AuthorRole
from klankbord.sources import detect as detect_file
from klankbord.sources import read
from klankbord.sources.companions import Companions
from klankbord.sources.detect import recognise
from klankbord.sources.service.zendesk import companion_roles

from .helpers import Outcome, read_all, write
from .service_documents import DOCUMENTS, LATER, NOON, ZENDESK_USERS, zendesk_ticket


def said(got: Outcome) -> list[tuple[str, str]]:
    return [(row["author_role"], row["verbatim"]) for row in got.feedback]


def ignored(path: Path) -> dict[str, int]:
    counts: dict[str, int] = {}
    for batch in read(path):
        for what, count in batch.ignored.items():
            counts[what] = counts.get(what, 0) + count
    return counts


WORDS = [
    ("customer", "Mijn bril brak na een week."), ("agent", "U krijgt een nieuwe bril."),
    ("bot", "Wij sluiten deze vraag"), ("customer", "Netjes opgelost"),
]  # fmt: skip
PAGE = {"tickets": [zendesk_ticket()], "users": ZENDESK_USERS, "count": 1, "next_page": None}


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(zendesk_ticket()),
        json.dumps(zendesk_ticket()) + "\n",
        json.dumps([zendesk_ticket()], indent=1),
        json.dumps({"ticket": zendesk_ticket()}),
        json.dumps(PAGE),
        json.dumps([PAGE]),
        json.dumps(DOCUMENTS["zendesk ticket with comments"]),
        json.dumps({"results": [zendesk_ticket()], "facets": None}),
    ],
)
def test_every_form_of_a_ticket_gives_the_same_conversation(tmp_path: Path, text: str) -> None:
    got = read_all(write(tmp_path / "x", text))
    assert said(got) == WORDS
    assert got.detection.source == "zendesk"
    assert not got.rejected
    assert ignored(tmp_path / "x") == {"internal notes": 1}


def test_a_ticket_is_one_conversation_of_its_requester(tmp_path: Path) -> None:
    got = read_all(write(tmp_path / "x", json.dumps(zendesk_ticket())))
    first, rating = got.feedback[0], got.feedback[-1]
    assert (first["conversation_id"], first["customer_id"], first["account_id"]) == (
        "9001", "71", "33",
    )  # fmt: skip
    assert [row["feedback_id"] for row in got.feedback] == [
        "zendesk:9001/1", "zendesk:9001/3", "zendesk:9001/4", "zendesk:9001/rating",
    ]  # fmt: skip
    assert [row["turn"] for row in got.feedback] == [1, 2, 3, 4]
    assert (first["channel"], rating["channel"]) == ("email", "survey")
    assert first["received_at"] == datetime(2026, 3, 12, 12, tzinfo=UTC)
    assert (rating["score_metric"], rating["score_value"], rating["question"]) == (
        "csat", 5.0, "Tevredenheid",
    )  # fmt: skip
    assert json.loads(first["attributes"]) == {
        "subject": "Bril kapot", "status": "solved", "priority": "high", "type": "incident",
        "tags": "bril; garantie", "via": "web",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("via", "channel"),
    [("email", "email"), ("web", "email"), ("api", "email"), ("chat", "chat"),
     ("native_messaging", "chat"), ("whatsapp", "chat"), ("voice", "transcript"), (None, "email")],
)  # fmt: skip
def test_via_tells_the_channel(tmp_path: Path, via: str | None, channel: str) -> None:
    got = read_all(write(tmp_path / "x", json.dumps(zendesk_ticket() | {"via": {"channel": via}})))
    assert {row["channel"] for row in got.feedback} == {channel, "survey"}


@pytest.mark.parametrize(
    ("rating", "score"),
    [({"score": "bad", "comment": None}, 1.0), ({"score": "offered"}, None), (None, None),
     ({"score": "good_with_comment", "comment": "top", "id": 5}, 5.0)],
)  # fmt: skip
def test_only_a_given_rating_counts(
    tmp_path: Path, rating: dict[str, Any] | None, score: float | None
) -> None:
    ticket = zendesk_ticket() | {"satisfaction_rating": rating}
    got = read_all(write(tmp_path / "x", json.dumps(ticket)))
    given = [row["score_value"] for row in got.feedback if row["score_metric"]]
    assert given == ([] if score is None else [score])


def test_other_files_and_the_ticket_itself_tell_who_is_who(tmp_path: Path) -> None:
    ticket = zendesk_ticket()
    ticket["comments"] = [
        {"id": 1, "author_id": 71, "public": True, "body": "a", "created_at": NOON},
        {"id": 2, "author_id": 72, "public": True, "body": "b", "created_at": NOON},
        {"id": 3, "author_id": 99, "public": True, "body": "c", "created_at": NOON},
    ]
    del ticket["satisfaction_rating"]
    alone = write(tmp_path / "x", json.dumps(ticket))
    assert said(read_all(alone)) == [("customer", "a"), ("agent", "b"), ("agent", "c")]
    roles = {"72": AuthorRole.CUSTOMER}
    source = recognise(alone, None, "Europe/Amsterdam", Companions(roles=roles))
    (batch,) = source.batches(100)
    assert batch.feedback["author_role"].to_pylist() == ["customer", "customer", "agent"]
    embedded = ticket | {"submitter": {"id": 72, "role": "end-user", "name": "Bram"}}
    got = read_all(write(tmp_path / "y", json.dumps(embedded)))
    assert [role for role, _ in said(got)] == ["customer", "customer", "agent"]
    assert "Bram" not in str(got.feedback)


def test_a_ticket_without_comments_has_its_description(tmp_path: Path) -> None:
    ticket = zendesk_ticket() | {"comments": []}
    (row, rating) = read_all(write(tmp_path / "x", json.dumps(ticket))).feedback
    assert row["feedback_id"] == "zendesk:9001/description"
    assert (row["author_role"], row["verbatim"]) == WORDS[0]
    assert rating["score_value"] == 5


def test_newest_first_is_turned_round(tmp_path: Path) -> None:
    ticket = zendesk_ticket()
    ticket["comments"].reverse()
    got = read_all(write(tmp_path / "x", json.dumps(ticket)))
    assert got.verbatims[0] == "Mijn bril brak na een week."


def test_mail_loses_what_it_quotes(tmp_path: Path) -> None:
    ticket = zendesk_ticket()
    ticket["comments"][0]["plain_body"] = (
        "Nog steeds stuk!\n\nOp do 12 mrt. 2026 om 09:00 schreef Winkel <hulp@winkel.nl>:\n"
        "> Wij kijken ernaar\n"
    )
    assert read_all(write(tmp_path / "x", json.dumps(ticket))).verbatims[0] == "Nog steeds stuk!"


def test_notices_and_silent_calls_are_counted(tmp_path: Path) -> None:
    ticket = zendesk_ticket() | {"satisfaction_rating": None}
    ticket["comments"] = [
        {"id": 1, "author_id": 80, "public": True, "body": "Samengevoegd met 3", "created_at": NOON,
         "via": {"channel": "web", "source": {"rel": "merge"}}},
        {"id": 2, "author_id": 71, "public": True, "body": "Gesprek", "type": "VoiceComment",
         "created_at": NOON, "data": {"transcription_text": None}},
        {"id": 3, "author_id": 71, "public": True, "body": "Gesprek", "type": "VoiceComment",
         "created_at": LATER, "data": {"transcription_text": "Bel mij terug"}},
        {"id": 4, "author_id": 71, "public": True, "body": "", "created_at": NOON},
    ]  # fmt: skip
    path = write(tmp_path / "x", json.dumps(ticket))
    assert said(read_all(path)) == [("customer", "Bel mij terug")]
    assert ignored(path) == {
        "system notices": 1, "calls without a transcript": 1, "messages without text": 1,
    }  # fmt: skip


def test_a_chat_in_one_comment_becomes_its_messages(tmp_path: Path) -> None:
    ticket = zendesk_ticket() | {"satisfaction_rating": None}
    ticket["via"] = {"channel": "chat", "source": {"from": {"name": "Noor"}}}
    ticket["comments"] = [
        {"id": 6, "author_id": 71, "public": True, "created_at": NOON, "body":
         "Chat started: 2026-03-12 12:00 PM UTC\n\n(12:00:01) Noor: Mijn bril is\nkapot\n"
         "(12:00:05) *** Iris joined the chat ***\n(12:00:09) Iris: Wat vervelend: ik help\n"}
    ]  # fmt: skip
    path = write(tmp_path / "x", json.dumps(ticket))
    got = read_all(path)
    assert said(got) == [("customer", "Mijn bril is kapot"), ("agent", "Wat vervelend: ik help")]
    assert got.feedback[1]["feedback_id"] == "zendesk:9001/6.2"
    assert ignored(path) == {"system notices": 1}


def test_audits_and_ticket_events_are_grouped_by_ticket(tmp_path: Path) -> None:
    got = read_all(write(tmp_path / "x", json.dumps(DOCUMENTS["zendesk audits"])))
    assert said(got) == [("customer", "Boos!"), ("agent", "Sorry")]
    assert {row["conversation_id"] for row in got.feedback} == {"4"}
    events = {"ticket_events": [
        {"id": 1, "ticket_id": 8, "timestamp": 1_773_316_800, "updater_id": 5, "child_events": [
            {"id": 2, "type": "Comment", "author_id": 5, "public": True, "body": "Kapot"}]},
        {"id": 3, "ticket_id": 9, "timestamp": 1_773_316_800, "child_events": [
            {"id": 4, "type": "Comment", "author_id": 6, "public": False, "body": "noot"}]},
    ]}  # fmt: skip
    got = read_all(write(tmp_path / "y", json.dumps(events)))
    assert said(got) == [("unknown", "Kapot")]
    assert got.feedback[0]["received_at"] == datetime(2026, 3, 12, 12, tzinfo=UTC)


def test_odd_parts_are_rejected_by_themselves(tmp_path: Path) -> None:
    ticket = zendesk_ticket() | {"satisfaction_rating": None}
    ticket["comments"] = [
        {"id": 1, "author_id": 71, "public": True, "body": "goed", "created_at": NOON},
        {"id": 2, "author_id": 71, "public": True, "body": 12, "created_at": NOON},
        {"id": 3, "author_id": 71, "public": True, "body": "x", "created_at": "gisteren"},
        "los",
    ]
    lines = [json.dumps(ticket), json.dumps(ticket | {"comments": "weg"}), '{"id": 7}', "[1]", "{"]
    got = read_all(write(tmp_path / "x", "\n".join(lines)))
    assert got.verbatims == ["goed"]
    assert [(row.row, row.reason) for row in got.rejected] == [
        (1, "tekst van het bericht is geen tekst"),
        (1, "datum is niet leesbaar of bestaat niet"),
        (1, "bericht is geen JSON-object"),
        (2, "lijst met berichten is geen lijst"),
        (3, "record is geen gesprek van deze bron"),
        (4, "bericht is geen JSON-object"),
        (5, "regel is geen geldige JSON"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(map(json.dumps, ZENDESK_USERS)),
        json.dumps({"users": ZENDESK_USERS, "count": 3}),
        json.dumps(ZENDESK_USERS),
        json.dumps([{"users": ZENDESK_USERS}]),
    ],
)
def test_a_users_file_only_tells_who_is_who(tmp_path: Path, text: str) -> None:
    path = write(tmp_path / "x", text)
    assert detect_file(path).reason == "has the fields of a Zendesk user export"
    assert read_all(path).rows_in == 0
    assert ignored(path) == {"users": 3}
    assert companion_roles(path) == {
        "71": AuthorRole.CUSTOMER, "72": AuthorRole.CUSTOMER, "80": AuthorRole.AGENT,
    }  # fmt: skip


def test_other_files_are_no_companions(tmp_path: Path) -> None:
    for text in ("a;b\n1;2\n", "{", json.dumps(zendesk_ticket()), "[]", "", '[{"id": 1}]'):
        assert companion_roles(write(tmp_path / "x", text)) == {}
