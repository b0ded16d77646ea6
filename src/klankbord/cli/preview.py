"""What `klankbord import --preview` shows: how a file would be read, and its first rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from klankbord.cli.output import data, table
from klankbord.excerpt import shorten

if TYPE_CHECKING:
    from klankbord.importing import Preview

_COLUMN, _DATE, _FIT = "column.", "date.", "fit"
_FIRST = ("encoding", "delimiter", "sheet", "records", "header_row", "kind")
_LONGEST_CELL = 60
_SHOWN = (
    "received_at", "customer_id", "author_role", "score_metric", "score_value", "question",
    "verbatim", "segment", "value_eur", "started_at", "cancelled_at",
)  # fmt: skip


def show_preview(shown: Preview, timezone: str) -> None:
    """Print the source, its certainty, the roles of its columns and five rows in local time."""
    found = shown.detection
    data(f"{found.path.name}: {found.source} ({found.confidence:.0%} sure: {found.reason})")
    details = {name: value for name, value in found.details.items() if name != _FIT}
    roles = {name.removeprefix(_COLUMN): details.pop(name) for name in found.details
             if name.startswith(_COLUMN)}  # fmt: skip
    for name, value in _ordered(details):
        data(f"  {name}: {value}")
    if roles:
        pairs = [(shorten(name, _LONGEST_CELL), role) for role, name in roles.items()]
        table("Columns", ("column", "read as"), pairs)
    names = [name for name in _SHOWN if name in shown.rows.column_names]
    rows = [[_cell(row[name], timezone) for name in names] for row in shown.rows.to_pylist()]
    if rows:
        table("First rows", names, rows)
    for bad in shown.rejected:
        data(f"  row {bad.row} {bad.column}: {bad.reason}")


def _ordered(details: dict[str, str]) -> Iterator[tuple[str, str]]:
    for name in _FIRST:
        if name in details:
            yield name.replace("_", " "), details.pop(name)
    for name, value in sorted(details.items()):
        if name.startswith(_DATE):
            yield f"date in {name.removeprefix(_DATE)}", value
        else:
            yield name.replace("_", " "), value


def _cell(value: object, timezone: str) -> str:
    if isinstance(value, datetime):
        return value.astimezone(ZoneInfo(timezone)).strftime("%Y-%m-%d %H:%M")
    return "" if value is None else shorten(str(value), _LONGEST_CELL)
