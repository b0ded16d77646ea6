"""JSON: an array of objects, an object around one list of them, or one object per line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeGuard

from klankbord.errors import UnreadableInputError
from klankbord.records import RejectedRow
from klankbord.sources.batch import rejected_row
from klankbord.sources.grid import Cell, Grid, Record, text_of
from klankbord.sources.known_sources import KnownSource, find_known, refuse
from klankbord.sources.personal import is_personal_name, is_personal_text
from klankbord.sources.profile import Profile
from klankbord.sources.text_encoding import TextEncoding, clean, open_text, undecodable

_LISTS = ("reviews", "items", "data", "results", "responses", "feedback", "answers", "records")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_DEEPEST = 12
_NAMED_BY = 10  # records looked at to recognise an export
_MOST_COLUMNS = 400  # further names go together into one column
_REST = "overige velden"
_MOST_BYTES = 1 << 30
_NOT_AN_OBJECT = "record is geen JSON-object"
_NOT_JSON = "regel is geen geldige JSON"
_HINT = "expected an array of objects, an object with one list of them, or one object per line"


def read_json(path: Path, encoding: TextEncoding, profile: Profile | None) -> Grid:
    """Return the records in `path` as a Grid; nested values get dotted names.

    Raises UnreadableInputError where there is no one list of objects in it.
    """
    if path.stat().st_size > _MOST_BYTES:
        raise UnreadableInputError(
            "this JSON file is larger than 1 GiB", where=str(path), hint="split it in parts"
        )
    with open_text(path, encoding) as stream:
        text = stream.read()
    damaged = (encoding.damaged and undecodable(text)) or _SURROGATE.search(text) is not None
    found, shape, known = _records(path, text, profile)
    names: dict[str, int] = {}  # -> number of records that have it
    nested: set[str] = set()
    flat: list[tuple[int, dict[str, Cell]] | RejectedRow] = []
    for row, value in found:
        if isinstance(value, RejectedRow):
            flat.append(value)
            continue
        if not isinstance(value, Mapping):
            flat.append(rejected_row(path, row, "", _NOT_AN_OBJECT, str(value)))
            continue
        fields: dict[str, Cell] = {}
        _flatten(value, "", fields, nested, 0)
        if damaged:
            fields = {clean(name): _clean(cell) for name, cell in fields.items()}
        for name in fields:
            names[name] = names.get(name, 0) + 1
        flat.append((row, fields))
    header = tuple(names)[:_MOST_COLUMNS]
    rest = frozenset(tuple(names)[_MOST_COLUMNS:])
    hidden = nested | {name for name in rest if is_personal_name(name)}
    shown = (*header, _REST) if rest else header
    records_read = sum(not isinstance(item, RejectedRow) for item in flat)

    def records() -> Iterator[Record | RejectedRow]:
        for item in flat:
            if isinstance(item, RejectedRow):
                yield item
                continue
            row, fields = item
            cells = [_stored(fields.get(name)) for name in header]
            if rest:
                others = {
                    name: cell
                    for name, cell in fields.items()
                    if name in rest and name not in hidden and not is_personal_text(text_of(cell))
                }
                cells.append(json.dumps(others, ensure_ascii=False) if others else None)
            yield row, cells

    details = {"encoding": encoding.name, "records": shape}
    return Grid(
        path,
        "json",
        shown,
        records,
        details,
        known,
        nested=frozenset(nested),
        usual=tuple(name for name in header if 2 * names[name] >= records_read),
    )


def _records(
    path: Path, text: str, profile: Profile | None
) -> tuple[list[tuple[int, Any]], str, KnownSource | None]:
    try:
        value = json.loads(text, strict=False)
    except json.JSONDecodeError as error:
        value = _json_lines(path, text)
        if value is None:
            raise UnreadableInputError(
                "not valid JSON", where=f"{path}:{error.lineno}", hint=_HINT
            ) from error
        return value, "one object per line", _known(path, [row for _, row in value], profile)
    except (RecursionError, ValueError) as error:
        raise UnreadableInputError(
            "this JSON is nested too deeply or holds an absurd number",
            where=str(path),
            hint=_HINT,
        ) from error
    known = _known(path, value, profile)
    if isinstance(value, list):
        return list(enumerate(value, start=1)), "array", known
    if isinstance(value, dict):
        name, records = _only_list(path, value, profile or (known.profile if known else None))
        return list(enumerate(records, start=1)), name, known
    raise UnreadableInputError("this JSON holds no records", where=str(path), hint=_HINT)


def _known(path: Path, value: object, profile: Profile | None) -> KnownSource | None:
    """Return the export these names belong to; raises where it is recognised but not read."""
    if profile is not None:
        return None
    names: set[str] = set()
    if isinstance(value, Mapping):
        _collect_names(value, "", names, 0)
    for part in value.values() if isinstance(value, Mapping) else (value,):
        if _holds_objects(part):
            for record in part[:_NAMED_BY]:
                if isinstance(record, Mapping):
                    _collect_names(record, "", names, 0)
    known = find_known(names, is_json=True)
    if known is not None and known.profile is None:
        raise refuse(known.title, str(path))
    return known


def _only_list(path: Path, value: dict[str, Any], profile: Profile | None) -> tuple[str, list[Any]]:
    if profile and profile.records:
        inner: Any = value
        for part in profile.records.split("."):
            inner = inner.get(part) if isinstance(inner, dict) else None
        if not isinstance(inner, list):
            raise UnreadableInputError(
                f"there is no list '{profile.records}' in this JSON", where=str(path), hint=_HINT
            )
        return profile.records, inner
    lists = {name: inner for name, inner in value.items() if _holds_objects(inner)}
    if len(lists) > 1:
        lists = {name: lists[name] for name in _LISTS if name in lists} or lists
    if len(lists) == 1:
        return next(iter(lists.items()))
    if not lists and not any(isinstance(inner, list) for inner in value.values()):
        return "single object", [value]
    raise UnreadableInputError(
        "this JSON object has no list of records, or several",
        where=str(path),
        hint="name the list with 'records' in a profile (--profile)",
    )


def _holds_objects(value: object) -> TypeGuard[list[Mapping[str, Any]]]:
    return isinstance(value, list) and bool(value) and isinstance(value[0], Mapping)


def _json_lines(path: Path, text: str) -> list[tuple[int, Any]] | None:
    """Parse one JSON value per line; None where the first line already is none."""
    found: list[tuple[int, Any]] = []
    for row, line in enumerate(re.split("\r\n|\n|\r", text), start=1):
        if not line.strip():
            continue
        try:
            found.append((row, json.loads(line, strict=False)))
        except (ValueError, RecursionError):
            if not found:
                return None
            found.append((row, rejected_row(path, row, "", _NOT_JSON, line)))
    return found


def _collect_names(value: Mapping[str, Any], prefix: str, into: set[str], depth: int) -> None:
    for key, inner in value.items():
        if isinstance(inner, Mapping) and depth < _DEEPEST:
            _collect_names(inner, f"{prefix}{key}.", into, depth + 1)
        else:
            into.add(f"{prefix}{key}")


def _flatten(
    value: Mapping[str, Any], prefix: str, into: dict[str, Cell], nested: set[str], depth: int
) -> None:
    """Put the fields into `into` under dotted names, and those that hold records in `nested`."""
    for key, inner in value.items():
        name = f"{prefix}{key}"
        if isinstance(inner, Mapping) and depth < _DEEPEST:
            _flatten(inner, f"{name}.", into, nested, depth + 1)
        elif isinstance(inner, list | Mapping):
            simple = isinstance(inner, list) and not any(isinstance(x, list | dict) for x in inner)
            if simple:
                into[name] = "; ".join("" if part is None else str(part) for part in inner)
            else:
                into[name] = json.dumps(inner, ensure_ascii=False, sort_keys=True)
                nested.add(name)
        else:
            into[name] = inner


def _clean(cell: Cell) -> Cell:
    return clean(cell) if isinstance(cell, str) else cell


def _stored(cell: Cell) -> Cell:
    if isinstance(cell, str) and "\x00" in cell:
        return cell.replace("\x00", "")
    return cell
