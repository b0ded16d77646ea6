"""The huddle sheet written out in Markdown."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from klankbord.loop.due import escalation_role
from klankbord.loop.huddle import LOOPS, Huddle, HuddleAction, ToOuter
from klankbord.loop.markdown import escape
from klankbord.loop.rules import Rules, rules
from klankbord.moments import in_words


def as_markdown(huddle: Huddle) -> str:
    """Write a huddle sheet in its own language; everything in it is escaped."""
    words = rules("huddle")[huddle.language]
    day = {"since": huddle.since, "today": huddle.today, "until": huddle.until}
    days = {name: in_words(value, huddle.language) for name, value in day.items()}
    blocks = [
        f"# {words['title'].format(department=escape(huddle.department))}",
        words["period"].format(**days),
        _section(words["question"], [escape(huddle.question)]),
        _section(words["theme"], [_theme(huddle, words)]),
        _section(words["quotes"], _quotes(huddle, words), gap="\n\n"),
        _section(words["closed"], (_closed(huddle, loop, words) for loop in LOOPS)),
        _section(words["late"], _actions(huddle.late, "late_line", huddle.language)),
        _section(words["due"].format(**days), _actions(huddle.due, "due_line", huddle.language)),
        _section(words["to_outer"], _to_outer(huddle.to_outer, words)),
    ]
    return "\n\n".join(blocks) + "\n"


def _section(title: str, lines: Iterable[str], gap: str = "\n") -> str:
    return f"## {title}\n\n" + gap.join(lines)


def _theme(huddle: Huddle, words: Rules) -> str:
    theme = huddle.theme
    if theme is None:
        return str(words["no_theme"])
    return str(
        words["theme_line"].format(
            label=escape(theme.label),
            mentions=_count(theme.mentions, words),
            trend=words["trends"].get(theme.trend, escape(theme.trend)),
        )
    )


def _quotes(huddle: Huddle, words: Rules) -> list[str]:
    return [
        words["quote"].format(text=escape(quote.text), customer=escape(quote.customer_id))
        for quote in huddle.quotes
    ] or [words["no_quotes"]]


def _closed(huddle: Huddle, loop: str, words: Rules) -> str:
    counts = huddle.closed.get(loop, {})
    name = words["loops"][loop]
    if not counts:
        return str(words["none_closed"].format(loop=name))
    outcomes = ", ".join(
        f"{_named(end, 'outcomes', words)} {count}" for end, count in counts.items()
    )
    total = sum(counts.values())
    return str(words["closed_line"].format(loop=name, total=total, outcomes=outcomes))


def _actions(actions: Iterable[HuddleAction], line: str, language: str) -> list[str]:
    words = rules("huddle")[language]
    return [
        words[line].format(
            kind=_named(action.kind, "kinds", words),
            subject=escape(action.subject or words["unknown_subject"]),
            due=_day(action.due, language),
            status=_named(action.status, "states", words),
            escalated=_escalated(action, words),
            action_id=escape(action.action_id),
        )
        for action in actions
    ] or [words["none"]]


def _escalated(action: HuddleAction, words: Rules) -> str:
    if not action.escalation:
        return ""
    role = _named(escalation_role(action.escalation), "roles", words)
    return str(words["escalated"].format(role=role))


def _to_outer(items: Iterable[ToOuter], words: Rules) -> list[str]:
    return [
        words["to_outer_line"].format(
            label=escape(item.label),
            customers=_count(item.customers, words),
            owner=escape(item.owner),
            running=words["running"] if item.running else "",
        )
        for item in items
    ] or [words["none"]]


def _count(count: int | None, words: Rules) -> str:
    few = words["few"].format(n=rules("huddle")["small_group"])
    return str(few if count is None else count)


def _named(key: str, kind: str, words: Rules) -> str:
    """Name a Dutch key in another language; what has no name there stays as it is."""
    return str(words.get(kind, {}).get(key, escape(key)))


def _day(day: date, language: str) -> str:
    return in_words(day, language, year=False)
