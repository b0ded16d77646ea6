"""Workbooks (.xlsx, .xls, .xlsb, .ods), read by calamine after a look at what is in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from klankbord.errors import UnreadableInputError
from klankbord.records import RejectedRow
from klankbord.room import require_memory
from klankbord.sources import workbook_guard
from klankbord.sources.batch import rejected_row
from klankbord.sources.grid import Cell, Grid, Record, find_header, header_names, is_blank, text_of
from klankbord.sources.limits import ZIP_ERRORS, check_columns, open_zip
from klankbord.sources.profile import Profile
from klankbord.sources.roles import normal, vocabulary

OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # begins .xls, and .doc, .msg and locked .xlsx too
_PEEKED = 50  # rows in which the header is looked for
MOST_PEEKED = 100
_MOST_SHEETS = 200
_TOO_WIDE = "aantal cellen is {found}, de kop heeft er {expected}"
_SAVE_AGAIN = "open it in Excel and save it again, or save the sheet as CSV"
_MEMORY = 100 << 20  # bytes to open a workbook, which is held whole, and …
_OF_UNPACKED, _OF_OLD = 3, 8  # … so many for every byte of it, unpacked or of an .xls
_AS_CSV = "save the sheet as CSV, which is read in parts, or close other programs"
_DOCUMENTS = ("word/document.xml", "ppt/presentation.xml", "visio/document.xml")
_OTHERS = (
    ("EncryptedPackage", "a workbook locked with a password", "save it without a password"),
    ("__nameid_version1.0", "an Outlook message (.msg)", "save it as .eml, or its text as .txt"),
    ("WordDocument", "a Word document", "save its text as .txt or its table as .xlsx"),
    ("PowerPoint Document", "a presentation", "export the data as CSV or XLSX"),
)


def is_workbook(path: Path) -> bool:
    """Tell whether the ZIP archive `path` is a workbook; raises where it is damaged."""
    names = _names(path)
    excel = any(name.endswith(("xl/workbook.xml", "xl/workbook.bin")) for name in names)
    return excel or (_is_open_document(names) and _says(path, "spreadsheet"))


def is_document(path: Path) -> bool:
    """Tell whether the ZIP archive `path` is an office document, but no workbook."""
    names = _names(path)
    if any(name in names for name in _DOCUMENTS):
        return True
    return _is_open_document(names) and not _says(path, "spreadsheet")


def _names(path: Path) -> frozenset[str]:
    with open_zip(path) as archive:
        return frozenset(name.lower().replace("\\", "/") for name in archive.namelist())


def _is_open_document(names: frozenset[str]) -> bool:
    return "content.xml" in names and bool({"mimetype", "meta-inf/manifest.xml"} & names)


def _says(path: Path, kind: str) -> bool:
    with open_zip(path) as archive:
        for name in ("mimetype", "META-INF/manifest.xml"):
            try:
                with archive.open(name) as stream:
                    return f"opendocument.{kind}".encode() in stream.read(1 << 16)
            except (KeyError, *ZIP_ERRORS):
                continue
    return False


def read_workbook(path: Path, profile: Profile | None) -> Grid:
    """Return one sheet of `path` as a Grid: the profile's, else the first that reads as a table.

    Raises UnreadableInputError for a workbook that is damaged, locked, too large or empty.
    """
    _guard(path)
    return sheet_grid(path, _sheets(path, profile.header_row if profile else 0), profile)


def sheet_grid(path: Path, sheets: Iterable[Sheet], profile: Profile | None) -> Grid:
    """Return one of `sheets` as a Grid; raises UnreadableInputError where none is filled."""
    chosen, others = _choose(path, sheets, profile)
    head, at = chosen.head, chosen.header_at
    under = head[at + 1] if at + 1 < len(head) else ()
    header = header_names(head[at], under=under)
    if not header:
        raise UnreadableInputError(
            "no header row found", where=str(path), hint="the first row must name the columns"
        )
    skip = at + 1 + (profile.skip_rows if profile else 0)

    def records() -> Iterator[Record | RejectedRow]:
        return _checked(path, chosen, skip, len(header))

    details = {"sheet": chosen.name, "header_row": str(at + 1 + chosen.first)}
    if others:
        details["sheets_not_read"] = ", ".join(others)
    return Grid(path, "workbook", header, records, details)


def _guard(path: Path) -> None:
    with path.open("rb") as stream:
        old = stream.read(len(OLD)) == OLD
    if old:
        workbook_guard.guard_old(path)
        require_memory(path, _MEMORY + _OF_OLD * path.stat().st_size, _AS_CSV)
        workbook_guard.open_in_child(path, path.stat().st_size)
        return
    unpacked = workbook_guard.guard_packed(path)
    require_memory(path, _MEMORY + _OF_UNPACKED * unpacked, _AS_CSV)
    if "xl/workbook.xml" not in _names(path):
        workbook_guard.open_in_child(path, unpacked)


@dataclass(frozen=True)
class Sheet:
    """A sheet of which the cells stay where they are until they are asked for."""

    name: str
    first: int  # rows above the first one that is used
    head: list[list[Cell]]
    opened: Any  # has iter_rows()
    header_at: int = 0

    def rows(self) -> Iterator[list[Cell]]:
        """Yield the rows from the first one that is used."""
        return islice(self.opened.iter_rows(), self.first, None)


def _choose(
    path: Path, sheets: Iterable[Sheet], profile: Profile | None
) -> tuple[Sheet, list[str]]:
    """Return the sheet to read, and the names of others that are filled; one is held at a time."""
    names = profile.columns.values() if profile else ()
    expected = frozenset(normal(name) for name in names)
    headers = vocabulary().headers
    wanted = profile.sheet if profile else ""
    chosen, known, filled, seen = None, False, [], []
    for sheet in sheets:
        seen.append(sheet.name)
        if not any(not is_blank(row) for row in sheet.head):
            continue
        filled.append(sheet.name)
        if known or (wanted and sheet.name != wanted):
            continue
        if profile and profile.header_row:
            at = min(max(profile.header_row - 1 - sheet.first, 0), len(sheet.head) - 1)
        else:
            at = find_header(sheet.head[:_PEEKED], expected)
        found = {normal(text_of(cell)) for cell in sheet.head[at]}
        known = bool(wanted or found & (expected | headers.keys()))
        if known or chosen is None:
            chosen = Sheet(sheet.name, sheet.first, sheet.head, sheet.opened, at)
    if chosen is None and wanted:
        raise UnreadableInputError(
            f"there is no filled sheet '{wanted}'",
            where=str(path),
            hint=f"sheets: {', '.join(seen)}",
        )
    if chosen is None:
        raise UnreadableInputError(
            "this workbook holds no rows", where=str(path), hint="check that the export holds data"
        )
    return chosen, [name for name in filled if name != chosen.name]


def _sheets(path: Path, header_row: int) -> Iterator[Sheet]:
    """Yield the sheets with their first rows, hidden ones last."""
    import python_calamine

    try:
        with path.open("rb") as stream:  # by name it would believe the extension
            book = python_calamine.CalamineWorkbook.from_filelike(stream)
        visible = python_calamine.SheetVisibleEnum.Visible
        ordered = sorted(book.sheets_metadata, key=lambda entry: entry.visible != visible)
        peeked = max(MOST_PEEKED, header_row + 1)
        for entry in ordered[:_MOST_SHEETS]:
            if entry.typ != python_calamine.SheetTypeEnum.WorkSheet:
                continue
            opened: Any = book.get_sheet_by_name(entry.name)
            check_columns(path, opened.total_width)
            first = opened.start[0] if opened.start else 0
            head = list(islice(opened.iter_rows(), first, first + peeked))
            yield Sheet(entry.name, first, head, opened)
    except (KeyboardInterrupt, SystemExit, GeneratorExit, UnreadableInputError):
        raise
    except python_calamine.PasswordError as error:
        raise _locked(path) from error
    except BaseException as error:  # calamine's errors share no base, a panic is no Exception
        raise _unreadable(path) from error


def _locked(path: Path) -> UnreadableInputError:
    return UnreadableInputError(
        "this workbook is locked with a password",
        where=str(path),
        hint="save it without a password, or save the sheet as CSV",
    )


def _unreadable(path: Path) -> UnreadableInputError:
    """Build the error for what calamine cannot open, by what it is instead."""
    with path.open("rb") as stream:
        data = stream.read(1 << 24)
    if data.startswith(OLD):
        for name, title, hint in _OTHERS:
            if name.encode("utf-16-le") in data:
                return UnreadableInputError(f"this is {title}", where=str(path), hint=hint)
    return UnreadableInputError("this workbook cannot be opened", where=str(path), hint=_SAVE_AGAIN)


def _checked(path: Path, sheet: Sheet, skip: int, width: int) -> Iterator[Record | RejectedRow]:
    for row, cells in enumerate(islice(sheet.rows(), skip, None), sheet.first + skip + 1):
        if is_blank(cells):
            continue
        if len(cells) > width and not is_blank(cells[width:]):
            used = max(at for at, cell in enumerate(cells) if text_of(cell)) + 1
            reason = _TOO_WIDE.format(found=used, expected=width)
            yield rejected_row(path, row, "", reason, ";".join(map(text_of, cells)))
            continue
        missing = [None] * (width - len(cells))
        yield row, [*(_stored(cell) for cell in cells[:width]), *missing]


def _stored(cell: Cell) -> Cell:
    return cell.replace("\x00", "") if isinstance(cell, str) else cell
