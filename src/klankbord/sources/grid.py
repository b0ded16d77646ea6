"""Records in rows and columns, whatever file they came from, and where their header stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Literal, TypeAlias

from klankbord.records import RejectedRow
from klankbord.sources.known_sources import KnownSource
from klankbord.sources.roles import normal, vocabulary

Cell: TypeAlias = str | float | int | bool | datetime | date | time | timedelta | None
Record: TypeAlias = tuple[int, Sequence[Cell]]

_HEADER_WITHIN = 10
_SHORT_KINDS = {"table": "csv", "workbook": "xlsx"}  # of the kinds with another name in `source`
SURVEYED = 50_000  # rows looked at to decide what a column holds


AnswerKind: TypeAlias = Literal["", "open", "other", "closed", "data", "none"]


@dataclass(frozen=True)
class Asked:
    """What an export itself tells about one of its columns.

    `kind` is "open" for a question answered in words, "other" for the open option of a choice,
    "closed" for a choice or a score, "data" for what is known of the respondent, "none" for what
    is not to be kept; "" where it does not say.
    """

    kind: AnswerKind = ""
    key: str = ""  # a name that lasts where the header may be reworded; "": the header


@dataclass(frozen=True)
class Grid:
    """A header and the records under it; `records()` starts anew at every call."""

    path: Path
    kind: str  # "table", "workbook", "json", "spss" or "parquet"
    header: tuple[str, ...]
    records: Callable[[], Iterator[Record | RejectedRow]]
    details: dict[str, str] = field(default_factory=dict)
    known: KnownSource | None = None
    nested: frozenset[str] = frozenset()  # headers above lists of records, written as JSON
    usual: tuple[str, ...] = ()  # the headers most records have, where that is not every header
    asked: Mapping[str, Asked] = field(default_factory=dict)  # what the export tells by header
    timezone: str = ""  # of times without a zone, where the export names one
    no_feedback: Callable[[Sequence[Cell]], str] | None = None  # what a record is instead, or ""

    @property
    def tells_answers(self) -> bool:
        """Whether the export itself tells which of its columns are answers."""
        told = self.asked.values()
        return any(each.key or each.kind in ("open", "closed") for each in told)

    @property
    def shape(self) -> str:
        """Name this kind of export after its headers, the same every week: "csv-3f9a01"."""
        names = sorted(map(normal, self.usual or self.header))
        digest = blake2b("\x1f".join(names).encode("utf-8", "replace"), digest_size=3)
        return f"{_SHORT_KINDS.get(self.kind, self.kind)}-{digest.hexdigest()}"


def text_of(cell: Cell) -> str:
    """Return a cell as the text a person would see, without outer blanks; 123.0 is "123"."""
    if isinstance(cell, str):
        return cell.strip()
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    return str(cell)


def first_records(grid: Grid, count: int) -> list[Sequence[Cell]]:
    """Return the first records of `grid`, as far as they can be read."""
    found = islice(grid.records(), count)
    return [record[1] for record in found if not isinstance(record, RejectedRow)]


def each_record(
    grid: Grid, change: Callable[[Record], Record | RejectedRow], skip: int = 0
) -> Callable[[], Iterator[Record | RejectedRow]]:
    """Return the `records` of a grid like `grid` whose records after the first `skip` changed."""

    def records() -> Iterator[Record | RejectedRow]:
        for record in islice(grid.records(), skip, None):
            yield record if isinstance(record, RejectedRow) else change(record)

    return records


def is_blank(cells: Sequence[Cell]) -> bool:
    """Tell whether every cell is empty."""
    for cell in cells:
        if cell is not None and (not isinstance(cell, str) or (cell and not cell.isspace())):
            return False
    return True


def recognised(cells: Sequence[Cell], expected: frozenset[str] = frozenset()) -> int:
    """Count the cells that are a known header or one of `expected` (normal forms)."""
    headers = vocabulary().headers
    names = {normal(cell) for cell in cells if isinstance(cell, str)} - {""}
    return sum(name in headers or name in expected for name in names)


def find_header(rows: Sequence[Sequence[Cell]], expected: frozenset[str] = frozenset()) -> int:
    """Return the index of the header among the first rows of a file.

    That is the first row with content, unless it names nothing known and a row shortly under
    it, below titles of one or two cells, has two known headers.
    """
    filled = [index for index, row in enumerate(rows) if not is_blank(row)][:_HEADER_WITHIN]
    if not filled:
        return 0
    if recognised(rows[filled[0]], expected):
        return filled[0]
    for index in filled:
        if recognised(rows[index], expected) >= 2:
            return index
        if sum(bool(text_of(cell)) for cell in rows[index]) > 2:
            break
    return filled[0]


def header_names(cells: Sequence[Cell], under: Sequence[Cell] = ()) -> tuple[str, ...]:
    """Return unique names for a header row; an empty one is called after its position.

    Empty ones at the end are no columns, unless something stands `under` them in the next row.
    """
    names = [text_of(cell).lstrip("\ufeff") for cell in cells]
    filled = max((at + 1 for at, cell in enumerate(under) if text_of(cell)), default=0)
    while len(names) > filled and not names[-1]:
        names.pop()
    seen: dict[str, int] = {}
    unique: dict[str, None] = {}
    for position, given in enumerate(names, start=1):
        name = given or f"kolom {position}"
        seen[name] = seen.get(name, 0) + 1
        shown = name if seen[name] == 1 else f"{name} ({seen[name]})"
        while shown in unique:
            seen[name] += 1
            shown = f"{name} ({seen[name]})"
        unique[shown] = None
    return tuple(unique)
