"""The shifts and themes of the latest run, as the frozen records they were found as."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from klankbord.records import Quote, Theme, ToneShift, Verdict
from klankbord.schema import ShiftKind, Tone
from klankbord.store import tables
from klankbord.store.arrow import from_micros, to_json, to_micros

_SHIFT_PLAIN = (
    "shift_id",
    "customer_id",
    "probability",
    "expected_fdr",
    "value_eur",
    "explanation",
    "priority",
    "believed",
)
_THEME_PLAIN = (
    "theme_id",
    "parent_id",
    "label",
    "mentions",
    "share",
    "trend",
    "trend_p",
    "value_eur",
    "owner",
)


def write_shifts(connection: Connection, shifts: Iterable[ToneShift]) -> None:
    """Replace the list of shifts; their order is kept."""
    connection.execute(delete(tables.shift))
    rows = [
        {
            **{name: getattr(shift, name) for name in _SHIFT_PLAIN},
            "rank": rank,
            "kind": str(shift.kind),
            "before": str(shift.before),
            "after": str(shift.after),
            "before_at": to_micros(shift.before_at),
            "after_at": to_micros(shift.after_at),
            "channels": to_json(shift.channels),
            "before_quote": _quote_to_json(shift.before_quote),
            "after_quote": _quote_to_json(shift.after_quote),
            "evidence": to_json(shift.evidence),
        }
        for rank, shift in enumerate(shifts)
    ]
    if rows:
        connection.execute(insert(tables.shift), rows)


def read_shifts(connection: Connection, customer_id: str | None = None) -> tuple[ToneShift, ...]:
    """Return the shifts, or those of one customer, as they were saved last, in rank order."""
    query = select(tables.shift).order_by(tables.shift.c.rank)
    if customer_id is not None:
        query = query.where(tables.shift.c.customer_id == customer_id)
    return tuple(shift_of(row) for row in connection.execute(query).mappings())


def shift_of(row: Mapping[Any, Any]) -> ToneShift:
    """Return the shift that a row of its table holds."""
    return ToneShift(
        **{name: row[name] for name in _SHIFT_PLAIN},
        kind=ShiftKind(row["kind"]),
        before=Tone(row["before"]),
        after=Tone(row["after"]),
        before_at=_moment(row["before_at"]),
        after_at=_moment(row["after_at"]),
        channels=tuple(json.loads(row["channels"])),
        before_quote=_quote_from_json(row["before_quote"]),
        after_quote=_quote_from_json(row["after_quote"]),
        evidence=tuple(json.loads(row["evidence"])),
    )


def write_verdict(connection: Connection, verdict: Verdict) -> None:
    """Keep a verdict; a later one of the same shift takes its place."""
    shift_verdict = tables.shift_verdict
    connection.execute(delete(shift_verdict).where(shift_verdict.c.shift_id == verdict.shift_id))
    row = {**vars(verdict), "kind": str(verdict.kind), "judged_at": to_micros(verdict.judged_at)}
    connection.execute(insert(shift_verdict), [row])


def drop_verdict(connection: Connection, shift_id: str) -> None:
    """Take away the verdict of a shift, if there is one."""
    table = tables.shift_verdict
    connection.execute(delete(table).where(table.c.shift_id == shift_id))


def read_verdicts(
    connection: Connection, shift_ids: Sequence[str] | None = None
) -> tuple[Verdict, ...]:
    """Return the verdicts by shift id, or only those of some shifts."""
    query = select(tables.shift_verdict).order_by(tables.shift_verdict.c.shift_id)
    if shift_ids is not None:
        query = query.where(tables.shift_verdict.c.shift_id.in_(shift_ids))
    return tuple(
        Verdict(**{**row, "kind": ShiftKind(row["kind"]), "judged_at": _moment(row["judged_at"])})
        for row in connection.execute(query).mappings()
    )


def write_themes(connection: Connection, themes: Iterable[Theme]) -> None:
    """Replace the list of themes; their order is kept."""
    connection.execute(delete(tables.theme))
    rows = [
        {
            **{name: getattr(theme, name) for name in _THEME_PLAIN},
            "rank": rank,
            "keywords": to_json(theme.keywords),
            "weekly": to_json([[week.isoformat(), *counts] for week, *counts in theme.weekly]),
            "quotes": to_json([_quote_fields(quote) for quote in theme.quotes]),
            "evidence": to_json(theme.evidence),
        }
        for rank, theme in enumerate(themes)
    ]
    if rows:
        connection.execute(insert(tables.theme), rows)


def read_themes(connection: Connection) -> tuple[Theme, ...]:
    """Return the themes as they were saved last, in rank order."""
    query = select(tables.theme).order_by(tables.theme.c.rank)
    return tuple(
        Theme(
            **{name: row[name] for name in _THEME_PLAIN},
            keywords=tuple(json.loads(row["keywords"])),
            weekly=tuple(
                (date.fromisoformat(week), mentions, total)
                for week, mentions, total in json.loads(row["weekly"])
            ),
            quotes=tuple(_quote(fields) for fields in json.loads(row["quotes"])),
            evidence=tuple(json.loads(row["evidence"])),
        )
        for row in connection.execute(query).mappings()
    )


def _moment(micros: int) -> datetime:
    moment = from_micros(micros)
    assert moment is not None  # noqa: S101 - the column is not nullable
    return moment


def _quote_fields(quote: Quote) -> dict[str, Any]:
    return {
        "feedback_id": quote.feedback_id,
        "text": quote.text,
        "received_at": to_micros(quote.received_at),
        "channel": quote.channel,
        "tone": None if quote.tone is None else str(quote.tone),
    }


def _quote_to_json(quote: Quote | None) -> str | None:
    return None if quote is None else to_json(_quote_fields(quote))


def _quote_from_json(text: str | None) -> Quote | None:
    return None if text is None else _quote(json.loads(text))


def _quote(fields: Mapping[str, Any]) -> Quote:
    return Quote(
        feedback_id=fields["feedback_id"],
        text=fields["text"],
        received_at=from_micros(fields["received_at"]),
        channel=fields["channel"],
        tone=None if fields["tone"] is None else Tone(fields["tone"]),
    )
