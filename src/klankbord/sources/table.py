"""Delimited text: CSV as Excel writes it, tab-separated text, pipes."""

from __future__ import annotations

import csv
import io
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from klankbord.errors import UnreadableInputError
from klankbord.records import RejectedRow
from klankbord.sources.batch import rejected_row
from klankbord.sources.grid import Grid, Record, find_header, header_names, is_blank, recognised
from klankbord.sources.profile import Profile
from klankbord.sources.roles import normal
from klankbord.sources.text_encoding import TextEncoding, clean, open_text, undecodable

_DELIMITERS = (";", ",", "\t", "|")
_SINGLE_COLUMN = "\x1f"
_SAMPLE_CHARS = 1 << 18
_SAMPLE_RECORDS = 60
_BROKEN = "rij is niet te splitsen: een aanhalingsteken is niet gesloten of een cel is te lang"
_CELLS = "aantal cellen is {found}, de kop heeft er {expected}"
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
            header = header_names([clean(cell) for cell in cells])
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
    for row, cells, raw in _records(path, encoding, layout, width):
        if row <= skip:
            continue
        if cells is None:
            if raw.strip():
                yield rejected_row(path, row, "", _BROKEN, raw.rstrip("\r\n"))
            continue
        if is_blank(cells):
            continue
        if encoding.damaged and any(map(undecodable, cells)):
            yield rejected_row(path, row, "", _UNDECODABLE, layout.delimiter.join(cells))
            continue
        if len(cells) > width and is_blank(cells[width:]):
            cells = cells[:width]
        if len(cells) != width:
            reason = _CELLS.format(found=len(cells), expected=width)
            yield rejected_row(path, row, "", reason, layout.delimiter.join(cells))
            continue
        yield row, [cell.replace("\x00", "") for cell in cells]


def _records(
    path: Path, encoding: TextEncoding, layout: Layout, width: int
) -> Iterator[tuple[int, list[str] | None, str]]:
    with open_text(path, encoding) as stream:
        if layout.sep_line:
            next(stream)
        yield from _split(stream, layout.delimiter, width)


class _Feed:
    """Lines for the csv reader that can be handed out a second time."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._again: deque[str] = deque()
        self.taken: list[str] = []
        self.budget = 1 << 22  # characters that may still be handed out again

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        if self._again:
            line = self._again.popleft()
        else:
            line = next(self._lines)
            self.budget += len(line)
        self.taken.append(line)
        return line

    def again(self, lines: list[str]) -> bool:
        """Hand `lines` out once more, unless that would take more than linear time."""
        self.budget -= sum(map(len, lines))
        if self.budget < 0:
            return False
        self._again.extendleft(reversed(lines))
        return True


def _split(
    lines: Iterable[str], delimiter: str, width: int
) -> Iterator[tuple[int, list[str] | None, str]]:
    """Yield (record number, cells, first line); cells are None for what cannot be split.

    A record with a misplaced quote is taken literally where that gives `width` cells; else only
    its first line is given up and the next lines are split anew.
    """
    feed = _Feed(lines)
    reader = csv.reader(feed, delimiter=delimiter, strict=True)
    row = 0
    while True:
        feed.taken.clear()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            first, *others = feed.taken
            row += 1
            yield row, _literal(first, delimiter, width), first
            if not feed.again(others):
                for line in others:
                    row += 1
                    yield row, _literal(line, delimiter, width), line
            reader = csv.reader(feed, delimiter=delimiter, strict=True)
            continue
        row += 1
        yield row, cells, feed.taken[0]


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
