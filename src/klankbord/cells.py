"""Text in the cells of sheets: nothing that hides or reorders it, nothing that runs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

Cell = str | float | None
LONGEST_CELL = 32_767  # characters Excel allows

_HIDDEN = (
    r"\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200c\u200e\u200f\u2028-\u202e"
    r"\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e0fff"
)
_HARMFUL = re.compile(f"[{_HIDDEN}]")
# A file may be opened with another separator than it was written with, so a cell may begin there.
_BEGINS = rf"""(?:\A|[;,\t\r\n])(?:(?![\t\r\n])[\s"{_HIDDEN}])*"""
_RUNS = r"(?=[=+\-@＝＋－＠﹦﹢﹣﹫])"
_FORMULA = re.compile(rf"\A(?=[\t\r\n])|{_BEGINS}{_RUNS}")
_GUARDED = re.compile(rf"\A'(?=[\t\r\n])|({_BEGINS})'{_RUNS}")


def neutralise(text: str) -> str:
    """Drop characters that can reorder, hide or break displayed text; keep line breaks.

    Removes bidirectional controls, other invisible controls, tag characters, noncharacters and
    lone surrogates; the zero-width joiner stays, because emoji are built with it.
    """
    return _HARMFUL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def neutral(text: str) -> str:
    """Put an apostrophe wherever a cell may begin that a spreadsheet would run as a formula."""
    return _FORMULA.sub(lambda found: f"{found[0]}'", text)


def restored(text: str) -> str:
    """Take away the apostrophes that `neutral` put in."""
    return _GUARDED.sub(lambda found: found[1] or "", text)


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
