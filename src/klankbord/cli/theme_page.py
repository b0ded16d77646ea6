"""One theme in full, as `klankbord themes show` prints it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from klankbord.cells import neutralise
from klankbord.cli.theme_keeping import describe
from klankbord.cli.theme_list import marks, record
from klankbord.report.wording import Wording, shorten

if TYPE_CHECKING:
    from klankbord.outputs.theme_list import ThemeLine, ThemeListing
    from klankbord.records import Quote, Theme
    from klankbord.store import ThemeEdit

QUOTES, QUOTE_LENGTH = 3, 400
_LEVELS = "▁▂▃▄▅▆▇█"
_NO_FEEDBACK = "·"


def in_full(
    row: ThemeLine, listing: ThemeListing, history: Sequence[ThemeEdit], wording: Wording
) -> list[str]:
    """Return the lines that say all about one theme."""
    heads = {one.theme_id: one.label for one in listing.rows}
    theme = row.theme
    facts = {
        "found as": neutralise(_found_as(row)) if _found_as(row) != row.label else "",
        "head": f"{heads.get(row.parent_id, '')} ({row.parent_id})" if row.parent_id else "",
        "owner": row.owner,
        "marks": marks(row),
        "mentions": f"{theme.mentions} ({theme.share:.1%} of complaining feedback), {theme.trend}"
        if theme
        else "none in the latest analysis",
        "keywords": neutralise(", ".join(_keywords(row))),
        "per week": _course(theme, wording) if theme else "",
    }
    lines = [f"{row.label} ({row.theme_id})"]
    lines += [f"{name:>10}  {fact}" for name, fact in facts.items() if fact]
    for quote in theme.quotes[:QUOTES] if theme else ():
        lines += ["", f"“{shorten(quote.text, QUOTE_LENGTH)}”", f"  {_source(quote, wording)}"]
    if history:
        lines += ["", "edits"]
    for edit in history:
        moment = f"{wording.local_day(edit.at).isoformat()} " if edit.at else ""
        by = f" by {neutralise(edit.by)}" if edit.by else ""
        why = f" ({neutralise(edit.why)})" if edit.why else ""
        lines.append(f"  {moment}{edit.verb}{by}: {describe(edit)}{why}")
    return lines


def full_record(row: ThemeLine, history: Sequence[ThemeEdit], wording: Wording) -> dict[str, Any]:
    """Return all about one theme for another program."""
    quotes = row.theme.quotes[:QUOTES] if row.theme else ()
    weekly = row.theme.weekly if row.theme else ()
    return {
        **record(row),
        "found_as": neutralise(_found_as(row)),
        "keywords": [neutralise(word) for word in _keywords(row)],
        "weekly": [[week.isoformat(), mentions, total] for week, mentions, total in weekly],
        "quotes": quote_records(quotes, wording),
        "edits": [
            {
                "at": edit.at.isoformat() if edit.at else None,
                "by": edit.by,
                "verb": edit.verb,
                "changes": edit.changes,
                "why": edit.why,
            }
            for edit in history
        ],
    }


def quote_records(quotes: Sequence[Quote], wording: Wording) -> list[dict[str, Any]]:
    """Return quotes for another program."""
    return [
        {
            "date": wording.local_day(quote.received_at).isoformat() if quote.received_at else None,
            "channel": quote.channel,
            "tone": quote.tone,
            "feedback_id": quote.feedback_id,
            "text": neutralise(quote.text),
        }
        for quote in quotes
    ]


def sparkline(weekly: Sequence[tuple[date, int, int]]) -> str:
    """Draw the share of the feedback per calendar week, the highest as a full block.

    A week without feedback is a dot.
    """
    if not weekly:
        return ""
    shares = {week: mentions / total for week, mentions, total in weekly if total}
    highest = max(shares.values(), default=0.0) or 1.0
    first, last = min(weekly)[0], max(weekly)[0]
    weeks = [first + timedelta(weeks=number) for number in range((last - first).days // 7 + 1)]
    top = len(_LEVELS) - 1
    return "".join(
        _LEVELS[round(top * shares[week] / highest)] if week in shares else _NO_FEEDBACK
        for week in weeks
    )


def _course(theme: Theme, wording: Wording) -> str:
    if not theme.weekly:
        return ""
    first, last = min(theme.weekly)[0], max(theme.weekly)[0]
    highest = max((mentions / total for _, mentions, total in theme.weekly if total), default=0.0)
    return (
        f"{sparkline(theme.weekly)} {wording.short_day(first)} to {wording.short_day(last)}, "
        f"at most {highest:.1%} of the feedback of a week"
    )


def _found_as(row: ThemeLine) -> str:
    return row.known.label if row.known else row.label


def _keywords(row: ThemeLine) -> tuple[str, ...]:
    if row.theme:
        return row.theme.keywords
    return row.known.keywords if row.known else ()


def _source(quote: Quote, wording: Wording) -> str:
    day = wording.short_day(wording.local_day(quote.received_at)) if quote.received_at else ""
    return ", ".join(
        part for part in (day, neutralise(quote.channel), str(quote.tone or "")) if part
    )
