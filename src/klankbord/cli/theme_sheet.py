"""The codeframe as a sheet people edit: written with drop-downs, read back row by row."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from klankbord.cells import Cell, neutralise, write_cell
from klankbord.errors import UnreadableInputError
from klankbord.files import writing
from klankbord.records import KnownTheme
from klankbord.report.tables import write_csv
from klankbord.themes import edits
from klankbord.themes.names import LONGEST_NAME

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

    from klankbord.outputs.theme_list import ThemeLine, ThemeListing

ID, VERSION = "thema_id", "versie"
_WIDTHS = {
    ID: 34,
    "hoofdthema": 26,
    "gevonden als": 30,
    "vermeldingen": 13,
    "aandeel": 10,
    "trend": 18,
    "trefwoorden": 40,
    "afdeling nu": 18,
    "naam": 34,
    "afdeling": 18,
    "samenvoegen met": 34,
    "vastgezet": 11,
    "verborgen": 11,
    "splitsen": 10,
    VERSION: 16,
}
EDITED = {  # heading -> field of KnownTheme
    "naam": "name",
    "afdeling": "owner",
    "samenvoegen met": "merged_into",
    "vastgezet": "pinned",
    "verborgen": "forbidden",
    "splitsen": "divide",
}
_NOT_FOR_HEADS = ("samenvoegen met", "splitsen")
_GUIDE = (
    "Witte kolommen vult u in; grijze kolommen zijn om te lezen.",
    "naam: hoe het thema voortaan heet, hoogstens 60 tekens; leeg: zoals het gevonden is.",
    "afdeling: wie eigenaar is; leeg: de afdeling van het hoofdthema.",
    "samenvoegen met: het thema_id van het thema dat de vermeldingen overneemt.",
    "vastgezet: ja houdt het thema op de lijst, hoe weinig het ook genoemd wordt.",
    "verborgen: ja haalt het thema van de lijst; de vermeldingen blijven bij het hoofdthema.",
    "splitsen: ja laat de volgende analyse het thema verdelen, als dat kan.",
    "Namen en afdelingen gelden meteen; de rest geldt vanaf de volgende klankbord analyse.",
    "Lees het blad terug met: klankbord themes import BESTAND",
)
_CREATED = datetime(2000, 1, 1, tzinfo=UTC)  # so that the same themes give the same bytes


def version_of(theme: KnownTheme) -> str:
    """Name what is decided about a theme now; "v" keeps a spreadsheet from reading a number."""
    decisions = [theme.theme_id, *(getattr(theme, name) for name in edits.AUTOMATIC)]
    text = json.dumps(decisions, ensure_ascii=True)
    return f"v{blake2b(text.encode(), digest_size=6).hexdigest()}"


def write_sheet(listing: ThemeListing, path: Path, departments: Sequence[str]) -> int:
    """Write every kept theme to `path`, .xlsx or .csv; returns how many.

    No cell can run as a formula: a workbook holds strings only, a CSV gets an apostrophe.
    """
    if path.suffix.lower() not in (".xlsx", ".csv"):
        raise UnreadableInputError(
            "the sheet must be an .xlsx or a .csv", where=str(path), hint=f"{path.stem}.xlsx"
        )
    labels = {row.theme_id: row.label for row in listing.rows}
    kept = [(row, row.known) for row in listing.rows if row.known is not None]
    rows = [_cells(row, known, labels) for row, known in kept]
    if path.suffix.lower() == ".csv":
        write_csv(path, tuple(_WIDTHS), rows)
    else:
        heads = [edits.is_head(row.theme_id) for row, _ in kept]
        _write_workbook(path, rows, heads, departments)
    return len(rows)


def _cells(row: ThemeLine, known: KnownTheme, labels: dict[str, str]) -> list[Cell]:
    theme = row.theme
    keywords = theme.keywords if theme else known.keywords
    return [
        row.theme_id,
        labels.get(row.parent_id or "", ""),
        known.label,
        row.mentions,
        round(theme.share, 4) if theme else 0,
        theme.trend if theme else "",
        ", ".join(keywords),
        row.owner,
        *(exported(known, heading) for heading in EDITED),
        version_of(known),
    ]


def exported(known: KnownTheme, heading: str) -> str:
    """Return the cell of a column to edit as it is written."""
    value = getattr(known, EDITED[heading])
    return ("ja" if value else "") if isinstance(value, bool) else neutralise(value or "")


def _write_workbook(
    path: Path, rows: Sequence[Sequence[Cell]], heads: Sequence[bool], departments: Sequence[str]
) -> None:
    import xlsxwriter

    with writing(path) as stream:
        book = xlsxwriter.Workbook(
            stream, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        )
        book.set_properties({"author": "Klankbord", "created": _CREATED})
        base = {"font_name": "Calibri", "font_size": 11, "valign": "top", "num_format": "@"}
        grey = {**base, "bg_color": "#EEEBE4", "font_color": "#57534A", "text_wrap": True}
        open_cell = book.add_format({**base, "locked": False})
        locked = book.add_format(grey)
        share = book.add_format({**grey, "num_format": "0.0%"})
        whole = book.add_format({**grey, "num_format": "#,##0"})
        heading = book.add_format(
            {**base, "bold": True, "font_color": "#FFFFFF", "bg_color": "#164F7B"}
        )
        page = book.add_worksheet("themas")
        for column, (name, width) in enumerate(_WIDTHS.items()):
            page.set_column(column, column, width)
            page.write_string(0, column, name, heading)
            numbers = share if name == "aandeel" else whole
            for line, row in enumerate(rows, start=1):
                closed = name not in EDITED or (name in _NOT_FOR_HEADS and heads[line - 1])
                write_cell(
                    page, line, column, row[column], locked if closed else open_cell, numbers
                )
        page.freeze_panes(1, 1)
        page.protect("", {"format_columns": True, "format_rows": True})
        if rows:
            _restrict(page, len(rows), departments)
        _explain(book)
        book.close()


def _restrict(page: Worksheet, rows: int, departments: Sequence[str]) -> None:
    """Give the columns to fill in a list to choose from, or a length."""
    yes_or_no = {"validate": "list", "source": ["ja", "nee"]}
    choices: dict[str, dict[str, Any]] = {
        "naam": {"validate": "length", "criteria": "<=", "value": LONGEST_NAME},
        "afdeling": {"validate": "list", "source": list(departments)},
        "samenvoegen met": {"validate": "list", "source": f"=$A$2:$A${rows + 1}"},
        "vastgezet": yes_or_no,
        "verborgen": yes_or_no,
        "splitsen": yes_or_no,
    }
    for column, name in enumerate(_WIDTHS):
        if name in choices:
            message = {
                "error_title": name,
                "error_message": f"Hoogstens {LONGEST_NAME} tekens."
                if name == "naam"
                else "Kies een van de mogelijkheden, of laat de cel leeg.",
            }
            page.data_validation(1, column, rows, column, {**choices[name], **message})


def _explain(book: Workbook) -> None:
    page = book.add_worksheet("uitleg")
    wrapped = book.add_format({"font_name": "Calibri", "text_wrap": True, "valign": "top"})
    page.set_column(0, 0, 110)
    page.hide_gridlines(2)
    for line, text in enumerate(_GUIDE):
        page.write_string(line, 0, text, wrapped)
