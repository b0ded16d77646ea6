"""Records of a JSON file as rows and columns; nested values get dotted names."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from klankbord.errors import UnreadableInputError
from klankbord.records import RejectedRow
from klankbord.sources.batch import rejected_row
from klankbord.sources.grid import SURVEYED, Cell, Grid, Record, text_of
from klankbord.sources.json_file import HINT, JsonFile, Numbered
from klankbord.sources.known_sources import KnownSource, find_known
from klankbord.sources.limits import MOST_COLUMNS, check_columns
from klankbord.sources.personal import is_personal_name, is_personal_text
from klankbord.sources.profile import Profile
from klankbord.sources.text_encoding import clean

_LISTS = ("reviews", "items", "data", "results", "responses", "feedback", "answers", "records")
_DEEPEST = 12
_MOST_COLUMNS = 400  # further names go together into one column
_MOST_NAMES = 100_000  # counted; who has more does not have columns
_REST = "overige velden"
_TOO_WIDE = "record heeft te veel velden"
_NOT_AN_OBJECT = "record is geen JSON-object"

_Source = Callable[[], Iterator[Numbered | RejectedRow]]


def read_json(opened: JsonFile, profile: Profile | None) -> Grid:
    """Return the records of a JSON file as a Grid; its columns are those of its first records.

    A name that only comes later goes into the column "overige velden". Raises
    UnreadableInputError where there is no one list of objects in the file.
    """
    known = _known(opened, profile)
    shape, source = _records(opened, profile or (known.profile if known else None))
    names: Counter[str] = Counter()  # -> number of the first records that have it
    nested: set[str] = set()
    seen = 0
    surveyed = source()
    for item in islice(surveyed, SURVEYED):
        if not isinstance(item, RejectedRow) and isinstance(item[1], Mapping):
            here: set[str] = set()
            fields = _fields(item[1], here)
            check_columns(opened.path, len(fields))
            full = len(names) >= _MOST_NAMES
            names.update(name for name in fields if not full or name in names)
            nested.update(here & names.keys())
            seen += 1
    more = next(surveyed, None) is not None
    if not names:
        raise UnreadableInputError("this JSON holds no records", where=str(opened.path), hint=HINT)
    header = tuple(islice(names, _MOST_COLUMNS))
    rest = more or len(names) > len(header)
    return Grid(
        opened.path,
        "json",
        (*header, _REST) if rest else header,
        lambda: _rows(opened.path, source(), header, nested, rest=rest),
        {"encoding": opened.encoding.name, "records": shape},
        known,
        nested=frozenset(nested),
        usual=tuple(name for name in header if 2 * names[name] >= seen),
    )


def _rows(
    path: Path,
    items: Iterator[Numbered | RejectedRow],
    header: tuple[str, ...],
    known: set[str],
    *,
    rest: bool,
) -> Iterator[Record | RejectedRow]:
    """Yield the records by the columns of `header`; `known` are those of lists of records."""
    columns = frozenset(header)
    for item in items:
        if isinstance(item, RejectedRow):
            yield item
            continue
        row, value = item
        if not isinstance(value, Mapping):
            yield rejected_row(path, row, "", _NOT_AN_OBJECT, str(value))
            continue
        nested: set[str] = set()
        fields = _fields(value, nested)
        if len(fields) > MOST_COLUMNS:
            yield rejected_row(path, row, "", _TOO_WIDE, "")
            continue
        for name in nested - known if rest else ():
            fields.pop(name)  # a list of records, in a column that had none before
        cells = [fields.get(name) for name in header]
        if rest:
            others = {
                name: cell
                for name, cell in fields.items()
                if name not in columns
                and not is_personal_name(name)
                and not is_personal_text(text_of(cell))
            }
            cells.append(json.dumps(others, ensure_ascii=False) if others else None)
        yield row, cells


def _records(opened: JsonFile, profile: Profile | None) -> tuple[str, _Source]:
    """Return what the records are called, and where they come from."""
    wanted = profile.records if profile else ""
    if opened.shape == "lines":
        return "one object per line", opened.records
    if opened.shape == "array":
        return "array", opened.records
    if wanted and wanted not in opened.lists:
        inner: Any = opened.whole()
        for part in wanted.split("."):
            inner = inner.get(part) if isinstance(inner, Mapping) else None
        if not isinstance(inner, list):
            raise UnreadableInputError(
                f"there is no list '{wanted}' in this JSON", where=str(opened.path), hint=HINT
            )
        return wanted, lambda: enumerate(inner, start=1)
    names = [wanted] if wanted else list(opened.lists)
    if len(names) > 1:
        names = [name for name in _LISTS if name in names][:2] or names
    if len(names) == 1:
        return names[0], lambda: opened.records(names[0])
    if not names and not any(isinstance(inner, list) for inner in opened.members.values()):
        return "single object", lambda: enumerate([opened.members], start=1)
    raise UnreadableInputError(
        "this JSON object has no list of records, or several",
        where=str(opened.path),
        hint="name the list with 'records' in a profile (--profile)",
    )


def _known(opened: JsonFile, profile: Profile | None) -> KnownSource | None:
    """Return the export these names belong to."""
    if profile is not None:
        return None
    names: set[str] = set(opened.lists)
    _collect_names(opened.members, "", names, 0)
    for records in (opened.first, *opened.lists.values()):
        for record in records:
            if isinstance(record, Mapping):
                _collect_names(record, "", names, 0)
    return find_known(names, is_json=True)


def _collect_names(value: Mapping[str, Any], prefix: str, into: set[str], depth: int) -> None:
    for key, inner in islice(value.items(), MOST_COLUMNS):
        if isinstance(inner, Mapping) and depth < _DEEPEST:
            _collect_names(inner, f"{prefix}{key}.", into, depth + 1)
        else:
            into.add(f"{prefix}{key}")


def _fields(record: Mapping[str, Any], nested: set[str]) -> dict[str, Cell]:
    into: dict[str, Cell] = {}
    _flatten(record, "", into, nested, 0)
    return into


def _flatten(
    value: Mapping[str, Any], prefix: str, into: dict[str, Cell], nested: set[str], depth: int
) -> None:
    """Put the fields into `into` under dotted names, and those that hold records in `nested`.

    It stops at one field more than MOST_COLUMNS.
    """
    for key, inner in value.items():
        if len(into) > MOST_COLUMNS:
            return
        name = _storable(f"{prefix}{key}")
        if isinstance(inner, str):
            into[name] = _storable(inner)
        elif isinstance(inner, Mapping) and depth < _DEEPEST:
            _flatten(inner, f"{name}.", into, nested, depth + 1)
        elif isinstance(inner, list | Mapping):
            simple = isinstance(inner, list) and not any(isinstance(x, list | dict) for x in inner)
            if simple:
                parts = ("" if part is None else str(part) for part in inner)
                into[name] = _storable("; ".join(parts))
            else:
                into[name] = _storable(json.dumps(inner, ensure_ascii=False, sort_keys=True))
                nested.add(name)
        else:
            into[name] = inner


def _storable(text: str) -> str:
    return text if text.isascii() and "\x00" not in text else clean(text)
