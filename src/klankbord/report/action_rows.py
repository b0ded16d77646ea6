"""Actions by owner and due date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from klankbord.cells import neutralise
from klankbord.loop.lifecycle import ActionState
from klankbord.records import Action, Theme
from klankbord.report.model import ActionRow, ActionSection, OwnerGroup
from klankbord.report.order import by_owner
from klankbord.report.wording import Wording

MOST_PER_OWNER = 15
_DONE = (ActionState.UITGEVOERD, ActionState.GEMETEN)


def action_section(
    actions: Sequence[Action], themes: Sequence[Theme], as_of: date, wording: Wording
) -> ActionSection:
    """Sort the actions by owner and due date; the page shows the most urgent open ones."""
    labels = {theme.theme_id: neutralise(theme.label) for theme in themes}
    rows = tuple(_row(action, labels, as_of, wording) for action in by_owner(actions))
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
    return ActionSection(
        heading=heading if rows else wording("actions.none"),
        summary=", ".join(summary),
        groups=tuple(_group(owner, open_rows, wording) for owner in owners),
        rows=rows,
        empty="" if rows else wording("actions.empty"),
    )


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
    unfinished = action.status not in _DONE
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
    )
