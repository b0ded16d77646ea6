"""Overdue actions that someone above their owner is told of."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from klankbord.loop.due import WorkCalendar, escalation_role
from klankbord.records import Action


def escalations(actions: Iterable[Action], today: date) -> dict[str, tuple[int, str]]:
    """Return action id -> (level, role that is told) of the open actions overdue on `today`."""
    calendar = WorkCalendar()
    found = {}
    for action in actions:
        level = 0 if action.closed else calendar.escalation_level(action.due, today)
        if level:
            found[action.action_id] = (level, escalation_role(level))
    return found
