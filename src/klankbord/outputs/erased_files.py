"""Files that were written before somebody was erased: made without them, or removed.

Tables lose the rows that carry an id of what was erased, and words that tell of it elsewhere. A
page, a calendar or a PDF cannot be mended that way and is removed; so is a table that still tells
something afterwards.
"""

from __future__ import annotations

import csv
import html
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from klankbord.files import replacing
from klankbord.store import Leftovers

SUFFIXES = (".csv", ".html", ".ics", ".json", ".md", ".parquet", ".pdf", ".txt", ".xlsx")
_OWNED_BY = ("customer_id", "account_id", "klant", "customer")  # headings of columns with an owner
_GROUNDS = ("evidence", "Evidence", "Bewijs")  # columns that refer to what others said too
_TAG = re.compile(r"<[^<>]*>")
_INLINE = re.compile(r"</?(?:a|abbr|b|em|i|mark|small|span|strong|wbr)\b[^<>]*>")
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
_CELL = re.compile(r"<(?:\w+:)?c\b[^>]*?(?:/>|>.*?</(?:\w+:)?c>)", re.DOTALL)
_ROW = re.compile(r"<(?:\w+:)?row\b[^>]*?(?:/>|>.*?</(?:\w+:)?row>)", re.DOTALL)
_SHARED = re.compile(r"<(?:\w+:)?si\b[^>]*?(?:/>|>(.*?)</(?:\w+:)?si>)", re.DOTALL)
_REFERS = re.compile(r't="s"[^>]*>.*?<(?:\w+:)?v>(\d+)</', re.DOTALL)
_BETWEEN_TAGS = re.compile(r">([^<]+)<")


class Fate(StrEnum):
    """What became of a file."""

    CLEAN = "bevat niets"
    REWRITTEN = "herschreven"
    REMOVED = "verwijderd"
    MISSING = "niet gevonden"


def clean(path: Path, left: Leftovers, *, rehearse: bool = False) -> Fate:
    """Take what tells of the erased out of a file; with `rehearse` only say what would happen."""
    if not path.is_file():
        return Fate.MISSING
    suffix = path.suffix.lower()
    if not _holds(path, left):
        return Fate.CLEAN
    mend = _MENDERS.get(suffix)
    if rehearse:
        return Fate.REMOVED if mend is None else Fate.REWRITTEN
    if mend is not None:
        try:
            mend(path, left)
            if not _holds(path, left):
                return Fate.REWRITTEN
        except (OSError, ValueError, KeyError, zipfile.BadZipFile, csv.Error):
            pass  # damaged, or no such file at all
    path.unlink()
    return Fate.REMOVED


def _holds(path: Path, left: Leftovers) -> bool:
    """Tell whether a file tells of the erased; one that cannot be looked into does."""
    try:
        return any(left.found(text) for text in _texts(path)) or any(
            left.is_id(text, short=True) for text in _owners(path)
        )
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, csv.Error):
        return True


def _texts(path: Path) -> Iterator[str]:
    suffix = path.suffix.lower()
    if suffix == ".pdf":
        raise ValueError
    if suffix == ".parquet":
        for column in _parquet(path).itercolumns():
            yield from {str(one) for one in column.to_pylist() if one is not None}
    elif suffix == ".xlsx":
        with zipfile.ZipFile(path) as book:
            for name in book.namelist():
                xml = book.read(name).decode("utf-8", "replace")
                yield from map(html.unescape, _TAG.split(xml))
                yield from (_plain(found[1] or "") for found in _SHARED.finditer(xml))
    elif suffix == ".csv":
        for row in _rows(path)[0]:
            yield from row
    else:
        text = path.read_bytes().decode("utf-8", "replace")
        text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
        yield from map(html.unescape, text.split('"'))
        yield from map(html.unescape, _TAG.split(_INLINE.sub("", text)))


def _owners(path: Path) -> Iterator[str]:
    """Yield the cells of the columns that name a customer, whose numbers may be short ones."""
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        table = _parquet(path)
        for name in set(_OWNED_BY).intersection(table.column_names):
            yield from (one for one in set(table[name].to_pylist()) if one)
    elif suffix == ".csv":
        rows, _ = _rows(path)
        places = [at for at, name in enumerate(rows[0] if rows else ()) if _is_owner(name)]
        yield from (row[at] for row in rows[1:] for at in places if at < len(row))


def _is_owner(heading: str) -> bool:
    return heading.strip().lower() in _OWNED_BY


# --- tables -----------------------------------------------------------------------------------


def _parquet(path: Path) -> Any:  # noqa: ANN401 - a pyarrow table
    import pyarrow.parquet as pq

    return pq.read_table(path)


def _mend_parquet(path: Path, left: Leftovers) -> None:
    import pyarrow as pa

    from klankbord.report.parquet import write_parquet

    table = _parquet(path)
    texts = [field.name for field in table.schema if pa.types.is_string(field.type)]
    drop = {
        name: {
            one: left.is_id(one, short=name in _OWNED_BY)
            for one in set(table[name].to_pylist())
            if one is not None
        }
        for name in texts
    }
    columns = [table[name].to_pylist() for name in texts]
    keep = [
        not any(drop[name].get(cell) for name, cell in zip(texts, row, strict=True))
        for row in zip(*columns, strict=True)
    ]
    table = table.filter(pa.array(keep, pa.bool_()))
    for name in texts:
        told = {one: left.redacted(one) for one in set(table[name].to_pylist()) if one is not None}
        if any(one != new for one, new in told.items()):
            place = table.schema.get_field_index(name)
            cells = [None if one is None else told[one] for one in table[name].to_pylist()]
            table = table.set_column(place, table.schema.field(place), pa.array(cells, pa.string()))
    write_parquet(path, table)


def _rows(path: Path) -> tuple[list[list[str]], str]:
    """Return the rows of a CSV file and what separates its cells."""
    text = path.read_bytes().decode("utf-8-sig")
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator)), separator


def _mend_csv(path: Path, left: Leftovers) -> None:
    content = path.read_bytes()
    rows, separator = _rows(path)
    heading, *lines = rows
    stream = io.StringIO(newline="")
    writer = csv.writer(
        stream, delimiter=separator, lineterminator="\r\n" if b"\r\n" in content else "\n"
    )
    writer.writerow(heading)
    for line in lines:
        named = zip(heading, line, strict=False)
        if not any(
            left.is_id(cell, short=_is_owner(name)) for name, cell in named if name not in _GROUNDS
        ):
            writer.writerow([_redacted_list(cell, left) for cell in line])
    marked = content.startswith(b"\xef\xbb\xbf")
    with replacing(path) as file:
        file.write_text(stream.getvalue(), "utf-8-sig" if marked else "utf-8", newline="")


def _redacted_list(cell: str, left: Leftovers) -> str:
    """Return a cell without what tells of the erased; a list of words loses those words."""
    if not left.found(cell):
        return cell
    if ";" in cell and "; " not in cell:
        return ";".join(part for part in cell.split(";") if not left.found(part))
    return left.redacted(cell)


# --- documents --------------------------------------------------------------------------------


def _mend_json(path: Path, left: Leftovers) -> None:
    held = json.loads(path.read_text("utf-8"))
    cleaned = left.redacted_json(_without(held, left))
    with replacing(path) as file:
        file.write_text(json.dumps(cleaned, indent=2, ensure_ascii=False) + "\n", "utf-8")


def _without(value: object, left: Leftovers) -> object:
    """Leave out the objects in lists that carry an id of the erased, and such ids in lists."""
    if isinstance(value, list):
        return [_without(one, left) for one in value if not _is_theirs(one, left)]
    if isinstance(value, dict):
        return {name: _without(one, left) for name, one in value.items()}
    return value


def _is_theirs(value: object, left: Leftovers) -> bool:
    if isinstance(value, str):
        return left.is_id(value)
    return isinstance(value, dict) and any(
        isinstance(one, str) and left.is_id(one, short=name in _OWNED_BY)
        for name, one in value.items()
    )


def _mend_workbook(path: Path, left: Leftovers) -> None:
    """Empty the cells and drop the rows, part by part, so that all else stays as people made it."""
    with zipfile.ZipFile(path) as book:
        parts = {info: book.read(info).decode("utf-8") for info in book.infolist() if _is_xml(info)}
        others = {info: book.read(info) for info in book.infolist() if not _is_xml(info)}
    strings = next(
        (text for info, text in parts.items() if info.filename.endswith("sharedStrings.xml")), ""
    )
    said = [_plain(found[1] or "") for found in _SHARED.finditer(strings)]
    with replacing(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as book:
        for info, text in parts.items():
            if "worksheets/" in info.filename:
                text = _ROW.sub(lambda row: _row(row[0], said, left), text)
            book.writestr(info, _BETWEEN_TAGS.sub(lambda found: _between(found[1], left), text))
        for info, content in others.items():
            book.writestr(info, content)


def _is_xml(info: zipfile.ZipInfo) -> bool:
    return info.filename.endswith((".xml", ".rels", ".vml"))


def _row(row: str, said: list[str], left: Leftovers) -> str:
    """Return a row of a sheet, or nothing where a cell of it is an id of the erased."""
    for cell in _CELL.findall(row):
        refers = _REFERS.search(cell)
        text = said[int(refers[1])] if refers and int(refers[1]) < len(said) else _plain(cell)
        if ('t="s"' in cell or "inlineStr" in cell or 't="str"' in cell) and left.is_id(text):
            return ""
    return row


def _plain(xml: str) -> str:
    return html.unescape(_TAG.sub("", xml))


def _between(text: str, left: Leftovers) -> str:
    plain = html.unescape(text)
    return f">{html.escape(left.redacted(plain), quote=False) if left.found(plain) else text}<"


_MENDERS: Mapping[str, Callable[[Path, Leftovers], None]] = {
    ".csv": _mend_csv,
    ".json": _mend_json,
    ".parquet": _mend_parquet,
    ".xlsx": _mend_workbook,
}
