"""Actions that outlive a run: read as records, and merged with a new plan."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, select, update

from klankbord.errors import ConflictError, WorkspaceError
from klankbord.loop.lifecycle import Happening, Outcome
from klankbord.records import Action
from klankbord.store import tables
from klankbord.store.arrow import from_micros, to_micros
from klankbord.store.history import write_event

Subject = tuple[str, str, str | None, str | None]  # loop, kind, customer, theme

_IDENTITY = ("action_id", "loop", "kind", "customer_id", "theme_id")
_TEXTS = ("owner", "due", "status", "wel_niet_later", "draft")  # which people work on
_GROUNDS = ("reason", "cause", "why", "complaint_theme")
_RANKING = ("priority", "probability", "value_eur", "effect")
_PLANNED = _TEXTS + _GROUNDS + _RANKING
_LOOKUP_ROWS = 500


class NoSuchActionError(WorkspaceError):
    """There is no action with this id."""


def merge(
    connection: Connection, actions: Iterable[Action], at: datetime | None
) -> tuple[Action, ...]:
    """Merge a plan into the stored actions and return every open one, weightiest first.

    One action stands for one loop, kind and customer or theme. An open one keeps its id, owner,
    due date, status and texts and gains the evidence that is new, with an event. One that is
    planned no more drops to priority 0, with an event, for a person to close. A closed one opens
    again only for feedback it did not know and that came in after it was closed; nothing is
    planned for a customer to whom a person said goodbye knowingly ("bewust afscheid").
    """
    kept = {_subject(action): action for action in read(connection, lock=True)}
    parted = {a.customer_id for a in kept.values() if a.outcome == Outcome.BEWUST_AFSCHEID}
    parted.discard(None)
    planned_now = [one for one in _one_per_subject(actions) if one.customer_id not in parted]
    taken = {action.action_id for action in kept.values()}
    for planned in planned_now:
        known = kept.get(_subject(planned))
        if known is None:
            if planned.action_id in taken:
                raise WorkspaceError("two different actions carry the same action id")
            taken.add(planned.action_id)
            _open(connection, planned, at)
        elif known.closed:
            _reopen_if_new(connection, known, planned, at)
        else:
            _add_evidence(connection, known, planned, at)
    current = {_subject(planned) for planned in planned_now}
    for subject, known in kept.items():
        if subject not in current and not known.closed and known.priority > 0:
            change(connection, known, {"priority": 0.0}, counts=False)
            _tell_priority(connection, known, 0.0, at)
    return tuple(action for action in read(connection) if not action.closed)


def read(
    connection: Connection,
    action_id: str | None = None,
    *,
    customer_id: str | None = None,
    lock: bool = False,
) -> list[Action]:
    """Return every action, one, or those of one customer, inner loop first, weightiest first.

    With `lock` nobody else changes them before the transaction ends (SQLite locks as a whole).
    """
    wanted: list[ColumnElement[bool]] = []
    if action_id is not None:
        wanted.append(tables.action.c.action_id == action_id)
    if customer_id is not None:
        wanted.append(tables.action.c.customer_id == customer_id)
    return read_where(connection, *wanted, lock=lock)


def read_where(
    connection: Connection, *wanted: ColumnElement[bool], lock: bool = False
) -> list[Action]:
    """Return the actions of which `wanted` holds, as `read` does."""
    evidence: defaultdict[str, list[str]] = defaultdict(list)
    rows, parts = select(tables.action), select(tables.action_evidence)
    if wanted:
        rows = rows.where(*wanted)
        theirs = select(tables.action.c.action_id).where(*wanted)
        parts = parts.where(tables.action_evidence.c.action_id.in_(theirs))
    if lock:
        rows = rows.with_for_update()
    stored = connection.execute(rows).mappings().all()
    for row in connection.execute(parts.order_by(tables.action_evidence.c.position)):
        evidence[row.action_id].append(row.feedback_id)
    found = [
        Action(
            **{
                **row,
                "opened_at": from_micros(row["opened_at"]),
                "closed_at": from_micros(row["closed_at"]),
            },
            evidence=tuple(evidence[row["action_id"]]),
        )
        for row in stored
    ]
    found.sort(key=_weight)
    return found


def one(connection: Connection, action_id: str, *, lock: bool = True) -> Action:
    """Return one action; raises NoSuchActionError where there is none with this id."""
    found = read(connection, action_id, lock=lock)
    if not found:
        raise NoSuchActionError("no such action", hint="klankbord actions lists them")
    return found[0]


def change(
    connection: Connection, known: Action, changes: Mapping[str, Any], *, counts: bool = True
) -> None:
    """Change columns of an action that is as it was read; raises ConflictError where it is not.

    `counts` tells whether it is a change that people see, which makes a new version.
    """
    table = tables.action
    statement = (
        update(table)
        .where(table.c.action_id == known.action_id, table.c.version == known.version)
        .values(**changes, version=known.version + counts)
    )
    if connection.execute(statement).rowcount != 1:
        raise changed_meanwhile()


def changed_meanwhile() -> ConflictError:
    """Build the error for an action that is no longer as somebody saw it."""
    return ConflictError(
        "somebody else changed this action in the meantime", hint="look again, then try again"
    )


def _subject(action: Action) -> Subject:
    return (action.loop, action.kind, action.customer_id, action.theme_id)


def _one_per_subject(actions: Iterable[Action]) -> list[Action]:
    """Fold planned actions on the same subject into the first of them."""
    unique: dict[Subject, Action] = {}
    for action in actions:
        first = unique.get(_subject(action), action)
        evidence = tuple(dict.fromkeys((*first.evidence, *action.evidence)))
        unique[_subject(action)] = replace(first, evidence=evidence)
    return list(unique.values())


def _open(connection: Connection, action: Action, at: datetime | None) -> None:
    values = {name: getattr(action, name) for name in (*_IDENTITY, *_PLANNED)}
    connection.execute(insert(tables.action).values(**values, opened_at=to_micros(at), version=1))
    _write_evidence(connection, action.action_id, action.evidence, 0)
    changes = {"evidence": list(action.evidence), "status": [None, action.status]}
    write_event(connection, action.action_id, Happening.OPENED, at=at, changes=changes)


def _add_evidence(
    connection: Connection, known: Action, planned: Action, at: datetime | None
) -> None:
    new = _unknown_evidence(known, planned)
    if new:
        _write_evidence(connection, known.action_id, new, len(known.evidence))
        changes = {"evidence": new}
        write_event(connection, known.action_id, Happening.EVIDENCE, at=at, changes=changes)
    if planned.priority != known.priority == 0:
        _tell_priority(connection, known, planned.priority, at)
    changes = {
        name: getattr(planned, name)
        for name in (_RANKING + _GROUNDS if new else _RANKING)
        if getattr(planned, name) != getattr(known, name)
    }
    if changes:
        change(connection, known, changes, counts=bool(new))


def _tell_priority(
    connection: Connection, known: Action, priority: float, at: datetime | None
) -> None:
    """Write down that an open action left the plan, or came back in it."""
    write_event(
        connection,
        known.action_id,
        Happening.BACK_IN if priority else Happening.LEFT_OUT,
        at=at,
        changes={"priority": [known.priority, priority]},
    )


def _reopen_if_new(
    connection: Connection, known: Action, planned: Action, at: datetime | None
) -> None:
    unknown = _unknown_evidence(known, planned)
    new = _received_after(connection, unknown, to_micros(known.closed_at))
    if not new:
        return
    values = {name: getattr(planned, name) for name in _PLANNED}
    afresh = {"outcome": None, "closed_at": None, "escalation": 0, "opened_at": to_micros(at)}
    change(connection, known, values | afresh)
    _write_evidence(connection, known.action_id, new, len(known.evidence))
    changes = {
        "evidence": new,
        "outcome": [known.outcome, None],
        "status": [known.status, planned.status],
    }
    write_event(connection, known.action_id, Happening.REOPENED, at=at, changes=changes)


def _unknown_evidence(known: Action, planned: Action) -> list[str]:
    return [item for item in planned.evidence if item not in known.evidence]


def _received_after(
    connection: Connection, feedback_ids: Sequence[str], moment: int | None
) -> list[str]:
    """Keep the feedback received after `moment`; undated feedback counts as new."""
    if moment is None:
        return list(feedback_ids)
    table = tables.feedback
    old: set[str] = set()
    for start in range(0, len(feedback_ids), _LOOKUP_ROWS):
        some = feedback_ids[start : start + _LOOKUP_ROWS]
        query = select(table.c.feedback_id).where(
            table.c.feedback_id.in_(some), table.c.received_at <= moment
        )
        old.update(connection.execute(query).scalars())
    return [item for item in feedback_ids if item not in old]


def _write_evidence(
    connection: Connection, action_id: str, evidence: Sequence[str], start: int
) -> None:
    rows = [
        {"action_id": action_id, "feedback_id": feedback_id, "position": position}
        for position, feedback_id in enumerate(dict.fromkeys(evidence), start)
    ]
    if rows:
        connection.execute(insert(tables.action_evidence), rows)


def _weight(action: Action) -> tuple[str, float, date, str]:
    return (action.loop, -action.priority, action.due, action.action_id)
