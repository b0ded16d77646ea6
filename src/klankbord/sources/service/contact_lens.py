"""Amazon Connect: what Contact Lens and Transcribe Call Analytics make of calls and chats."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from klankbord.schema import AuthorRole, Channel
from klankbord.sources.conversation import Conversation
from klankbord.sources.roles import language_code
from klankbord.sources.service.family import Family
from klankbord.sources.service.fields import (
    Object,
    OddRecordError,
    first_id,
    identifier,
    label,
    listing,
    moment,
    number,
    objects,
    optional,
    text,
)
from klankbord.sources.service.thread import Context, Thread

_ROLES = {
    "CUSTOMER": AuthorRole.CUSTOMER, "AGENT": AuthorRole.AGENT, "SUPERVISOR": AuthorRole.AGENT,
    "CUSTOM_BOT": AuthorRole.BOT, "BOT": AuthorRole.BOT, "LEX_BOT": AuthorRole.BOT,
    "SYSTEM": AuthorRole.BOT,
}  # fmt: skip
_CHANNELS = {"VOICE": Channel.TRANSCRIPT, "CHAT": Channel.CHAT, "EMAIL": Channel.EMAIL}
_ANALYSED = re.compile(r"_analysis_(?:redacted_)?(\d{4}-\d\d-\d\dT\d\d)[:_-]?(\d\d)[:_-]?(\d\d)Z")
_TIMES = ("AbsoluteTime", "Timestamp")
_LONGEST_CALL = 1e9  # milliseconds


def _is_record(record: Object) -> bool:
    first = next(iter(objects(record.get("Transcript"))), None)
    if first is not None:
        return "ParticipantId" in first or "ParticipantRole" in first or "Content" in first
    said = next(iter(objects(record.get("Segments"))), {})
    return bool({"Transcript", "Utterance"} & said.keys())


def _read(record: Object, row: int, _: object, context: Context) -> Iterator[Conversation]:
    contact = first_id(
        optional(record.get("CustomerMetadata")).get("ContactId"),
        record.get("ContactId"),
        record.get("InitialContactId"),
        record.get("JobName"),
    )
    chat = any(_TIMES[0] in each for each in objects(record.get("Transcript"))[:10])
    channel = _CHANNELS.get(label(record.get("Channel")).upper())
    categories = label(optional(record.get("Categories")).get("MatchedCategories"))
    conversation = Conversation(
        own_id=contact or "",
        channel=channel or (Channel.CHAT if chat else Channel.TRANSCRIPT),
        language=language_code(label(record.get("LanguageCode"))),
        attributes={"categories": categories} if categories else {},
    )
    thread = Thread(row, context, conversation)
    roles = _participants(record)
    start = _start(record, context)
    said = listing(record.get("Transcript"))
    said = [*said, *(_segment(each) for each in listing(record.get("Segments")))]
    thread.each(
        [each for each in said if each is not None],
        lambda each: _turn(thread, roles, start, each),
    )
    yield thread.in_order().conversation


def _segment(segment: object) -> object:
    """Return what was said in a segment of the real-time analysis; None for its categories."""
    if not isinstance(segment, Mapping):
        return segment
    return segment.get("Transcript") or segment.get("Utterance")


def _start(record: Object, context: Context) -> datetime | None:
    """Return when the call began: told, or in the name that Connect gives the file."""
    for told in (record.get("StartTime"), optional(record.get("JobDetails")).get("StartTime")):
        if told is not None:
            return moment(told, context.dates)
    named = _ANALYSED.search(context.path.name)
    return context.dates.utc(f"{named[1]}:{named[2]}:{named[3]}Z") if named else None


def _participants(record: Object) -> dict[str, AuthorRole]:
    found = {}
    for each in objects(record.get("Participants")):
        role = _ROLES.get(label(each.get("ParticipantRole")).upper())
        if role and (known := identifier(each.get("ParticipantId"))):
            found[known] = role
    return found


def _turn(
    thread: Thread, roles: Mapping[str, AuthorRole], start: datetime | None, item: Object
) -> None:
    kind, content = label(item.get("Type")).upper(), label(item.get("ContentType"))
    speaker = identifier(item.get("ParticipantId"))
    named = label(item.get("ParticipantRole")).upper()
    if kind == "EVENT" or ".event." in content or "SYSTEM" in (named, speaker):
        thread.ignore("system notices")
        return
    if kind == "ATTACHMENT" or "interactive" in content:
        thread.ignore("attachments")
        return
    role = _ROLES.get(named) or roles.get(speaker) or _ROLES.get(speaker.upper())
    words = text(item.get("Content") if "Content" in item else item.get("PartialContent"))
    at = next((item[name] for name in _TIMES if item.get(name) is not None), None)
    when = moment(at, thread.context.dates)
    if when is None and start is not None:
        when = start + _offset(item)
    thread.say(
        role or AuthorRole.UNKNOWN, words, own_id=identifier(item.get("Id")), speaker=speaker,
        at=when,
    )  # fmt: skip


def _offset(item: Object) -> timedelta:
    told = item.get("BeginOffsetMillis")
    since = 0.0 if told is None else number(told)
    if since is None or not 0 <= since < _LONGEST_CALL:
        raise OddRecordError("tijdstip in het gesprek is geen getal")
    return timedelta(milliseconds=since)


FAMILY = Family(
    "contact-lens", "an Amazon Contact Lens transcript", _is_record, _read,
    ("contacts", "results"),
)  # fmt: skip
