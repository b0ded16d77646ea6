"""Themes and tone shifts as a spreadsheet people sort and filter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING

from klankbord.cells import LONGEST_CELL
from klankbord.files import writing
from klankbord.report.model import Report
from klankbord.report.wording import Wording

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

_FONT = "Calibri"
_ROW_HEIGHT = 62  # points, four lines: a list to run down, with the whole text in each cell

Cell = str | float | int | date | None


# Per column its name, its width and its format.
_SHIFTS = (
    ("rank", 7, "whole"),
    ("customer", 16, "text"),
    ("kind", 18, "text"),
    ("before", 13, "text"),
    ("after", 13, "text"),
    ("before_day", 13, "date"),
    ("after_day", 13, "date"),
    ("probability", 9, "percent"),
    ("value", 13, "euro"),
    ("channels", 22, "wrap"),
    ("explanation", 52, "wrap"),
    ("before_quote", 52, "wrap"),
    ("after_quote", 52, "wrap"),
    ("next_step", 40, "wrap"),
)
_THEMES = (
    ("theme", 32, "wrap"),
    ("parent", 26, "wrap"),
    ("mentions", 11, "whole"),
    ("share", 12, "percent"),
    ("trend", 18, "text"),
    ("impact", 13, "one"),
    ("impact_low", 12, "one"),
    ("impact_high", 12, "one"),
    ("verdict", 24, "text"),
    ("value", 13, "euro"),
    ("owner", 18, "text"),
    ("keywords", 36, "wrap"),
    ("quote_1", 52, "wrap"),
    ("quote_2", 52, "wrap"),
    ("quote_3", 52, "wrap"),
    ("score", 13, "one"),
    ("score_low", 12, "one"),
    ("score_high", 12, "one"),
    ("where", 44, "wrap"),
    ("new_since", 13, "date"),
)


@dataclass(frozen=True)
class _Sheet:
    name: str
    columns: tuple[tuple[str, float, str], ...]
    rows: Sequence[Sequence[Cell]]


def write_workbook(report: Report, path: Path) -> None:
    """Write `themas.xlsx`: themes, tone shifts and notes; same report, same bytes.

    Every text is written as a string, so that a formula or link in a customer's words stays text.
    """
    import xlsxwriter

    wording = Wording(report.language)
    with writing(path) as stream:
        book = xlsxwriter.Workbook(
            stream, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        )
        book.set_properties(
            {
                "title": f"Klankbord {report.as_of_text}",
                "author": "Klankbord",
                "company": report.company,
                "created": datetime.combine(report.as_of, time(), UTC),
            }
        )
        formats = _formats(book, wording)
        for sheet in (_themes(report, wording), _shifts(report, wording)):
            _write(book, sheet, formats, wording)
        _explain(book, report, wording, formats)
        book.close()


def _shifts(report: Report, wording: Wording) -> _Sheet:
    rows = [
        (
            row.rank,
            row.customer,
            row.kind_label,
            row.before_label,
            row.after_label,
            row.before_day,
            row.after_day,
            row.shift.probability,
            row.value_eur,
            row.channels_text,
            row.explanation,
            row.before_quote.full_text if row.before_quote else "",
            row.after_quote.full_text if row.after_quote else "",
            row.next_step,
        )
        for row in report.shifts.rows
    ]
    return _Sheet(wording("workbook.shifts"), _SHIFTS, rows)


def _themes(report: Report, wording: Wording) -> _Sheet:
    rows = []
    for row in report.themes.rows:
        quotes = [quote.full_text for quote in row.quotes] + ["", "", ""]
        rows.append(
            (
                row.label,
                row.parent_label,
                row.mentions,
                row.share,
                row.trend_label,
                row.impact.value,
                row.impact.low,
                row.impact.high,
                wording.label("verdict", row.impact.verdict),
                row.value_eur,
                row.owner,
                ", ".join(row.keywords),
                *quotes[:3],
                row.score.value,
                row.score.low,
                row.score.high,
                "; ".join(row.where),
                row.new_since,
            )
        )
    return _Sheet(wording("workbook.themes"), _THEMES, rows)


def _formats(book: Workbook, wording: Wording) -> dict[str, Format]:
    base = {"font_name": _FONT, "font_size": 11, "valign": "top"}
    base |= {"bottom": 1, "bottom_color": "#D9D5CC"}
    codes = {"whole": "#,##0", "one": "0.0", "two": "0.00", "percent": "0.0%"}
    codes |= {name: wording(f"workbook.{name}_format") for name in ("date", "euro")}
    made = {name: book.add_format({**base, "num_format": code}) for name, code in codes.items()}
    words = {**base, "num_format": "@", "align": "left", "indent": 1}
    made["text"] = book.add_format(words)
    made["wrap"] = book.add_format({**words, "text_wrap": True})
    made["heading"] = book.add_format(
        {
            **base,
            "bold": True,
            "font_color": "#FFFFFF",
            "bg_color": "#164F7B",
            "text_wrap": True,
            "indent": 1,
            "valign": "vcenter",
            "border": 0,
        }
    )
    made["title"] = book.add_format({**base, "bold": True, "font_size": 16})
    return made


def _write(book: Workbook, sheet: _Sheet, formats: dict[str, Format], wording: Wording) -> None:
    page = book.add_worksheet(sheet.name)
    page.set_row(0, 32)
    for column, (key, width, _) in enumerate(sheet.columns):
        page.set_column(column, column, width)
        page.write_string(0, column, wording(f"workbook.column.{key}"), formats["heading"])
    for line, row in enumerate(sheet.rows, start=1):
        page.set_row(line, _ROW_HEIGHT)
        for column, (value, (_, _, name)) in enumerate(zip(row, sheet.columns, strict=True)):
            _write_cell(page, line, column, value, formats[name])
    page.freeze_panes(1, 1)
    page.autofilter(0, 0, max(len(sheet.rows), 1), len(sheet.columns) - 1)
    page.set_landscape()
    page.set_paper(9)  # A4
    page.fit_to_pages(1, 0)
    page.repeat_rows(0)
    page.set_footer("&L&A&R&P / &N")
    page.hide_gridlines(2)


def _write_cell(page: Worksheet, line: int, column: int, value: Cell, style: Format) -> None:
    if value is None or value == "":
        page.write_blank(line, column, None, style)
    elif isinstance(value, str):
        page.write_string(line, column, value[:LONGEST_CELL], style)
    elif isinstance(value, date):
        page.write_datetime(line, column, datetime.combine(value, time()), style)
    else:
        page.write_number(line, column, value, style)


def _explain(book: Workbook, report: Report, wording: Wording, formats: dict[str, Format]) -> None:
    page = book.add_worksheet(wording("workbook.explanation"))
    page.set_column(0, 0, 110)
    page.hide_gridlines(2)
    lines = [
        wording("page.dated", day=report.as_of_text),
        report.period_text,
        report.notice,
        wording("page.identifiable" if report.identifiable else "page.pseudonyms"),
        wording("method.claim"),
        *(wording.lines("workbook.notes")),
        report.method.warning,
    ]
    page.write_string(0, 0, report.company or wording("page.title"), formats["title"])
    for line, text in enumerate((text for text in lines if text), start=2):
        page.write_string(line, 0, text, formats["wrap"])
