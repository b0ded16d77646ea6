"""Who looks at a shift and until when it waits, in words, and what people fill in about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from klankbord.cells import neutralise
from klankbord.loop import departments
from klankbord.review.asking import LONGEST_WAIT, asked_day
from klankbord.review.choices import Option
from klankbord.review.queue import LONGEST_NAME, Asked, waits_text
from klankbord.review.wording import ReviewWording
from klankbord.store import ListedShift, name_key


@dataclass(frozen=True)
class Written:
    """What somebody filled in that was not kept; shown again."""

    form: str = ""  # "verdict", "assign" or "snooze"
    note: str = ""
    assignee: str = ""
    until: str = ""

    def note_of(self, form: str) -> str:
        """Return the note that was written in one of the forms."""
        return self.note if form == self.form else ""


@dataclass(frozen=True)
class Plan:
    """What the page of a shift shows and offers of its plan."""

    assign_title: str
    assignee: str
    names: tuple[str, ...]  # suggestions
    to_me: bool  # offer to take it
    snooze_title: str
    waits: bool
    soon: tuple[Option, ...]
    earliest: str
    latest: str
    assign_address: str
    snooze_address: str


def plan(
    one: ListedShift, asked: Asked, by: str, people: Iterable[str], today: date, t: ReviewWording
) -> Plan:
    """Word the plan of one shift for `by`."""
    waits = waits_text(one, today, t)
    assignee = t.label("department", one.assignee)
    tomorrow, monday = today + timedelta(days=1), today + timedelta(days=7 - today.weekday())
    soon = [Option(tomorrow.isoformat(), t("plan.tomorrow", day=t.short_day(tomorrow)))]
    if monday != tomorrow:
        soon.append(Option(monday.isoformat(), t("plan.next_week", day=t.short_day(monday))))
    return Plan(
        assign_title=t("plan.assigned", name=assignee) if assignee else t("plan.assign"),
        assignee=assignee,
        names=_suggestions(by, people, t),
        to_me=name_key(one.assignee) != name_key(by),
        snooze_title=waits or t("plan.snooze"),
        waits=bool(waits),
        soon=tuple(soon),
        earliest=tomorrow.isoformat(),
        latest=(today + LONGEST_WAIT).isoformat(),
        assign_address=asked.shift_address(one.shift.shift_id, "assign"),
        snooze_address=asked.shift_address(one.shift.shift_id, "snooze"),
    )


def asked_name(form: Mapping[str, str], by: str, t: ReviewWording) -> str | None:
    """Return whom a form assigns a shift to: "" nobody, None where it does not say.

    A department goes by its code, however the page names it.
    """
    if "to_me" in form:
        return by
    if "to_nobody" in form:
        return ""
    name = " ".join(neutralise(form.get("assignee", "")).split())[:LONGEST_NAME].strip()
    codes = {name_key(t.label("department", code)): code for code in departments()}
    return codes.get(name_key(name), name) or None


def asked_snooze(form: Mapping[str, str], today: date) -> date | None:
    """Return until when a form lets a shift wait, from tomorrow on; None for no such day."""
    return asked_day(form, "until", earliest=today + timedelta(days=1), today=today)


def _suggestions(by: str, people: Iterable[str], t: ReviewWording) -> tuple[str, ...]:
    """Return the names to choose from: seen before, or of a department."""
    named = [neutralise(by), *(t.label("department", name) for name in people)]
    own = [t.label("department", code) for code in departments()]
    return tuple({name_key(name): name for name in (*named, *own) if name_key(name)}.values())
