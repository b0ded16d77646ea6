"""The ranked list of tone shifts, in parts: by kind, by state and by who looks at them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, exists, func, not_, select

from klankbord.schema import ShiftKind
from klankbord.store import findings, reviews, tables
from klankbord.store.reviews import ListedShift, NotListedError
from klankbord.store.shift_plans import name_key


class ReviewState(StrEnum):
    """Where a listed shift stands."""

    OPEN = "open"
    SNOOZED = "snoozed"  # not judged, and waiting for a day
    JUDGED = "judged"


@dataclass(frozen=True)
class ShiftFilter:
    """Which part of the list is asked for."""

    today: date  # what waits for a later day is snoozed
    kind: ShiftKind | None = None
    state: ReviewState | None = None
    assignee: str | None = None  # "": assigned to nobody


@dataclass(frozen=True)
class ShiftCounts:
    """How many shifts of one kind are listed, how many of them somebody judged, and who wait."""

    kind: ShiftKind
    listed: int
    judged: int
    snoozed: int = 0

    def of(self, state: ReviewState | None) -> int:
        """Return how many are in one state, or all of them."""
        left = self.listed - self.judged - self.snoozed
        numbers = {
            ReviewState.OPEN: left,
            ReviewState.SNOOZED: self.snoozed,
            ReviewState.JUDGED: self.judged,
        }
        return self.listed if state is None else numbers[state]


def listed(
    connection: Connection, asked: ShiftFilter, *, offset: int, limit: int
) -> tuple[ListedShift, ...]:
    """Return a stretch of the part of the ranked list that is asked for."""
    query = select(tables.shift).where(*_filters(asked)).order_by(tables.shift.c.rank)
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
    connection: Connection, rank: int, asked: ShiftFilter
) -> tuple[str | None, str | None]:
    """Return the ids before and after place `rank` on the list, of those that are asked for."""
    table = tables.shift
    query = select(table.c.shift_id).where(*_filters(asked)).limit(1)
    before = query.where(table.c.rank < rank - 1).order_by(table.c.rank.desc())
    after = query.where(table.c.rank > rank - 1).order_by(table.c.rank)
    return connection.execute(before).scalar(), connection.execute(after).scalar()


def counts(
    connection: Connection, today: date, assignee: str | None = None
) -> tuple[ShiftCounts, ...]:
    """Return the numbers of each kind that is on the list, or that is assigned to somebody."""
    shift, verdict, plan = tables.shift, tables.shift_verdict, tables.shift_plan
    waits = and_(verdict.c.shift_id.is_(None), plan.c.snoozed_until > today)
    query = (
        select(
            shift.c.kind,
            func.count(),
            func.count(verdict.c.shift_id),
            func.count(case((waits, 1))),
        )
        .select_from(
            shift.outerjoin(verdict, verdict.c.shift_id == shift.c.shift_id).outerjoin(
                plan, plan.c.shift_id == shift.c.shift_id
            )
        )
        .where(*_assigned(assignee))
        .group_by(shift.c.kind)
    )
    found = {kind: numbers for kind, *numbers in connection.execute(query)}
    return tuple(ShiftCounts(kind, *found[kind]) for kind in ShiftKind if kind in found)


def _filters(asked: ShiftFilter) -> list[ColumnElement[bool]]:
    shift, plan = tables.shift, tables.shift_plan
    judged = exists().where(tables.shift_verdict.c.shift_id == shift.c.shift_id)
    waits = exists().where(plan.c.shift_id == shift.c.shift_id, plan.c.snoozed_until > asked.today)
    states: dict[ReviewState | None, list[ColumnElement[bool]]] = {
        None: [],
        ReviewState.OPEN: [not_(judged), not_(waits)],
        ReviewState.SNOOZED: [not_(judged), waits],
        ReviewState.JUDGED: [judged],
    }
    kind = [] if asked.kind is None else [shift.c.kind == asked.kind.value]
    return [*kind, *states[asked.state], *_assigned(asked.assignee)]


def _assigned(assignee: str | None) -> list[ColumnElement[bool]]:
    if assignee is None:
        return []
    plan = tables.shift_plan
    key = name_key(assignee)
    theirs = select(plan.c.shift_id).where(
        plan.c.assignee_key == key if key else plan.c.assignee_key != ""
    )
    of_them = tables.shift.c.shift_id.in_(theirs)
    return [of_them if key else not_(of_them)]


def _with_reviews(connection: Connection, query: Select[Any]) -> tuple[ListedShift, ...]:
    rows = connection.execute(query).mappings().all()
    ids = [row["shift_id"] for row in rows]
    verdicts = {one.shift_id: one.real for one in findings.read_verdicts(connection, ids)}
    events = reviews.history(connection, ids)
    plan = tables.shift_plan
    planned = {
        row.shift_id: row
        for row in connection.execute(select(plan).where(plan.c.shift_id.in_(ids)))
    }
    return tuple(
        ListedShift(
            row["rank"] + 1,
            findings.shift_of(row),
            verdicts.get(row["shift_id"]),
            events[row["shift_id"]],
            planned[row["shift_id"]].assignee if row["shift_id"] in planned else "",
            planned[row["shift_id"]].snoozed_until if row["shift_id"] in planned else None,
        )
        for row in rows
    )
