"""Tone shifts as ranked rows and cards with a timeline picture."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from klankbord.cells import neutralise
from klankbord.records import Action, ToneShift
from klankbord.report.account_rows import account_section
from klankbord.report.model import (
    KindCount,
    ShiftRow,
    ShiftSection,
    Tick,
    Timeline,
    TimelineMark,
)
from klankbord.report.quotes import quote_text
from klankbord.report.wording import Wording
from klankbord.schema import TONES, ShiftKind

if TYPE_CHECKING:
    from klankbord.shifts import AccountShift, ShiftFindings, TimelinePoint

MOST_CARDS = 40
_MOST_MARKS = 40


def shift_section(
    findings: ShiftFindings,
    accounts: Sequence[AccountShift],
    actions: Sequence[Action],
    values: Mapping[str, float],
    left: frozenset[str],
    wording: Wording,
) -> ShiftSection:
    """Word every shift in the order detection ranked it; the first forty become cards.

    `left` are the customers who have cancelled.
    """
    steps = {customer: wording("shifts.left") for customer in left}
    drafts: dict[str, str] = {}
    for customer, action in _next_steps(actions).items():
        steps[customer] = _next_step(action, wording)
        drafts[customer] = neutralise(wording.reveal(action.draft))
    rows = tuple(
        _row(rank, shift, findings, steps, drafts, values, wording)
        for rank, shift in enumerate(findings.shifts, start=1)
    )
    customers = len({shift.customer_id for shift in findings.shifts})
    rest = rows[MOST_CARDS:]
    anybody = findings.customers_judged > 0 or bool(rows)
    too_few, recovered = findings.customers_too_few, findings.conversations_recovered
    return ShiftSection(
        heading=wording.count("shifts.heading", customers) if rows else wording("shifts.none"),
        assurance=_assurance(findings.expected_false, wording) if rows else "",
        judged=wording.count("shifts.judged", findings.customers_judged) if anybody else "",
        too_few=wording.count("shifts.too_few", too_few) if too_few else "",
        recovered=wording.count("shifts.recovered", recovered) if recovered else "",
        kinds=_kinds(rows[:MOST_CARDS], wording),
        rows=rows,
        shown=min(len(rows), MOST_CARDS),
        rest=wording.count("shifts.rest", len(rest), kinds=_told(rest, wording)) if rest else "",
        empty="" if rows else wording("shifts.empty" if anybody else "shifts.unjudged"),
        accounts=account_section(accounts, wording) if accounts else None,
    )


def _assurance(expected_false: float, wording: Wording) -> str:
    if expected_false < 0.05:
        return wording("shifts.assurance.none")
    return wording.count("shifts.assurance", max(1, math.ceil(round(expected_false, 6))))


def _next_steps(actions: Sequence[Action]) -> dict[str, Action]:
    steps: dict[str, Action] = {}
    for action in sorted(actions, key=lambda step: (-step.priority, step.due, step.action_id)):
        if action.customer_id is not None:
            steps.setdefault(action.customer_id, action)
    return steps


def _row(
    rank: int,
    shift: ToneShift,
    findings: ShiftFindings,
    steps: Mapping[str, str],
    drafts: Mapping[str, str],
    values: Mapping[str, float],
    wording: Wording,
) -> ShiftRow:
    before_day, after_day = wording.local_day(shift.before_at), wording.local_day(shift.after_at)
    value = shift.value_eur if shift.value_eur is not None else values.get(shift.customer_id)
    customer = wording.customer(shift.customer_id)
    points = findings.timelines.get(shift.customer_id, ()) if rank <= MOST_CARDS else ()
    return ShiftRow(
        rank=rank,
        shift=shift,
        customer=customer,
        kind_label=wording.label("kind", shift.kind),
        recovered=not shift.kind.is_drop,
        before_label=wording.label("tone", shift.before),
        after_label=wording.label("tone", shift.after),
        before_day=before_day,
        after_day=after_day,
        period_text=told_period(before_day, after_day, wording),
        probability_text=wording.probability(shift.probability),
        value_eur=value,
        value_text=wording.euro(value) if value is not None else wording("format.unknown"),
        channels_text=wording.listed(
            tuple(wording.label("channel", channel) for channel in shift.channels)
        ),
        explanation=neutralise(wording.reveal(shift.explanation)),
        before_quote=quote_text(shift.before_quote, wording),
        after_quote=quote_text(shift.after_quote, wording),
        next_step=steps.get(shift.customer_id) or wording("shifts.no_step"),
        next_step_draft=drafts.get(shift.customer_id, ""),
        timeline=told_timeline(points, customer, wording) if points else None,
    )


def told_period(before: date, after: date, wording: Wording) -> str:
    """Return the day or the two days of a shift in words."""
    if before == after:
        return wording.day(after)
    return wording("format.from_to", start=wording.day(before), end=wording.day(after))


def _next_step(step: Action, wording: Wording) -> str:
    return wording(
        "shifts.step",
        kind=wording.label("action_kind", step.kind),
        owner=wording.label("department", step.owner),
        due=wording.day(step.due),
    )


def _kinds(rows: Sequence[ShiftRow], wording: Wording) -> tuple[KindCount, ...]:
    counts = Counter(row.shift.kind for row in rows)
    return tuple(
        KindCount(kind, wording.label("kind", kind), wording(f"kind_meaning.{kind}"), counts[kind])
        for kind in ShiftKind
        if counts[kind]
    )


def _told(rows: Sequence[ShiftRow], wording: Wording) -> str:
    kinds = _kinds(rows, wording)
    return wording.listed(tuple(f"{kind.count} {kind.label.lower()}" for kind in kinds))


def told_timeline(points: Sequence[TimelinePoint], customer: str, wording: Wording) -> Timeline:
    """Word and round the last points of a customer's timeline, for `charts.timeline_chart`."""
    ordered = sorted(points, key=lambda point: point.received_at)[-_MOST_MARKS:]
    first, last = ordered[0].received_at, ordered[-1].received_at
    marks = tuple(
        TimelineMark(
            day=round((point.received_at - first).total_seconds() / 86_400, 2),
            rank=round(float(point.mean_rank), 3),
            low=round(max(0.0, float(point.low)), 3),
            high=round(min(len(TONES) - 1.0, float(point.high)), 3),
            tone=str(point.tone),
        )
        for point in ordered
    )
    days = [wording.local_day(point.received_at) for point in ordered]
    told = "; ".join(
        wording(
            "timeline.point",
            day=wording.short_day(day),
            tone=wording.label("tone", point.tone),
            channel=wording.label("channel", point.channel),
        )
        for day, point in zip(days, ordered, strict=True)
    )
    return Timeline(
        title=wording("timeline.title", customer=customer),
        description=wording("timeline.description", points=told),
        marks=marks,
        ticks=_ticks(days[0], days[-1], (last - first).total_seconds() / 86_400, wording),
    )


def _ticks(first: date, last: date, width: float, wording: Wording) -> tuple[Tick, ...]:
    if first == last:
        return (Tick(round(width / 2, 2), wording.short_day(first)),)
    return (Tick(0.0, wording.short_day(first)), Tick(round(width, 2), wording.short_day(last)))
