"""The huddle sheet of a department, worded to hang on a wall: what fits one sheet of paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from klankbord.cells import neutralise
from klankbord.loop.due import escalation_role
from klankbord.loop.huddle import LOOPS, Huddle, HuddleAction, HuddleTheme, ToOuter
from klankbord.loop.lifecycle import Outcome
from klankbord.loop.rules import rules
from klankbord.report.wording import Wording, shorten

MOST_LATE, MOST_DUE, MOST_TO_OUTER = 6, 6, 3  # with which a full sheet still is one page of A4
_QUOTE = 170  # characters
_QUESTION = 260
_SUBJECT = 60


@dataclass(frozen=True)
class HuddleLine:
    """One open action."""

    kind: str
    subject: str
    due_text: str
    status: str
    told: str  # who above the owner knows, "" for nobody


@dataclass(frozen=True)
class HuddleLines:
    """The open actions that fit, and how many do not."""

    heading: str
    lines: tuple[HuddleLine, ...]
    rest: str


@dataclass(frozen=True)
class HuddleCount:
    """What was closed in one loop since the last huddle."""

    loop: str
    count_text: str
    ends: str  # by outcome, "" where nothing was closed


@dataclass(frozen=True)
class HuddleSheet:
    """One department's sheet: every text final."""

    anchor: str
    department: str
    period: str
    question: str
    theme: str  # label of the top theme, "" without one
    theme_detail: str
    quotes: tuple[tuple[str, str], ...]  # words and pseudonym
    closed: tuple[HuddleCount, ...]
    late: HuddleLines
    due: HuddleLines
    to_outer: tuple[tuple[str, str], ...]  # label and what is known of it
    to_outer_rest: str


def huddle_sheet(huddle: Huddle, wording: Wording) -> HuddleSheet:
    """Word and cut a huddle to one sheet of paper."""
    department = wording.label("department", huddle.department)
    rest = len(huddle.to_outer) - MOST_TO_OUTER
    return HuddleSheet(
        anchor="".join(letter if letter.isalnum() else "-" for letter in huddle.department),
        department=neutralise(department),
        period=wording(
            "huddle.period", start=wording.day(huddle.since), end=wording.day(huddle.today)
        ),
        question=shorten(huddle.question, _QUESTION),
        theme=shorten(huddle.theme.label, _SUBJECT) if huddle.theme else "",
        theme_detail=_theme(huddle.theme, wording) if huddle.theme else "",
        quotes=tuple(
            (shorten(quote.text, _QUOTE), neutralise(quote.customer_id)) for quote in huddle.quotes
        ),
        closed=tuple(_closed(loop, huddle.closed.get(loop, {}), wording) for loop in LOOPS),
        late=_lines(wording("huddle.late"), huddle.late, MOST_LATE, wording),
        due=_lines(
            wording("huddle.due", day=wording.day(huddle.until)),
            huddle.due,
            MOST_DUE,
            wording,
        ),
        to_outer=tuple(
            (shorten(item.label, _SUBJECT), _outer(item, wording))
            for item in huddle.to_outer[:MOST_TO_OUTER]
        ),
        to_outer_rest=wording.count("huddle.to_outer_rest", rest) if rest > 0 else "",
    )


def _theme(theme: HuddleTheme, wording: Wording) -> str:
    trend = wording.label("trend", theme.trend)
    return wording("huddle.theme_detail", mentions=_mentions(theme.mentions, wording), trend=trend)


def _mentions(count: int | None, wording: Wording) -> str:
    if count is None:
        return wording("huddle.few_mentions", n=rules("huddle")["small_group"])
    return wording.count("huddle.mentions", count)


def _closed(loop: str, counts: Mapping[str, int], wording: Wording) -> HuddleCount:
    told = tuple(
        f"{wording.number(counts[end])} {wording.label('outcome', end)}"
        for end in Outcome
        if counts.get(end)
    )
    total = wording.number(sum(counts.values()))
    return HuddleCount(wording.label("loop", loop), total, wording.listed(told))


def _lines(
    heading: str, actions: Sequence[HuddleAction], most: int, wording: Wording
) -> HuddleLines:
    rest = len(actions) - most
    return HuddleLines(
        heading=heading,
        lines=tuple(
            HuddleLine(
                kind=wording.label("action_kind", action.kind),
                subject=shorten(action.subject, _SUBJECT) or wording("format.unknown"),
                due_text=wording.short_day(action.due),
                status=wording.label("status", action.status),
                told=wording.label("told", escalation_role(action.escalation)),
            )
            for action in actions[:most]
        ),
        rest=wording.count("huddle.rest", rest) if rest > 0 else "",
    )


def _outer(item: ToOuter, wording: Wording) -> str:
    few = wording("huddle.few_customers", n=rules("huddle")["small_group"])
    count = few if item.customers is None else wording.count("huddle.customers", item.customers)
    owner = wording.label("department", item.owner)
    told = wording("huddle.to_outer_detail", customers=count, owner=owner)
    return f"{told} {wording('huddle.running')}" if item.running else told
