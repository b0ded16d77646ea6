"""Records in rows and columns, whatever file they came from, and where their header stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from hashlib import blake2b
from pathlib import Path
from typing import TypeAlias

from klankbord.records import RejectedRow
from klankbord.sources.known_sources import KnownSource
from klankbord.sources.roles import normal, vocabulary

Cell: TypeAlias = str | float | int | bool | datetime | date | time | timedelta | None
Record: TypeAlias = tuple[int, Sequence[Cell]]

_HEADER_WITHIN = 10
_SHORT_KINDS = {"table": "csv", "workbook": "xlsx", "json": "json"}
SURVEYED = 50_000  # rows looked at to decide what a column holds


@dataclass(frozen=True)
class Grid:
    """A header and the records under it; `records()` starts anew at every call."""

    path: Path
    kind: str  # "table", "workbook" or "json"
    header: tuple[str, ...]
    records: Callable[[], Iterator[Record | RejectedRow]]
    details: dict[str, str] = field(default_factory=dict)
    known: KnownSource | None = None
    nested: frozenset[str] = frozenset()  # headers above lists of records, written as JSON
    usual: tuple[str, ...] = ()  # the headers most records have, where that is not every header

    @property
    def shape(self) -> str:
        """Name this kind of export after its headers, the same every week: "csv-3f9a01"."""
        names = sorted(map(normal, self.usual or self.header))
        digest = blake2b("\x1f".join(names).encode("utf-8", "replace"), digest_size=3)
        return f"{_SHORT_KINDS[self.kind]}-{digest.hexdigest()}"


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


def is_blank(cells: Sequence[Cell]) -> bool:
    """Tell whether every cell is empty."""
    return not any(
        cell is not None and (not isinstance(cell, str) or cell.strip()) for cell in cells
    )


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


def header_names(cells: Sequence[Cell]) -> tuple[str, ...]:
    """Return unique names for a header row; an empty one is called after its position."""
    names = [text_of(cell).lstrip("\ufeff") for cell in cells]
    while names and not names[-1]:
        names.pop()
    seen: dict[str, int] = {}
    unique = []
    for position, given in enumerate(names, start=1):
        name = given or f"kolom {position}"
        seen[name] = seen.get(name, 0) + 1
        unique.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return tuple(unique)
