"""Tones that people corrected: given, listed, taken back, and searched for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Row,
    Select,
    func,
    insert,
    or_,
    select,
    update,
)

from klankbord.errors import ConflictError, WorkspaceError
from klankbord.schema import SPEAKING, Tone
from klankbord.store import tables
from klankbord.store.arrow import from_micros, to_micros
from klankbord.store.labels import newest_labels

_BEFORE_ALL = -(2**62)  # microseconds


class NoSuchPieceError(WorkspaceError):
    """A piece of feedback, or a correction of it, is not in the workspace."""


@dataclass(frozen=True)
class ToneSaid:
    """A label that a person gave to a piece of feedback."""

    label_id: int
    feedback_id: str
    tone: Tone
    by: str  # "" where it is not known
    at: datetime
    correction: bool  # given on the review page
    read_as: Tone | None  # the tone that stood there before


@dataclass(frozen=True)
class Correction:
    """A correction with the words it is about, and whether it still counts."""

    said: ToneSaid
    customer_id: str | None
    verbatim: str
    received_at: datetime | None
    counts: bool
    withdrawn_by: str | None
    withdrawn_at: datetime | None


def correct(
    connection: Connection,
    feedback_id: str,
    tone: Tone,
    *,
    at: datetime,
    by: str,
    seen: int | None = None,
) -> int:
    """Keep the tone that a person gave to a piece of feedback; return the number of the label.

    What an earlier label says besides the tone stays. Raises ConflictError where another label
    than number `seen` (0: none) counts by now, NoSuchPieceError where no customer said this.
    """
    _held(connection, feedback_id)
    earlier = _standing(connection, (feedback_id,)).get(feedback_id)
    _not_changed(earlier, seen)
    values: dict[str, Any] = {
        "feedback_id": feedback_id,
        "tone": tone.value,
        "labelled_by": by,
        "labelled_at": _not_before(at, earlier),
        "correction": True,
        "read_as": earlier.tone
        if earlier is not None
        else tones_read(connection, (feedback_id,)).get(feedback_id),
    }
    if earlier is not None:
        kept = ("mixed", "complaint_theme", "flags")
        values |= {name: getattr(earlier, name) for name in kept}
    label = tables.tone_labels
    added = connection.execute(insert(label).values(values).returning(label.c.label_id))
    return int(added.scalar_one())


def withdraw(connection: Connection, label_id: int, *, at: datetime, by: str) -> ToneSaid:
    """Take a correction back: the label before it counts again, or the model's tone.

    Raises NoSuchPieceError where there is no such correction and ConflictError where it does not
    count any more.
    """
    label = tables.tone_labels
    row = connection.execute(
        select(label).where(label.c.label_id == label_id, label.c.correction)
    ).first()
    if row is None:
        raise NoSuchPieceError("there is no such correction")
    _held(connection, row.feedback_id)
    counts = _standing(connection, (row.feedback_id,)).get(row.feedback_id)
    _not_changed(counts, label_id)
    given = {"withdrawn_at": to_micros(at), "withdrawn_by": by}
    connection.execute(update(label).where(label.c.label_id == label_id).values(given))
    return _said(row)


def tones_said(connection: Connection, feedback_ids: Sequence[str]) -> Mapping[str, ToneSaid]:
    """Return the label that counts of each of these pieces that a person labelled."""
    return {own: _said(row) for own, row in _standing(connection, feedback_ids).items()}


def tones_read(connection: Connection, feedback_ids: Sequence[str]) -> Mapping[str, str]:
    """Return the tone that the model read in each of these pieces that are scored."""
    score = tables.score.c
    query = select(score.feedback_id, score.tone).where(score.feedback_id.in_(feedback_ids))
    return {row.feedback_id: row.tone for row in connection.execute(query)}


def listed(connection: Connection, *, offset: int, limit: int) -> tuple[Correction, ...]:
    """Return corrections, the last given first, those that count no more included."""
    label, feedback = tables.tone_labels, tables.feedback
    query = (
        select(label, feedback.c.customer_id, feedback.c.verbatim, feedback.c.received_at)
        .join(feedback, feedback.c.feedback_id == label.c.feedback_id)
        .where(label.c.correction)
        .order_by(label.c.label_id.desc())
        .offset(offset)
        .limit(limit)
    )
    rows = connection.execute(query).all()
    standing = _standing(connection, [row.feedback_id for row in rows])
    return tuple(
        Correction(
            said=_said(row),
            customer_id=row.customer_id,
            verbatim=row.verbatim,
            received_at=from_micros(row.received_at),
            counts=standing.get(row.feedback_id, row).label_id == row.label_id
            and row.feedback_id in standing,
            withdrawn_by=row.withdrawn_by,
            withdrawn_at=from_micros(row.withdrawn_at),
        )
        for row in rows
    )


def numbers(connection: Connection) -> tuple[int, int]:
    """Return how many corrections were given, and how many of them count."""
    label = tables.tone_labels
    given = select(func.count()).select_from(label).where(label.c.correction)
    counting = newest_labels().where(label.c.correction).subquery()
    counts = select(func.count()).select_from(counting)
    return int(connection.execute(given).scalar_one()), int(connection.execute(counts).scalar_one())


def found(connection: Connection, words: str, *, offset: int, limit: int) -> list[str]:
    """Return ids of what customers said with `words` in it, or of the customer so named.

    The newest come first.
    """
    table = tables.feedback
    spoken = table.c.verbatim != "", table.c.author_role.in_(SPEAKING)
    query = select(table.c.feedback_id).where(*spoken)
    is_customer = select(table.c.feedback_id).where(table.c.customer_id == words).limit(1)
    if connection.execute(is_customer).first() is not None:
        query = query.where(table.c.customer_id == words)
    elif words:
        query = query.where(_contains(connection, table.c.verbatim, words))
    # not by the index: reading the table in its own order is five times faster
    newest = func.coalesce(table.c.received_at, _BEFORE_ALL).desc(), table.c.feedback_id.desc()
    return list(connection.execute(query.order_by(*newest).offset(offset).limit(limit)).scalars())


def _contains(connection: Connection, column: Column[Any], words: str) -> ColumnElement[bool]:
    """Return whether a text holds `words`, in capitals or not."""
    pattern = "%" + re.sub(r"([%_/])", r"/\1", words) + "%"
    # both take capitals for small letters, but only those of ASCII
    like = column.ilike if connection.dialect.name == "postgresql" else column.like
    forms = {pattern} if words.isascii() else {pattern, *_written_otherwise(pattern)}
    return or_(*(like(form, escape="/") for form in sorted(forms)))


def _written_otherwise(pattern: str) -> tuple[str, ...]:
    return pattern.lower(), pattern.upper(), pattern.title()


def _standing(connection: Connection, feedback_ids: Sequence[str]) -> dict[str, Row[Any]]:
    query: Select[Any] = newest_labels().where(tables.tone_labels.c.feedback_id.in_(feedback_ids))
    return {row.feedback_id: row for row in connection.execute(query)}


def _held(connection: Connection, feedback_id: str) -> None:
    """Keep other people from labelling this piece before the transaction ends.

    SQLite locks as a whole, a server the row of the feedback.
    """
    table = tables.feedback
    held = select(table.c.feedback_id).where(
        table.c.feedback_id == feedback_id,
        table.c.verbatim != "",
        table.c.author_role.in_(SPEAKING),
    )
    if connection.execute(held.with_for_update()).first() is None:
        raise NoSuchPieceError("no customer said this, or it is no longer kept")


def _not_changed(counts: Row[Any] | None, seen: int | None) -> None:
    if seen is not None and seen != (0 if counts is None else counts.label_id):
        raise ConflictError(
            "somebody else judged this tone in the meantime", hint="look again, then try again"
        )


def _not_before(at: datetime, earlier: Row[Any] | None) -> int:
    """Return the moment of a label that is to count instead of `earlier`."""
    micros = to_micros(at)
    assert micros is not None  # noqa: S101 - there is a moment
    return micros if earlier is None else max(micros, int(earlier.labelled_at))


def _said(row: Row[Any]) -> ToneSaid:
    at = from_micros(row.labelled_at)
    assert at is not None  # noqa: S101 - the column is not nullable
    return ToneSaid(
        label_id=row.label_id,
        feedback_id=row.feedback_id,
        tone=Tone(row.tone),
        by=row.labelled_by,
        at=at,
        correction=bool(row.correction),
        read_as=None if row.read_as is None else Tone(row.read_as),
    )
