"""Genesys Cloud: transcripts of calls, and the messages of chats."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import partial

from klankbord.schema import AuthorRole, Channel
from klankbord.sources.conversation import Conversation
from klankbord.sources.roles import language_code
from klankbord.sources.service.family import Family
from klankbord.sources.service.fields import (
    Object,
    first_id,
    first_text,
    identifier,
    label,
    labels,
    listing,
    moment,
    number,
    objects,
    text,
)
from klankbord.sources.service.thread import NO_OBJECT, Context, Thread

_PURPOSES = {
    "external": AuthorRole.CUSTOMER, "customer": AuthorRole.CUSTOMER,
    "inbound": AuthorRole.CUSTOMER,
    "internal": AuthorRole.AGENT, "agent": AuthorRole.AGENT, "user": AuthorRole.AGENT,
    "outbound": AuthorRole.AGENT, "human": AuthorRole.AGENT,
    "acd": AuthorRole.BOT, "ivr": AuthorRole.BOT, "bot": AuthorRole.BOT,
    "botflow": AuthorRole.BOT, "workflow": AuthorRole.BOT, "system": AuthorRole.BOT,
}  # fmt: skip
_PURPOSE = (
    "participantPurpose", "purpose", "originatingEntity", "fromType", "direction",
)  # fmt: skip
_MESSAGES = ("messages", "messagingTranscript", "chatTranscript", "transcript", "entities")
_WORDS = ("textBody", "messageText", "text", "body", "bodyText")
_TIMES = ("startTimeMs", "timestamp", "utc", "time", "timestampMs")
_MEDIA = {
    "voice": Channel.TRANSCRIPT, "call": Channel.TRANSCRIPT, "callback": Channel.TRANSCRIPT,
    "chat": Channel.CHAT, "message": Channel.CHAT, "messaging": Channel.CHAT,
    "webmessaging": Channel.CHAT, "email": Channel.EMAIL,
}  # fmt: skip
_SINCE_1970 = 1e11  # milliseconds; a smaller time counts from the start of the conversation


def _is_record(record: Object) -> bool:
    first = next(iter(objects(record.get("transcripts"))), None)
    if first is not None and ("phrases" in first or "communicationId" in record):
        return True
    phrase = next(iter(objects(record.get("phrases"))), {})
    if "participantPurpose" in phrase:
        return True
    for name in _MESSAGES:
        message = next(iter(objects(record.get(name))), {})
        told = any(isinstance(message.get(each), str) for each in _PURPOSE)
        if (
            told
            and any(each in message for each in _WORDS)
            and (
                "conversationId" in record
                or "participantPurpose" in message
                or "purpose" in message
            )
        ):
            return True
    return False


def _read(record: Object, row: int, _: object, context: Context) -> Iterator[Conversation]:
    media = record.get("mediaType")
    written = any(record.get(name) for name in _MESSAGES)
    channel = _MEDIA.get(media.lower()) if isinstance(media, str) else None
    start = moment(record.get("conversationStartTime") or record.get("startTime"), context.dates)
    conversation = Conversation(
        own_id=first_id(record.get("conversationId"), record.get("id")) or "",
        customer_id=_customer(record),
        channel=channel or (Channel.CHAT if written else Channel.TRANSCRIPT),
        started_at=start,
        has_time=start is not None,
        attributes=labels(record, {"queueName": "queue", "mediaType": "media"}),
    )
    thread = Thread(row, context, conversation)
    purposes = _purposes(record)
    transcripts = listing(record.get("transcripts"))
    if "phrases" in record:
        transcripts = [*transcripts, {"phrases": record["phrases"]}]
    for place, transcript in enumerate(transcripts, start=1):
        if not isinstance(transcript, Mapping):
            thread.reject(NO_OBJECT, transcript)
            continue
        language = language_code(label(transcript.get("language")))
        conversation.language = conversation.language or language
        prefix = f"{identifier(transcript.get('transcriptId')) or place}-"
        thread.each(
            listing(transcript.get("phrases")),
            partial(_phrase, thread, purposes, prefix),
        )
    for name in _MESSAGES:
        thread.each(listing(record.get(name)), partial(_phrase, thread, purposes, ""))
    yield thread.in_order().conversation


def _customer(record: Object) -> str | None:
    people = objects(record.get("participants"))
    customers = [each for each in people if _role(each) is AuthorRole.CUSTOMER]
    names = ("externalContactId", "externalId")
    return first_id(
        record.get("externalContactId"), *(each.get(name) for each in customers for name in names)
    )


def _role(message: Object) -> AuthorRole | None:
    for name in _PURPOSE:
        told = message.get(name)
        known = _PURPOSES.get(told.lower()) if isinstance(told, str) else None
        if known is not None:
            return known
    return None


def _purposes(record: Object) -> dict[str, AuthorRole]:
    return {
        identifier(each.get(name)): role
        for each in objects(record.get("participants"))
        if (role := _role(each))
        for name in ("id", "participantId", "userId")
        if identifier(each.get(name))
    }


def _phrase(
    thread: Thread, purposes: Mapping[str, AuthorRole], prefix: str, message: Object
) -> None:
    words = text(message.get("decoratedText")) or first_text(message, _WORDS)
    speaker = first_id(message.get("participantId"), message.get("from")) or ""
    role = _role(message)
    if role is None and speaker:
        role = purposes.get(speaker)
    index = message.get("phraseIndex")
    own_id = identifier(message.get("id")) or (
        f"{prefix}{identifier(index)}" if identifier(index) else ""
    )
    when = next((message[name] for name in _TIMES if message.get(name) is not None), None)
    since = number(when)
    at = None
    if since is None or since > _SINCE_1970:
        at = moment(when, thread.context.dates)
    elif thread.conversation.started_at is not None:
        at = thread.conversation.started_at + timedelta(milliseconds=max(since, 0))
    thread.say(role or AuthorRole.UNKNOWN, words, own_id=own_id, speaker=speaker, at=at)


FAMILY = Family(
    "genesys", "a Genesys Cloud transcript", _is_record, _read,
    ("conversations", "results", "recordings"),
)  # fmt: skip
