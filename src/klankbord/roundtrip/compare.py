"""What an edited sheet changes, and which of its rows cannot be applied and why.

Every cell is compared three ways: with what was exported (the hidden column), with what the action
says now, and with the sheet. A cell as it was exported is no edit, whatever the action says now.
An edit of a value that somebody else changed since is a conflict: its row is refused, whole.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from klankbord.errors import UnreadableInputError
from klankbord.moments import TIMEZONE
from klankbord.records import Action
from klankbord.roundtrip.basis import FIELDS, Basis, basis_of, canonical, same
from klankbord.roundtrip.checking import Background, Change, Histories, RefusedError, RowCheck
from klankbord.roundtrip.read import EditedRow, EditedSheet, read
from klankbord.roundtrip.texts import Texts
from klankbord.roundtrip.values import Reader


@dataclass(frozen=True)
class Refusal:
    """A cell, or with column "" a row, that keeps its row from being applied."""

    row: int
    action_id: str
    column: str  # as the file calls it
    reason: str
    hint: str


@dataclass(frozen=True)
class Comparison:
    """What became of every row of a sheet."""

    changes: tuple[Change, ...]
    refused: tuple[Refusal, ...]
    unchanged: int  # rows that ask for nothing

    @property
    def refused_rows(self) -> int:
        """How many rows are refused."""
        return len({refusal.row for refusal in self.refused})


def compare(
    sheet: EditedSheet,
    actions: Iterable[Action],
    histories: Histories | None = None,
    *,
    language: str = "nl",
    timezone: str = TIMEZONE,
) -> Comparison:
    """Compare an edited sheet with the actions as they are now; an action in no row stays.

    `histories` tells who changed what since, and which remarks are kept already.
    """
    based = [(row, basis_of(row.text("mark"))) for row in sheet.rows]
    bases = {row.row: basis for row, basis in based}
    reader = Reader(sheet.rows, lambda row, day: _says(bases[row.row], day))
    background = Background(
        reader, histories or {}, Texts(language), language, timezone, sheet.encoding
    )
    known = {canonical(action.action_id): action for action in actions}
    twice, spare = _twice(based, reader)
    changes: list[Change] = []
    refused = [
        _refusal(sheet, background, row, "", RefusedError("", "unreadable", why=why))
        for row, why in sheet.unreadable
    ]
    unchanged = 0
    for row, basis in based:
        if row.row in spare:
            continue
        problems = _stray(row, basis, known, twice)
        change = None
        if not problems:
            action = known[canonical(_named(row, basis))]
            change, problems = RowCheck(background, row, basis, action).check()
        if change is not None:
            changes.append(change)
        elif not problems:
            unchanged += 1
        own = _named(row, basis)
        refused += [_refusal(sheet, background, row.row, own, problem) for problem in problems]
    refused.sort(key=lambda refusal: refusal.row)
    return Comparison(tuple(changes), tuple(refused), unchanged)


def waiting_edits(path: Path, actions: Iterable[Action], histories: Histories) -> int:
    """Count the rows of the sheet at `path` that hold edits `actions` do not.

    Returns 0 for a file that is no such sheet, and where there is none.
    """
    if not path.is_file():
        return 0
    try:
        found = compare(read(path), actions, histories)
    except UnreadableInputError:
        return 0
    return len(found.changes) + found.refused_rows


def _refusal(
    sheet: EditedSheet, background: Background, row: int, action_id: str, problem: RefusedError
) -> Refusal:
    return Refusal(
        row,
        action_id,
        sheet.heading(problem.column) if problem.column else "",
        background.texts(f"refused.{problem.key}", **problem.facts),
        background.texts(f"refused.{problem.key}_next", **problem.facts),
    )


def _says(basis: Basis | None, day: date) -> bool:
    return basis is not None and basis.said("due", day)


def _named(row: EditedRow, basis: Basis | None) -> str:
    return row.text("action_id") or (basis.action_id if basis else "")


def _stray(
    row: EditedRow, basis: Basis | None, known: Mapping[str, Action], twice: Mapping[int, str]
) -> list[RefusedError]:
    """Return why a row belongs to no action here, or to more than one; nothing where it fits."""
    own = _named(row, basis)
    if not own:
        return [RefusedError("", "no_id")]
    if basis is not None and not same(basis.action_id, own):
        return [RefusedError("action_id", "shifted")]
    if canonical(own) not in known:
        return [RefusedError("action_id", "unknown")]
    if row.row in twice:
        return [RefusedError("action_id", "twice", rows=twice[row.row])]
    return []


def _twice(
    based: Sequence[tuple[EditedRow, Basis | None]], reader: Reader
) -> tuple[dict[int, str], set[int]]:
    """Return rows of one action that differ, with the rows they differ from, and spare copies."""
    of_action: defaultdict[str, list[EditedRow]] = defaultdict(list)
    for row, basis in based:
        if own := _named(row, basis):
            of_action[canonical(own)].append(row)
    differing: dict[int, str] = {}
    spare: set[int] = set()
    for rows in of_action.values():
        says = [
            {
                field: canonical(reader.value(field, row.cells[field]))
                for field in (*FIELDS, "note", "by")
                if field in row.cells
            }
            for row in rows
        ]
        if all(one == says[0] for one in says):
            spare.update(row.row for row in rows[1:])
            continue
        for row in rows:
            others = [str(other.row) for other in rows if other is not row]
            differing[row.row] = ", ".join(others)
    return differing, spare
