"""The columns of a sheet of actions, and one action as the cells of a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from klankbord.excerpt import shorten
from klankbord.moments import TIMEZONE, in_words, local_day
from klankbord.records import Action, Quote
from klankbord.roundtrip.basis import in_cell, mark
from klankbord.roundtrip.texts import Texts

Cell = str | float | int | date | None
MOST_QUOTES = 3
_LONGEST_QUOTE = 1_000  # characters


@dataclass(frozen=True)
class Column:
    """One column of the sheet."""

    key: str
    width: float  # characters
    style: str  # "text", "wrap", "date", "two", "whole" or "euro"
    editable: bool = False


COLUMNS = (
    Column("action_id", 22, "text"),
    Column("owner", 18, "text", editable=True),
    Column("due", 13, "date", editable=True),
    Column("status", 17, "text", editable=True),
    Column("outcome", 17, "text", editable=True),
    Column("note", 34, "wrap", editable=True),
    Column("by", 16, "text", editable=True),
    Column("wel_niet_later", 46, "wrap", editable=True),
    Column("draft", 60, "wrap", editable=True),
    Column("kind", 24, "text"),
    Column("customer_id", 16, "text"),
    Column("theme", 26, "wrap"),
    Column("reason", 48, "wrap"),
    *(Column(f"quote_{number}", 48, "wrap") for number in range(1, MOST_QUOTES + 1)),
    Column("priority", 11, "two"),
    Column("value_eur", 14, "euro"),
    Column("loop", 15, "text"),
    Column("opened_at", 13, "date"),
    Column("closed_at", 13, "date"),
    Column("escalation", 11, "whole"),
    Column("evidence", 24, "wrap"),
    Column("mark", 24, "text"),
)


@dataclass(frozen=True)
class Facts:
    """What is written beside the actions themselves."""

    today: date
    texts: Texts
    language: str = "nl"
    timezone: str = TIMEZONE
    quotes: Mapping[str, Sequence[Quote]] = field(default_factory=dict)  # action id -> evidence
    themes: Mapping[str, str] = field(default_factory=dict)  # theme id -> name
    original_ids: Mapping[str, str] = field(default_factory=dict)  # pseudonym -> customer

    def customer(self, action: Action) -> str:
        """Return how the customer of an action may be called; "" without one."""
        known = action.customer_id or ""
        return self.original_ids.get(known, known)

    def theme(self, action: Action) -> str:
        """Return the name of an action's theme; "" without one."""
        known = action.theme_id or ""
        return self.themes.get(known, known)

    def day(self, when: datetime | None) -> date | None:
        """Return the local day of a moment."""
        return None if when is None else local_day(when, self.timezone)

    def quoted(self, action: Action) -> list[str]:
        """Return the quotes of an action's evidence, each with its day."""
        return [self._quote(quote) for quote in self.quotes.get(action.action_id, ())][:MOST_QUOTES]

    def _quote(self, quote: Quote) -> str:
        text = in_cell(quote.text).strip()
        if len(text) > _LONGEST_QUOTE:
            text = shorten(text, _LONGEST_QUOTE)
        day = self.day(quote.received_at)
        return text if day is None else f"{text} ({in_words(day, self.language)})"


def cells(action: Action, facts: Facts) -> dict[str, Cell]:
    """Return the cells of one action by column."""
    quotes = facts.quoted(action) + [""] * MOST_QUOTES
    name = facts.texts.name
    return {
        "action_id": action.action_id,
        "owner": name("owner", action.owner),
        "due": action.due,
        "status": name("status", action.status),
        "outcome": name("outcome", action.outcome or ""),
        "note": "",
        "by": "",
        "wel_niet_later": action.wel_niet_later,
        "draft": action.draft,
        "kind": name("kind", action.kind),
        "customer_id": facts.customer(action),
        "theme": facts.theme(action),
        "reason": action.reason,
        **{f"quote_{at}": quotes[at - 1] for at in range(1, MOST_QUOTES + 1)},
        "priority": round(action.priority, 6),
        "value_eur": action.value_eur,
        "loop": name("loop", action.loop),
        "opened_at": facts.day(action.opened_at),
        "closed_at": facts.day(action.closed_at),
        "escalation": action.escalation,
        "evidence": "; ".join(action.evidence),
        "mark": mark(action),
    }
