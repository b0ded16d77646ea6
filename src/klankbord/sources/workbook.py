"""Excel workbooks, read by calamine after a look at what is packed in the ZIP."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from klankbord.errors import UnreadableInputError
from klankbord.records import RejectedRow
from klankbord.sources.batch import rejected_row
from klankbord.sources.grid import Cell, Grid, Record, find_header, header_names, is_blank, text_of
from klankbord.sources.profile import Profile
from klankbord.sources.roles import normal, vocabulary

_MOST_BYTES = 1 << 30
_MOST_RATIO = 200  # a real sheet of repeated answers packs about fifty to one
_RATIO_FROM = 16 << 20
_MOST_PARTS = 5_000
_MOST_CELLS = 20_000_000
_REFERENCE = re.compile(rb' r="([A-Z]{0,3})([0-9]{1,7})"')
_TOO_WIDE = "aantal cellen is {found}, de kop heeft er {expected}"


def is_workbook(path: Path) -> bool:
    """Tell whether the ZIP archive `path` is an Excel workbook; raises where it is damaged."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = {name.lower() for name in archive.namelist()[: _MOST_PARTS + 1]}
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise UnreadableInputError(
            "this workbook or ZIP file is damaged or cut off",
            where=str(path),
            hint="download or save the export again",
        ) from error
    return any(name.endswith("xl/workbook.xml") for name in names)


def guard(path: Path) -> None:
    """Raise UnreadableInputError for a workbook that would unpack to an absurd size."""
    with zipfile.ZipFile(path) as archive:
        parts = archive.infolist()
    unpacked = sum(part.file_size for part in parts)
    packed = max(sum(part.compress_size for part in parts), 1)
    bomb = unpacked > _MOST_BYTES or (unpacked > _RATIO_FROM and unpacked / packed > _MOST_RATIO)
    if len(parts) > _MOST_PARTS or bomb or _larger_than_said(path, unpacked):
        raise UnreadableInputError(
            "this workbook unpacks to an absurd size; it is not opened",
            where=str(path),
            hint="save the sheet as CSV and read that",
        )


def _larger_than_said(path: Path, said: int) -> bool:
    """Unpack and count, since a ZIP's own sizes can be false and one far cell makes a sheet huge.

    Stops as soon as there is more than was said, or a sheet spans too many cells.
    """
    total = 0
    try:
        with zipfile.ZipFile(path) as archive:
            for part in archive.infolist():
                rows, columns, tail = 0, 0, b""
                with archive.open(part) as stream:
                    while chunk := stream.read(1 << 20):
                        total += len(chunk)
                        if "worksheets/" in part.filename.lower():
                            found = set(_REFERENCE.findall(tail + chunk))
                            tail = chunk[-32:]
                            rows = max([rows, *(int(row) for _, row in found)])
                            columns = max([columns, *(_column(name) for name, _ in found)])
                        if total > said or rows * columns > _MOST_CELLS:
                            return True
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError) as error:
        raise UnreadableInputError(
            "this workbook is damaged, cut off or locked with a password",
            where=str(path),
            hint="open it in Excel and save it again, or save the sheet as CSV",
        ) from error
    return False


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def read_workbook(path: Path, profile: Profile | None) -> Grid:
    """Return one sheet of `path` as a Grid: the profile's, else the first that reads as a table."""
    guard(path)
    sheets = _load(path)
    expected = frozenset(normal(name) for name in profile.columns.values()) if profile else None
    name, rows, first, at = _choose(path, sheets, profile, expected or frozenset())
    header = header_names(rows[at])
    if not header:
        raise UnreadableInputError(
            "no header row found", where=str(path), hint="the first row must name the columns"
        )
    skip = at + 1 + (profile.skip_rows if profile else 0)

    def records() -> Iterator[Record | RejectedRow]:
        return _checked(path, rows, first, skip, len(header))

    others = [other for other, cells, _ in sheets if other != name and cells]
    details = {"sheet": name, "header_row": str(at + 1 + first)}
    if others:
        details["sheets_not_read"] = ", ".join(others)
    return Grid(path, "workbook", header, records, details)


def _load(path: Path) -> list[tuple[str, list[list[Cell]], int]]:
    """Return (name, cells, first row) of every sheet, hidden ones last."""
    import python_calamine

    sheets: list[tuple[str, list[list[Cell]], int]] = []
    try:
        book = python_calamine.CalamineWorkbook.from_path(str(path))
        visible = python_calamine.SheetVisibleEnum.Visible
        for entry in sorted(book.sheets_metadata, key=lambda entry: entry.visible != visible):
            name = entry.name
            sheet: Any = book.get_sheet_by_name(name)
            start = sheet.start[0] if sheet.start else 0
            sheets.append((name, sheet.to_python(skip_empty_area=True), start))
    except Exception as error:  # calamine's errors share no base class
        raise UnreadableInputError(
            "this workbook cannot be opened",
            where=str(path),
            hint="open it in Excel and save it again, or save the sheet as CSV",
        ) from error
    return sheets


def _choose(
    path: Path,
    sheets: list[tuple[str, list[list[Cell]], int]],
    profile: Profile | None,
    expected: frozenset[str],
) -> tuple[str, list[list[Cell]], int, int]:
    filled = [sheet for sheet in sheets if any(not is_blank(row) for row in sheet[1])]
    if profile and profile.sheet:
        filled = [sheet for sheet in filled if sheet[0] == profile.sheet]
        if not filled:
            raise UnreadableInputError(
                f"there is no filled sheet '{profile.sheet}'",
                where=str(path),
                hint=f"sheets: {', '.join(name for name, _, _ in sheets)}",
            )
    if not filled:
        raise UnreadableInputError(
            "this workbook holds no rows", where=str(path), hint="check that the export holds data"
        )
    headers = vocabulary().headers
    for name, rows, first in filled:
        if profile and profile.header_row:
            at = min(max(profile.header_row - 1 - first, 0), len(rows) - 1)
        else:
            at = find_header(rows[:50], expected)
        names = {normal(text_of(cell)) for cell in rows[at]}
        if names & (expected | headers.keys()):
            return name, rows, first, at
    name, rows, first = filled[0]
    return name, rows, first, find_header(rows[:50], expected)


def _checked(
    path: Path, rows: list[list[Cell]], first: int, skip: int, width: int
) -> Iterator[Record | RejectedRow]:
    for index in range(skip, len(rows)):
        cells = rows[index]
        if is_blank(cells):
            continue
        row = first + index + 1
        if len(cells) > width and not is_blank(cells[width:]):
            used = max(at for at, cell in enumerate(cells) if text_of(cell)) + 1
            reason = _TOO_WIDE.format(found=used, expected=width)
            yield rejected_row(path, row, "", reason, ";".join(map(text_of, cells)))
            continue
        yield row, [_stored(cell) for cell in cells[:width]]


def _stored(cell: Cell) -> Cell:
    return cell.replace("\x00", "") if isinstance(cell, str) else cell
