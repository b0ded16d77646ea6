"""Tables saved as "Excel" that are markup: the XML of Excel 2003, or a page with a table.

The page is split here, row by row: a parser that builds a tree takes quadratic time on nested
elements, and only rows and cells matter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from html import unescape
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from klankbord.errors import UnreadableInputError
from klankbord.sources.grid import Cell, Grid
from klankbord.sources.limits import MOST_COLUMNS, check_columns
from klankbord.sources.markup import iterparse
from klankbord.sources.sample import Sample
from klankbord.sources.text_encoding import TextEncoding, clean, open_text
from klankbord.sources.workbook import MOST_PEEKED, Sheet, sheet_grid

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_NAMESPACE = "urn:schemas-microsoft-com:office:spreadsheet"
_ROW, _CELL, _DATA = (f"{{{_NAMESPACE}}}{name}" for name in ("Row", "Cell", "Data"))
_SHEET, _INDEX, _TYPE, _NAME = (
    f"{{{_NAMESPACE}}}{name}" for name in ("Worksheet", "Index", "Type", "Name")
)
_TABLE = re.compile(r"<(?:\w{1,20}:)?table[\s>]", re.IGNORECASE)
_CHUNK = 1 << 18
_LONGEST_ROW = 1 << 22  # characters
_ROW_END = re.compile(r"</tr\s*>|<tr[\s>]", re.IGNORECASE)
_CELL_START = re.compile(r"<t[dh](?:\s[^<>]*)?>", re.IGNORECASE)
_CELL_END = re.compile(r"</t[dhr]\s*>|</table\s*>", re.IGNORECASE)
_LINE_END = re.compile(r"<br\s*/?>|</(?:p|div|li)\s*>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")
_LONG_NUMBER = re.compile(r"&#(?:\d{8,}|[xX][\da-fA-F]{7,});?")


@dataclass(frozen=True)
class _Rows:
    """Rows that can be read again, as those of calamine can."""

    iter_rows: Callable[[], Iterator[list[Cell]]]


def read_sheet(sample: Sample) -> Grid | None:
    """Return the table in a file that was saved as a workbook, or None where it is none."""
    if _NAMESPACE in sample.head[:8_000]:
        sheets = [_sheet(name, partial(_xml_rows, sample.path, at))
                  for at, name in enumerate(_xml_sheets(sample.path))]  # fmt: skip
    elif not sample.head.lstrip().startswith("<?xml") and _TABLE.search(sample.head):
        sheets = [_sheet("tabel", partial(_html_rows, sample.path, sample.encoding))]
    else:
        return None
    return sheet_grid(sample.path, sheets, sample.profile)


def _sheet(name: str, rows: Callable[[], Iterator[list[Cell]]]) -> Sheet:
    return Sheet(name, 0, list(islice(rows(), MOST_PEEKED)), _Rows(rows))


def _xml_sheets(path: Path) -> list[str]:
    names = []
    for event, element in iterparse(path):
        if event == "start" and element.tag == _SHEET:
            names.append(clean(element.get(_NAME, "")))
        elif event == "end" and element.tag in (_ROW, _SHEET):
            element.clear()
    return names[:200]


def _xml_rows(path: Path, sheet: int) -> Iterator[list[Cell]]:
    """Yield the rows of a sheet; rows and cells that are skipped are blank."""
    at, done = -1, 0
    for event, element in iterparse(path):
        if event == "start" and element.tag == _SHEET:
            at += 1
        elif event == "end" and element.tag == _ROW:
            if at == sheet:
                index = _number(element.get(_INDEX)) or done + 1
                yield from ([] for _ in range(min(index - done - 1, 1_000)))
                done = max(index, done + 1)
                yield _xml_cells(path, element)
            element.clear()


def _xml_cells(path: Path, row: Element) -> list[Cell]:
    cells: list[Cell] = []
    for cell in row.iter(_CELL):
        index = _number(cell.get(_INDEX)) or len(cells) + 1
        check_columns(path, index)
        cells += [None] * (index - 1 - len(cells))
        data = cell.find(_DATA)
        cells.append(None if data is None else _value("".join(data.itertext()), data.get(_TYPE)))
    return cells


def _value(text: str, kind: str | None) -> Cell:
    try:
        if kind == "Number":
            return float(text)
        if kind == "DateTime":
            return datetime.fromisoformat(text)
    except ValueError:
        pass
    return clean(text)


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 9 else 0


def _html_rows(path: Path, encoding: TextEncoding) -> Iterator[list[Cell]]:
    """Yield the rows of all tables on a page, one under the other."""
    rest = ""
    with open_text(path, encoding) as stream:
        while text := stream.read(_CHUNK):
            *rows, rest = _ROW_END.split(rest + text)
            if len(rest) > _LONGEST_ROW:
                raise UnreadableInputError(
                    f"a row of more than {_LONGEST_ROW >> 20} million characters in this table",
                    where=str(path),
                    hint="save it as .xlsx in Excel",
                )
            yield from filter(None, map(_html_cells, rows))
    if cells := _html_cells(rest):
        yield cells


def _html_cells(row: str) -> list[Cell]:
    cells: list[Cell] = []
    for part in islice(_CELL_START.split(row), 1, MOST_COLUMNS + 2):
        inner = _CELL_END.split(part, maxsplit=1)[0]
        text = _TAG.sub("", _LINE_END.sub("\n", inner))
        lines = unescape(_LONG_NUMBER.sub("", text)).split("\n")
        kept = (" ".join(line.split()) for line in lines)
        cells.append(clean("\n".join(kept).strip()))
    return cells
