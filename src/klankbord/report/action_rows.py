"""Actions by owner and due date, and how those ended that were closed lately."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from klankbord.cells import neutralise
from klankbord.loop.due import escalation_role
from klankbord.loop.lifecycle import ActionState, Outcome
from klankbord.records import Action, Theme
from klankbord.report.model import ActionRow, ActionSection, OwnerGroup
from klankbord.report.order import by_owner
from klankbord.report.wording import Wording

MOST_PER_OWNER = 15
MOST_CLOSED = 15
LATELY = 28  # days
_DONE = (ActionState.UITGEVOERD, ActionState.GEMETEN)


def action_section(
    actions: Sequence[Action], themes: Sequence[Theme], as_of: date, wording: Wording
) -> ActionSection:
    """Sort the actions by owner and due date; the page shows the most urgent open ones."""
    labels = {theme.theme_id: neutralise(theme.label) for theme in themes}
    standing = [action for action in actions if not action.closed]
    rows = tuple(_row(action, labels, as_of, wording) for action in by_owner(standing))
    closed = _lately(actions, as_of, wording)
    open_rows = [row for row in rows if row.open]
    overdue = sum(row.overdue for row in rows)
    owners = sorted({row.owner for row in open_rows})
    done = len(rows) - len(open_rows)
    summary = []
    if done:
        summary.append(wording.count("actions.open", len(open_rows)))
        summary.append(wording.count("actions.done", done))
    if overdue:
        summary.append(wording.count("actions.overdue", overdue))
    heading = wording.count("actions.heading" if done else "actions.heading_open", len(rows))
    rest = len(closed) - MOST_CLOSED
    return ActionSection(
        heading=heading if rows else wording("actions.none"),
        summary=", ".join(summary),
        groups=tuple(_group(owner, open_rows, wording) for owner in owners),
        rows=rows,
        closed=tuple(_row(action, labels, as_of, wording) for action in closed[:MOST_CLOSED]),
        closed_summary=_ends(closed, wording) if closed else "",
        closed_rest=wording.count("actions.closed_rest", rest) if rest > 0 else "",
        empty="" if rows or closed else wording("actions.empty"),
    )


def _lately(actions: Sequence[Action], as_of: date, wording: Wording) -> list[Action]:
    """Return what was closed in the four weeks before `as_of` or since, the last first."""
    first = as_of - timedelta(days=LATELY)
    found = [
        (action.closed_at, action)
        for action in actions
        if action.closed_at is not None and wording.local_day(action.closed_at) > first
    ]
    ordered = sorted(found, key=lambda pair: pair[1].action_id)
    return [action for _, action in sorted(ordered, key=lambda pair: pair[0], reverse=True)]


def _ends(actions: Sequence[Action], wording: Wording) -> str:
    counts = Counter(action.outcome for action in actions)
    told = tuple(
        f"{wording.number(counts[end])} {wording.label('outcome', end)}"
        for end in Outcome
        if counts[end]
    )
    return wording.count("actions.closed_summary", len(actions), ends=wording.listed(told))


def _group(owner: str, rows: Sequence[ActionRow], wording: Wording) -> OwnerGroup:
    own = tuple(row for row in rows if row.owner == owner)
    overdue = sum(row.overdue for row in own)
    summary = wording.count("actions.open", len(own))
    if overdue:
        summary = f"{summary}, {wording.count('actions.overdue', overdue)}"
    rest = len(own) - MOST_PER_OWNER
    return OwnerGroup(
        owner=owner,
        summary=summary,
        rows=own[:MOST_PER_OWNER],
        rest=wording.count("actions.rest", rest) if rest > 0 else "",
    )


def _row(action: Action, labels: Mapping[str, str], as_of: date, wording: Wording) -> ActionRow:
    unfinished = action.status not in _DONE and not action.closed
    return ActionRow(
        action_id=action.action_id,
        loop=action.loop,
        loop_label=wording.label("loop", action.loop),
        kind=action.kind,
        kind_label=wording.label("action_kind", action.kind),
        customer=wording.customer(action.customer_id) if action.customer_id else "",
        theme_label=labels.get(action.theme_id or "", action.theme_id or ""),
        owner=wording.label("department", action.owner),
        due=action.due,
        due_text=wording.day(action.due),
        overdue=unfinished and action.due < as_of,
        open=unfinished,
        priority=round(action.priority, 4),
        priority_text=wording.number(action.priority, 1),
        status=action.status,
        status_label=wording.label("status", action.status),
        reason=neutralise(wording.reveal(action.reason)),
        wel_niet_later=neutralise(wording.reveal(action.wel_niet_later)),
        draft=neutralise(wording.reveal(action.draft)),
        evidence=action.evidence,
        escalation_text=_told(action, wording) if unfinished else "",
        outcome_label=wording.label("outcome", action.outcome) if action.outcome else "",
        closed_text=wording.day(wording.local_day(action.closed_at)) if action.closed_at else "",
    )


def _told(action: Action, wording: Wording) -> str:
    role = wording.label("told", escalation_role(action.escalation))
    return wording("actions.escalated", role=role) if role else ""
