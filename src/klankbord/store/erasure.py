"""Which rows are about a customer, or are older than a day, and taking them away.

Taken away are a customer's own words and what an agent or bot said in a conversation that no other
customer took part in. A customer of whom nothing is left goes too, with what was found about them,
what was done for them, and what people wrote about it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Table, delete, or_, select

from klankbord.schema import ShiftKind
from klankbord.shifts.explain import shift_id
from klankbord.store import tables
from klankbord.store.arrow import BATCH_ROWS, from_micros, to_micros
from klankbord.store.leftovers import Leftovers, leftovers, texts_in
from klankbord.store.pieces import parts

_OF_FEEDBACK = (
    tables.feedback_version,
    tables.score,
    tables.segment,
    tables.tone_labels,
    tables.action_evidence,
    tables.feedback,
)
_OF_ACTION = (tables.action_event, tables.action_evidence, tables.action)
_JUDGED = (tables.shift_review, tables.shift_plan, tables.shift_verdict)
_DAY = timedelta(days=1)
_AFTER_LAST_WORD = 400  # days in which a silence may have been found


@dataclass(frozen=True)
class Subject:
    """What is to be erased, by id."""

    feedback: tuple[str, ...] = ()
    customers: tuple[str, ...] = ()  # of whom nothing is left
    accounts: tuple[str, ...] = ()  # with nobody left
    shifts: tuple[str, ...] = ()  # of the latest run
    judged: tuple[str, ...] = ()  # shifts, also of earlier runs, of those customers
    actions: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return any(vars(self).values())

    @property
    def ids(self) -> tuple[str, ...]:
        """Every id that a text may name."""
        named = (self.feedback, self.customers, self.accounts, self.shifts, self.judged)
        return tuple(one for some in (*named, self.actions) for one in some)


def of_customer(connection: Connection, customer_id: str) -> Subject:
    """Return all that is held of one customer, by pseudonym."""
    piece, row, identity = tables.feedback.c, tables.customer.c, tables.identity.c
    own = select(piece.feedback_id).where(piece.customer_id == customer_id)
    feedback = {*connection.execute(own).scalars(), *_said_to(connection, customer_id)}
    known = (
        select(identity.pseudonym).where(identity.pseudonym == customer_id),
        select(row.customer_id).where(row.customer_id == customer_id),
        select(tables.shift.c.shift_id).where(tables.shift.c.customer_id == customer_id),
        select(tables.action.c.action_id).where(tables.action.c.customer_id == customer_id),
    )
    if not feedback and all(connection.execute(query).first() is None for query in known):
        return Subject()
    return _with_the_rest(connection, feedback, {customer_id}, None)


def of_before(connection: Connection, moment: datetime) -> Subject:
    """Return the feedback received before `moment`, and the customers of whom nothing is left.

    Nothing is left of whom no later or undated feedback is held, unless their row in the customer
    table says that they did not leave before `moment`.
    """
    piece, row = tables.feedback.c, tables.customer.c
    old = piece.received_at < to_micros(moment)
    later = or_(piece.received_at >= to_micros(moment), piece.received_at.is_(None))
    left = row.cancelled_at < to_micros(moment)
    stay = or_(row.cancelled_at >= to_micros(moment), row.cancelled_at.is_(None))

    def told(*queries: Any) -> set[str]:  # noqa: ANN401 - a SELECT of ids
        return {one for query in queries for one in connection.execute(query).scalars() if one}

    gone = told(
        select(piece.customer_id).where(old).distinct(), select(row.customer_id).where(left)
    ) - told(select(piece.customer_id).where(later).distinct(), select(row.customer_id).where(stay))
    feedback = told(select(piece.feedback_id).where(old))
    return _with_the_rest(connection, feedback, gone, moment)


def traces(connection: Connection, subject: Subject, originals: Iterable[str]) -> Leftovers:
    """Return what would tell of the subject in a text; `originals` are the ids behind its own."""
    mine = {*subject.feedback, *subject.customers}
    said = [text for own, text in _all_texts(connection) if own in mine]
    for some in parts(subject.feedback):
        segment = tables.segment.c
        said += connection.execute(
            select(segment.text).where(segment.feedback_id.in_(some))
        ).scalars()
    others = (text for own, text in _all_texts(connection) if own not in mine)
    return leftovers((*subject.ids, *originals), said, others)


def erase_rows(
    connection: Connection, subject: Subject, before: datetime | None = None
) -> dict[str, int]:
    """Delete the rows of the subject, and what people noted `before`; return how many by table."""
    counts: dict[str, int] = {}

    def drop(names: Sequence[Table], column: str, ids: Sequence[str]) -> None:
        for table in names:
            for some in parts(ids):
                drop_where(table, table.c[column].in_(some))

    def drop_where(table: Table, which: ColumnElement[bool]) -> None:
        gone = connection.execute(delete(table).where(which)).rowcount
        if gone:
            counts[table.name] = counts.get(table.name, 0) + gone

    drop(_OF_ACTION, "action_id", subject.actions)
    drop(_JUDGED, "shift_id", subject.judged)
    if before is not None:
        drop_where(tables.shift_review, tables.shift_review.c.at < to_micros(before))
    drop((tables.shift,), "shift_id", subject.shifts)
    drop(_OF_FEEDBACK, "feedback_id", subject.feedback)
    drop((tables.customer,), "customer_id", subject.customers)
    drop((tables.identity,), "pseudonym", (*subject.customers, *subject.accounts))
    return counts


def _with_the_rest(
    connection: Connection, feedback: set[str], customers: set[str], before: datetime | None
) -> Subject:
    """Add what follows from the feedback and the customers that go."""
    listed, judged = _shifts(connection, feedback, customers)
    action = tables.action.c
    actions = _ids(connection, action.action_id, action.customer_id, customers)
    if before is not None:
        closed = select(action.action_id).where(action.closed_at < to_micros(before))
        actions |= set(connection.execute(closed).scalars())
    return Subject(
        feedback=tuple(sorted(feedback)),
        customers=tuple(sorted(customers)),
        accounts=tuple(sorted(_accounts(connection, feedback, customers))),
        shifts=tuple(sorted(listed)),
        judged=tuple(sorted(judged)),
        actions=tuple(sorted(actions)),
    )


def _said_to(connection: Connection, customer_id: str) -> set[str]:
    """Return what was said without a customer in conversations that only this one took part in."""
    piece = tables.feedback.c
    own = select(piece.source, piece.conversation_id).where(
        piece.customer_id == customer_id, piece.conversation_id.is_not(None)
    )
    found: set[str] = set()
    for source, conversation in connection.execute(own.distinct()).all():
        here = select(piece.feedback_id, piece.customer_id).where(
            piece.source == source, piece.conversation_id == conversation
        )
        rows = connection.execute(here).all()
        if all(row.customer_id in (None, customer_id) for row in rows):
            found.update(row.feedback_id for row in rows)
    return found


def _accounts(connection: Connection, feedback: set[str], customers: set[str]) -> set[str]:
    """Return the accounts of what goes that nothing of what stays belongs to."""
    gone: set[str] = set()
    kept: set[str] = set()
    piece, row = tables.feedback.c, tables.customer.c
    for own, mine in ((piece.feedback_id, feedback), (row.customer_id, customers)):
        account = own.table.c["account_id"]
        for name, belongs in connection.execute(select(own, account).where(account.is_not(None))):
            (gone if name in mine else kept).add(belongs)
    return gone - kept


def _shifts(
    connection: Connection, feedback: set[str], customers: set[str]
) -> tuple[set[str], set[str]]:
    """Return the listed shifts that rest on what goes, and all that people judged of those gone.

    The id of a shift is made of customer, kind and day, which is how those of earlier runs are
    recognised.
    """
    shift = tables.shift.c
    listed: set[str] = set()
    judged: set[str] = set()
    query = select(shift.shift_id, shift.customer_id, shift.before_quote, shift.after_quote)
    for own, customer_id, *quotes in connection.execute(query):
        quoted = {json.loads(quote)["feedback_id"] for quote in quotes if quote}
        if customer_id in customers:
            judged.add(own)
        if customer_id in customers or not feedback.isdisjoint(quoted):
            listed.add(own)
    waiting = {
        own
        for table in _JUDGED
        for own in connection.execute(select(table.c.shift_id).distinct()).scalars()
    }
    if waiting:
        judged |= waiting & set(_possible_shifts(connection, customers))
    return listed, judged


def _possible_shifts(connection: Connection, customers: set[str]) -> Iterator[str]:
    """Yield the ids that shifts of these customers may have had, around every day they spoke on."""
    piece = tables.feedback.c
    days: dict[str, set[date]] = {}
    dated = select(piece.customer_id, piece.received_at).where(piece.received_at.is_not(None))
    for own, at in connection.execute(dated):
        if own in customers and (moment := from_micros(at)) is not None:
            days.setdefault(own, set()).update(moment.date() + _DAY * away for away in (-1, 0, 1))
    for own, around in days.items():
        silences = (max(around) - min(around)).days + _AFTER_LAST_WORD
        told = {
            *((kind, day) for kind in ShiftKind for day in around),
            *((ShiftKind.STILTE, min(around) + _DAY * away) for away in range(silences)),
        }
        for kind, day in told:
            yield shift_id(own, kind, datetime(day.year, day.month, day.day, 12, tzinfo=UTC), "UTC")


def _ids(
    connection: Connection, wanted: Column[str], owner: Column[Any], owners: set[str]
) -> set[str]:
    return {
        own
        for some in parts(sorted(owners))
        for own in connection.execute(select(wanted).where(owner.in_(some))).scalars()
    }


def _all_texts(connection: Connection) -> Iterator[tuple[str, str]]:
    """Yield every text that came in, with the feedback or customer it is of; "" of what is shared.

    Shared are questions, segments and stages: words of the company, whoever answered.
    """
    piece, version, row = tables.feedback.c, tables.feedback_version.c, tables.customer.c
    for query in (
        select(piece.feedback_id, piece.verbatim),
        select(version.feedback_id, version.verbatim),
    ):
        for own, text in connection.execute(query.execution_options(yield_per=BATCH_ROWS)):
            yield own, text
    for query in (
        select(piece.feedback_id, piece.attributes),
        select(row.customer_id, row.attributes),
    ):
        for own, attributes in connection.execute(query.execution_options(yield_per=BATCH_ROWS)):
            for text in texts_in(attributes):
                yield own, text
    for column in (piece.question, piece.segment, piece.journey_stage, piece.source, row.segment):
        for text in connection.execute(select(column).distinct()).scalars():
            yield "", text or ""
