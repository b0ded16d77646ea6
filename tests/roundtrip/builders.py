"""Actions for the tests of the round trip, and what edits a spreadsheet program makes."""

import csv
import dataclasses
import io
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import openpyxl

from klankbord.records import Action, Quote
from klankbord.roundtrip import Form, write

TODAY = date(2026, 3, 30)
MOMENT = datetime(2026, 3, 29, 23, 30, tzinfo=UTC)  # already the 30th in Amsterdam
DRAFT = "Beste {naam},\n\nOp 3 maart schreef je: “altijd te laat”.\n\nGroet"
CAN = "wel: bellen; niet: geld terug; later: –"
HOSTILE = "=HYPERLINK(\"http://x\")\n@SUM(A1)\t;=cmd|' /C calc'!A0\n-2+3 'zo'"


def action(action_id: str = "inner-1", **more: Any) -> Action:
    fields: dict[str, Any] = {
        "action_id": action_id,
        "loop": "inner",
        "kind": "herstelgesprek",
        "customer_id": "K-0A9BZVTW12",
        "theme_id": None,
        "owner": "Customer Service",
        "due": date(2026, 4, 2),
        "priority": 0.75,
        "status": "actieplan",
        "reason": "Klant zakte van positief naar boos.",
        "evidence": ("f1", "f2"),
        "wel_niet_later": CAN,
        "draft": DRAFT,
        "value_eur": 1250.0,
        "opened_at": MOMENT,
    }
    return Action(**(fields | more))


def structural(action_id: str = "outer-1", **more: Any) -> Action:
    fields: dict[str, Any] = {
        "loop": "outer",
        "kind": "structureel verbeteren",
        "customer_id": None,
        "theme_id": "levertijd-bezorger",
        "owner": "Distributie",
        "due": date(2026, 5, 12),
        "value_eur": None,
    }
    return action(action_id, **(fields | more))


QUOTES = {
    "inner-1": (
        Quote("f1", "=1+1 te laat", MOMENT, "survey", None),
        Quote("f2", "nooit antwoord", None, "chat", None),
    )
}
THEMES = {"levertijd-bezorger": "bezorger, laat"}


def export(path: Path, actions: Iterable[Action], form: Form = Form.XLSX, **more: Any) -> Path:
    write(tuple(actions), path, form, today=TODAY, **more)
    return path


def bytes_of(actions: Iterable[Action], form: Form, **more: Any) -> bytes:
    stream = io.BytesIO()
    write(tuple(actions), stream, form, today=TODAY, **more)
    return stream.getvalue()


def resave(path: Path, edit: Callable[[Any], None] = lambda page: None) -> Path:
    """Open a workbook, edit its first sheet and save it, as a spreadsheet program does."""
    book = openpyxl.load_workbook(path)
    edit(book.worksheets[0])
    book.save(path)
    return path


def cell(page: Any, heading: str, line: int = 2) -> Any:
    """Return the cell under a heading."""
    at = next(cell.column for cell in page[1] if cell.value == heading)
    return page.cell(line, at)


def put(path: Path, values: Mapping[str, object], line: int = 2) -> Path:
    """Put values under headings of a workbook."""

    def edit(page: Any) -> None:
        for heading, value in values.items():
            cell(page, heading, line).value = value

    return resave(path, edit)


def csv_rows(path: Path, encoding: str = "utf-8-sig") -> list[list[str]]:
    with path.open(encoding=encoding, newline="") as stream:
        return list(csv.reader(stream, delimiter=";"))


def save_csv(
    path: Path, rows: list[list[str]], encoding: str = "cp1252", delimiter: str = ";"
) -> Path:
    """Save rows as Excel does, which puts a question mark for what the encoding lacks."""
    with path.open("w", encoding=encoding, errors="replace", newline="") as stream:
        csv.writer(stream, delimiter=delimiter).writerows(rows)
    return path


@dataclasses.dataclass(frozen=True)
class Happened:
    """One event of a history."""

    changes: Mapping[str, Any]
    event: str = "bijgewerkt"
    by: str = "Anna"
    why: str = ""
    at: datetime | None = MOMENT
