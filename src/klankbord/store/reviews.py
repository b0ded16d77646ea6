"""What people did with tone shifts: verdicts and plans, by whom, when, and with which note."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Connection, insert, select

from klankbord.errors import ConflictError, WorkspaceError
from klankbord.records import ToneShift, Verdict
from klankbord.store import findings, tables
from klankbord.store.arrow import from_micros, to_micros


class ReviewVerb(StrEnum):
    """What a person did with a tone shift."""

    BEVESTIGD = "bevestigd"
    VALS_ALARM = "vals alarm"
    TOEGEWEZEN = "toegewezen"
    UITGESTELD = "uitgesteld"
    ONGEDAAN = "ongedaan gemaakt"
    NOTITIE = "notitie"


class Matter(StrEnum):
    """What of a shift is decided; each is undone by itself."""

    OORDEEL = "oordeel"
    TOEWIJZING = "toewijzing"
    UITSTEL = "uitstel"


MATTERS: Mapping[ReviewVerb, Matter] = {
    ReviewVerb.BEVESTIGD: Matter.OORDEEL,
    ReviewVerb.VALS_ALARM: Matter.OORDEEL,
    ReviewVerb.TOEGEWEZEN: Matter.TOEWIJZING,
    ReviewVerb.UITGESTELD: Matter.UITSTEL,
}


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
    value: str = ""  # person or "", day or "", or what was undone

    @property
    def matter(self) -> Matter | None:
        """What this decided or undid; None for a note."""
        if self.verb is ReviewVerb.ONGEDAAN:
            return Matter(self.value) if self.value else Matter.OORDEEL
        return MATTERS.get(self.verb)


@dataclass(frozen=True)
class ListedShift:
    """A tone shift of the latest run with its place and what people did with it."""

    rank: int  # from 1
    shift: ToneShift
    real: bool | None  # the verdict; None while nobody judged it
    events: tuple[ReviewEvent, ...]  # oldest first
    assignee: str = ""  # a person or department, "" for nobody
    snoozed_until: date | None = None  # the day it comes back, gone by or not

    @property
    def version(self) -> int:
        """Number of the last decision or undoing, which changes when somebody decides."""
        return version_of(self.events)

    @property
    def judgement(self) -> ReviewEvent | None:
        """The judgement that stands."""
        return standing(self.events)

    def decision(self, matter: Matter) -> ReviewEvent | None:
        """Return the decision that stands on one matter."""
        return standing(self.events, matter)


def version_of(events: Iterable[ReviewEvent]) -> int:
    """Return the number of the last event that is more than a note; 0 where there is none."""
    return max((one.event_id for one in events if one.verb is not ReviewVerb.NOTITIE), default=0)


def standing(events: Iterable[ReviewEvent], matter: Matter = Matter.OORDEEL) -> ReviewEvent | None:
    """Return the decision on one matter that stands: the last one that was not undone."""
    decided: list[ReviewEvent] = []
    for event in events:
        if event.matter is not matter:
            continue
        if event.verb is not ReviewVerb.ONGEDAAN:
            decided.append(event)
        elif decided:
            decided.pop()
    return decided[-1] if decided else None


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
    checked(connection, shift.shift_id, version)
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
    events = checked(connection, shift_id, version)
    kept = findings.read_verdicts(connection, (shift_id,))
    if standing(events) is None or not kept:
        raise WorkspaceError("nobody judged this tone shift, so there is nothing to undo")
    add_event(connection, shift_id, ReviewVerb.ONGEDAAN, at=at, by=by, value=Matter.OORDEEL.value)
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
    value: str = "",
) -> int:
    """Add one event to the history of a shift and return its number."""
    values = {
        "shift_id": shift_id,
        "at": to_micros(at),
        "by": by,
        "verb": verb.value,
        "note": note,
        "value": value,
    }
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


def checked(connection: Connection, shift_id: str, version: int | None) -> tuple[ReviewEvent, ...]:
    """Return the history of a shift, which nobody else changes before the transaction ends.

    SQLite locks as a whole, a server the row of the shift.
    """
    held = select(tables.shift.c.rank).where(tables.shift.c.shift_id == shift_id)
    connection.execute(held.with_for_update())
    events = history(connection, (shift_id,))[shift_id]
    if version is not None and version != version_of(events):
        raise ConflictError(
            "somebody else changed this tone shift in the meantime",
            hint="look again, then try again",
        )
    return events
