"""Read whole columns of cells, remembering what was made of a cell that comes back."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from klankbord.schema import ScoreMetric
from klankbord.sources.answers import chosen
from klankbord.sources.grid import Cell, text_of
from klankbord.sources.personal import is_personal_text
from klankbord.sources.roles import normal, vocabulary
from klankbord.sources.scales import Scale, is_no_opinion, read_answer

BAD_SCORE = "score is geen getal"
OUT_OF_RANGE = "score ligt buiten het bereik {low:g} tot en met {high:g}"

_REMEMBERED = 20_000
_LONGEST_REMEMBERED = 200
_quoted = json.encoder.encode_basestring

T = TypeVar("T")


class Remembered(dict[Cell, T]):
    """What a function returns for a cell; called once for the short cells that come back."""

    def __init__(self, read: Callable[[Cell], T]) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, cell: Cell) -> T:
        value = self._read(cell)
        if not isinstance(cell, str) or len(cell) <= _LONGEST_REMEMBERED:
            if len(self) >= _REMEMBERED:
                self.clear()
            self[cell] = value
        return value


def is_empty(cell: Cell) -> bool:
    """Tell whether a cell says that nothing was given: blank, "-", "n.v.t."."""
    return cell is None or (isinstance(cell, str) and cell.strip().lower() in vocabulary().empty)


def texts(column: Sequence[Cell]) -> list[str]:
    """Return the cells as text, without outer blanks."""
    return [cell.strip() if type(cell) is str else text_of(cell) for cell in column]


def labels(column: Sequence[Cell]) -> list[str | None]:
    """Return the cells as text, None where there is none."""
    return [text or None for text in texts(column)]


def identifiers(column: Sequence[Cell]) -> list[str | None]:
    """Return ids as text with their leading zeros; Excel's ="00123" loses its dressing."""
    empty = vocabulary().empty
    return [None if text.lower() in empty else undressed(text) for text in texts(column)]


def undressed(text: str) -> str:
    """Return an id without the formula that keeps Excel from reading it as a number."""
    return text[2:-1] if text.startswith('="') and text.endswith('"') else text


def without_truths(column: Sequence[Cell]) -> Sequence[Cell]:
    """Return a column in which True is a text: a dictionary takes it for 1."""
    if not any(cell is True or cell is False for cell in column):
        return column
    return [text_of(cell) if isinstance(cell, bool) else cell for cell in column]


def score_reader(
    scale: Scale, mark: str, mapped: Mapping[str, str]
) -> Callable[[Cell], float | str | None]:
    """Return a function from a cell to its score, None without one, or a Dutch reason against it.

    `mapped` says which scores certain cells stand for.
    """

    def read(cell: Cell) -> float | str | None:
        if is_empty(cell):
            return None
        given = mapped.get(normal(text_of(cell)), cell) if mapped else cell
        number = read_answer(given, mark, scale.labels)
        if number is None:
            return None if is_no_opinion(cell) else BAD_SCORE
        if not scale.low <= number <= scale.high:
            return OUT_OF_RANGE.format(low=scale.low, high=scale.high)
        return scale.stored(number)

    return read


def split_faults(
    found: Sequence[float | str | None],
) -> tuple[list[float | None], dict[int, str]]:
    """Return scores, and the reasons against those that are none by their place."""
    faults = {place: each for place, each in enumerate(found) if isinstance(each, str)}
    scores = [None if isinstance(each, str) else each for each in found]
    return scores, faults


def metrics_of(scores: Sequence[float | None], metric: str) -> list[str | None]:
    """Return the metric of each score, None without one."""
    name = str(ScoreMetric(metric)) if metric else None
    return [None if score is None else name for score in scores]


class AttributeWriter:
    """Writes the columns without a role as one JSON object per row, its keys sorted.

    What looks like a person's address or number is left out.
    """

    def __init__(
        self, header: Sequence[str], rest: Sequence[int], choices: Mapping[int, str]
    ) -> None:
        self._columns = [
            (at, Remembered(_fragment(header[at], choices.get(at, ""))))
            for at in sorted(rest, key=header.__getitem__)
        ]

    def rows(
        self, columns: Sequence[Sequence[Cell]], rows: int, more: Mapping[int, Mapping[str, str]]
    ) -> list[str]:
        """Return the attributes of each row; `more` are further ones by the place of the row."""
        parts = [
            [written[cell] for cell in without_truths(columns[at])] for at, written in self._columns
        ]
        if not parts:
            found = ["{}"] * rows
        elif len(parts) == 1:
            found = ["{" + part + "}" for part in parts[0]]
        else:
            found = ["{" + ", ".join(filter(None, row)) + "}" for row in zip(*parts, strict=True)]
        for place, attributes in more.items():
            extra = {name: text for name, text in attributes.items() if not is_personal_text(text)}
            both = {**json.loads(found[place]), **extra}
            found[place] = json.dumps(both, ensure_ascii=False, sort_keys=True)
        return found


def _fragment(name: str, sign: str) -> Callable[[Cell], str]:
    key = _quoted(name)

    def write(cell: Cell) -> str:
        text = text_of(cell)
        if sign:
            text = "; ".join(chosen(text, sign))
        if not text or is_personal_text(text):
            return ""
        return f"{key}: {_quoted(text)}"

    return write
