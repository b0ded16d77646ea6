"""One cell of a sheet that people edit and hand back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from klankbord.report.wording import neutralise

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

Cell = str | float | None
LONGEST_CELL = 32_767  # characters Excel allows


def write_cell(
    page: Worksheet, line: int, column: int, value: Cell, style: Format, number: Format
) -> None:
    """Write text that no program takes for a formula, a number, or an empty cell in its style."""
    if value is None or value == "":
        page.write_blank(line, column, None, style)
    elif isinstance(value, str):
        page.write_string(line, column, neutralise(value)[:LONGEST_CELL], style)
    else:
        page.write_number(line, column, value, number)
