"""The feedback that mentions a theme, a stretch at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, distinct, exists, func, select

from klankbord.schema import Tone
from klankbord.store import tables
from klankbord.store.arrow import from_micros


@dataclass(frozen=True)
class Mention:
    """One piece of feedback that mentions a theme."""

    feedback: Mapping[str, Any]  # its row
    spans: tuple[tuple[int, int], ...]  # where in the verbatim, in order of place
    tone: Tone | None  # of the first of these segments


def count(connection: Connection, theme_ids: Sequence[str]) -> int:
    """Return how much feedback mentions one of these themes."""
    segment = tables.segment.c
    query = select(func.count(distinct(segment.feedback_id)))
    return int(connection.execute(query.where(segment.theme_id.in_(theme_ids))).scalar_one())


def read(
    connection: Connection, theme_ids: Sequence[str], *, total: int, offset: int, limit: int
) -> tuple[Mention, ...]:
    """Return the mentions from place `offset` of `total`, the latest first, undated last."""
    size = min(limit, total - offset)
    if size <= 0:
        return ()
    query = _walk(theme_ids, total=total, offset=offset, size=size)
    ids = list(connection.execute(query).scalars())
    feedback = tables.feedback
    rows = {
        row["feedback_id"]: {**row, "received_at": from_micros(row["received_at"])}
        for row in connection.execute(
            select(feedback).where(feedback.c.feedback_id.in_(ids))
        ).mappings()
    }
    parts = _segments(connection, ids, theme_ids)
    return tuple(
        Mention(rows[own], tuple(span for span, _ in parts[own]), parts[own][0][1]) for own in ids
    )


def _walk(theme_ids: Sequence[str], *, total: int, offset: int, size: int) -> Select[Any]:
    """Return the ids from the nearer end of the feedback by time: the middle is the slowest."""
    own, segment = tables.feedback.c, tables.segment.c
    mentions: ColumnElement[bool] = exists().where(
        segment.feedback_id == own.feedback_id, segment.theme_id.in_(theme_ids)
    )
    query = select(own.feedback_id).where(mentions).limit(size)
    latest = own.received_at.desc().nulls_last(), own.feedback_id.desc()
    if offset <= total // 2:
        return query.order_by(*latest).offset(offset)
    first = own.received_at.asc().nulls_first(), own.feedback_id.asc()
    stretch = query.order_by(*first).offset(total - offset - size).subquery()
    return (
        select(own.feedback_id)
        .where(own.feedback_id.in_(select(stretch.c.feedback_id)))
        .order_by(*latest)
    )


def _segments(
    connection: Connection, ids: Sequence[str], theme_ids: Sequence[str]
) -> dict[str, list[tuple[tuple[int, int], Tone | None]]]:
    """Return place and tone of the segments of each piece that mention one of the themes."""
    segment = tables.segment.c
    query = (
        select(segment.feedback_id, segment.start, segment.end, segment.tone)
        .where(segment.feedback_id.in_(ids), segment.theme_id.in_(theme_ids))
        .order_by(segment.segment)
    )
    found: dict[str, list[tuple[tuple[int, int], Tone | None]]] = {own: [] for own in ids}
    for own, start, end, tone in connection.execute(query):
        found[own].append(((start, end), Tone(tone) if tone else None))
    return found
