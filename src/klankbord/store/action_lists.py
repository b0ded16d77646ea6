"""Stretches of the list of actions, and how many there are, without reading them all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, func, literal, or_, select, tuple_

from klankbord.loop.lifecycle import CARRIED_OUT
from klankbord.records import Action
from klankbord.store import tables
from klankbord.store.actions import read_where
from klankbord.store.arrow import to_micros

_COLUMNS = tables.action.c
_CLOSED = or_(_COLUMNS.outcome.is_not(None), _COLUMNS.closed_at.is_not(None))


@dataclass(frozen=True)
class ActionFilter:
    """Which actions are asked for, and in which order; None stands for all of them.

    Open ones come by due date or by priority, closed ones the last closed first.
    """

    closed: bool = False
    overdue_on: date | None = None  # only those that are late on this day
    loop: str | None = None
    owner: str | None = None
    status: str | None = None
    by_priority: bool = False


@dataclass(frozen=True)
class ActionCount:
    """How many actions are alike in all that can be filtered on."""

    loop: str
    owner: str
    status: str
    closed: bool
    overdue: bool
    number: int


def listed(
    connection: Connection, asked: ActionFilter, *, offset: int, limit: int
) -> tuple[Action, ...]:
    """Return a stretch of the actions that are asked for, in order."""
    order = _order(asked)
    query = select(_COLUMNS.action_id).where(*_conditions(asked)).order_by(*order)
    ids = connection.execute(query.offset(offset).limit(limit)).scalars().all()
    found = {one.action_id: one for one in read_where(connection, _COLUMNS.action_id.in_(ids))}
    return tuple(found[one] for one in ids)


def neighbours(
    connection: Connection, action: Action, asked: ActionFilter
) -> tuple[str | None, str | None]:
    """Return the ids before and after the place of an action in such a list."""
    place = _place(action, asked)
    if None in place:
        return None, None
    order = _order(asked)
    here = tuple_(*(literal(value) for value in place))
    query = select(_COLUMNS.action_id).where(*_conditions(asked)).limit(1)
    before = query.where(tuple_(*order) < here).order_by(*(one.desc() for one in order))
    after = query.where(tuple_(*order) > here).order_by(*order)
    return connection.execute(before).scalar(), connection.execute(after).scalar()


def counts(connection: Connection, today: date) -> tuple[ActionCount, ...]:
    """Return how many actions there are of each loop, owner and state, open, late and closed."""
    closed = case((_CLOSED, 1), else_=0)
    overdue = case((and_(*_overdue(today)), 1), else_=0)
    alike = (_COLUMNS.loop, _COLUMNS.owner, _COLUMNS.status, closed, overdue)
    rows = connection.execute(select(*alike, func.count()).group_by(*alike).order_by(*alike))
    return tuple(
        ActionCount(loop, owner, status, bool(is_closed), bool(late), number)
        for loop, owner, status, is_closed, late, number in rows
    )


def _conditions(asked: ActionFilter) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = [_CLOSED if asked.closed else ~_CLOSED]
    if asked.overdue_on is not None:
        wanted += _overdue(asked.overdue_on)
    for name in ("loop", "owner", "status"):
        value = getattr(asked, name)
        if value is not None:
            wanted.append(_COLUMNS[name] == value)
    return wanted


def _overdue(today: date) -> list[ColumnElement[bool]]:
    """Select what is late on a day: what was carried out no longer is."""
    return [~_CLOSED, _COLUMNS.status.not_in(CARRIED_OUT), _COLUMNS.due < today]


def _order(asked: ActionFilter) -> tuple[ColumnElement[Any], ...]:
    if asked.closed:
        return (-func.coalesce(_COLUMNS.closed_at, 0), _COLUMNS.action_id)
    if asked.by_priority:
        return (-_COLUMNS.priority, _COLUMNS.due, _COLUMNS.action_id)
    return (_COLUMNS.due, -_COLUMNS.priority, _COLUMNS.action_id)


def _place(action: Action, asked: ActionFilter) -> Sequence[Any]:
    """Return where an action stands in an order; with None where it is not in such a list."""
    if asked.closed:
        return (-(to_micros(action.closed_at) or 0) if action.closed else None, action.action_id)
    if asked.by_priority:
        return (-action.priority, action.due, action.action_id)
    return (action.due, -action.priority, action.action_id)
