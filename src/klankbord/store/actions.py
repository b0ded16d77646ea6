"""Actions that outlive a run: merging a new plan into the list that people work from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from klankbord.errors import WorkspaceError
from klankbord.loop.lifecycle import ActionState, Outcome
from klankbord.records import Action
from klankbord.store import tables
from klankbord.store.arrow import to_micros
from klankbord.store.history import write_event

Subject = tuple[str, str, str | None, str | None]  # loop, kind, customer, theme

_PLAIN = (
    "action_id",
    "loop",
    "kind",
    "customer_id",
    "theme_id",
    "owner",
    "due",
    "priority",
    "status",
    "reason",
    "wel_niet_later",
    "draft",
)
_LOOKUP_ROWS = 500
EDITABLE = ("owner", "due", "status", "wel_niet_later", "draft")


@dataclass(frozen=True)
class _Kept:
    """An action as the workspace knows it, with what the record does not say."""

    action: Action
    closed_at: int | None
    outcome: str | None
    version: int

    @property
    def closed(self) -> bool:
        return self.closed_at is not None or self.outcome is not None


def merge(
    connection: Connection, actions: Iterable[Action], at: datetime | None
) -> tuple[Action, ...]:
    """Merge a plan into the stored actions and return every open one, weightiest first.

    One action stands for one loop, kind and customer or theme. An open one keeps its id, owner,
    due date, status and texts and gains the evidence that is new, with an event. One that is
    planned no more drops to priority 0, with an event, for a person to close. A closed one opens
    again only for feedback it did not know and that came in after it was closed.
    """
    planned_now = _one_per_subject(actions)
    kept = {_subject(item.action): item for item in _read(connection)}
    taken = {item.action.action_id for item in kept.values()}
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
        if subject not in current and not known.closed and known.action.priority > 0:
            _update(connection, known, {"priority": 0.0})
            _tell_priority(connection, known, 0.0, at)
    return open_actions(connection)


def open_actions(connection: Connection) -> tuple[Action, ...]:
    """Return the actions that are not closed, weightiest first."""
    return tuple(item.action for item in _read(connection) if not item.closed)


def all_actions(connection: Connection) -> tuple[Action, ...]:
    """Return every action, closed ones included, weightiest first."""
    return tuple(item.action for item in _read(connection))


def edit(
    connection: Connection,
    action_id: str,
    changes: Mapping[str, Any],
    *,
    at: datetime | None,
    by: str,
    why: str,
) -> Action:
    """Change the fields in EDITABLE of one action, with an event; returns it as it now is."""
    known = _one(connection, action_id)
    unknown = sorted(set(changes) - set(EDITABLE))
    if unknown:
        raise WorkspaceError(
            f"an action's {unknown[0]} cannot be edited", hint=f"editable: {', '.join(EDITABLE)}"
        )
    changed = {name: v for name, v in changes.items() if getattr(known.action, name) != v}
    if not changed:
        return known.action
    if "status" in changed:
        changed["status"] = str(ActionState(changed["status"]))
    _update(connection, known, changed)
    before_and_after = {
        name: [_plain(getattr(known.action, name)), _plain(new)] for name, new in changed.items()
    }
    write_event(
        connection, action_id, "bijgewerkt", at=at, changes=before_and_after, by=by, why=why
    )
    return replace(known.action, **changed)


def close(
    connection: Connection,
    action_id: str,
    outcome: Outcome,
    *,
    at: datetime,
    by: str,
    why: str,
) -> None:
    """Close one action with an outcome; raises WorkspaceError where it is closed already."""
    known = _one(connection, action_id)
    if known.closed:
        raise WorkspaceError("this action is closed already")
    _update(connection, known, {"outcome": str(outcome), "closed_at": to_micros(at)})
    changes = {"outcome": [None, str(outcome)]}
    write_event(connection, action_id, "gesloten", at=at, changes=changes, by=by, why=why)


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
    values = {name: getattr(action, name) for name in _PLAIN}
    connection.execute(insert(tables.action).values(**values, opened_at=to_micros(at), version=1))
    _write_evidence(connection, action.action_id, action.evidence, 0)
    changes = {"evidence": list(action.evidence), "status": [None, action.status]}
    write_event(connection, action.action_id, "geopend", at=at, changes=changes)


def _add_evidence(
    connection: Connection, known: _Kept, planned: Action, at: datetime | None
) -> None:
    new = _unknown_evidence(known.action, planned)
    changes: dict[str, Any] = {}
    if planned.priority != known.action.priority:
        changes["priority"] = planned.priority
        if known.action.priority == 0:
            _tell_priority(connection, known, planned.priority, at)
    if new:
        changes["reason"] = planned.reason
        _write_evidence(connection, known.action.action_id, new, len(known.action.evidence))
        write_event(
            connection, known.action.action_id, "nieuw bewijs", at=at, changes={"evidence": new}
        )
    if changes:
        _update(connection, known, changes)


def _tell_priority(
    connection: Connection, known: _Kept, priority: float, at: datetime | None
) -> None:
    """Write down that an open action left the plan, or came back in it."""
    write_event(
        connection,
        known.action.action_id,
        "weer in de lijst" if priority else "niet meer in de lijst",
        at=at,
        changes={"priority": [known.action.priority, priority]},
    )


def _reopen_if_new(
    connection: Connection, known: _Kept, planned: Action, at: datetime | None
) -> None:
    unknown = _unknown_evidence(known.action, planned)
    new = _received_after(connection, unknown, known.closed_at)
    if not new:
        return
    values = {name: getattr(planned, name) for name in _PLAIN if name != "action_id"}
    values |= {"outcome": None, "closed_at": None}
    _update(connection, known, values)
    _write_evidence(connection, known.action.action_id, new, len(known.action.evidence))
    changes = {
        "evidence": new,
        "outcome": [known.outcome, None],
        "status": [known.action.status, planned.status],
    }
    write_event(connection, known.action.action_id, "heropend", at=at, changes=changes)


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


def _update(connection: Connection, known: _Kept, changes: Mapping[str, Any]) -> None:
    table = tables.action
    statement = (
        update(table)
        .where(table.c.action_id == known.action.action_id, table.c.version == known.version)
        .values(**changes, version=known.version + 1)
    )
    if connection.execute(statement).rowcount != 1:
        raise WorkspaceError(
            "somebody else changed this action in the meantime", hint="look again, then try again"
        )


def _one(connection: Connection, action_id: str) -> _Kept:
    found = _read(connection, action_id)
    if not found:
        raise WorkspaceError("no such action", hint="klankbord actions lists them")
    return found[0]


def _read(connection: Connection, action_id: str | None = None) -> list[_Kept]:
    evidence: defaultdict[str, list[str]] = defaultdict(list)
    rows, parts = select(tables.action), select(tables.action_evidence)
    if action_id is not None:
        rows = rows.where(tables.action.c.action_id == action_id)
        parts = parts.where(tables.action_evidence.c.action_id == action_id)
    for row in connection.execute(parts.order_by(tables.action_evidence.c.position)):
        evidence[row.action_id].append(row.feedback_id)
    found = [
        _Kept(
            action=Action(
                **{name: row[name] for name in _PLAIN}, evidence=tuple(evidence[row["action_id"]])
            ),
            closed_at=row["closed_at"],
            outcome=row["outcome"],
            version=row["version"],
        )
        for row in connection.execute(rows).mappings()
    ]
    found.sort(key=_weight)
    return found


def _weight(kept: _Kept) -> tuple[str, float, date, str]:
    action = kept.action
    return (action.loop, -action.priority, action.due, action.action_id)


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value
