"""Actions written to a file that people, calendars or other trackers read."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import IO, Any

from klankbord.cells import neutral
from klankbord.errors import KlankbordError
from klankbord.files import writing
from klankbord.moments import TIMEZONE
from klankbord.records import Action, Quote
from klankbord.roundtrip import jira
from klankbord.roundtrip.basis import in_cell, mark
from klankbord.roundtrip.calendar import calendar
from klankbord.roundtrip.rows import COLUMNS, Cell, Facts, cells
from klankbord.roundtrip.sheet import write_workbook
from klankbord.roundtrip.texts import Texts


class Form(StrEnum):
    """What kind of file is written."""

    XLSX = "xlsx"
    CSV = "csv"
    JSON = "json"
    ICS = "ics"
    JIRA = "jira"

    @property
    def readable(self) -> bool:
        """Whether an edited one can be read back."""
        return self in (Form.XLSX, Form.CSV, Form.JSON)


def form_of(path: Path) -> Form:
    """Return the form that a file's extension asks for; raises KlankbordError for another."""
    suffix = path.suffix.lower().lstrip(".")
    if suffix in (Form.XLSX, Form.CSV, Form.JSON, Form.ICS):
        return Form(suffix)
    raise KlankbordError(
        "the extension says no kind of file",
        where=str(path),
        hint=f"end it on .xlsx, .csv, .json or .ics, or give --format {' or '.join(Form)}",
    )


def write(
    actions: Sequence[Action],
    target: Path | IO[bytes],
    form: Form,
    *,
    today: date,
    quotes: Mapping[str, Sequence[Quote]] | None = None,
    themes: Mapping[str, str] | None = None,
    language: str = "nl",
    timezone: str = TIMEZONE,
    original_ids: Mapping[str, str] | None = None,
) -> None:
    """Write actions in the order given; the same input gives the same bytes.

    `quotes` maps action ids to their evidence, `themes` theme ids to names and `original_ids`
    pseudonyms to the customers to name instead. A file is written whole or not at all.
    """
    facts = Facts(
        today, Texts(language), language, timezone, quotes or {}, themes or {}, original_ids or {}
    )
    if not isinstance(target, Path):
        _WRITERS[form](actions, target, facts)
        return
    with writing(target) as stream:
        _WRITERS[form](actions, stream, facts)


def _write_csv(actions: Sequence[Action], stream: IO[bytes], facts: Facts) -> None:
    """Write CSV as Excel in Dutch opens it: a byte order mark, semicolons, decimal commas."""
    headings = [facts.texts.heading(column.key) for column in COLUMNS]
    rows = (cells(action, facts) for action in actions)
    comma = facts.language == "nl"
    lines = [[_csv_cell(row[column.key], comma=comma) for column in COLUMNS] for row in rows]
    stream.write(_csv([headings, *lines], ";").encode("utf-8-sig", "replace"))


def _write_jira(actions: Sequence[Action], stream: IO[bytes], facts: Facts) -> None:
    lines = [[neutral(cell) for cell in jira.row(action, facts)] for action in actions]
    stream.write(_csv([jira.COLUMNS, *lines], ",").encode("utf-8", "replace"))


def _write_calendar(actions: Sequence[Action], stream: IO[bytes], facts: Facts) -> None:
    stream.write(calendar(actions, facts).encode("utf-8", "replace"))


def _write_json(actions: Sequence[Action], stream: IO[bytes], facts: Facts) -> None:
    """Write a list of objects: the fields of `Action`, its quotes, and what an import needs."""
    found = [_record(action, facts) for action in actions]
    text = json.dumps(found, ensure_ascii=False, indent=2)
    stream.write(f"{text}\n".encode("utf-8", "replace"))


def _record(action: Action, facts: Facts) -> dict[str, Any]:
    quotes = facts.quotes.get(action.action_id, ())
    return {
        "action_id": action.action_id,
        "version": action.version,
        "loop": action.loop,
        "kind": action.kind,
        "customer_id": facts.customer(action) or None,
        "theme_id": action.theme_id,
        "theme": facts.theme(action) or None,
        "owner": action.owner,
        "due": action.due.isoformat(),
        "status": action.status,
        "outcome": action.outcome,
        "wel_niet_later": action.wel_niet_later,
        "draft": action.draft,
        "reason": action.reason,
        "cause": action.cause,
        "why": action.why,
        "complaint_theme": action.complaint_theme,
        "priority": round(action.priority, 6),
        "probability": round(action.probability, 6),
        "effect": round(action.effect, 6),
        "value_eur": action.value_eur,
        "escalation": action.escalation,
        "opened_at": action.opened_at.isoformat() if action.opened_at else None,
        "closed_at": action.closed_at.isoformat() if action.closed_at else None,
        "evidence": list(action.evidence),
        "quotes": [
            {
                "feedback_id": quote.feedback_id,
                "text": in_cell(quote.text),
                "received_at": quote.received_at.isoformat() if quote.received_at else None,
                "channel": quote.channel,
            }
            for quote in quotes
        ],
        "mark": mark(action),
    }


def _csv(rows: Iterable[Sequence[str]], delimiter: str) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return text.getvalue()


def _csv_cell(value: Cell, *, comma: bool) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return neutral(in_cell(value))
    if isinstance(value, date):
        return value.isoformat()
    return str(value).replace(".", ",") if comma else str(value)


_WRITERS: Mapping[Form, Callable[[Sequence[Action], IO[bytes], Facts], None]] = {
    Form.XLSX: write_workbook,
    Form.CSV: _write_csv,
    Form.JSON: _write_json,
    Form.ICS: _write_calendar,
    Form.JIRA: _write_jira,
}
