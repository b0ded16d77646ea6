"""Multiple choice with one column per option, put together under its question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from klankbord.records import RejectedRow
from klankbord.sources.grid import Asked, Cell, Grid, Record, each_record, header_names, text_of
from klankbord.sources.scales import label_key

_LOOKED_AT = 2_000
_TICKED = frozenset(("1", "x", "ja", "yes", "true", "waar", "checked", "selected", "y", "j"))
_BETWEEN = " - "


@dataclass(frozen=True)
class Column:
    """A column of a survey: what was asked, and which option it stands for."""

    question: str
    option: str = ""
    asked: Asked = field(default_factory=Asked)

    @property
    def name(self) -> str:
        """The header it gets."""
        return f"{self.question}{_BETWEEN}{self.option}" if self.option else self.question


def with_columns(grid: Grid, columns: Sequence[Column], skip: int) -> Grid:
    """Return `grid` without its first `skip` records, its columns named and their options joined.

    Columns that follow each other with options of one question are joined where each of them only
    holds its own option, or a tick.
    """
    groups = _groups(columns, _values(grid, skip))
    names = [
        columns[group[0]].name if len(group) == 1 else columns[group[0]].question
        for group in groups
    ]
    header = header_names(names)
    asked = {
        name: columns[group[0]].asked if len(group) == 1 else Asked("data")
        for name, group in zip(header, groups, strict=True)
    }

    joins = any(len(group) > 1 for group in groups)

    def joined(record: Record) -> Record:
        if not joins:
            return record
        row, cells = record
        return row, [
            cells[group[0]] if len(group) == 1 else _joined(columns, cells, group)
            for group in groups
        ]

    records = each_record(grid, joined, skip)
    return replace(grid, header=header, asked=asked, records=records)


def _joined(columns: Sequence[Column], cells: Sequence[Cell], group: Sequence[int]) -> str:
    return "; ".join(columns[at].option for at in group if text_of(cells[at]))


def _values(grid: Grid, skip: int) -> list[set[str]]:
    """Return the different answers in each column, as far as there are but a few."""
    found: list[set[str]] = [set() for _ in grid.header]
    for record in islice(grid.records(), skip, skip + _LOOKED_AT):
        if isinstance(record, RejectedRow):
            continue
        for values, cell in zip(found, record[1], strict=True):
            if len(values) < 3 and (text := text_of(cell)):
                values.add(label_key(text))
    return found


def _groups(columns: Sequence[Column], values: Sequence[set[str]]) -> list[list[int]]:
    groups: list[list[int]] = []
    for at, column in enumerate(columns):
        before = columns[groups[-1][0]] if groups else None
        ticked = _is_ticked(column, values[at])
        if (
            before is not None
            and ticked
            and before.question == column.question
            and _is_ticked(before, values[groups[-1][0]])
        ):
            groups[-1].append(at)
        else:
            groups.append([at])
    return [part for group in groups for part in _worth_joining(group, values)]


def _worth_joining(group: list[int], values: Sequence[set[str]]) -> list[list[int]]:
    """Leave columns apart where nobody ticked anything in any of them."""
    if any(values[at] for at in group):
        return [group]
    return [[at] for at in group]


def _is_ticked(column: Column, values: set[str]) -> bool:
    own = {label_key(column.option)}
    return (
        bool(column.option)
        and column.asked.kind in ("", "closed")
        and (values <= own or (len(values) == 1 and values <= _TICKED))
    )
