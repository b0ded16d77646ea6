"""Who looks at a tone shift, and until when it waits."""

from __future__ import annotations

import unicodedata
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select

from klankbord.errors import WorkspaceError
from klankbord.store import reviews, tables
from klankbord.store.reviews import Matter, ReviewVerb

_MOST_NAMES = 200


def name_key(name: str) -> str:
    """Return how a name is compared: whatever its case, blanks and way of writing accents."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def assign(
    connection: Connection,
    shift_id: str,
    assignee: str,
    *,
    at: datetime,
    by: str,
    note: str = "",
    version: int | None = None,
) -> int:
    """Give a shift to a person or department, or with "" to nobody; return the new version.

    Raises ConflictError where the shift is no longer of `version`.
    """
    verb = ReviewVerb.TOEGEWEZEN
    return _decide(connection, shift_id, verb, assignee, version, at=at, by=by, note=note)


def snooze(
    connection: Connection,
    shift_id: str,
    until: date | None,
    *,
    at: datetime,
    by: str,
    note: str = "",
    version: int | None = None,
) -> int:
    """Let a shift wait until a day, or with None no longer; return the new version.

    Raises ConflictError where the shift is no longer of `version`.
    """
    day = "" if until is None else until.isoformat()
    verb = ReviewVerb.UITGESTELD
    return _decide(connection, shift_id, verb, day, version, at=at, by=by, note=note)


def undo(
    connection: Connection,
    shift_id: str,
    matter: Matter,
    *,
    at: datetime,
    by: str,
    version: int | None = None,
) -> None:
    """Take the last assignment or snooze back: the one before it stands again, or none.

    Raises WorkspaceError where there is nothing to undo and ConflictError as `assign` does.
    """
    events = reviews.checked(connection, shift_id, version)
    if reviews.standing(events, matter) is None:
        raise WorkspaceError("nobody planned this tone shift, so there is nothing to undo")
    reviews.add_event(connection, shift_id, ReviewVerb.ONGEDAAN, at=at, by=by, value=matter.value)
    _write(connection, shift_id)


def known_names(connection: Connection) -> tuple[str, ...]:
    """Return the names of people and departments seen here before, in order."""
    plan, review = tables.shift_plan, tables.shift_review
    assigned = select(plan.c.assignee).distinct().order_by(plan.c.assignee).limit(_MOST_NAMES)
    reviewers = select(review.c.by).distinct().order_by(review.c.by).limit(_MOST_NAMES)
    found: dict[str, str] = {}
    for query in (assigned, reviewers):
        for name in connection.execute(query).scalars():
            found.setdefault(name_key(name), name)
    return tuple(name for key, name in sorted(found.items()) if key)


def open_by_assignee(connection: Connection) -> tuple[tuple[str, int], ...]:
    """Return each name that listed shifts are assigned to, with how many nobody judged yet."""
    plan, shift, verdict = tables.shift_plan, tables.shift, tables.shift_verdict
    query = (
        select(
            func.max(plan.c.assignee), func.count() - func.count(verdict.c.shift_id).label("open")
        )
        .select_from(
            plan.join(shift, shift.c.shift_id == plan.c.shift_id).outerjoin(
                verdict, verdict.c.shift_id == plan.c.shift_id
            )
        )
        .where(plan.c.assignee_key != "")
        .group_by(plan.c.assignee_key)
        .order_by(plan.c.assignee_key)
    )
    return tuple((name, int(number)) for name, number in connection.execute(query))


def _decide(
    connection: Connection,
    shift_id: str,
    verb: ReviewVerb,
    value: str,
    version: int | None,
    **told: Any,  # noqa: ANN401 - when, by whom and with which note
) -> int:
    reviews.checked(connection, shift_id, version)
    added = reviews.add_event(connection, shift_id, verb, value=value, **told)
    _write(connection, shift_id)
    return added


def _write(connection: Connection, shift_id: str) -> None:
    """Keep what follows from the history, to filter by; nothing where it says nothing."""
    events = reviews.history(connection, (shift_id,))[shift_id]
    assigned = reviews.standing(events, Matter.TOEWIJZING)
    snoozed = reviews.standing(events, Matter.UITSTEL)
    assignee = assigned.value if assigned else ""
    until = date.fromisoformat(snoozed.value) if snoozed and snoozed.value else None
    plan = tables.shift_plan
    connection.execute(delete(plan).where(plan.c.shift_id == shift_id))
    if assignee or until is not None:
        row = {
            "shift_id": shift_id,
            "assignee": assignee,
            "assignee_key": name_key(assignee),
            "snoozed_until": until,
        }
        connection.execute(insert(plan).values(row))
