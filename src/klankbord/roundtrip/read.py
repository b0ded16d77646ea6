"""An edited sheet of actions read back: XLSX, CSV as Excel saves it, or JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from klankbord.cells import restored
from klankbord.errors import UnreadableInputError
from klankbord.records import RejectedRow
from klankbord.roundtrip.basis import FIELDS
from klankbord.roundtrip.texts import LANGUAGES, Texts, columns_by_heading
from klankbord.sources.grid import Cell, Grid, text_of
from klankbord.sources.profile import Profile
from klankbord.sources.roles import normal
from klankbord.sources.sheet import read_grid

_KEPT = ("action_id", *FIELDS, "note", "by", "mark")
_UNICODE = ("utf", "ascii")
_EXPORT = "edit the sheet that klankbord actions export writes, headings as they are"
_MOST_JSON = 1 << 28  # bytes


@dataclass(frozen=True)
class EditedRow:
    """One action as it stands in an edited sheet."""

    row: int  # where it stands in the file
    cells: Mapping[str, Cell]  # column -> what it holds; empty cells are left out

    def text(self, column: str) -> str:
        """Return a cell as text; "" where it is empty or not there."""
        return text_of(self.cells.get(column))


@dataclass(frozen=True)
class EditedSheet:
    """An edited sheet: its rows, the rows that cannot be read, and how it was saved."""

    rows: tuple[EditedRow, ...]
    unreadable: tuple[tuple[int, str], ...] = ()  # row in the file, why
    headings: Mapping[str, str] | None = None  # column -> how it is called in the file
    encoding: str = ""  # of a CSV that cannot hold every character, such as cp1252

    def heading(self, column: str) -> str:
        """Return how a column is called in the file."""
        return (self.headings or {}).get(column, column)


def read(path: Path) -> EditedSheet:
    """Read an edited sheet; raises UnreadableInputError where it is no sheet of actions.

    Columns may be moved, added or left out, and headings stand in Dutch or English.
    """
    if path.suffix.lower() == ".ics":
        raise UnreadableInputError(
            "a calendar is not read back", where=str(path), hint="edit the .xlsx, .csv or .json"
        )
    if path.suffix.lower() == ".json":
        return _read_json(path)
    grid = read_grid(path, _hints())
    places = _places(grid.header)
    if "action_id" not in places and "mark" not in places:
        heading = Texts("nl").heading("action_id")
        raise UnreadableInputError(f"there is no column '{heading}'", where=str(path), hint=_EXPORT)
    rows: list[EditedRow] = []
    unreadable: list[tuple[int, str]] = []
    for record in grid.records():
        if isinstance(record, RejectedRow):
            unreadable.append((record.row, record.reason))
        else:
            number, cells = record
            found = {name: cells[at] for name, at in places.items() if at < len(cells)}
            rows.append(_row(number, found, guarded=grid.kind == "table"))
    headings = {name: grid.header[at] for name, at in places.items()}
    return EditedSheet(tuple(rows), tuple(unreadable), headings, _narrow(grid))


def _hints() -> Profile:
    """Name every heading of a sheet of ours, so that its header and its page are found."""
    names = [Texts(language).heading(name) for language in LANGUAGES for name in _KEPT]
    names += [name for name in _KEPT if name not in names]
    return Profile("actions", columns={str(at): name for at, name in enumerate(names)})


def _places(header: tuple[str, ...]) -> dict[str, int]:
    """Return column -> its first place in the file."""
    known = columns_by_heading()
    places: dict[str, int] = {}
    for at, heading in enumerate(header):
        column = known.get(normal(heading))
        if column in _KEPT:
            places.setdefault(column, at)
    return places


def _row(number: int, found: Mapping[str, Cell], *, guarded: bool) -> EditedRow:
    """Keep the cells that hold something; of a CSV without the guard against formulas."""
    cells: dict[str, Cell] = {}
    for name, cell in found.items():
        if isinstance(cell, str):
            cell = (restored(cell) if guarded else cell).strip()
        if cell not in (None, ""):
            cells[name] = cell
    return EditedRow(number, cells)


def _narrow(grid: Grid) -> str:
    """Return the encoding of a file that cannot hold every character; "" for others."""
    encoding = grid.details.get("encoding", "")
    return "" if encoding.startswith(_UNICODE) else encoding


def _read_json(path: Path) -> EditedSheet:
    try:
        if path.stat().st_size > _MOST_JSON:
            raise UnreadableInputError("this file is too large", where=str(path), hint=_EXPORT)
        found = json.loads(path.read_bytes())
    except OSError as error:
        raise UnreadableInputError(
            f"cannot be opened ({error.strerror or 'input error'})", where=str(path)
        ) from error
    except (ValueError, RecursionError) as error:
        raise UnreadableInputError(
            "this is no valid JSON", where=str(path), hint=_EXPORT
        ) from error
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise UnreadableInputError("this is no list of actions", where=str(path), hint=_EXPORT)
    rows = tuple(_row(at, _fields(item), guarded=False) for at, item in enumerate(found, start=1))
    return EditedSheet(rows)


def _fields(item: Mapping[str, Any]) -> dict[str, Cell]:
    """Return the columns of a JSON object, by their own names or as headings call them."""
    known = columns_by_heading()
    cells: dict[str, Cell] = {}
    for key, value in item.items():
        column = key if key in _KEPT else known.get(normal(key))
        if column in _KEPT and isinstance(value, str | int | float):
            cells.setdefault(column, value)
    return cells
