import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from klankbord.sources import read

from .helpers import read_all, write
from .service_documents import intercom_conversation

NOON = datetime(2026, 3, 12, 12, tzinfo=UTC)


def conversation(**changes: Any) -> dict[str, Any]:
    return intercom_conversation() | changes


def listed() -> dict[str, Any]:
    """Older versions: other names for the first message, the parts as a plain list."""
    old = intercom_conversation()
    old["conversation_message"] = old.pop("source")
    old["conversation_parts"] = old["conversation_parts"]["conversation_parts"]
    old["user"] = {"type": "user", "id": "u", "user_id": "K-8"}
    del old["contacts"]
    return old


@pytest.mark.parametrize(
    "document",
    [
        {"type": "conversation.list", "conversations": [conversation()], "pages": {"page": 1}},
        {"data": [conversation()]},
        [{"conversations": [conversation()]}, {"conversations": []}],
        [conversation()],
        conversation(),
        listed(),
    ],
)  # fmt: skip
def test_every_form_gives_the_same_conversation(tmp_path: Path, document: Any) -> None:
    got = read_all(write(tmp_path / "x", json.dumps(document)))
    assert got.detection.source == "intercom"
    assert [(row["author_role"], row["verbatim"]) for row in got.feedback] == [
        ("customer", "De app start niet & mijn saldo is weg"),
        ("bot", "Een ogenblik"),
        ("agent", "Uw saldo klopt weer."),
        ("customer", "Top, dank je!"),
        ("customer", "prima hulp"),
    ]
    assert {row["customer_id"] for row in got.feedback} == {"K-8"}
    assert [row["received_at"] - NOON for row in got.feedback] == [
        timedelta(seconds=at) for at in (0, 60, 120, 300, 900)
    ]
    rating = got.feedback[-1]
    assert (rating["channel"], rating["score_metric"], rating["score_value"]) == (
        "survey", "csat", 4,
    )  # fmt: skip
    assert rating["feedback_id"] == "intercom:77/rating"
    assert not got.rejected
    assert "Noor" not in str(got.feedback)
    (batch,) = read(tmp_path / "x")
    assert batch.ignored == {"internal notes": 1, "system notices": 1}


def test_lines_and_identity_of_a_lead_without_contacts(tmp_path: Path) -> None:
    one = conversation(contacts=None)
    text = "\n".join(json.dumps(each) for each in (one, conversation(id="78")))
    got = read_all(write(tmp_path / "x", text))
    assert [row["customer_id"] for row in got.feedback][::5] == ["l9", "K-8"]


@pytest.mark.parametrize(
    ("kind", "channel"),
    [("email", "email"), ("conversation", "chat"), ("whatsapp", "chat"),
     ("phone_call", "transcript")],
)  # fmt: skip
def test_the_source_tells_the_channel(tmp_path: Path, kind: str, channel: str) -> None:
    one = conversation(conversation_rating=None)
    one["source"]["type"] = kind
    got = read_all(write(tmp_path / "x", json.dumps(one)))
    assert {row["channel"] for row in got.feedback} == {channel}


@pytest.mark.parametrize(
    ("rating", "reason"),
    [({"rating": 9, "remark": None}, "score ligt buiten het bereik 1 tot en met 5"),
     ({"rating": "hoog", "remark": "x"}, "score is geen getal"),
     ("vijf", "bericht is geen JSON-object")],
)  # fmt: skip
def test_an_impossible_rating_is_rejected(tmp_path: Path, rating: Any, reason: str) -> None:
    got = read_all(write(tmp_path / "x", json.dumps(conversation(conversation_rating=rating))))
    assert [row.reason for row in got.rejected] == [reason]
    assert len(got.feedback) == 4


def test_what_a_campaign_says_first_is_not_the_customers(tmp_path: Path) -> None:
    one = conversation(conversation_rating={"rating": None, "remark": None})
    one["source"] |= {"author": {"type": "admin"}, "delivered_as": "automated"}
    del one["source"]["author"]["type"]
    got = read_all(write(tmp_path / "x", json.dumps(one)))
    assert got.feedback[0]["author_role"] == "bot"
    assert len(got.feedback) == 4
