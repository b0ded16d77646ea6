"""Taking back the last thing a person did with an action; the history keeps both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from klankbord.loop.lifecycle import Happening, IllegalStepError
from klankbord.loop.undoing import last_step
from klankbord.records import Action
from klankbord.store import reviews
from klankbord.store.action_steps import EDITABLE, as_seen, plain
from klankbord.store.actions import change, one
from klankbord.store.history import ActionEvent, read_events, write_event

_FIELDS = (*EDITABLE, "outcome", "escalation")


def undoable(action: Action, history: Sequence[ActionEvent]) -> ActionEvent | None:
    """Return the step that `undo` would take back now; None where there is none.

    A step can be taken back as long as the action still is as it left it: not after an analysis
    opened the action again or measured it.
    """
    step = last_step(history)
    if step is None:
        return None
    holds = all(plain(getattr(action, name)) == new for name, (_, new) in _moves(step).items())
    return step if holds else None


def undo(
    connection: Connection,
    action_id: str,
    *,
    at: datetime,
    by: str,
    why: str,
    version: int | None,
) -> Action:
    """Give an action back the values it had before the last step of a person, with an event.

    Closing it as a false alarm judged the tone shifts it came from; where those judgements still
    stand they are taken back too. Raises IllegalStepError where nothing can be taken back,
    ConflictError where `version` is given and no longer that of the action.
    """
    known = as_seen(connection, action_id, version)
    step = undoable(known, read_events(connection, action_id).get(action_id, ()))
    if step is None:
        raise IllegalStepError(
            "no step of this action can be taken back", hint="klankbord actions show tells why"
        )
    moves = _moves(step)
    change(connection, known, _values(step, moves))
    written = {name: [new, old] for name, (old, new) in moves.items()}
    write_event(connection, action_id, Happening.UNDONE, at=at, changes=written, by=by, why=why)
    for shift_id, judgement in step.changes.get("judged", {}).items():
        _take_back(connection, shift_id, judgement, at=at, by=by)
    return one(connection, action_id)


def _moves(step: ActionEvent) -> dict[str, tuple[Any, Any]]:
    return {name: tuple(step.changes[name]) for name in _FIELDS if name in step.changes}


def _values(step: ActionEvent, moves: Mapping[str, tuple[Any, Any]]) -> dict[str, Any]:
    values = {name: old for name, (old, _) in moves.items()}
    if "due" in values:
        values["due"] = date.fromisoformat(values["due"])
    if step.event == Happening.CLOSED:
        values["closed_at"] = None
    values |= step.changes.get("moments", {})
    return values


def _take_back(
    connection: Connection, shift_id: str, judgement: int, *, at: datetime, by: str
) -> None:
    stands = reviews.standing(reviews.history(connection, (shift_id,))[shift_id])
    if stands is not None and stands.event_id == judgement:
        reviews.undo(connection, shift_id, at=at, by=by)
