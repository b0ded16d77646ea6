"""What people do with one action, each step with who, when and why in its history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from klankbord.errors import WorkspaceError
from klankbord.loop import lifecycle
from klankbord.loop.lifecycle import ActionState, Happening, Outcome
from klankbord.loop.undoing import standing
from klankbord.records import Action
from klankbord.store.actions import change, changed_meanwhile, one, read
from klankbord.store.arrow import to_micros
from klankbord.store.history import ActionEvent, write_event

EDITABLE = ("owner", "due", "status", "wel_niet_later", "draft")


def edit(
    connection: Connection,
    action_id: str,
    changes: Mapping[str, Any],
    *,
    at: datetime | None,
    by: str,
    why: str,
    version: int | None,
) -> Action:
    """Change the fields in EDITABLE of one action, with an event; returns it as it now is.

    Raises IllegalStepError for a status that cannot follow, ConflictError where `version` is
    given and no longer that of the action.
    """
    known = as_seen(connection, action_id, version)
    unknown = sorted(set(changes) - set(EDITABLE))
    if unknown:
        raise WorkspaceError(
            f"an action's {unknown[0]} cannot be edited", hint=f"editable: {', '.join(EDITABLE)}"
        )
    changed = {name: v for name, v in changes.items() if getattr(known, name) != v}
    if not changed:
        return known
    if "status" in changed:
        changed["status"] = str(ActionState(changed["status"]))
        lifecycle.check_step(known.status, changed["status"], known.loop, closed=known.closed)
    written = {name: [plain(getattr(known, name)), plain(new)] for name, new in changed.items()}
    if "due" in changed and known.escalation:
        changed["escalation"] = 0
        written["escalation"] = [known.escalation, 0]
    change(connection, known, changed)
    write_event(connection, action_id, Happening.EDITED, at=at, changes=written, by=by, why=why)
    return replace(known, **changed, version=known.version + 1)


def close(
    connection: Connection,
    action_id: str,
    outcome: Outcome,
    *,
    at: datetime,
    by: str,
    why: str,
    version: int | None,
    judged: Mapping[str, int] | None = None,
) -> Action:
    """Close one action with an outcome; raises IllegalStepError where that cannot be told yet.

    `judged` maps tone shifts to the judgement that the outcome is of them, for the history.
    """
    known = as_seen(connection, action_id, version)
    lifecycle.check_outcome(known.status, outcome, closed=known.closed)
    change(connection, known, {"outcome": str(outcome), "closed_at": to_micros(at)})
    written: dict[str, Any] = {"outcome": [None, str(outcome)]}
    if judged:
        written["judged"] = dict(judged)
    write_event(connection, action_id, Happening.CLOSED, at=at, changes=written, by=by, why=why)
    return replace(known, outcome=str(outcome), closed_at=at, version=known.version + 1)


def reopen(
    connection: Connection,
    action_id: str,
    *,
    at: datetime,
    by: str,
    why: str,
    version: int | None,
) -> Action:
    """Open a closed action again, back at the plan; a reason is asked for."""
    known = as_seen(connection, action_id, version)
    if not known.closed:
        legal = lifecycle.next_states(known.status, known.loop)
        raise lifecycle.IllegalStepError("this action is open", hint=f"it can: {', '.join(legal)}")
    if not why.strip():
        raise WorkspaceError("say why this action is reopened", hint="give --why TEXT")
    status = str(ActionState.ACTIEPLAN)
    values = {"outcome": None, "status": status, "escalation": 0}
    moments = {"closed_at": None, "opened_at": to_micros(at)}
    written: dict[str, Any] = {
        name: [getattr(known, name), new]
        for name, new in values.items()
        if name != "escalation" or known.escalation
    }
    written["moments"] = {name: to_micros(getattr(known, name)) for name in moments}
    change(connection, known, values | moments)
    write_event(connection, action_id, Happening.REOPENED, at=at, changes=written, by=by, why=why)
    return replace(
        known,
        outcome=None,
        closed_at=None,
        status=status,
        escalation=0,
        opened_at=at,
        version=known.version + 1,
    )


def note(connection: Connection, action_id: str, text: str, *, at: datetime, by: str) -> None:
    """Add a note to the history of an action, which itself stays as it is."""
    one(connection, action_id)
    write_event(connection, action_id, Happening.NOTED, at=at, changes={}, by=by, why=text)


def escalate(
    connection: Connection, levels: Mapping[str, tuple[int, str]], at: datetime
) -> tuple[Action, ...]:
    """Raise open actions to a level of escalation, which tells the given role.

    `levels` maps action ids to (level, role). Returns the actions that were raised.
    """
    raised = []
    for known in read(connection, lock=True):
        level, role = levels.get(known.action_id, (0, ""))
        if known.closed or level <= known.escalation:
            continue
        change(connection, known, {"escalation": level})
        written = {"escalation": [known.escalation, level], "told": role}
        write_event(connection, known.action_id, Happening.ESCALATED, at=at, changes=written)
        raised.append(replace(known, escalation=level, version=known.version + 1))
    return tuple(raised)


def measure(connection: Connection, measures: Mapping[str, Mapping[str, Any]], at: datetime) -> int:
    """Keep what became of actions that were carried out; returns how many were new.

    An action is "gemeten" from its first measure on, whether a person closed it or not.
    """
    count = 0
    for known in read(connection, lock=True):
        found = measures.get(known.action_id)
        if found is None or known.status != ActionState.UITGEVOERD:
            continue
        status = str(ActionState.GEMETEN)
        change(connection, known, {"status": status})
        written = {"status": [known.status, status], "measure": dict(found)}
        write_event(connection, known.action_id, Happening.MEASURED, at=at, changes=written)
        count += 1
    return count


def acted_at(histories: Mapping[str, tuple[ActionEvent, ...]]) -> dict[str, datetime]:
    """Return when each action first reached the customer, or was carried out, since it opened.

    An action closed as (not) worked out counts from then where no earlier step tells. What was
    done before an action was reopened counts no more, and neither does what was taken back.
    """
    found: dict[str, datetime] = {}
    for action_id, events in histories.items():
        for event in standing(events):
            if event.event == Happening.REOPENED:
                found.pop(action_id, None)
            elif event.at is not None and _is_step(event):
                found.setdefault(action_id, event.at)
    return found


def _is_step(event: ActionEvent) -> bool:
    status = (event.changes.get("status") or [None, None])[1]
    outcome = (event.changes.get("outcome") or [None, None])[1]
    return status in lifecycle.ACTED or outcome in (Outcome.GESLAAGD, Outcome.NIET_GESLAAGD)


def as_seen(connection: Connection, action_id: str, version: int | None) -> Action:
    """Return one action; raises ConflictError where `version` is given and no longer its own."""
    known = one(connection, action_id)
    if version is not None and known.version != version:
        raise changed_meanwhile()
    return known


def plain(value: object) -> object:
    """Return a value as the history holds it."""
    return value.isoformat() if isinstance(value, date) else value
