"""One small valid document of every conversation source that is read from JSON."""

from __future__ import annotations

from typing import Any

NOON = "2026-03-12T12:00:00Z"
LATER = "2026-03-12T13:30:00Z"
EPOCH = 1_773_316_800  # NOON

ZENDESK_USERS = [
    {"id": 71, "role": "end-user", "name": "Noor", "email": "n@post.nl", "locale": "nl"},
    {"id": 72, "role": "end-user", "name": "Bram", "email": "b@post.nl", "locale": "nl"},
    {"id": 80, "role": "admin", "name": "Iris", "email": "i@winkel.nl", "locale": "nl"},
]


def zendesk_ticket() -> dict[str, Any]:
    return {
        "id": 9001,
        "created_at": NOON,
        "subject": "Bril kapot",
        "raw_subject": "Bril kapot",
        "description": "Mijn bril brak na een week.",
        "status": "solved",
        "priority": "high",
        "type": "incident",
        "tags": ["bril", "garantie"],
        "requester_id": 71,
        "submitter_id": 71,
        "organization_id": 33,
        "via": {"channel": "web", "source": {"rel": None}},
        "satisfaction_rating": {"score": "good", "comment": "Netjes opgelost"},
        "comments": [
            {"id": 1, "type": "Comment", "author_id": 71, "public": True, "created_at": NOON,
             "body": "Mijn bril brak na een week.", "plain_body": "Mijn bril brak na een week."},
            {"id": 2, "type": "Comment", "author_id": 80, "public": False, "created_at": NOON,
             "body": "Garantie loopt nog"},
            {"id": 3, "type": "Comment", "author_id": 80, "public": True, "created_at": LATER,
             "html_body": "<div>U krijgt een <b>nieuwe</b> bril.</div>"},
            {"id": 4, "type": "Comment", "author_id": -1, "public": True, "created_at": LATER,
             "body": "Wij sluiten deze vraag", "via": {"channel": "system", "source": {}}},
        ],
    }  # fmt: skip


def freshdesk_ticket() -> dict[str, Any]:
    return {
        "id": 55,
        "subject": "Fiets",
        "description_text": "De ketting ligt er weer af.",
        "description": "<div>De ketting ligt er weer af.</div>",
        "status": 5,
        "priority": 1,
        "source": 1,
        "requester_id": 301,
        "company_id": 12,
        "created_at": NOON,
        "tags": ["fiets"],
        "conversations": [
            {"id": 1, "body_text": "Kom maar langs.", "incoming": False, "private": False,
             "source": 0, "user_id": 9, "created_at": LATER},
            {"id": 2, "body_text": "lastig geval", "incoming": False, "private": True,
             "source": 2, "user_id": 9, "created_at": LATER},
            {"id": 3, "body": "<p>Fijn, tot morgen!</p>", "incoming": True, "private": False,
             "source": 0, "user_id": 301, "created_at": "2026-03-13T08:00:00Z"},
        ],
        "satisfaction_rating": {
            "ratings": {"default_question": 103}, "feedback": "Snel geholpen", "created_at": LATER,
        },
    }  # fmt: skip


def intercom_conversation() -> dict[str, Any]:
    return {
        "type": "conversation",
        "id": "77",
        "created_at": EPOCH,
        "state": "closed",
        "source": {
            "type": "conversation", "id": "s1", "delivered_as": "customer_initiated",
            "body": "<p>De app start niet &amp; mijn saldo is weg</p>",
            "author": {"type": "lead", "id": "l9", "name": "Noor", "email": "n@post.nl"},
        },
        "contacts": {"contacts": [{"type": "contact", "id": "c1", "external_id": "K-8"}]},
        "conversation_rating": {"rating": 4, "remark": "prima hulp", "created_at": EPOCH + 900},
        "conversation_parts": {"conversation_parts": [
            {"id": "p1", "part_type": "comment", "body": "<p>Een ogenblik</p>",
             "created_at": EPOCH + 60, "author": {"type": "bot", "id": "b"}},
            {"id": "p2", "part_type": "note", "body": "<p>saldo nagekeken</p>",
             "created_at": EPOCH + 90, "author": {"type": "admin", "id": "a"}},
            {"id": "p3", "part_type": "assignment", "body": None,
             "created_at": EPOCH + 95, "author": {"type": "admin", "id": "a"}},
            {"id": "p4", "part_type": "comment", "body": "<p>Uw saldo klopt weer.</p>",
             "created_at": EPOCH + 120, "author": {"type": "admin", "id": "a"}},
            {"id": "p5", "part_type": "open", "body": "<p>Top, dank je!</p>",
             "created_at": EPOCH + 300, "author": {"type": "user", "id": "l9"}},
        ]},
    }  # fmt: skip


def genesys_transcript() -> dict[str, Any]:
    return {
        "conversationId": "g-1",
        "communicationId": "g-2",
        "mediaType": "voice",
        "conversationStartTime": EPOCH * 1000,
        "transcripts": [{"transcriptId": "t", "language": "nl-nl", "phrases": [
            {"text": "welkom bij de bank", "decoratedText": "Welkom bij de bank.",
             "startTimeMs": EPOCH * 1000 + 100, "phraseIndex": 0, "participantPurpose": "acd"},
            {"text": "met iris", "decoratedText": "Met Iris.",
             "startTimeMs": EPOCH * 1000 + 900, "phraseIndex": 1, "participantPurpose": "internal"},
            {"text": "mijn pas is geblokkeerd", "startTimeMs": EPOCH * 1000 + 1900,
             "phraseIndex": 2, "participantPurpose": "external"},
        ]}],
        "participants": [
            {"participantPurpose": "customer", "id": "p1", "externalContactId": "EC-4"},
            {"participantPurpose": "agent", "id": "p2"},
        ],
    }  # fmt: skip


def contact_lens_chat() -> dict[str, Any]:
    return {
        "Version": "1.1.0",
        "Channel": "CHAT",
        "LanguageCode": "nl-NL",
        "Participants": [
            {"ParticipantId": "c-1", "ParticipantRole": "CUSTOMER"},
            {"ParticipantId": "a-1", "ParticipantRole": "AGENT"},
        ],
        "Categories": {"MatchedCategories": ["Klacht"]},
        "CustomerMetadata": {"ContactId": "cl-3"},
        "Transcript": [
            {"AbsoluteTime": NOON, "ContentType": "application/vnd.amazonaws.connect.event.join",
             "Id": "1", "ParticipantId": "c-1", "Type": "EVENT"},
            {"AbsoluteTime": NOON, "Content": "Waar blijft mijn [PII]?", "Id": "2",
             "ParticipantId": "c-1", "DisplayName": "Noor"},
            {"AbsoluteTime": LATER, "Content": "Onderweg.", "Id": "3", "ParticipantId": "a-1"},
        ],
    }  # fmt: skip


def whisper_transcript() -> dict[str, Any]:
    return {
        "language": "nl",
        "segments": [
            {"start": 0.0, "end": 1.5, "text": " Goedemiddag, waarmee kan ik", "speaker": "S0"},
            {"start": 1.5, "end": 2.0, "text": " u helpen?", "speaker": "S0"},
            {"start": 2.2, "end": 4.0, "text": " Ik heb een klacht.", "speaker": "S1"},
            {"start": 4.1, "end": 4.3, "text": " Hm.", "words": []},
        ],
    }


def azure_transcript() -> dict[str, Any]:
    return {
        "locale": "nl-NL",
        "recognizedPhrases": [
            {"channel": 0, "speaker": 1, "offset": "PT1S", "nBest": [{"display": "Hallo."}]},
            {"channel": 0, "speaker": 2, "offset": "PT2S", "nBest": [{"display": "Dag."}]},
        ],
    }


def aws_transcript() -> dict[str, Any]:
    def word(said: str, speaker: str, kind: str = "pronunciation") -> dict[str, Any]:
        return {"type": kind, "speaker_label": speaker, "alternatives": [{"content": said}]}

    return {
        "jobName": "j",
        "results": {
            "transcripts": [{"transcript": "Hallo daar. Dag."}],
            "items": [
                word("Hallo", "spk_0"), word("daar", "spk_0"), word(".", "spk_0", "punctuation"),
                word("Dag", "spk_1"), word(".", "spk_1", "punctuation"),
            ],
        },
    }  # fmt: skip


DOCUMENTS: dict[str, Any] = {
    "zendesk": zendesk_ticket(),
    "zendesk page": {"tickets": [zendesk_ticket()], "users": ZENDESK_USERS},
    "zendesk ticket with comments": {
        "ticket": {key: value for key, value in zendesk_ticket().items() if key != "comments"},
        "comments": zendesk_ticket()["comments"],
        "users": ZENDESK_USERS,
    },
    "zendesk audits": {"audits": [
        {"id": 1, "ticket_id": 4, "author_id": 71, "created_at": NOON, "via": {"channel": "email"},
         "events": [{"id": 2, "type": "Comment", "public": True, "author_id": 71, "body": "Boos!"},
                    {"id": 3, "type": "Create", "field_name": "requester_id", "value": "71"}]},
        {"id": 4, "ticket_id": 4, "author_id": 80, "created_at": LATER,
         "events": [{"id": 5, "type": "Comment", "public": True, "body": "Sorry"},
                    {"id": 6, "type": "Notification", "body": "mail verstuurd"}]},
    ]},
    "zendesk users": {"users": ZENDESK_USERS},
    "freshdesk": [freshdesk_ticket()],
    "freshdesk account export": [{"helpdesk_ticket": {
        "display_id": 5, "description": "Lekke band", "requester_id": 1, "status_name": "Closed",
        "created_at": NOON, "source": 1, "helpdesk_notes": [
            {"id": 8, "body": "Wij plakken hem", "incoming": False, "private": False,
             "user_id": 2, "created_at": LATER}]}}],
    "intercom": {"type": "conversation.list", "conversations": [intercom_conversation()]},
    "genesys": genesys_transcript(),
    "genesys chat": {"conversationId": "m", "messages": [
        {"id": "1", "textBody": "Hoi", "direction": "inbound", "timestamp": NOON},
        {"id": "2", "textBody": "Dag", "direction": "outbound", "timestamp": LATER}]},
    "contact lens": contact_lens_chat(),
    "contact lens call": {
        "Channel": "VOICE", "CustomerMetadata": {"ContactId": "k"},
        "Transcript": [{"BeginOffsetMillis": 900, "Content": "Ja?", "ParticipantId": "AGENT"},
                       {"BeginOffsetMillis": 2900, "Content": "Nee!", "ParticipantId": "CUSTOMER"}],
    },
    "whisper": whisper_transcript(),
    "whisper.cpp": {"result": {"language": "nl"}, "transcription": [
        {"offsets": {"from": 0, "to": 900}, "text": " Dag."},
        {"offsets": {"from": 900, "to": 1900}, "text": " [muziek]"}]},
    "azure": azure_transcript(),
    "aws": aws_transcript(),
}  # fmt: skip
