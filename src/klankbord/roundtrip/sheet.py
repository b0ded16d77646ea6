"""The workbook of actions: lists to choose from, filters, and nothing that runs.

Excel sorts no protected range that holds a locked cell, so the sheet is not protected: columns
that are not read back are grey, and refuse to be typed in by their validation.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import IO, TYPE_CHECKING, Any

from klankbord.cells import Cell as PlainCell
from klankbord.cells import write_cell
from klankbord.loop.lifecycle import ActionState, Outcome
from klankbord.loop.routing import departments
from klankbord.records import Action
from klankbord.roundtrip.basis import in_cell
from klankbord.roundtrip.rows import COLUMNS, Cell, Column, Facts, cells

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

_ROW_HEIGHT = 62  # points, four lines: a list to run down, with the whole text in each cell
_CODES = {"two": "0.00", "whole": "#,##0", "text": "@", "wrap": "@"}
_FIRST_DATE = date(2000, 1, 1)
_LAST_DATE = date(2100, 12, 31)


def write_workbook(actions: Sequence[Action], stream: IO[bytes], facts: Facts) -> None:
    """Write the sheet of actions and the one that explains it."""
    import xlsxwriter

    book = xlsxwriter.Workbook(
        stream, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    book.set_properties(
        {
            "title": facts.texts("sheet.title"),
            "author": "Klankbord",
            "created": datetime.combine(facts.today, time(), UTC),
        }
    )
    page = book.add_worksheet(facts.texts("sheet.actions"))
    _fill(book, page, [cells(action, facts) for action in actions], facts)
    if actions:
        _restrict(page, len(actions), facts)
    _explain(book, facts)
    book.close()


def _fill(book: Workbook, page: Worksheet, rows: Sequence[dict[str, Cell]], facts: Facts) -> None:
    heading = {"font_name": "Calibri", "bold": True, "text_wrap": True, "valign": "vcenter"}
    white = book.add_format({**heading, "font_color": "#FFFFFF", "bg_color": "#164F7B"})
    grey = book.add_format({**heading, "font_color": "#57534A", "bg_color": "#D9D5CC"})
    page.set_row(0, 32)
    for place, column in enumerate(COLUMNS):
        page.set_column(
            place, place, column.width, None, {"hidden": True} if column.key == "mark" else {}
        )
        page.write_string(
            0, place, facts.texts.heading(column.key), white if column.editable else grey
        )
        style = _style(book, column, facts)
        for line, row in enumerate(rows, start=1):
            _write(page, line, place, row[column.key], style)
    for line in range(1, len(rows) + 1):
        page.set_row(line, _ROW_HEIGHT)
    page.freeze_panes(1, 1)
    page.autofilter(0, 0, max(len(rows), 1), len(COLUMNS) - 1)
    page.set_landscape()
    page.set_paper(9)  # A4
    page.fit_to_pages(1, 0)
    page.repeat_rows(0)
    page.set_footer("&L&A&R&P / &N")


def _style(book: Workbook, column: Column, facts: Facts) -> Format:
    codes = _CODES | {name: facts.texts(f"sheet.{name}_format") for name in ("date", "euro")}
    look: dict[str, Any] = {
        "font_name": "Calibri",
        "font_size": 11,
        "valign": "top",
        "border": 1,
        "border_color": "#D9D5CC",
        "num_format": codes[column.style],
        "text_wrap": column.style == "wrap",
    }
    if not column.editable:
        look |= {"bg_color": "#EEEBE4", "font_color": "#57534A"}
    return book.add_format(look)


def _write(page: Worksheet, line: int, place: int, value: Cell, style: Format) -> None:
    if isinstance(value, date):
        page.write_datetime(line, place, datetime.combine(value, time()), style)
        return
    plain: PlainCell = in_cell(value) if isinstance(value, str) else value
    write_cell(page, line, place, plain, style, style)


def _restrict(page: Worksheet, rows: int, facts: Facts) -> None:
    """Give the columns to edit a list to choose from, and keep the others from being typed in."""
    name = facts.texts.name
    lists = {
        "owner": [name("owner", department) for department in departments()],
        "status": [name("status", state) for state in ActionState],
        "outcome": [name("outcome", outcome) for outcome in Outcome],
    }
    for place, column in enumerate(COLUMNS):
        rule: dict[str, Any]
        if column.key in lists:
            rule = {
                "validate": "list",
                "source": lists[column.key],
                "error_message": facts.texts("sheet.choose"),
            }
        elif column.key == "due":
            rule = {
                "validate": "date",
                "criteria": "between",
                "minimum": _FIRST_DATE,
                "maximum": _LAST_DATE,
                "error_message": facts.texts("sheet.give_date"),
            }
        elif column.editable:
            continue
        else:
            rule = {
                "validate": "custom",
                "value": "=FALSE",
                "error_message": facts.texts("sheet.read_only"),
            }
        rule["error_title"] = facts.texts.heading(column.key)
        page.data_validation(1, place, rows, place, rule)


def _explain(book: Workbook, facts: Facts) -> None:
    page = book.add_worksheet(facts.texts("sheet.explanation"))
    page.set_column(0, 0, 110)
    page.hide_gridlines(2)
    plain = {"font_name": "Calibri", "text_wrap": True, "valign": "top"}
    title = book.add_format({**plain, "bold": True, "font_size": 16})
    wrapped = book.add_format(plain)
    page.write_string(0, 0, facts.texts("sheet.title"), title)
    for line, text in enumerate(facts.texts.lines("sheet.notes"), start=2):
        page.write_string(line, 0, text, wrapped)
