import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from .helpers import read_all, write
from .service_documents import DOCUMENTS, LATER, NOON, freshdesk_ticket


def ticket(**changes: Any) -> dict[str, Any]:
    return freshdesk_ticket() | {"satisfaction_rating": None} | changes


@pytest.mark.parametrize(
    "text",
    [
        json.dumps([freshdesk_ticket()]),
        json.dumps(freshdesk_ticket()),
        json.dumps({"tickets": [freshdesk_ticket()]}),
        json.dumps({"ticket": freshdesk_ticket()}),
        json.dumps(freshdesk_ticket()) + "\n" + json.dumps(ticket(id=56, conversations=[])),
    ],
)
def test_a_ticket_is_told_from_its_description_on(tmp_path: Path, text: str) -> None:
    got = read_all(write(tmp_path / "x", text))
    assert got.detection.source == "freshdesk"
    assert [(row["author_role"], row["verbatim"], row["channel"]) for row in got.feedback[:4]] == [
        ("customer", "De ketting ligt er weer af.", "email"),
        ("agent", "Kom maar langs.", "email"),
        ("customer", "Fijn, tot morgen!", "email"),
        ("customer", "Snel geholpen", "survey"),
    ]
    first, rating = got.feedback[0], got.feedback[3]
    assert (first["feedback_id"], first["customer_id"], first["account_id"]) == (
        "freshdesk:55/description", "301", "12",
    )  # fmt: skip
    assert first["received_at"] == datetime(2026, 3, 12, 12, tzinfo=UTC)
    assert json.loads(first["attributes"]) == {
        "subject": "Fiets", "status": "closed", "priority": "low", "tags": "fiets",
    }  # fmt: skip
    assert (rating["score_metric"], rating["score_value"]) == ("csat", 5.0)
    assert not got.rejected


@pytest.mark.parametrize(
    ("level", "score"),
    [(103, 5.0), (102, 13 / 3), (101, 11 / 3), (100, 3.0), (-101, 7 / 3), (-103, 1.0)],
)
def test_seven_levels_lie_evenly_on_five(tmp_path: Path, level: int, score: float) -> None:
    rated = ticket(satisfaction_ratings=[{"id": 4, "ratings": {"default_question": level}}])
    row = read_all(write(tmp_path / "x", json.dumps([rated]))).feedback[-1]
    assert row["score_value"] == pytest.approx(score)
    assert (row["verbatim"], row["feedback_id"]) == ("", "freshdesk:55/rating-4")


def test_an_unknown_level_is_rejected(tmp_path: Path) -> None:
    rated = ticket(satisfaction_rating={"ratings": {"default_question": 7}, "feedback": "tja"})
    got = read_all(write(tmp_path / "x", json.dumps([rated])))
    assert [row.reason for row in got.rejected] == ["score is geen bekend niveau van tevredenheid"]
    assert len(got.feedback) == 3


def test_the_account_export_has_other_names(tmp_path: Path) -> None:
    document = DOCUMENTS["freshdesk account export"]
    got = read_all(write(tmp_path / "x", json.dumps(document)))
    assert [(row["author_role"], row["verbatim"]) for row in got.feedback] == [
        ("customer", "Lekke band"), ("agent", "Wij plakken hem"),
    ]  # fmt: skip
    document[0]["helpdesk_ticket"]["helpdesk_notes"] = [
        {"helpdesk_note": {"id": 3, "body": "Snel graag", "user_id": 1, "created_at": LATER}}
    ]
    got = read_all(write(tmp_path / "x", json.dumps(document)))
    assert (got.feedback[1]["author_role"], got.verbatims[1]) == ("customer", "Snel graag")


def test_what_a_desk_says_first_is_not_the_customers(tmp_path: Path) -> None:
    got = read_all(write(tmp_path / "x", json.dumps([ticket(source=10, conversations=[])])))
    assert got.feedback[0]["author_role"] == "agent"


@pytest.mark.parametrize(
    ("source", "channel"),
    [(1, "email"), (2, "email"), (7, "chat"), (13, "chat"), (3, "transcript")],
)
def test_the_source_tells_the_channel(tmp_path: Path, source: int, channel: str) -> None:
    got = read_all(write(tmp_path / "x", json.dumps([ticket(source=source)])))
    assert {row["channel"] for row in got.feedback} == {channel}


def test_spam_and_notices_are_counted(tmp_path: Path) -> None:
    path = write(tmp_path / "x", json.dumps([ticket(spam=True), ticket(id=2, conversations=[
        {"id": 1, "body_text": "status gewijzigd", "incoming": False, "source": 3},
        {"id": 2, "body_text": "weg", "incoming": True, "deleted": True, "created_at": NOON},
        {"id": 3, "body_text": "Tevreden!", "incoming": False, "source": 6, "created_at": LATER},
    ])]))  # fmt: skip
    got = read_all(path)
    assert got.verbatims == ["De ketting ligt er weer af.", "Tevreden!"]
    assert got.feedback[1]["author_role"] == "customer"
