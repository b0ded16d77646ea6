"""Intercom: conversations with their parts, HTML and seconds since 1970."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from klankbord.schema import AuthorRole, Channel
from klankbord.sources.conversation import Conversation
from klankbord.sources.service.family import Family
from klankbord.sources.service.fields import (
    Object,
    OddRecordError,
    first_id,
    identifier,
    label,
    labels,
    listing,
    moment,
    number,
    objects,
    optional,
    plain_text,
    text,
)
from klankbord.sources.service.thread import Context, Thread

_AUTHORS = {
    "user": AuthorRole.CUSTOMER, "lead": AuthorRole.CUSTOMER, "contact": AuthorRole.CUSTOMER,
    "visitor": AuthorRole.CUSTOMER,
    "admin": AuthorRole.AGENT, "team": AuthorRole.AGENT, "teammate": AuthorRole.AGENT,
    "bot": AuthorRole.BOT, "operator": AuthorRole.BOT, "workflow": AuthorRole.BOT,
    "fin": AuthorRole.BOT, "campaign": AuthorRole.BOT,
}  # fmt: skip
_BEGUN_BY = {
    "customer_initiated": AuthorRole.CUSTOMER, "admin_initiated": AuthorRole.AGENT,
    "operator_initiated": AuthorRole.BOT, "automated": AuthorRole.BOT,
    "campaigns_initiated": AuthorRole.BOT,
}  # fmt: skip
_STARTS = ("source", "conversation_message")
_SPOKEN = ("phone_call", "phone_switch")
_ATTRIBUTES = {"state": "status", "priority": "priority", "title": "subject"}


def _is_record(record: Object) -> bool:
    record = _conversation(record)
    parts = record.get("conversation_parts")
    source = optional(record.get("source"))
    if "author" in source or "delivered_as" in source:
        return True
    return isinstance(parts, list | Mapping) and ("id" in record or record.get("type") is not None)


def _conversation(record: Object) -> Object:
    inner = record.get("conversation")
    return inner if isinstance(inner, Mapping) else record


def _read(record: Object, row: int, _: object, context: Context) -> Iterator[Conversation]:
    record = _conversation(record)
    source = next((optional(record.get(name)) for name in _STARTS if record.get(name)), {})
    parts = record.get("conversation_parts")
    messages = parts.get("conversation_parts") if isinstance(parts, Mapping) else parts
    thread = Thread(row, context, _begin(record, source, objects(messages)))
    at = record.get("created_at")
    thread.each([source], lambda each: _start(thread, each, at))
    thread.each(listing(messages), lambda each: _part(thread, each))
    thread.in_order()
    rating = record.get("conversation_rating")
    if rating is not None:
        thread.each([rating], lambda each: _rate(thread, each))
    yield thread.conversation


def _begin(record: Object, source: Object, parts: list[Object]) -> Conversation:
    kind = source.get("type")
    channel = Channel.EMAIL if kind == "email" else Channel.CHAT
    attributes = labels(record, _ATTRIBUTES)
    tags = [tag.get("name") for tag in objects(optional(record.get("tags")).get("tags"))]
    shown = {"tags": label(tags), "subject": label(_quietly_plain(source.get("subject")))}
    return Conversation(
        own_id=identifier(record.get("id")),
        customer_id=_customer(record, source, parts),
        account_id=first_id(optional(record.get("company")).get("id")),
        channel=Channel.TRANSCRIPT if kind in _SPOKEN else channel,
        attributes={**attributes, **{name: value for name, value in shown.items() if value}},
    )


def _quietly_plain(value: object) -> str:
    return plain_text(value) if isinstance(value, str) else ""


def _customer(record: Object, source: Object, parts: list[Object]) -> str | None:
    """Return the customer's id, preferably the one the organisation gave."""
    contacts = record.get("contacts")
    people = objects(contacts.get("contacts") if isinstance(contacts, Mapping) else contacts)
    people.append(optional(record.get("user")))
    authors = [optional(message.get("author")) for message in (source, *parts)]
    people += [each for each in authors if _role(each) is AuthorRole.CUSTOMER]
    given = (each.get(name) for each in people for name in ("external_id", "user_id"))
    return first_id(*given) or first_id(*(each.get("id") for each in people))


def _role(author: Object) -> AuthorRole:
    if author.get("from_ai_agent") is True or author.get("is_ai_answer") is True:
        return AuthorRole.BOT
    kind = author.get("type")
    known = _AUTHORS.get(kind) if isinstance(kind, str) else None
    return known or AuthorRole.UNKNOWN


def _start(thread: Thread, source: Object, created: object) -> None:
    role = _role(optional(source.get("author")))
    begun = source.get("delivered_as")
    if role is AuthorRole.UNKNOWN and isinstance(begun, str):
        role = _BEGUN_BY.get(begun, role)
    if source.get("body") is None:
        return
    at = moment(source.get("created_at") or created, thread.context.dates)
    _say(thread, role, source, identifier(source.get("id")) or "source", at)


def _part(thread: Thread, part: Object) -> None:
    kind = part.get("part_type")
    role = _role(optional(part.get("author")))
    if isinstance(kind, str) and "note" in kind:
        thread.ignore("internal notes")
        return
    if part.get("body") is None or (kind == "assignment" and role is not AuthorRole.CUSTOMER):
        thread.ignore("system notices")
        return
    at = moment(part.get("created_at"), thread.context.dates)
    _say(thread, role, part, identifier(part.get("id")), at)


def _say(
    thread: Thread, role: AuthorRole, message: Object, own_id: str, at: datetime | None
) -> None:
    if message.get("redacted") is True:
        thread.ignore("redacted messages")
        return
    speaker = identifier(optional(message.get("author")).get("id")) or str(role)
    thread.say(role, plain_text(message.get("body")), own_id=own_id, speaker=speaker, at=at)


def _rate(thread: Thread, rating: Object) -> None:
    score, remark = number(rating.get("rating")), text(rating.get("remark"))
    if score is None and rating.get("rating") is not None:
        raise OddRecordError("score is geen getal")
    if score is None and not remark:
        return
    thread.rate(score, remark, at=moment(rating.get("created_at"), thread.context.dates))


FAMILY = Family(
    "intercom", "an Intercom conversation export", _is_record, _read,
    ("conversations", "data", "items"),
)  # fmt: skip
