"""Zendesk: tickets with their comments, audits or ticket events, and the users who wrote them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from klankbord.errors import KlankbordError
from klankbord.schema import AuthorRole, Channel
from klankbord.sources.conversation import Conversation
from klankbord.sources.json_file import open_json
from klankbord.sources.roles import normal
from klankbord.sources.service.chat_log import Message, messages
from klankbord.sources.service.family import Family
from klankbord.sources.service.fields import (
    Object,
    first_id,
    identifier,
    labels,
    listing,
    moment,
    objects,
    optional,
    plain_text,
    section,
    text,
)
from klankbord.sources.service.thread import Context, Thread
from klankbord.sources.text_encoding import detect_encoding
from klankbord.sources.voices import infer_roles

_ROLES = {
    "end-user": AuthorRole.CUSTOMER,
    "end_user": AuthorRole.CUSTOMER,
    "agent": AuthorRole.AGENT,
    "admin": AuthorRole.AGENT,
}
_PEOPLE = ("requester", "submitter", "assignee")
_SYSTEM = "-1"
_BOTS = ("answer_bot", "answer_bot_for_web_widget", "answer_bot_api", "answer_bot_for_agents")
_SPOKEN = (
    "voice",
    "phone",
    "voicemail",
    "phone_call_inbound",
    "phone_call_outbound",
    "voice_inbound",
)
_CHATS = (
    "chat", "chat_transcript", "messaging", "native_messaging", "whatsapp", "facebook", "twitter",
    "twitter_dm", "instagram_dm", "line", "sms", "telegram", "any_channel", "mobile_sdk_messaging",
)  # fmt: skip
_ATTRIBUTES = {
    "subject": "subject", "type": "type", "status": "status", "priority": "priority",
    "tags": "tags", "locale": "locale",
}  # fmt: skip
_SCORES = {"good": 5.0, "good_with_comment": 5.0, "bad": 1.0, "bad_with_comment": 1.0}
_SAME = 40  # first letters and digits that tell a description and a comment to be the same
_NOTES, _NOTICES, _CALLS = "internal notes", "system notices", "calls without a transcript"
_DELETED = "deleted tickets"


def _is_record(record: Object) -> bool:
    ticket = optional(record.get("ticket")) or record
    if "description_text" in ticket or "conversation_parts" in ticket:
        return False
    asks = "requester_id" in ticket or isinstance(ticket.get("requester"), Mapping)
    if asks and ("raw_subject" in ticket or isinstance(ticket.get("via"), Mapping)):
        return True
    events = [*objects(record.get("audits"))[:1], *objects(record.get("ticket_events"))[:1]]
    if any("events" in event or "child_events" in event for event in events):
        return True
    comment = next(iter(objects(record.get("comments"))), {})
    return "author_id" in comment and ("public" in comment or "html_body" in comment)


def _is_user(record: Object) -> bool:
    told = {"locale", "email", "name", "url", "time_zone"}
    return "id" in record and str(record.get("role")) in _ROLES and len(told & record.keys()) >= 2


def _roles(users: Iterable[Object]) -> dict[str, AuthorRole]:
    """Return who these users are, by their id."""
    found = {}
    for user in users:
        role = _ROLES.get(str(user.get("role")))
        if role and (known := identifier(user.get("id"))):
            found[known] = role
    return found


def _users_in(value: object) -> list[Object]:
    """Return the user that `value` is, or those on the page that it is."""
    if not isinstance(value, Mapping):
        return []
    return [value] if _is_user(value) else objects(value.get("users"))


def companion_roles(path: Path) -> dict[str, AuthorRole]:
    """Return who the users in a Zendesk users file are, by id; {} for any other file."""
    try:
        with path.open("rb") as stream:
            start = stream.read(64).lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n")
        if not start.startswith((b"{", b"[")):
            return {}
        opened = open_json(path, detect_encoding(path))
        member = "users" if "users" in opened.lists else ""
        first = opened.lists.get(member, opened.first) or (opened.members,)
        if not any(map(_users_in, first)):
            return {}
        items = opened.records(member) if member or opened.first else iter([(1, opened.members)])
        return _roles(
            user for item in items if isinstance(item, tuple) for user in _users_in(item[1])
        )
    except (KlankbordError, OSError):
        return {}


@dataclass
class _Ticket:
    """The comments of one ticket, on their way to a conversation."""

    thread: Thread
    ticket: Object
    roles: Mapping[str, AuthorRole]

    def __post_init__(self) -> None:
        self.requester = first_id(
            self.ticket.get("requester_id"), optional(self.ticket.get("requester")).get("id")
        )
        self.people = _roles(optional(self.ticket.get(person)) for person in _PEOPLE)

    def role(self, author: str, via: Object) -> AuthorRole:
        if author == _SYSTEM or via.get("channel") in _BOTS:
            return AuthorRole.BOT
        for roles in (self.people, self.roles, self.thread.context.roles):
            if author in roles:
                return roles[author]
        if not self.requester or not author:
            return AuthorRole.UNKNOWN
        return AuthorRole.CUSTOMER if author == self.requester else AuthorRole.AGENT

    def comment(self, comment: Object, at: datetime | None = None) -> None:
        """Add a comment, or count what is none."""
        thread, via = self.thread, optional(comment.get("via"))
        source = optional(via.get("source"))
        if comment.get("public") is False or comment.get("public") == "false":
            thread.ignore(_NOTES)
            return
        if source.get("rel") in ("merge", "trigger", "automation") or via.get("channel") == "rule":
            thread.ignore(_NOTICES)
            return
        words = _body(comment)
        if comment.get("type") == "VoiceComment":
            words = text(optional(comment.get("data")).get("transcription_text"))
            if not words:
                thread.ignore(_CALLS)
                return
        author, own_id = identifier(comment.get("author_id")), identifier(comment.get("id"))
        when = moment(comment.get("created_at"), thread.context.dates) or at
        chat = messages(words) if thread.conversation.channel == Channel.CHAT else None
        if chat is None:
            thread.say(self.role(author, via), words, own_id=own_id, speaker=author, at=when)
        else:
            self.chat(*chat, own_id, when)

    def chat(self, said: list[Message], notices: int, own_id: str, at: datetime | None) -> None:
        """Add the messages of a chat that is kept as one comment; names only tell who is who."""
        for _ in range(notices):
            self.thread.ignore(_NOTICES)
        sender = optional(optional(optional(self.ticket.get("via")).get("source")).get("from"))
        names = (optional(self.ticket.get("requester")).get("name"), sender.get("name"))
        told = {name.strip(): AuthorRole.CUSTOMER for name in names if isinstance(name, str)}
        roles = infer_roles([(each.speaker, " ".join(each.lines)) for each in said], told)
        voices = {speaker: str(place) for place, speaker in enumerate(roles, start=1)}
        for place, each in enumerate(said, start=1):
            self.thread.say(
                roles[each.speaker],
                "\n".join(each.lines).strip(),
                own_id=f"{own_id}.{place}",
                speaker=voices[each.speaker],
                at=at,
            )


def _body(comment: Object) -> str:
    for name in ("plain_body", "body"):
        if words := text(comment.get(name)):
            return words
    return plain_text(comment.get("html_body"))


def _read(
    record: Object, row: int, roles: dict[str, AuthorRole], context: Context
) -> Iterator[Conversation]:
    for name, events in (("audits", "events"), ("ticket_events", "child_events")):
        if name in record and "comments" not in record:
            yield from _by_event(record, row, roles, context, listing(record[name]), events)
            return
    ticket = section(record.get("ticket")) or record
    comments = listing(record.get("comments") or ticket.get("comments"))
    built = _begin(ticket, row, roles, context)
    if ticket.get("status") == "deleted":
        built.thread.ignore(_DELETED)
    else:
        _describe(built, comments)
        built.thread.each(comments, built.comment)
        built.thread.in_order()
        _rate(built)
    yield built.thread.conversation


def _begin(ticket: Object, row: int, roles: Mapping[str, AuthorRole], context: Context) -> _Ticket:
    via = optional(ticket.get("via"))
    conversation = Conversation(
        own_id=identifier(ticket.get("id")) if ticket.get("type") != "Comment" else "",
        channel=_channel(via.get("channel")),
        account_id=first_id(
            ticket.get("organization_id"), optional(ticket.get("organization")).get("id")
        ),
        attributes=labels(ticket, _ATTRIBUTES) | labels(via, {"channel": "via"}),
    )
    built = _Ticket(Thread(row, context, conversation), ticket, roles)
    conversation.customer_id = built.requester
    return built


def _channel(via: object) -> str:
    if via in _CHATS:
        return Channel.CHAT
    return Channel.TRANSCRIPT if via in _SPOKEN else Channel.EMAIL


def _describe(built: _Ticket, comments: Iterable[Any]) -> None:
    """Add the description, unless it is a comment over again: then it is the first of them."""
    ticket, thread = built.ticket, built.thread
    words = text(ticket.get("description"))
    start = ticket.get("created_at")
    for comment in objects(list(comments)):
        same = start is not None and comment.get("created_at") == start
        if not words or same or _is_same(words, comment):
            return
    if words:
        author = first_id(ticket.get("submitter_id"), built.requester) or ""
        thread.say(
            built.role(author, {}),
            words,
            own_id="description",
            speaker=author,
            at=moment(start, thread.context.dates),
        )


def _is_same(words: str, comment: Object) -> bool:
    for name in ("plain_body", "body"):
        other = comment.get(name)
        if isinstance(other, str) and other.strip():
            one, two = normal(words)[:_SAME], normal(other)[:_SAME]
            if one and (one == two):
                return True
    return False


def _rate(built: _Ticket) -> None:
    """Add the rating: "good" and "bad" are all Zendesk asks, so they are the ends, 5 and 1."""
    rating = built.ticket.get("satisfaction_rating")
    thread = built.thread

    def add(rating: Object) -> None:
        score = _SCORES.get(str(rating.get("score")))
        if score is not None:
            given = rating.get("created_at") or rating.get("updated_at")
            at = moment(given, thread.context.dates)
            thread.rate(score, text(rating.get("comment")), at=at)

    if rating is not None:
        thread.each([rating], add)


def _by_event(
    record: Object, row: int, roles: dict[str, AuthorRole], context: Context,
    audits: Iterable[Any], events: str,
) -> Iterator[Conversation]:  # fmt: skip
    """Yield the comments among the events of audits, ticket by ticket."""
    tickets: dict[str, _Ticket] = {}
    own = section(record.get("ticket")) or (record if "requester_id" in record else {})
    loose = Thread(row, context)

    def audit(each: Object) -> None:
        known = identifier(each.get("ticket_id")) or identifier(own.get("id"))
        if known not in tickets:
            mine = own if own and identifier(own.get("id")) in ("", known) else {"id": known}
            tickets[known] = _begin({"via": each.get("via"), **mine}, row, roles, context)
        built = tickets[known]
        when = moment(each.get("created_at") or each.get("timestamp"), context.dates)

        def event(one: Object) -> None:
            if one.get("type") in ("Comment", "VoiceComment"):
                author = one.get("author_id") or each.get("author_id") or each.get("updater_id")
                built.comment({"via": each.get("via"), **one, "author_id": author}, when)
            elif built.requester is None and one.get("field_name") == "requester_id":
                built.requester = first_id(one.get("value"))
                built.thread.conversation.customer_id = built.requester

        changes = listing(each.get(events))
        by_whom = sorted(changes, key=lambda one: optional(one).get("field_name") != "requester_id")
        built.thread.each(by_whom, event)

    loose.each(audits, audit)
    for built in tickets.values():
        built.thread.in_order()
        _rate(built)
        yield built.thread.conversation
    if loose.conversation.turns:
        yield loose.conversation


def _ignore_user(_: Object, __: int, ___: object, ____: Context) -> Iterator[Conversation]:
    counted = Conversation()
    counted.ignored["users"] += 1
    yield counted


FAMILY = Family(
    "zendesk", "a Zendesk ticket export", _is_record, _read,
    ("tickets", "results", "rows"), ("users",), lambda beside: _roles(objects(beside.get("users"))),
)  # fmt: skip
USERS = Family("zendesk", "a Zendesk user export", _is_user, _ignore_user, ("users",))
