"""Freshdesk and Freshservice: tickets with their conversations, of the API and account export."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from klankbord.schema import AuthorRole, Channel
from klankbord.sources.conversation import Conversation
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
    plain_text,
    section,
    text,
)
from klankbord.sources.service.thread import Context, Thread

_PHONE, _OUTBOUND = 3, 10
_CHATS = (5, 6, 7, 8, 13)  # Twitter, Facebook, chat, an app, WhatsApp
_SURVEY = 6  # source of a conversation: what the customer wrote with a rating
_AUTOMATIC = (3, 4, 15, 16)  # changes of state, and what rules send on
_STATUS = {2: "open", 3: "pending", 4: "resolved", 5: "closed"}
_PRIORITY = {1: "low", 2: "medium", 3: "high", 4: "urgent"}
_WRAPPERS = ("helpdesk_ticket", "ticket")
_LISTS = ("conversations", "notes", "helpdesk_notes")
_NOTES, _NOTICES = "internal notes", "system notices"


def _ticket(record: Object) -> Object:
    for name in _WRAPPERS:
        if isinstance(record.get(name), Mapping):
            return section(record[name])
    return record


def _is_record(record: Object) -> bool:
    if isinstance(record.get("helpdesk_ticket"), Mapping):
        return True
    ticket = _ticket(record)
    about = {"requester_id", "status", "source", "responder_id", "priority"} & ticket.keys()
    if "description_text" in ticket and about:
        return True
    said = next((one for name in _LISTS for one in objects(ticket.get(name))[:1]), {})
    return "incoming" in said and ("body_text" in said or "body" in said)


def _read(record: Object, row: int, _: object, context: Context) -> Iterator[Conversation]:
    ticket = _ticket(record)
    thread = Thread(row, context, _begin(ticket))
    for name in ("spam", "deleted"):
        if ticket.get(name) is True:
            thread.ignore("spam" if name == "spam" else "deleted tickets")
            yield thread.conversation
            return
    thread.each([ticket], lambda _: _describe(thread, ticket))
    for name in _LISTS:
        said = ticket.get(name) if name in ticket else record.get(name)
        thread.each(listing(said), lambda each: _message(thread, each))
    thread.in_order()
    ratings = ticket.get("satisfaction_ratings") or ticket.get("satisfaction_rating")
    if ratings is not None:
        each_rating = ratings if isinstance(ratings, list) else [ratings]
        thread.each(each_rating, lambda each: _rate(thread, each))
    yield thread.conversation


def _begin(ticket: Object) -> Conversation:
    source = _code(ticket.get("source"))
    channel = Channel.CHAT if source in _CHATS else Channel.EMAIL
    shown = {
        "subject": label(ticket.get("subject")),
        "type": label(ticket.get("type")) or label(ticket.get("ticket_type")),
        "status": _named(ticket, "status", _STATUS),
        "priority": _named(ticket, "priority", _PRIORITY),
        "tags": label(ticket.get("tags")),
    }
    return Conversation(
        own_id=first_id(ticket.get("id"), ticket.get("display_id")) or "",
        customer_id=first_id(
            ticket.get("requester_id"), optional(ticket.get("requester")).get("id")
        ),
        account_id=first_id(ticket.get("company_id"), optional(ticket.get("company")).get("id")),
        channel=Channel.TRANSCRIPT if source == _PHONE else channel,
        attributes={name: value for name, value in shown.items() if value},
    )


def _code(value: object) -> int | None:
    found = number(value)
    return int(found) if found is not None and abs(found) < 1_000 else None


def _named(ticket: Object, name: str, names: Mapping[int, str]) -> str:
    code = _code(ticket.get(name))
    known = names.get(code) if code is not None else None
    return known or label(ticket.get(f"{name}_name")) or label(ticket.get(name))


def _words(message: Object, plain_name: str, html_name: str) -> str:
    return text(message.get(plain_name)) or plain_text(message.get(html_name))


def _describe(thread: Thread, ticket: Object) -> None:
    words = _words(ticket, "description_text", "description")
    outbound = _code(ticket.get("source")) == _OUTBOUND
    thread.say(
        AuthorRole.AGENT if outbound else AuthorRole.CUSTOMER,
        words or plain_text(ticket.get("description_html")),
        own_id="description",
        at=moment(ticket.get("created_at"), thread.context.dates),
    )


def _message(thread: Thread, message: Object) -> None:
    message = optional(message.get("helpdesk_note")) or message
    source = _code(message.get("source"))
    if message.get("private") is True:
        thread.ignore(_NOTES)
        return
    if message.get("deleted") is True:
        thread.ignore("deleted messages")
        return
    if source in _AUTOMATIC:
        thread.ignore(_NOTICES)
        return
    author = identifier(message.get("user_id"))
    incoming = message.get("incoming")
    if not isinstance(incoming, bool):
        incoming = bool(author) and author == thread.conversation.customer_id
    customer = incoming or source == _SURVEY
    thread.say(
        AuthorRole.CUSTOMER if customer else AuthorRole.AGENT,
        _words(message, "body_text", "body") or plain_text(message.get("body_html")),
        own_id=identifier(message.get("id")),
        at=moment(message.get("created_at"), thread.context.dates),
    )


def _rate(thread: Thread, rating: Object) -> None:
    """Add a rating: seven levels from -103 to 103 around 100, evenly from 1 to 5."""
    ratings = section(rating.get("ratings"))
    score = number(ratings.get("default_question", next(iter(ratings.values()), None)))
    remark = text(rating.get("feedback"))
    if score is None:
        if ratings:
            raise OddRecordError("score is geen getal")
        if not remark:
            return
    at = moment(rating.get("created_at"), thread.context.dates)
    known = first_id(rating.get("id"))
    own_id = f"rating-{known}" if known else "rating"
    thread.rate(_of_five(score), remark, own_id=own_id, at=at)


def _of_five(score: float | None) -> float | None:
    if score is None:
        return None
    level = abs(score) - 100
    if level not in (0, 1, 2, 3):
        raise OddRecordError("score is geen bekend niveau van tevredenheid")
    return 3 + (level if score > 0 else -level) * 2 / 3


FAMILY = Family(
    "freshdesk", "a Freshdesk ticket export", _is_record, _read, ("tickets", "results", "data")
)
