"""Actions as `klankbord actions` shows them: a row each, or one in full."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from klankbord.cells import neutralise
from klankbord.loop.lifecycle import next_states, outcomes
from klankbord.moments import local_day
from klankbord.records import Action
from klankbord.settings import load_settings

if TYPE_CHECKING:
    from klankbord.store import Workspace

COLUMNS = (
    "action_id", "loop", "kind", "customer_id", "theme_id", "owner", "due", "priority", "status",
    "outcome", "escalation", "cause", "why", "complaint_theme", "probability", "value_eur",
    "effect", "opened_at", "closed_at", "reason", "wel_niet_later", "version",
)  # fmt: skip
QUOTES_SHOWN = 3
_SHORTEST = 6


@dataclass(frozen=True)
class Listed:
    """The actions of a workspace, and what a list of them says."""

    actions: tuple[Action, ...]
    labels: Mapping[str, str]  # of themes
    today: date
    length: int  # of the start of an id that tells all apart

    @classmethod
    def of(cls, store: Workspace) -> Listed:
        """Read the actions of a workspace."""
        actions = store.actions()
        numbers = [_number(action) for action in actions]
        length = _SHORTEST
        while len({number[:length] for number in numbers}) < len(set(numbers)):
            length += 1
        return cls(actions, store.theme_names(), date.today(), length)  # noqa: DTZ011 - where people work

    def is_overdue(self, action: Action) -> bool:
        """Tell whether an open action is past its due date."""
        return not action.closed and action.due < self.today

    def row(self, action: Action) -> tuple[str, ...]:
        """Return what the list says of an action."""
        late = " !" if self.is_overdue(action) else ""
        subject = action.customer_id or self.labels.get(action.theme_id or "", action.theme_id)
        return (
            _number(action)[: self.length],
            f"{action.due:%d-%m-%y}{late}",
            action.owner,
            action.kind,
            neutralise(subject or ""),
            action.outcome or action.status,
        )


def record(action: Action) -> dict[str, Any]:
    """Return an action as a record of COLUMNS."""
    fields = asdict(action)
    return {name: fields[name] for name in COLUMNS}


def full_record(store: Workspace, action: Action) -> dict[str, Any]:
    """Return an action with quotes, history, and the steps that may follow."""
    history = [
        {"at": event.at, "by": event.by, "event": event.event, "why": event.why,
         "changes": event.changes}
        for event in store.action_history(action.action_id)
    ]  # fmt: skip
    return {
        **record(action),
        "draft": action.draft,
        "evidence": action.evidence,
        "quotes": quotes(store, action.evidence[-QUOTES_SHOWN:]),
        "next": () if action.closed else next_states(action.status, action.loop),
        "may_end_as": () if action.closed else outcomes(action.status),
        "history": history,
    }


def quotes(store: Workspace, feedback_ids: Sequence[str]) -> list[dict[str, Any]]:
    """Return date, channel and words of pieces of feedback that are still stored."""
    zone = load_settings().timezone
    found = store.pieces(feedback_ids).to_pylist()
    return [
        {
            "date": local_day(row["received_at"], zone) if row["received_at"] else None,
            "channel": row["channel"],
            "text": row["verbatim"],
        }
        for row in found
    ]


def in_full(found: Mapping[str, Any]) -> str:
    """Write the record of one action for a person to read."""
    subject = found["customer_id"] or found["theme_id"]
    lines = [
        f"{found['action_id']}: {found['kind']}",
        f"  for        {subject} ({found['loop']} loop)",
        f"  owner      {found['owner']}, due {found['due']}{_raised(found['escalation'])}",
        f"  status     {found['status']}" + (f", {found['outcome']}" if found["outcome"] else ""),
        f"  ranking    {_ranking(found)}",
        f"  reason     {found['reason']}",
        f"  proposal   {found['wel_niet_later']}",
    ]
    if found["quotes"]:
        lines.append("\nQuotes")
    lines += [
        f"  {each['date'] or 'undated'} {each['channel']}: {each['text']}"
        for each in found["quotes"]
    ]
    lines += ["\nDraft", *(f"  {line}" for line in found["draft"].splitlines())]
    lines.append("\nHistory")
    for event in found["history"]:
        who = f" by {event['by']}" if event["by"] else ""
        why = f": {event['why']}" if event["why"] else ""
        day = event["at"].date() if event["at"] else "undated"
        lines.append(f"  {day} {event['event']}{who}{_moves(event['changes'])}{why}")
    if found["next"]:
        lines.append(f"\nNext       {', '.join(found['next'])}")
        lines.append(f"May end as {', '.join(found['may_end_as'])}")
    elif found["outcome"]:
        lines.append("\nNext       klankbord actions reopen")
    return neutralise("\n".join(lines))


def _ranking(found: Mapping[str, Any]) -> str:
    value = "unknown" if found["value_eur"] is None else f"€ {found['value_eur']:,.0f}"
    return (
        f"{found['priority']:.2f} (probability {found['probability']:.0%}, value {value}, "
        f"likely effect x{found['effect']:.2f})"
    )


def _raised(level: int) -> str:
    return f", escalated {'once' if level == 1 else 'twice'}" if level else ""


def _moves(changes: Mapping[str, Any]) -> str:
    told = []
    for name, change in changes.items():
        if name == "evidence":
            told.append(f"{len(change)} pieces of evidence")
        elif name == "measure":
            told.append(f"measured {dict(change)}")
        elif name in ("draft", "wel_niet_later"):
            told.append(f"{name} changed")
        elif isinstance(change, list):
            old, new = change
            told.append(f"{name} {old} → {new}" if old is not None else f"{name} {new}")
    return f" ({'; '.join(told)})" if told else ""


def _number(action: Action) -> str:
    return action.action_id.rpartition("-")[2]
