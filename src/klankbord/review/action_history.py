"""What happened to an action, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from klankbord.cells import neutralise
from klankbord.loop.due import escalation_role
from klankbord.loop.lifecycle import Happening
from klankbord.review.wording import ReviewWording
from klankbord.store import ActionEvent

_BY_PEOPLE = (Happening.EDITED, Happening.CLOSED, Happening.NOTED, Happening.UNDONE)
_WITHOUT_VERSION = (Happening.NOTED, Happening.LEFT_OUT, Happening.BACK_IN)
_SHOWN = ("status", "owner", "due", "outcome", "wel_niet_later", "draft")


@dataclass(frozen=True)
class Happened:
    """One event in the history of an action."""

    verb_label: str
    meta: str
    changes: tuple[str, ...]
    note: str


def happened(event: ActionEvent, t: ReviewWording) -> Happened:
    """Word one event."""
    at = t.moment(event.at) if event.at else t("shift.undated")
    return Happened(
        verb_label=t(f"action.event.{Happening(event.event).name}"),
        meta=t("shift.by", by=_who(event, t), at=at),
        changes=changes(event, t),
        note=neutralise(event.why).strip(),
    )


def told_step(event: ActionEvent, t: ReviewWording) -> str:
    """Say in one line what a person did, and who it was."""
    what = t.listed(changes(event, t)) or t(f"action.event.{Happening(event.event).name}")
    return t("action.told_step", what=what, by=_who(event, t))


def conflict_text(history: Sequence[ActionEvent], t: ReviewWording) -> str:
    """Say who changed an action last, when, and what."""
    changed = [event for event in history if event.event not in _WITHOUT_VERSION]
    if not changed:
        return t("conflict.unknown")
    last = changed[-1]
    return t(
        "action.changed_by",
        by=_who(last, t),
        at=t.moment(last.at) if last.at else t("shift.undated"),
        what=t.listed(changes(last, t)) or t(f"action.event.{Happening(last.event).name}"),
    )


def changes(event: ActionEvent, t: ReviewWording) -> tuple[str, ...]:
    """Return what an event changed, a line each."""
    given = event.changes
    told = [_change(name, given[name][0], given[name][1], t) for name in _SHOWN if name in given]
    if event.event in (Happening.EVIDENCE, Happening.OPENED) and given.get("evidence"):
        told.append(t.count("action.evidence", len(given["evidence"])))
    if event.event == Happening.ESCALATED:
        role = t.label("told", escalation_role(given["escalation"][1]))
        told.append(t("actions.escalated", role=role))
    if event.event == Happening.MEASURED:
        told += _measured(given.get("measure", {}), t)
    return tuple(told)


def _change(name: str, old: str | None, new: str | None, t: ReviewWording) -> str:
    if name in ("wel_niet_later", "draft"):
        return t("action.rewritten", field=t(f"action.field.{name}"))
    before, after = (_value(name, value, t) for value in (old, new))
    if old is None:
        return t("action.became", field=t(f"action.field.{name}"), new=after)
    return t("action.moved", field=t(f"action.field.{name}"), old=before, new=after)


def _value(name: str, value: str | None, t: ReviewWording) -> str:
    if value is None:
        return t("action.nothing")
    if name == "due":
        return t.short_day(date.fromisoformat(value))
    group = {"owner": "department"}.get(name, name)
    return t.label(group, value)


def _measured(measure: Mapping[str, Any], t: ReviewWording) -> list[str]:
    """Tell the tone before and after, or the share of all feedback that mentions the theme."""
    told = []
    for name, places in (("tone", 1), ("share", 3)):
        if (after := measure.get(f"{name}_after")) is not None:
            before = measure.get(f"{name}_before")
            told.append(
                t(
                    f"action.measured.{name}",
                    before=t("format.unknown") if before is None else t.number(before, places),
                    after=t.number(after, places),
                )
            )
    return told


def _who(event: ActionEvent, t: ReviewWording) -> str:
    """Name the person, or say that an analysis did it."""
    person = neutralise(event.by).strip()
    by_people = event.event in _BY_PEOPLE
    return person or t("shift.somebody" if by_people else "action.analysis")
