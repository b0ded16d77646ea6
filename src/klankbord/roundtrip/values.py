"""The cells of an edited sheet as values: codes by their names, dates in any notation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date

from klankbord.cells import neutralise
from klankbord.loop.lifecycle import ActionState, Outcome
from klankbord.loop.routing import departments
from klankbord.roundtrip.basis import Value
from klankbord.roundtrip.read import EditedRow
from klankbord.roundtrip.texts import CODED, codes_by_name
from klankbord.sources.dates import DateReader, survey
from klankbord.sources.grid import Cell, text_of
from klankbord.sources.roles import normal

CLEARS = ("-", "–", "—", "−")  # what empties a cell that may be empty
Says = Callable[[EditedRow, date], bool]  # whether a row's action has, or had, this due date


def allowed(field: str) -> tuple[str, ...]:
    """Return the codes that a coded column may hold."""
    return {
        "owner": departments(),
        "status": tuple(str(state) for state in ActionState),
        "outcome": tuple(str(outcome) for outcome in Outcome),
    }[field]


class Reader:
    """Turns cells into values; a cell that is none stays the text it is.

    A column of dates such as 3-12-2026 is read with the month first where more rows then say what
    was exported: a spreadsheet program set to American rewrites them so.
    """

    def __init__(self, rows: Iterable[EditedRow], says: Says) -> None:
        dated = [(row, row.cells["due"]) for row in rows if "due" in row.cells]
        readers = {day_first: DateReader("UTC", day_first) for day_first in (True, False)}
        fits = dict.fromkeys(readers, 0)
        for row, cell in dated:
            for day_first, reader in readers.items():
                day = _day(reader, cell)
                fits[day_first] += day is not None and says(row, day)
        usual = survey(cell for _, cell in dated).day_first
        day_first = usual if fits[True] == fits[False] else fits[True] > fits[False]
        self._dates = readers[day_first]
        self._codes: Mapping[str, Mapping[str, str]] = {
            field: {**codes_by_name(field), **{normal(code): code for code in allowed(field)}}
            for field in CODED
        }

    def value(self, field: str, cell: Cell) -> Value:
        """Return what a cell says of `field`."""
        if field == "due":
            day = _day(self._dates, cell)
            return text_of(cell) if day is None else day
        text = neutralise(text_of(cell))
        return self._codes[field].get(normal(text), text) if field in self._codes else text


def _day(reader: DateReader, cell: Cell) -> date | None:
    moment = reader.utc(cell)
    return None if moment is None else moment.date()
