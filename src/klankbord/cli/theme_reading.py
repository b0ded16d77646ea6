"""An edited sheet of themes read back, and what of it can be applied."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from klankbord.cells import neutral, restored
from klankbord.cli.theme_sheet import EDITED, ID, VERSION, exported, version_of
from klankbord.errors import UnreadableInputError
from klankbord.records import KnownTheme, RejectedRow
from klankbord.sources.grid import Grid, text_of
from klankbord.sources.profile import Profile
from klankbord.sources.roles import normal
from klankbord.sources.sheet import read_grid
from klankbord.themes import edits
from klankbord.themes.edits import Edit, Edited, Known
from klankbord.themes.refusals import ThemeEditError

_YES = ("ja", "j", "x", "yes", "y", "1", "true", "waar")
_NO = ("", "-", "nee", "n", "no", "0", "false", "onwaar")


@dataclass(frozen=True)
class SheetRow:
    """One theme as it stands in an edited sheet."""

    row: int  # where it stands in the file
    cells: dict[str, str]  # heading -> text, for ID, VERSION and those of EDITED


@dataclass(frozen=True)
class Problem:
    """A cell that cannot be applied."""

    row: int
    column: str
    message: str
    hint: str = ""

    @property
    def where(self) -> str:
        """Where the cell stands in its file."""
        return f"row {self.row}, column '{self.column}'"

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" + (f" ({self.hint})" if self.hint else "")


@dataclass
class Applied:
    """What became of an edited sheet; with a problem none of it is to be kept."""

    known: Known
    edits: list[tuple[int, Edit]] = field(default_factory=list)  # row in the file, edit
    refused: list[tuple[int, str]] = field(default_factory=list)  # row in the file, theme
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True)
class _Step:
    row: int
    column: str
    take: Callable[[Known], Edited]


def read_sheet(path: Path) -> tuple[SheetRow, ...]:
    """Read an edited sheet; raises UnreadableInputError naming file, row or column."""
    grid = _grid(path)
    places = {normal(name): place for place, name in reversed(list(enumerate(grid.header)))}
    wanted = (ID, VERSION, *EDITED)
    for name in wanted:
        if normal(name) not in places:
            raise UnreadableInputError(
                f"there is no column '{name}'",
                where=str(path),
                hint="edit the sheet that klankbord themes export writes, headings as they are",
            )
    found = []
    for record in grid.records():
        if isinstance(record, RejectedRow):
            raise UnreadableInputError(
                f"this row cannot be read: {record.reason}",
                where=f"{path}, row {record.row}",
                hint="open the sheet in a spreadsheet program and save it again as .xlsx",
            )
        row, cells = record
        texts = {name: places[normal(name)] for name in wanted}
        found.append(
            SheetRow(
                row,
                {
                    name: text_of(cells[place]) if place < len(cells) else ""
                    for name, place in texts.items()
                },
            )
        )
    return tuple(found)


def _grid(path: Path) -> Grid:
    hints = Profile("themes", columns={"verbatim": ID, "score": VERSION})
    return read_grid(path, hints)


def apply(rows: Sequence[SheetRow], known: Known, departments: Sequence[str]) -> Applied:
    """Apply the cells that differ from `known`; what stands in no row stays as it is.

    Cells that are refused are tried again after the others, since one can make way for another.
    """
    found = Applied(known)
    steps = _steps(rows, found, departments)
    while steps:
        waiting: list[tuple[_Step, ThemeEditError]] = []
        for step in steps:
            try:
                found.known, edit = step.take(found.known)
            except ThemeEditError as error:
                waiting.append((step, error))
            else:
                found.edits.append((step.row, edit))
        if len(waiting) == len(steps):
            found.problems += [
                Problem(step.row, step.column, error.message, error.hint) for step, error in waiting
            ]
            break
        steps = [step for step, _ in waiting]
    found.problems.sort(key=lambda problem: problem.row)
    return found


def _steps(rows: Sequence[SheetRow], found: Applied, departments: Sequence[str]) -> list[_Step]:
    """Return the edits that the sheet asks for; notes wrong cells and refused rows in `found`."""
    held = {theme.theme_id: theme for theme in found.known}
    seen: dict[str, int] = {}
    steps: list[_Step] = []
    for entry in rows:
        theme_id = restored(entry.cells[ID])
        theme = held.get(theme_id)
        if theme is None:
            hint = "leave this column as it was exported"
            found.problems.append(Problem(entry.row, ID, "there is no theme with that id", hint))
            continue
        if theme_id in seen:
            message = f"this theme stands in row {seen[theme_id]} too"
            found.problems.append(Problem(entry.row, ID, message, "remove one of the two rows"))
            continue
        seen[theme_id] = entry.row
        changed = [name for name in EDITED if not _same(entry.cells[name], theme, name)]
        if changed and entry.cells[VERSION] != version_of(theme):
            found.refused.append((entry.row, theme_id))
            continue
        for name in changed:
            take = _take(theme_id, name, restored(entry.cells[name]), departments)
            if isinstance(take, str):
                found.problems.append(Problem(entry.row, name, take, "or leave the cell empty"))
            else:
                steps.append(_Step(entry.row, name, take))
    return steps


def _take(
    theme_id: str, heading: str, text: str, departments: Sequence[str]
) -> Callable[[Known], Edited] | str:
    """Return the edit that a changed cell asks for, or what is wrong with the cell."""
    if heading == "naam":
        return partial(edits.rename, theme_id=theme_id, name=text or None)
    if heading == "afdeling":
        return partial(edits.assign, theme_id=theme_id, owner=text or None, departments=departments)
    if heading == "samenvoegen met":
        return partial(edits.merge, theme_id=theme_id, into=text or None)
    on = _yes_or_no(text)
    if on is None:
        return "this is neither ja nor nee"
    verb = {"vastgezet": edits.pin, "verborgen": edits.forbid, "splitsen": edits.split}[heading]
    return partial(verb, theme_id=theme_id, on=on)


def _same(cell: str, theme: KnownTheme, heading: str) -> bool:
    value = getattr(theme, EDITED[heading])
    if isinstance(value, bool):
        return _yes_or_no(cell) is value
    written = exported(theme, heading)
    return cell in (written, neutral(written))


def _yes_or_no(cell: str) -> bool | None:
    word = cell.strip().casefold()
    return True if word in _YES else False if word in _NO else None
