"""A look at what is packed in a workbook before it is opened, so that it cannot exhaust memory.

A ZIP's own sizes can be false, and one far cell makes calamine fill the whole rectangle up to it.
What cannot be looked through here (.xls, .xlsb) is first opened in a child with limits: there
calamine may end its process, which no `except` can catch.
"""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from klankbord.errors import UnreadableInputError
from klankbord.sources import probing
from klankbord.sources.limits import ZIP_ERRORS, is_bomb, open_zip

_MOST_BYTES = 1 << 30
_MOST_PARTS = 5_000
_MOST_CELLS = 20_000_000
_MOST_SPARSE = 4_000_000  # cells in the rectangle, where hardly any is filled
_SPARSE = 0.05
_FEW = 100_000  # filled cells
_LARGEST_OLD = 256 << 20  # bytes of an .xls
_CHUNK = 1 << 20
_REFERENCE = re.compile(rb' r="([A-Z]{0,3})([0-9]{1,7})"')
_CELL_TAGS = tuple(before + b"c" + after for before in (b"<", b":") for after in (b" ", b">", b"/"))
_ODS = re.compile(
    rb"<table:(table|table-row|table-cell|covered-table-cell)(?=[\s/>])([^<>]{0,5000})>"
)
_REPEATED = re.compile(rb'number-(?:rows|columns)-repeated="(\d{1,9})"')
_TAIL = 6_000  # bytes kept, so that no tag is cut in two
_PROBE_BASE = 256 << 20  # bytes of address space, and …
_PROBE_FACTOR = 12  # … so many for every byte of the workbook
_PROBE_MOST = 2 << 30
_OPEN = """
import python_calamine
with open(sys.argv[2], "rb") as stream:
    book = python_calamine.CalamineWorkbook.from_filelike(stream)
for name in book.sheet_names:
    for row in book.get_sheet_by_name(name).iter_rows():
        pass
"""


def guard_packed(path: Path) -> int:
    """Return the bytes a packed workbook unpacks to; raises UnreadableInputError for a bomb."""
    with open_zip(path) as archive:
        parts = archive.infolist()
        unpacked = sum(part.file_size for part in parts)
        if is_bomb(parts, _MOST_BYTES, _MOST_PARTS):
            raise _absurd(path)
        try:
            for part in parts:
                if not _believable(archive, part):
                    raise _absurd(path)
        except ZIP_ERRORS as error:
            raise _damaged(path) from error
    return unpacked


def guard_old(path: Path) -> None:
    """Raise UnreadableInputError for an .xls file that is larger than any real one."""
    if path.stat().st_size > _LARGEST_OLD:
        raise _absurd(path)


def open_in_child(path: Path, size: int) -> None:
    """Open a workbook of `size` bytes, unpacked, in a child; raises where it ends the child."""
    limit = min(_PROBE_MOST, _PROBE_BASE + _PROBE_FACTOR * size)
    ended, _ = probing.probe(_OPEN, str(path), limit)
    if ended == probing.PANICKED:
        raise _damaged(path)
    if ended not in (probing.FINE, probing.TOLD):  # what calamine tells there, it tells here too
        raise _absurd(path)


def _believable(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    """Unpack a part and count: neither more bytes than was said, nor too many cells."""
    is_open = part.filename.lower() == "content.xml"
    counter: _Cells | _OpenCells = _OpenCells() if is_open else _Cells()
    total = 0
    with archive.open(part) as stream:
        while chunk := stream.read(_CHUNK):
            total += len(chunk)
            if total > part.file_size or counter.add(chunk) > _MOST_CELLS:
                return False
    return True


class _Cells:
    """Counts the cells of an .xlsx sheet: those there, or the rectangle that they span.

    References grow along a sheet, so a part is only looked through when one in it is further than
    its last one says.
    """

    def __init__(self) -> None:
        self._rows = self._columns = self._cells = 0
        self._tail = b""
        self._further = _further(0, 0)

    def add(self, chunk: bytes) -> int:
        """Return the number of cells up to and with this part of the sheet."""
        data = self._tail + chunk
        self._tail = data[-32:]
        self._cells += sum(map(chunk.count, _CELL_TAGS))
        for found in _REFERENCE.finditer(data, max(0, data.rfind(b' r="', 0, -12))):
            self._rows = max(self._rows, int(found[2]))
        if self._further.search(data):
            found_here = set(_REFERENCE.findall(data))
            self._rows = max([self._rows, *(int(row) for _, row in found_here)])
            self._columns = max([self._columns, *(_column(name) for name, _ in found_here)])
        self._further = _further(self._rows, self._columns)
        spanned = self._rows * self._columns
        if spanned > _MOST_SPARSE and self._cells < _SPARSE * spanned and self._cells < _FEW:
            return _MOST_CELLS + 1
        return max(self._cells, spanned)


def _further(rows: int, columns: int) -> re.Pattern[bytes]:
    """Return a pattern for a reference below `rows` or right of `columns`."""
    letters = ""
    while columns:
        columns, at = divmod(columns - 1, 26)
        letters = chr(65 + at) + letters
    right = _after(letters, "A", "Z", 3)
    below = _after(str(rows), "0", "9", 7)
    return re.compile(f' r="(?:(?:{right})[0-9]|[A-Z]{{0,3}}(?:{below})")'.encode())


def _after(text: str, low: str, high: str, longest: int) -> str:
    """Return a pattern for the texts that sort after `text`, shorter ones first."""
    sign, size = f"[{low}-{high}]", len(text)
    longer = [f"{sign}{{{size + 1},{longest}}}"] if size < longest else []
    return "|".join(
        longer
        + [
            f"{text[:at]}[{chr(ord(own) + 1)}-{high}]{sign}{{{size - at - 1}}}"
            for at, own in enumerate(text)
            if own < high
        ]
        or ["(?!)"]
    )


class _OpenCells:
    """Counts the cells of the sheets of an .ods file, with their repetitions."""

    def __init__(self) -> None:
        self._rows = self._waiting = self._columns = self._times = 0
        self._widest = self._highest = 0
        self._tail = b""

    def add(self, chunk: bytes) -> int:
        """Return the cells of the largest rectangle up to here."""
        data = self._tail + chunk
        end = max(data.rfind(b"<"), len(data) - _TAIL)
        self._tail = data[end:]
        for kind, attributes in _ODS.findall(data, 0, end):
            repeated = _REPEATED.search(attributes)
            times = max(1, int(repeated[1])) if repeated else 1
            if kind == b"table":
                self._rows = self._times = self._widest = self._highest = 0
            elif kind == b"table-row":
                self._rows += self._times
                self._columns, self._times = 0, times
            else:
                self._columns += times
                if b"value-type=" in attributes or not attributes.endswith(b"/"):
                    self._widest = max(self._widest, self._columns)
                    self._highest = self._rows + self._times
            if self._widest * self._highest > _MOST_CELLS:
                break
        return self._widest * self._highest


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _absurd(path: Path) -> UnreadableInputError:
    return UnreadableInputError(
        "this workbook unpacks to an absurd size; it is not opened",
        where=str(path),
        hint="save the sheet as CSV and read that",
    )


def _damaged(path: Path) -> UnreadableInputError:
    return UnreadableInputError(
        "this workbook is damaged, cut off or locked with a password",
        where=str(path),
        hint="open it in Excel and save it again, or save the sheet as CSV",
    )
