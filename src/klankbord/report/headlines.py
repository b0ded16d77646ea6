"""The three things to know this week, in plain sentences that claim no more than was measured."""

from __future__ import annotations

from datetime import date

import numpy as np

from klankbord.report.facts import Facts
from klankbord.report.model import (
    ActionSection,
    Headline,
    ShiftSection,
    ThemeRow,
    ThemeSection,
)
from klankbord.report.order import REST
from klankbord.report.risk import Risk
from klankbord.report.trends import recent_change
from klankbord.report.wording import Wording
from klankbord.schema import ShiftKind


def three_things(
    facts: Facts,
    shifts: ShiftSection,
    themes: ThemeSection,
    actions: ActionSection,
    risk: Risk,
    as_of: date,
    wording: Wording,
) -> tuple[Headline, ...]:
    """Word the tone drop, the theme and the third thing that most deserve attention."""
    return (
        _tone(shifts, wording),
        _theme(themes, wording),
        _third(facts, actions, risk, as_of, wording),
    )


def _tone(shifts: ShiftSection, wording: Wording) -> Headline:
    def headline(alarming: bool, title: str, sentence: str) -> Headline:
        return Headline("tone", alarming, title, sentence, "toon", wording("things.tone.link"))

    drops = [row for row in shifts.rows if not row.recovered]
    if not drops:
        title = wording("things.tone.none" if shifts.judged else "things.tone.unjudged")
        told = f"{shifts.judged or shifts.empty} {shifts.too_few}".rstrip()
        return headline(False, title, told)
    cooled = len({row.customer for row in drops if row.shift.kind == ShiftKind.VERKOELING})
    if cooled:
        title = wording.count("things.tone.cooled", cooled)
    else:
        title = wording.count("things.tone.dropped", len({row.customer for row in drops}))
    first = drops[0]
    sentence = wording(
        "things.tone.sentence",
        customer=first.customer,
        before=first.before_label,
        after=first.after_label,
        before_day=wording.day(first.before_day),
        after_day=wording.day(first.after_day),
        probability=first.probability_text,
    )
    assurance = wording("things.tone.assurance", assurance=shifts.assurance)
    return headline(True, title, f"{sentence} {assurance}")


def _theme(themes: ThemeSection, wording: Wording) -> Headline:
    def headline(alarming: bool, title: str, sentence: str) -> Headline:
        return Headline("theme", alarming, title, sentence, "themas", wording("things.theme.link"))

    rows = [row for row in themes.rows if row.theme_id != REST]
    if not rows:
        return headline(False, wording("things.theme.none"), themes.empty)
    growing = [row for row in rows if row.growing]
    harmful = [
        row for row in rows if row.impact.verdict == "lager" and row.impact.value is not None
    ]
    if growing:
        row = max(growing, key=lambda row: (_growth(row), row.mentions, row.theme_id))
        key = "growing"
    elif harmful:
        row = min(harmful, key=lambda row: ((row.impact.value or 0) * row.mentions, row.theme_id))
        key = "harmful"
    else:
        row = max(rows, key=lambda row: (row.mentions, row.theme_id))
        key = "largest"
    parts = [
        wording.count("things.theme.mentions", row.mentions, share=row.share_text),
    ]
    if row.recent_text:
        parts.append(row.recent_text)
    if row.impact.verdict == "lager":
        parts.append(row.impact.description)
    if key == "largest":
        parts.append(wording("things.theme.no_trend"))
    label = f"{row.parent_label}: {row.label}" if row.parent_label else row.label
    title = wording(f"things.theme.{key}", label=label)
    return headline(key != "largest", title, " ".join(parts))


def _growth(row: ThemeRow) -> float:
    return row.recent / max(row.before, 1)


def _third(
    facts: Facts, actions: ActionSection, risk: Risk, as_of: date, wording: Wording
) -> Headline:
    overdue = [row for row in actions.rows if row.overdue]
    if overdue:
        oldest = min(overdue, key=lambda row: (row.due, row.action_id))
        return Headline(
            "actions",
            True,
            wording.count("things.overdue.title", len(overdue)),
            wording("things.overdue.sentence", owner=oldest.owner, due=oldest.due_text),
            "acties",
            wording("things.overdue.link"),
        )
    if risk.amount:
        return Headline(
            "value",
            True,
            wording("things.value.title", amount=risk.amount_text),
            wording("things.value.sentence", detail=risk.detail[:1].upper() + risk.detail[1:]),
            "toon",
            wording("things.value.link"),
        )
    return _change(facts, as_of, wording)


def _change(facts: Facts, as_of: date, wording: Wording) -> Headline:
    def headline(alarming: bool, key: str, **values: object) -> Headline:
        title, sentence = wording(f"{key}.title"), wording(f"{key}.sentence", **values)
        return Headline("trend", alarming, title, sentence, "verloop", wording("things.trend.link"))

    scored = facts.tone >= 0
    found = recent_change(facts.day[scored], facts.level[scored], facts.customer[scored], as_of)
    if found is None or found.low is None or found.high is None:
        key = "undated" if np.isnat(facts.day).all() else "too_few"
        return headline(False, f"things.trend.{key}")
    values = {
        "change": wording.number(found.value, 2, signed=True),
        "low": wording.number(found.low, 2, signed=True),
        "high": wording.number(found.high, 2, signed=True),
    }
    if found.high < 0:
        return headline(True, "things.trend.down", **values)
    if found.low > 0:
        return headline(False, "things.trend.up", **values)
    return headline(False, "things.trend.level", **values)
