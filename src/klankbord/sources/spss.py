"""SPSS data files (.sav, .zsav, .por), read in parts by pyreadstat.

A numeric variable with value labels is either a score, of which the number counts, or a choice, of
which the label counts. Variable labels are the questions, so they become the header.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Protocol, cast

from klankbord.errors import UnreadableInputError
from klankbord.records import RejectedRow
from klankbord.sources.grid import Asked, Cell, Grid, Record, header_names, text_of
from klankbord.sources.limits import check_columns
from klankbord.sources.profile import Profile
from klankbord.sources.roles import normal, vocabulary
from klankbord.sources.text_encoding import clean

_SIGNATURES = (b"$FL2", b"$FL3")
_PORTABLE_AT = 456  # bytes, line ends not counted: five titles of 40 and a table of 256 signs
_CELLS_AT_ONCE = 400_000
_MOST_ROWS_AT_ONCE = 20_000
_OTHER_ENCODINGS = ("WINDOWS-1252", "LATIN1")  # for a file that does not tell its own, or wrongly
_SCORES = range(-1, 11)  # values of a score with an end label
_IN_WORDS = ("verbatim", "title", "score", "question")  # roles whose header may be the question
_LEADING_NUMBER = re.compile(r"\s*\(?(-?\d{1,4})(?![\d,.]*\d)")

_DATES = ("DATE", "ADATE", "EDATE", "SDATE", "JDATE", "YMDHMS")
_BEGIN = datetime(1582, 10, 14)  # noqa: DTZ001 - SPSS dates have no zone

_Values = Mapping[Any, str]


class _About(Protocol):
    """What pyreadstat tells of a file."""

    column_names: list[str]
    column_names_to_labels: Mapping[str, str | None]
    variable_value_labels: Mapping[str, _Values]
    original_variable_types: Mapping[str, str]
    mr_sets: Mapping[str, Mapping[str, Any]]
    file_encoding: str | None


def is_spss(start: bytes) -> bool:
    """Tell whether a file that begins with `start` is an SPSS data file."""
    return start.startswith(_SIGNATURES) or _is_portable(start)


def _is_portable(start: bytes) -> bool:
    bare = start[:2_000].replace(b"\r", b"").replace(b"\n", b"")
    return bare[_PORTABLE_AT : _PORTABLE_AT + 8] == b"SPSSPORT"


def read_spss(path: Path, profile: Profile | None) -> Grid:
    """Return `path` as a Grid; missing values are empty, multi-response sets one column.

    Raises UnreadableInputError where the file is damaged.
    """
    with path.open("rb") as stream:
        portable = _is_portable(stream.read(2_000))
    read = partial(_read, path, portable, profile.encoding if profile else "")
    first, about, encoding = read(0, 1_000)
    if not all(isinstance(name, str) for name in about.column_names):
        raise _damaged(path)
    check_columns(path, len(about.column_names))
    columns = _columns(first, about)
    header = header_names([clean(column.header) for column in columns])
    if not header:
        raise UnreadableInputError("this SPSS file holds no variables", where=str(path))
    keys = {
        name: Asked("data" if len(column.variables) > 1 else "", column.key)
        for name, column in zip(header, columns, strict=True)
        if column.key or len(column.variables) > 1
    }
    size = max(1, min(_MOST_ROWS_AT_ONCE, _CELLS_AT_ONCE // len(about.column_names)))

    def records() -> Iterator[Record | RejectedRow]:
        done, rows = 0, size
        while rows == size:
            data, _, _ = _read(path, portable, encoding, done, size)
            rows = len(next(iter(data.values())))
            parts = zip(*(each.cells(data) for each in columns), strict=True)
            yield from enumerate(parts, done + 1)
            done += rows

    details = {"encoding": about.file_encoding or encoding or "windows-1252"}
    return Grid(path, "spss", header, records, details, asked=keys)


def _read(
    path: Path, portable: bool, encoding: str, offset: int, rows: int
) -> tuple[dict[str, list[Any]], _About, str]:
    """Return the values by variable, what the file tells about them, and the encoding used."""
    import pyreadstat

    read = pyreadstat.read_por if portable else pyreadstat.read_sav
    problem: Exception | None = None
    for name in (encoding,) if encoding or portable else ("", *_OTHER_ENCODINGS):
        options = {"encoding": name} if name and not portable else {}
        for plain_dates in (False, True):
            try:
                data, about = read(
                    path, output_format="dict", row_offset=offset, row_limit=rows,
                    disable_datetime_conversion=plain_dates, **options,
                )  # fmt: skip
            except OverflowError as error:  # a date after the year 9999
                problem = error
            except OSError:
                raise
            except Exception as error:  # noqa: BLE001 - pyreadstat's errors share no base class
                problem = error
                break
            else:
                return _dated(data, about) if plain_dates else data, about, name
    raise _damaged(path) from problem


def _damaged(path: Path) -> UnreadableInputError:
    return UnreadableInputError(
        "this SPSS file is damaged or cut off",
        where=str(path),
        hint="save it again in SPSS, or export it as CSV or XLSX",
    )


def _dated(data: dict[str, list[Any]], about: _About) -> dict[str, list[Any]]:
    """Return data with its dates, of which an impossible one stays a number, as text."""
    return {
        name: list(map(_moment, values))
        if (about.original_variable_types.get(name) or "").startswith(_DATES)
        else values
        for name, values in data.items()
    }


def _moment(seconds: object) -> object:
    if not isinstance(seconds, int | float) or seconds != seconds:
        return None
    try:
        return _BEGIN + timedelta(seconds=seconds)
    except OverflowError:
        return str(seconds)


@dataclass(frozen=True)
class _Column:
    """A column of the grid: one variable, or the variables of a multi-response set."""

    header: str
    key: str
    variables: tuple[str, ...]
    labels: _Values = field(default_factory=dict)  # of a choice
    ticked: Any = None  # the value of a variable that was chosen, in a set
    choices: tuple[str, ...] = ()  # what choosing each of the variables means

    def cells(self, data: Mapping[str, list[Any]]) -> Iterator[Cell]:
        """Yield its cells in a part of the data."""
        values = [data[name] for name in self.variables]
        if len(values) == 1 and not self.choices:
            return map(self._cell, values[0])
        return (self._joined(row) for row in zip(*values, strict=True))

    def _cell(self, value: object) -> Cell:
        if value is None or value != value:
            return None
        if self.labels and (label := self.labels.get(value)):
            return label
        return clean(value) if isinstance(value, str) else cast("Cell", value)

    def _joined(self, row: Sequence[Any]) -> Cell:
        if self.choices:
            parts = [
                choice for choice, value in zip(self.choices, row, strict=True)
                if value is not None and text_of(value) == text_of(self.ticked)
            ]  # fmt: skip
        else:
            parts = [text_of(self._cell(value)) for value in row]
        return "; ".join(dict.fromkeys(filter(None, parts))) or None


def _columns(first: Mapping[str, list[Any]], about: _About) -> list[_Column]:
    """Decide the columns: each set comes in the place of its first variable."""
    sets = _sets(about)
    grouped = {name: each for each in sets for name in each.variables}
    columns: list[_Column] = []
    for name in about.column_names:
        if name in grouped:
            if grouped[name] not in columns:
                columns.append(grouped[name])
            continue
        label = _label(about, name)
        header = _header(name, label)
        labels = _labels(about, name)
        if labels and _is_score(name, label, labels, first.get(name, ())):
            labels = {value: text for value, text in labels.items() if _is_special(value)}
        columns.append(_Column(header, name if header != name else "", (name,), labels))
    return columns


def _label(about: _About, name: str) -> str:
    return " ".join(str(about.column_names_to_labels.get(name) or "").split())


def _labels(about: _About, name: str) -> _Values:
    labels = about.variable_value_labels.get(name) or {}
    return {value: clean(str(label)).strip() for value, label in labels.items() if str(label)}


def _header(name: str, label: str) -> str:
    """Return the question, unless only the name of the variable tells what it is."""
    words = vocabulary()
    role, _ = words.headers.get(normal(name), ("", 0))
    if not label or (role and role not in _IN_WORDS and normal(label) not in words.headers):
        return name or label
    if role == "score" and normal(label) not in words.headers and not _asks_score(label):
        return name
    return label


def _asks_score(text: str) -> bool:
    words = vocabulary()
    asked = text[:300].casefold()
    if words.headers.get(normal(text), ("", 0))[0] == "score":
        return True
    phrases = (*words.questions, *words.further_questions)
    return any(role == "score" and re.search(phrase, asked) for phrase, role, _ in phrases)


def _is_score(name: str, label: str, labels: _Values, column: Sequence[Any]) -> bool:
    """Tell whether the numbers of a labelled variable count, and not its labels.

    So they do where values go without a label, where the labels repeat the numbers, and where a
    score is asked for on a usual scale.
    """
    if not all(isinstance(value, int | float) for value in labels):
        return False
    labels = {value: text for value, text in labels.items() if not _is_special(value)}
    values = list(labels)
    seen = {value for value in column if value is not None and value == value}
    seen = {value for value in seen if not _is_special(value)}
    if any(value not in labels for value in seen):
        return True
    numbers = [_LEADING_NUMBER.match(text) for text in labels.values()]
    repeats = all(
        number is not None and float(number[1]) == value
        for number, value in zip(numbers, values, strict=True)
    )
    bare = any(text.strip() == text_of(float(value)) for value, text in labels.items())
    if repeats and (bare or len(labels) <= 2 < max(values) - min(values) + 1):
        return True
    asked = _asks_score(label) or _asks_score(name)
    return asked and all(value in _SCORES for value in seen or values)


def _is_special(value: float) -> bool:
    """Tell whether a value is a code such as 99 for "weet niet", and no point on a scale."""
    return value < 0 or (value >= 77 and set(text_of(float(value))) <= set("6789"))


def _sets(about: _About) -> list[_Column]:
    """Return the multi-response sets as columns; a variable belongs to the first set it is in."""
    taken: set[str] = set()
    found = []
    for name, each in (about.mr_sets or {}).items():
        variables = tuple(_in_file(about, each["variable_list"]))
        if len(variables) < 2 or taken & set(variables):
            continue
        taken |= set(variables)
        labels = [_label(about, variable) or variable for variable in variables]
        header = " ".join(str(each["label"] or "").split()) or name.lstrip("$")
        ticked = each["is_dichotomy"]
        found.append(
            _Column(
                header,
                name.lstrip("$"),
                variables,
                {} if ticked else _labels(about, variables[0]),
                each["counted_value"] if ticked else None,
                tuple(map(clean, labels)) if ticked else (),
            )
        )
    return found


def _in_file(about: _About, variables: Sequence[str]) -> Iterator[str]:
    """Yield names as the file spells them: sets name their variables in lower case."""
    spelled = {name.casefold(): name for name in about.column_names}
    for variable in variables:
        if (name := spelled.get(variable.casefold())) is not None:
            yield name
