"""The huddle sheet of a department: its question, its top theme, and how its loops stand.

Customers appear by pseudonym only, their words without names, addresses and numbers, and numbers
of a small group are not told. Reasons and values of actions stay out: they point at one customer.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from klankbord.loop.drafts import short_quote
from klankbord.loop.facts import latest_first
from klankbord.loop.lifecycle import Outcome
from klankbord.loop.masking import mask, masked_places
from klankbord.loop.pieces import customers_own
from klankbord.loop.routing import huddle_question, owner_for_complaint
from klankbord.loop.rules import rules
from klankbord.moments import TIMEZONE, local_day
from klankbord.records import Action, Theme
from klankbord.themes.codeframe import codeframe

LOOPS = ("inner", "outer")
_CAPITALISES_NOUNS = "de"


@dataclass(frozen=True)
class HuddleTheme:
    """The theme of a department that is mentioned most."""

    theme_id: str
    label: str
    mentions: int | None  # None below the size of a group that may be told
    trend: str


@dataclass(frozen=True)
class HuddleQuote:
    """What one customer said, masked."""

    customer_id: str  # pseudonym
    text: str


@dataclass(frozen=True)
class HuddleAction:
    """An open action, without what points at a customer beyond the pseudonym."""

    action_id: str
    kind: str
    subject: str  # pseudonym, or label of a theme; "" where neither is known
    due: date
    status: str
    escalation: int  # levels above the owner that were told


@dataclass(frozen=True)
class ToOuter:
    """A complaint of several customers that asks for a structural fix."""

    complaint_theme: str
    label: str
    customers: int | None  # None below the size of a group that may be told
    owner: str  # department of the outer loop
    running: bool  # an outer-loop action on it is open already


@dataclass(frozen=True)
class Huddle:
    """What one department brings to its huddle."""

    department: str
    question: str
    since: date
    today: date
    until: date  # last day of what counts as due this week
    language: str
    theme: HuddleTheme | None
    quotes: tuple[HuddleQuote, ...]
    closed: Mapping[str, Mapping[str, int]]  # loop -> outcome -> how many, since the last huddle
    late: tuple[HuddleAction, ...]  # overdue, the longest first
    due: tuple[HuddleAction, ...]
    to_outer: tuple[ToOuter, ...]


def huddle(
    department: str,
    actions: Iterable[Action],
    themes: Sequence[Theme],
    feedback: pa.Table,
    *,
    since: date,
    today: date,
    language: str = "nl",
    timezone: str = TIMEZONE,
) -> Huddle:
    """Return the huddle sheet of `department`: since the day of the last huddle, up to `today`.

    `actions` are all actions, closed ones too; `feedback` is where the quotes are looked up.
    Days are those of `timezone`.
    """
    language = "en" if language == "en" else "nl"
    config = rules("huddle")
    until = today + timedelta(days=config["days_ahead"] - 1)
    everything = sorted(actions, key=lambda action: (action.due, action.action_id))
    own = [action for action in everything if action.owner == department]
    labels = {theme.theme_id: _label(theme.theme_id, language, theme.label) for theme in themes}
    upcoming = [
        _line(action, labels) for action in own if not action.closed and action.due <= until
    ]
    top = _top_theme(department, themes)
    return Huddle(
        department=department,
        question=huddle_question(department, language),
        since=since,
        today=today,
        until=until,
        language=language,
        theme=None if top is None else _theme(top, labels[top.theme_id]),
        quotes=() if top is None else _quotes(top, feedback, language),
        closed=_closed(own, since, today, timezone),
        late=tuple(line for line in upcoming if line.due < today),
        due=tuple(line for line in upcoming if line.due >= today),
        to_outer=_to_outer(department, everything, labels, language),
    )


def _top_theme(department: str, themes: Iterable[Theme]) -> Theme | None:
    own = [
        theme
        for theme in themes
        if theme.owner == department and theme.theme_id not in rules("reasons")["no_subject"]
    ]
    return min(own, key=lambda theme: (-theme.mentions, theme.theme_id), default=None)


def _theme(theme: Theme, label: str) -> HuddleTheme:
    return HuddleTheme(theme.theme_id, label, _told(theme.mentions), theme.trend)


def _told(count: int) -> int | None:
    """Return a number of customers or mentions unless it is that of a small group."""
    return count if count >= rules("huddle")["small_group"] else None


def _quotes(theme: Theme, feedback: pa.Table, language: str) -> tuple[HuddleQuote, ...]:
    """Choose quotes of different customers, those in which least had to be masked first."""
    config = rules("huddle")
    representative = [quote.feedback_id for quote in theme.quotes]
    latest = latest_first(feedback, [theme])[theme.theme_id]
    wanted = list(dict.fromkeys((*representative, *latest)))[: config["most_candidates"]]
    found = []
    for place, (customer, verbatim, written_in) in enumerate(_said(feedback, wanted)):
        quote = short_quote(verbatim, theme.keywords)
        if quote:
            text = mask(quote, language, capitals=written_in != _CAPITALISES_NOUNS)
            found.append((masked_places(text), place, customer, text))
    chosen: dict[str, str] = {}
    for _, _, customer, text in sorted(found):
        chosen.setdefault(customer, text)
    return tuple(HuddleQuote(*item) for item in list(chosen.items())[: config["quotes"]])


def _said(feedback: pa.Table, wanted: Sequence[str]) -> Iterator[tuple[str, str, str | None]]:
    """Yield customer, words and language of the customers' own pieces, in the order `wanted`."""
    rows = feedback.filter(pc.is_in(feedback.column("feedback_id"), pa.array(wanted, pa.string())))
    rows = customers_own(rows)
    names = ("feedback_id", "customer_id", "verbatim", "language")
    columns = (rows.column(name).to_pylist() for name in names)
    known = {row[0]: row[1:] for row in zip(*columns, strict=True)}
    yield from (known[feedback_id] for feedback_id in wanted if feedback_id in known)


def _closed(
    actions: Iterable[Action], since: date, today: date, timezone: str
) -> dict[str, dict[str, int]]:
    counts: dict[str, Counter[str]] = {loop: Counter() for loop in LOOPS}
    for action in actions:
        if action.closed_at is None or action.outcome is None:
            continue
        if since <= local_day(action.closed_at, timezone) <= today:
            counts[action.loop][action.outcome] += 1
    order = tuple(Outcome)
    return {
        loop: {str(end): count[end] for end in order if count[end]}
        for loop, count in counts.items()
    }


def _line(action: Action, labels: Mapping[str, str]) -> HuddleAction:
    subject = action.customer_id or labels.get(action.theme_id or "", "")
    return HuddleAction(
        action.action_id, action.kind, subject, action.due, action.status, action.escalation
    )


def _to_outer(
    department: str, actions: Sequence[Action], labels: Mapping[str, str], language: str
) -> tuple[ToOuter, ...]:
    """Find complaints of several customers in open steps that this department takes or caused."""
    customers: defaultdict[str, set[str]] = defaultdict(set)
    running = {
        action.theme_id for action in actions if action.loop == "outer" and not action.closed
    }
    for action in actions:
        if action.loop != "inner" or action.closed or not action.complaint_theme:
            continue
        theme = action.complaint_theme
        concerned = department in (action.owner, owner_for_complaint(theme))
        if concerned and theme not in rules("reasons")["no_subject"]:
            customers[theme].add(action.customer_id or action.action_id)
    enough = [
        (-len(who), theme)
        for theme, who in customers.items()
        if len(who) >= rules("huddle")["to_outer_from"]
    ]
    return tuple(
        ToOuter(
            theme,
            labels.get(theme) or _label(theme, language, theme),
            _told(-fewer),
            owner_for_complaint(theme),
            theme in running,
        )
        for fewer, theme in sorted(enough)
    )


def _label(theme_id: str, language: str, label: str) -> str:
    """Return the label of a theme; a fixed code has one per language, unless a person named it."""
    code = codeframe().get(theme_id)
    return code.label(language) if code and label in (code.code, code.nl, code.en) else label
