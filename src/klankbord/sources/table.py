"""Delimited text: CSV as Excel writes it, tab-separated text, pipes."""

from __future__ import annotations

import csv
import io
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import filterfalse, islice
from operator import methodcaller
from pathlib import Path

from klankbord.errors import UnreadableInputError
from klankbord.records import RejectedRow
from klankbord.sources.batch import rejected_row
from klankbord.sources.grid import Grid, Record, find_header, header_names, is_blank, recognised
from klankbord.sources.limits import check_columns
from klankbord.sources.profile import Profile
from klankbord.sources.roles import normal
from klankbord.sources.text_encoding import TextEncoding, clean, open_text, undecodable

_DELIMITERS = (";", ",", "\t", "|")
_SINGLE_COLUMN = "\x1f"
_SAMPLE_CHARS = 1 << 18
_SAMPLE_RECORDS = 60
_BROKEN = "rij is niet te splitsen: een aanhalingsteken is niet gesloten of een cel is te lang"
_CELLS = "aantal cellen is {found}, de kop heeft er {expected}"
_MOST_UNFIT = 20_000  # rows, or …
_MOST_UNFIT_TEXT = 1 << 25  # … characters, without a row between them that fits
_USUAL_ROW = 64  # characters
_WITHOUT_NULS = methodcaller("replace", "\x00", "")
_UNDECODABLE = "rij bevat tekens die niet te lezen zijn"


@dataclass(frozen=True)
class Layout:
    """How a delimited text is laid out."""

    delimiter: str
    header_row: int  # 1-based, counted in records
    sep_line: bool
    share: float  # of the sampled records that are as wide as the header


def read_table(path: Path, encoding: TextEncoding, profile: Profile | None) -> Grid:
    """Return `path` as a Grid of strings; raises UnreadableInputError where it has no header."""
    layout = sniff(path, encoding, profile)
    header: tuple[str, ...] = ()
    for row, cells, _ in _records(path, encoding, layout, 0):
        if row == layout.header_row and cells is not None:
            check_columns(path, len(cells))
            names = [clean(cell) for cell in cells]
            header = header_names(names)
        elif header and cells is not None:
            header = header_names(names, under=cells[: len(names)])
        if row > layout.header_row:
            break
    if not header:
        raise UnreadableInputError(
            "no header row found", where=str(path), hint="the first row must name the columns"
        )
    skip = layout.header_row + (profile.skip_rows if profile else 0)

    def records() -> Iterator[Record | RejectedRow]:
        return _checked(path, encoding, layout, len(header), skip)

    shown = {"\t": "tab", _SINGLE_COLUMN: "none"}.get(layout.delimiter, layout.delimiter)
    details = {
        "encoding": encoding.name,
        "delimiter": shown,
        "header_row": str(layout.header_row),
        "fit": f"{layout.share:.2f}",
    }
    return Grid(path, "table", header, records, details)


def sniff(path: Path, encoding: TextEncoding, profile: Profile | None) -> Layout:
    """Decide the delimiter and the header row from the first records."""
    with open_text(path, encoding) as stream:
        sample = stream.read(_SAMPLE_CHARS)
    lines = list(io.StringIO(sample, newline=""))
    if len(sample) == _SAMPLE_CHARS and len(lines) > 1:
        lines.pop()
    sep_line = bool(lines) and lines[0].strip().lower().startswith("sep=")
    said = lines[0].strip()[4:5] if sep_line else ""
    body = lines[1:] if sep_line else lines
    forced = profile.delimiter if profile else ""
    expected = expected_headers(profile)
    if forced or said:
        candidates: tuple[str, ...] = (forced or said,)
    else:
        candidates = (*_DELIMITERS, _SINGLE_COLUMN)
    best: tuple[tuple[float, ...], Layout] | None = None
    for delimiter in candidates:
        found = _try(body, delimiter, sep_line, expected, profile)
        if found is not None and (best is None or found[0] > best[0]):
            best = found
    if best is None:
        raise UnreadableInputError(
            "no rows found", where=str(path), hint="check that the export holds data"
        )
    return best[1]


def expected_headers(profile: Profile | None) -> frozenset[str]:
    """Return the normal forms of the headers a profile names."""
    names = profile.columns.values() if profile else ()
    return frozenset(normal(name) for name in names if name)


def _try(
    lines: list[str],
    delimiter: str,
    sep_line: bool,
    expected: frozenset[str],
    profile: Profile | None,
) -> tuple[tuple[float, ...], Layout] | None:
    rows: list[list[str]] = []
    for _, cells, _ in islice(_split(lines, delimiter, 0), _SAMPLE_RECORDS):
        if cells is None:  # a misplaced quote, or a cell longer than the sample
            break
        rows.append(cells)
    if not any(not is_blank(row) for row in rows):
        return None
    at = profile.header_row - 1 if profile and profile.header_row else find_header(rows, expected)
    if at >= len(rows):
        return None
    width = len(rows[at])
    filled = [len(row) for row in rows[at + 1 :] if not is_blank(row)]
    share = Counter(filled)[width] / len(filled) if filled else 1.0
    known = recognised(rows[at], expected)
    fits = width > 1 and (share >= 0.5 or known >= 2)
    rank = (known > 0 and (fits or width == 1), known if fits else 0, fits, share, width)
    return tuple(map(float, rank)), Layout(delimiter, at + 1, sep_line, share)


def _checked(
    path: Path, encoding: TextEncoding, layout: Layout, width: int, skip: int
) -> Iterator[Record | RejectedRow]:
    unfit = length = 0  # rows without one between them that fits, and their characters
    for row, cells, raw in _records(path, encoding, layout, width, blanks=False):
        if row <= skip:
            continue
        if cells is None:
            if not raw.strip():
                continue
            rejected = rejected_row(path, row, "", _BROKEN, raw.rstrip("\r\n"))
            length += len(raw)
        elif (not cells[0] or cells[0].isspace()) and is_blank(cells):
            continue
        elif encoding.damaged and any(map(undecodable, cells)):
            yield rejected_row(path, row, "", _UNDECODABLE, layout.delimiter.join(cells))
            continue
        elif len(cells) == width:
            unfit = length = 0
            yield row, cells
            continue
        elif is_blank(cells):
            continue
        elif len(cells) > width and is_blank(cells[width:]):
            unfit = length = 0
            yield row, cells[:width]
            continue
        else:
            reason = _CELLS.format(found=len(cells), expected=width)
            rejected = rejected_row(path, row, "", reason, layout.delimiter.join(cells))
            length += sum(map(len, cells))
        unfit += 1
        if unfit > _MOST_UNFIT or length > _MOST_UNFIT_TEXT:
            raise UnreadableInputError(
                f"{unfit:,} rows that follow each other do not fit the header",
                where=f"{path}:{row}",
                hint="check the delimiter, and whether a quotation mark was never closed",
            )
        yield rejected


def _records(
    path: Path, encoding: TextEncoding, layout: Layout, width: int, *, blanks: bool = True
) -> Iterator[tuple[int, list[str] | None, str]]:
    with open_text(path, encoding) as stream:
        if layout.sep_line:
            next(stream)
        yield from _split(map(_WITHOUT_NULS, stream), layout.delimiter, width, blanks=blanks)


class _Lines:
    """Lines of which the last ones can be handed out a second time."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._again: deque[str] = deque()
        self._budget = 1 << 22  # characters that may still be handed out again
        self.taken: list[str] = []  # emptied by whoever reads

    @property
    def replaying(self) -> bool:
        """Whether there are lines that were handed out before."""
        return bool(self._again)

    def plain(self) -> Iterator[str]:
        """Return the lines that were never handed out; no Python code runs for each."""
        return filterfalse(self.taken.append, self._lines)

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._lines)
        self.taken.append(line)
        return line

    def again(self, lines: list[str], rows: int) -> bool:
        """Hand `lines` out once more, unless that would take more than linear time.

        `rows` were read since the last time.
        """
        self._budget += rows * _USUAL_ROW - sum(map(len, lines))
        if self._budget < 0:
            return False
        self._again.extendleft(reversed(lines))
        return True


def _split(
    lines: Iterable[str], delimiter: str, width: int, *, blanks: bool = True
) -> Iterator[tuple[int, list[str] | None, str]]:
    """Yield (record number, cells, ""); cells are None and the line follows where it is no record.

    Without `blanks`, blank lines are counted and passed over.

    A record with a misplaced quote is taken literally where that gives `width` cells; else only
    its first line is given up and the next lines are split anew.
    """
    feed = _Lines(lines)
    taken, clear = feed.taken, feed.taken.clear
    replaying = False
    reader = csv.reader(feed.plain(), delimiter=delimiter, strict=True)
    row = broken = 0
    while True:
        clear()
        try:
            for cells in reader:
                row += 1
                if cells or blanks:
                    yield row, cells, ""
                clear()
                if replaying and not feed.replaying:
                    break
            else:
                return
        except csv.Error:
            first, *others = taken
            row += 1
            yield row, _literal(first, delimiter, width), first
            if not feed.again(others, row - broken):
                for line in others:
                    row += 1
                    yield row, _literal(line, delimiter, width), line
            broken = row
        replaying = feed.replaying
        source = feed if replaying else feed.plain()
        reader = csv.reader(source, delimiter=delimiter, strict=True)


def _literal(line: str, delimiter: str, width: int) -> list[str] | None:
    cells = line.rstrip("\r\n").split(delimiter)
    if len(cells) != width or any(map(_opens_quote, cells)):
        return None
    return [_unquoted(cell) for cell in cells]


def _opens_quote(cell: str) -> bool:
    return cell.lstrip().startswith('"') and cell.count('"') % 2 == 1


def _unquoted(cell: str) -> str:
    bare = cell.strip()
    if len(bare) >= 2 and bare.startswith('"') and bare.endswith('"'):
        inner = bare[1:-1]
        if inner.replace('""', "").count('"') == 0:
            return inner.replace('""', '"')
    return cell
