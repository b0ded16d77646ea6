"""What people found tone shifts to be: verdicts, with who gave them, when, and what they noted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, exists, func, insert, select

from klankbord.errors import ConflictError, WorkspaceError
from klankbord.records import ToneShift, Verdict
from klankbord.schema import ShiftKind
from klankbord.store import findings, tables
from klankbord.store.arrow import from_micros, to_micros


class ReviewVerb(StrEnum):
    """What a person did with a tone shift."""

    BEVESTIGD = "bevestigd"
    VALS_ALARM = "vals alarm"
    ONGEDAAN = "ongedaan gemaakt"
    NOTITIE = "notitie"


JUDGEMENTS = (ReviewVerb.BEVESTIGD, ReviewVerb.VALS_ALARM)


class NotListedError(WorkspaceError):
    """A tone shift is not, or no longer, on the list of the latest analysis."""


@dataclass(frozen=True)
class ReviewEvent:
    """One thing a person did with one tone shift; never altered afterwards."""

    event_id: int
    shift_id: str
    at: datetime
    by: str  # "" where it is not known
    verb: ReviewVerb
    note: str


@dataclass(frozen=True)
class ListedShift:
    """A tone shift of the latest run with its place and what people did with it."""

    rank: int  # from 1
    shift: ToneShift
    real: bool | None  # the verdict; None while nobody judged it
    events: tuple[ReviewEvent, ...]  # oldest first

    @property
    def version(self) -> int:
        """Number of the last judgement or undoing, which changes when somebody judges."""
        return version_of(self.events)

    @property
    def judgement(self) -> ReviewEvent | None:
        """The judgement that stands."""
        return standing(self.events)


@dataclass(frozen=True)
class ShiftCounts:
    """How many shifts of one kind are listed, and how many of them somebody judged."""

    kind: ShiftKind
    listed: int
    judged: int


def version_of(events: Iterable[ReviewEvent]) -> int:
    """Return the number of the last event that is more than a note; 0 where there is none."""
    return max((one.event_id for one in events if one.verb is not ReviewVerb.NOTITIE), default=0)


def standing(events: Iterable[ReviewEvent]) -> ReviewEvent | None:
    """Return the judgement that stands: the last one that was not undone."""
    judged: list[ReviewEvent] = []
    for event in events:
        if event.verb in JUDGEMENTS:
            judged.append(event)
        elif event.verb is ReviewVerb.ONGEDAAN and judged:
            judged.pop()
    return judged[-1] if judged else None


def judge(
    connection: Connection,
    shift: ToneShift,
    *,
    real: bool,
    at: datetime,
    by: str = "",
    note: str = "",
    version: int | None = None,
) -> int:
    """Keep a verdict and who gave it; return the new version.

    Raises ConflictError where the shift is no longer of `version`.
    """
    _checked(connection, shift.shift_id, version)
    believed = shift.probability if shift.believed is None else shift.believed
    findings.write_verdict(connection, Verdict(shift.shift_id, shift.kind, believed, real, at))
    verb = ReviewVerb.BEVESTIGD if real else ReviewVerb.VALS_ALARM
    return add_event(connection, shift.shift_id, verb, at=at, by=by, note=note)


def undo(
    connection: Connection,
    shift_id: str,
    *,
    at: datetime,
    by: str,
    version: int | None = None,
) -> None:
    """Take the standing judgement back: the one before it stands again, or none.

    Raises WorkspaceError where there is nothing to undo and ConflictError as `judge` does.
    """
    events = _checked(connection, shift_id, version)
    kept = findings.read_verdicts(connection, (shift_id,))
    if standing(events) is None or not kept:
        raise WorkspaceError("nobody judged this tone shift, so there is nothing to undo")
    add_event(connection, shift_id, ReviewVerb.ONGEDAAN, at=at, by=by)
    before = standing(history(connection, (shift_id,))[shift_id])
    if before is None:
        findings.drop_verdict(connection, shift_id)
        return
    real = before.verb is ReviewVerb.BEVESTIGD
    restored = Verdict(shift_id, kept[0].kind, kept[0].believed, real, before.at)
    findings.write_verdict(connection, restored)


def add_event(
    connection: Connection,
    shift_id: str,
    verb: ReviewVerb,
    *,
    at: datetime,
    by: str,
    note: str = "",
) -> int:
    """Add one event to the history of a shift and return its number."""
    values = {"shift_id": shift_id, "at": to_micros(at), "by": by, "verb": verb.value, "note": note}
    statement = insert(tables.shift_review).values(values)
    added = connection.execute(statement.returning(tables.shift_review.c.event_id))
    return int(added.scalar_one())


def history(
    connection: Connection, shift_ids: Sequence[str]
) -> Mapping[str, tuple[ReviewEvent, ...]]:
    """Return what people did with these shifts, oldest first; nothing for one nobody touched."""
    table = tables.shift_review
    query = select(table).where(table.c.shift_id.in_(shift_ids)).order_by(table.c.event_id)
    found: defaultdict[str, list[ReviewEvent]] = defaultdict(list)
    for row in connection.execute(query).mappings():
        at = from_micros(row["at"])
        assert at is not None  # noqa: S101 - the column is not nullable
        event = ReviewEvent(**{**row, "at": at, "verb": ReviewVerb(row["verb"])})
        found[event.shift_id].append(event)
    return defaultdict(tuple, {own: tuple(events) for own, events in found.items()})


def listed(
    connection: Connection,
    *,
    kind: ShiftKind | None,
    judged: bool | None,
    offset: int,
    limit: int,
) -> tuple[ListedShift, ...]:
    """Return a stretch of the ranked list, of one kind, judged or still open as asked."""
    query = select(tables.shift).where(*_filters(kind, judged)).order_by(tables.shift.c.rank)
    return _with_reviews(connection, query.offset(offset).limit(limit))


def one(connection: Connection, shift_id: str) -> ListedShift:
    """Return one listed shift; raises NotListedError where there is none."""
    found = _with_reviews(
        connection, select(tables.shift).where(tables.shift.c.shift_id == shift_id)
    )
    if not found:
        raise NotListedError(
            "this tone shift is not on the list of the latest analysis", hint="klankbord flags"
        )
    return found[0]


def neighbours(
    connection: Connection, rank: int, *, kind: ShiftKind | None, judged: bool | None
) -> tuple[str | None, str | None]:
    """Return the ids before and after place `rank` on the list, of those that are asked for."""
    table = tables.shift
    query = select(table.c.shift_id).where(*_filters(kind, judged)).limit(1)
    before = query.where(table.c.rank < rank - 1).order_by(table.c.rank.desc())
    after = query.where(table.c.rank > rank - 1).order_by(table.c.rank)
    return connection.execute(before).scalar(), connection.execute(after).scalar()


def counts(connection: Connection) -> tuple[ShiftCounts, ...]:
    """Return the numbers of listed and judged shifts of each kind that is on the list."""
    shift, verdict = tables.shift, tables.shift_verdict
    query = (
        select(shift.c.kind, func.count(), func.count(verdict.c.shift_id))
        .select_from(shift.outerjoin(verdict, verdict.c.shift_id == shift.c.shift_id))
        .group_by(shift.c.kind)
    )
    found = {kind: (listed, judged) for kind, listed, judged in connection.execute(query)}
    return tuple(ShiftCounts(kind, *found[kind]) for kind in ShiftKind if kind in found)


def _checked(connection: Connection, shift_id: str, version: int | None) -> tuple[ReviewEvent, ...]:
    """Return the history of a shift, which nobody else changes before the transaction ends.

    SQLite locks as a whole, a server the row of the shift.
    """
    held = select(tables.shift.c.rank).where(tables.shift.c.shift_id == shift_id)
    connection.execute(held.with_for_update())
    events = history(connection, (shift_id,))[shift_id]
    if version is not None and version != version_of(events):
        raise ConflictError(
            "somebody else judged this tone shift in the meantime",
            hint="look again, then try again",
        )
    return events


def _filters(kind: ShiftKind | None, judged: bool | None) -> list[ColumnElement[bool]]:
    asked: list[ColumnElement[bool]] = []
    if kind is not None:
        asked.append(tables.shift.c.kind == kind.value)
    if judged is not None:
        has = exists().where(tables.shift_verdict.c.shift_id == tables.shift.c.shift_id)
        asked.append(has if judged else ~has)
    return asked


def _with_reviews(connection: Connection, query: Select[Any]) -> tuple[ListedShift, ...]:
    rows = connection.execute(query).mappings().all()
    ids = [row["shift_id"] for row in rows]
    verdicts = {one.shift_id: one.real for one in findings.read_verdicts(connection, ids)}
    events = history(connection, ids)
    return tuple(
        ListedShift(
            row["rank"] + 1,
            findings.shift_of(row),
            verdicts.get(row["shift_id"]),
            events[row["shift_id"]],
        )
        for row in rows
    )
