"""Labelled sheets, CSV or XLSX, as people hand them back."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import numpy as np
import pyarrow as pa

from klankbord.cells import restored
from klankbord.errors import UnreadableInputError
from klankbord.labelling.classes import Scheme, normal_word, scheme_of
from klankbord.records import RejectedRow
from klankbord.schema import TONE_LABELS, conform
from klankbord.sources.grid import Grid, text_of
from klankbord.sources.profile import Profile
from klankbord.sources.roles import normal, vocabulary
from klankbord.sources.sheet import read_grid
from klankbord.themes.codeframe import tone_codes

_LABEL = ("toon", "tone", "label", "sentiment", "klasse", "class", "sterren", "stars", "rating")
_COLUMNS: dict[str, tuple[str, ...]] = {
    "second": ("toon_2", "tone_2", "label_2"),
    "mixed": ("gemengd", "mixed"),
    "theme": ("klachtthema", "complaint_theme", "thema"),
    "flags": ("kenmerken", "flags"),
    "weight": ("gewicht", "weight"),
    "by": ("beoordelaar", "labelled_by", "annotator"),
}
_YES, _NO = ("ja", "j", "yes", "y", "1", "true", "waar"), ("nee", "n", "no", "0", "false", "onwaar")
_LETTERS = "CAUS"


@dataclass(frozen=True)
class Sheet:
    """The labelled rows of one file; every sequence has one entry per row."""

    path: Path
    scheme: Scheme
    saved_at: datetime
    rows: tuple[int, ...]  # where each stands in the file
    ids: tuple[str, ...]  # "" where the sheet has none
    texts: tuple[str, ...]
    questions: tuple[str, ...]
    codes: np.ndarray  # class in `scheme`
    weight: np.ndarray | None
    second: np.ndarray | None  # class a second person gave, -1 for none; None without the column
    mixed: tuple[bool | None, ...]
    themes: tuple[str | None, ...]
    flags: tuple[str | None, ...]
    by: tuple[str, ...]
    skipped: int  # rows without a label or without text

    def tone_labels(self) -> pa.Table:
        """Return the rows with an id as TONE_LABELS; none where the labels are not tones."""
        at = [row for row, own in enumerate(self.ids) if own and self.scheme.name == "tones"]
        values = {
            "feedback_id": [self.ids[row] for row in at],
            "tone": [self.scheme.classes[self.codes[row]] for row in at],
            "mixed": pa.array([self.mixed[row] for row in at], pa.bool_()),
            "complaint_theme": pa.array([self.themes[row] for row in at], pa.string()),
            "flags": pa.array([self.flags[row] for row in at], pa.string()),
            "labelled_by": pa.array([self.by[row] for row in at], pa.string()),
            "labelled_at": pa.array([self.saved_at] * len(at), pa.timestamp("us", tz="UTC")),
            "correction": [False] * len(at),
        }
        return conform(pa.table(values), TONE_LABELS) if at else TONE_LABELS.empty_table()


def read_sheet(
    path: Path, *, text: str = "", label: str = "", scheme: Scheme | None = None
) -> Sheet:
    """Read a labelled sheet; `text` and `label` name its columns, `scheme` its labels.

    Raises UnreadableInputError naming file, row and column of the first cell that is no label.
    """
    grid = _grid(path, text, label)
    places = _places(grid, text, label)
    found = [_record(grid, record) for record in grid.records()]
    cells = {
        name: [text_of(record[at]) if at < len(record) else "" for _, record in found]
        for name, at in places.items()
    }
    kept = [row for row in range(len(found)) if _filled(cells["label"][row]) and cells["text"][row]]
    labels = [cells["label"][row] for row in kept]
    seconds = [cells["second"][row] for row in kept] if "second" in cells else None
    known = scheme or scheme_of([*labels, *filter(_filled, seconds or ())])
    reader = _Cells(grid, places, [found[row][0] for row in kept])

    def column(name: str) -> list[str]:
        return [cells[name][row] for row in kept] if name in cells else [""] * len(kept)

    return Sheet(
        path=path,
        scheme=known,
        saved_at=datetime.fromtimestamp(int(path.stat().st_mtime), UTC),
        rows=tuple(reader.rows),
        ids=tuple(restored(own) for own in column("id")),
        texts=tuple(restored(words) for words in column("text")),
        questions=tuple(restored(words) for words in column("question")),
        codes=np.array(reader.read("label", labels, known.code, known.allowed), dtype=np.int64),
        weight=np.array(reader.read("weight", column("weight"), _weight, "numbers above 0"))
        if "weight" in places
        else None,
        second=np.array(
            reader.read(
                "second",
                seconds,
                lambda cell: known.code(cell) if _filled(cell) else -1,
                known.allowed,
            ),
            dtype=np.int64,
        )
        if seconds is not None
        else None,
        mixed=tuple(reader.read("mixed", column("mixed"), _optional(_yes_or_no), "ja, nee")),
        themes=tuple(reader.read("theme", column("theme"), _optional(_theme), _themes())),
        flags=tuple(reader.read("flags", column("flags"), _optional(_flags), "C, A, U, S, -")),
        by=tuple(restored(cell)[:100] for cell in column("by")),
        skipped=len(found) - len(kept),
    )


class _Nothing:
    """Stands for an empty optional cell, which is allowed and says nothing."""


_NOTHING = _Nothing()


@dataclass(frozen=True)
class _Cells:
    """Turns the cells of a column into values, or says which cell is at fault."""

    grid: Grid
    places: Mapping[str, int]
    rows: Sequence[int]

    def read(self, name: str, cells: Sequence[str], parse: Callable, allowed: str) -> list:  # type: ignore[type-arg]
        values = []
        for row, cell in zip(self.rows, cells, strict=True):
            value = parse(cell)
            if value is None:
                raise UnreadableInputError(
                    f"this is not one of the allowed values: {allowed}",
                    where=f"{self.grid.path}, row {row}, column "
                    f"'{self.grid.header[self.places[name]][:60]}'",
                    hint="correct the cell, or empty it to skip the row; --classes names other"
                    " labels"
                    if name == "label"
                    else "correct the cell, or empty it",
                )
            values.append(None if value is _NOTHING else value)
        return values


def _grid(path: Path, text: str, label: str) -> Grid:
    hints = Profile("labels", columns={"verbatim": text or "tekst", "score": label or "toon"})
    return read_grid(path, hints)


def _places(grid: Grid, text: str, label: str) -> dict[str, int]:
    """Return column -> position; text and label must be there."""
    at = {normal(name): place for place, name in reversed(list(enumerate(grid.header)))}
    roles = vocabulary().headers
    of_role: dict[str, list[tuple[int, int]]] = {}
    for name, place in at.items():
        if name in roles:
            role, rank = roles[name]
            of_role.setdefault(role, []).append((rank, place))
    wanted = {
        "text": (text, None if text else min(of_role.get("verbatim", ()), default=None), "--text"),
        "label": (label, _first(at, _LABEL) if not label else None, "--label"),
    }
    places: dict[str, int] = {}
    for name, (given, guess, option) in wanted.items():
        found = at.get(normal(given)) if given else guess[1] if guess else None
        if found is None:
            called = f"'{given}'" if given else f"with the {name}"
            raise UnreadableInputError(
                f"there is no column {called}",
                where=str(grid.path),
                hint=f"name it with {option} COLUMN; the header must be in the first row",
            )
        places[name] = found
    if at.get("feedbackid") is not None:
        places["id"] = at["feedbackid"]
    if "question" in of_role:
        places["question"] = min(of_role["question"])[1]
    for name, headings in _COLUMNS.items():
        if (heading := _first(at, headings)) is not None:
            places[name] = heading[1]
    return places


def _first(at: Mapping[str, int], headings: Sequence[str]) -> tuple[int, int] | None:
    """Return (rank, position) of the first of `headings` that is there."""
    found = ((rank, at[normal(name)]) for rank, name in enumerate(headings) if normal(name) in at)
    return next(found, None)


def _record(grid: Grid, record: tuple[int, Sequence] | RejectedRow) -> tuple[int, Sequence]:  # type: ignore[type-arg]
    if isinstance(record, RejectedRow):
        _broken(grid, record)
    return record


def _broken(grid: Grid, row: RejectedRow) -> NoReturn:
    raise UnreadableInputError(
        f"this row cannot be read: {row.reason}",
        where=f"{grid.path}, row {row.row}",
        hint="open the sheet in a spreadsheet program and save it again as .xlsx",
    )


def _filled(cell: str) -> bool:
    return normal_word(cell) not in ("", "?")


def _optional(parse: Callable[[str], object]) -> Callable[[str], object]:
    return lambda cell: parse(normal_word(cell)) if normal_word(cell) else _NOTHING


def _yes_or_no(word: str) -> bool | None:
    return True if word in _YES else False if word in _NO else None


def _theme(word: str) -> str | None:
    if word in ("-", "geen", "none"):
        return "-"
    return word if word in tone_codes() else None


def _themes() -> str:
    return ", ".join((*tone_codes(), "-"))


def _flags(word: str) -> str | None:
    letters = set(re.sub(r"[\s,;+/-]", "", word).upper())
    return None if letters - set(_LETTERS) else "".join(sorted(letters, key=_LETTERS.index))


def _weight(cell: str) -> float | None:
    if not cell:
        return 1.0
    try:
        value = float(cell.removeprefix("'").replace(",", "."))
    except ValueError:
        return None
    return value if math.isfinite(value) and value > 0 else None
