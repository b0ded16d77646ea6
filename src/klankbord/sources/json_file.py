"""JSON text read record by record: an array, an object around lists, one record per line.

The decoder of the standard library reads every record; only the brackets and commas around the
records are read here, so that a file of any size costs the memory of its largest record.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TextIO, TypeAlias

from klankbord.errors import UnreadableInputError
from klankbord.records import RejectedRow
from klankbord.sources.batch import rejected_row
from klankbord.sources.limits import check_columns
from klankbord.sources.text_encoding import TextEncoding, open_text

Numbered: TypeAlias = tuple[int, Any]
Shape: TypeAlias = Literal["array", "object", "lines"]

LONGEST_RECORD = 1 << 23  # characters
LARGEST_WHOLE = 32 << 20  # bytes of a file that can only be read whole, which takes 12 times that
FIRST = 10  # records of each list kept to recognise the file by
_CHUNK = 1 << 16
_LONGEST_WORD = 64  # an error nearer to the end of what was read may be mended by reading on
_SNIFFED = 4  # lines, of at most so many characters:
_LONGEST_SNIFFED = 1 << 18
_NOT_JSON = "regel is geen geldige JSON"
_BETWEEN = re.compile("[ \\t\\r\\n\ufeff\\x00\\x1e]*")
_CLOSED_BY = {"{": "}", "[": "]"}
_BLANK = " \t\r\n\ufeff\x00\x1e"
_DECODER = json.JSONDecoder(strict=False)
HINT = "expected an array of objects, an object with one list of them, or one object per line"


@dataclass(frozen=True)
class JsonFile:
    """A JSON file that was looked through once; `records()` starts anew at every call."""

    path: Path
    encoding: TextEncoding
    shape: Shape  # "array" is also one array or object after the other
    first: tuple[Any, ...] = ()  # the first records, unless it is one object
    members: Mapping[str, Any] = field(default_factory=dict)  # of an object, less its lists
    lists: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)  # the first in each list

    def records(self, member: str = "") -> Iterator[Numbered | RejectedRow]:
        """Yield (line or 1-based number, value); of an object those in the list `member`.

        Raises UnreadableInputError where the text breaks off or is no JSON.
        """
        if self.shape == "lines":
            return _lines(self.path, self.encoding)
        return enumerate(_values(self.path, self.encoding, member), start=1)

    def whole(self) -> object:
        """Return all of the file; raises UnreadableInputError where it is too large for that."""
        if self.path.stat().st_size > LARGEST_WHOLE:
            raise UnreadableInputError(
                f"this JSON must be read whole and is larger than {LARGEST_WHOLE >> 20} MiB",
                where=str(self.path),
                hint="save it with one record per line, or split it in parts",
            )
        with open_text(self.path, self.encoding) as stream:
            text = stream.read().strip(_BLANK)
        try:
            return _DECODER.decode(text)
        except (ValueError, RecursionError) as error:
            raise _unreadable(self.path, error, 1) from error


def open_json(path: Path, encoding: TextEncoding) -> JsonFile:
    """Look through the JSON in `path`; raises UnreadableInputError where it holds no records."""
    if _is_lines(path, encoding):
        return JsonFile(path, encoding, "lines", first=_first(_lines(path, encoding)))
    with open_text(path, encoding) as stream:
        scanner = _Scanner(path, stream)
        if scanner.peek() == "{":
            members, lists = _members(scanner)
            if not scanner.peek():
                return JsonFile(path, encoding, "object", members=members, lists=lists)
        elif scanner.peek() != "[":
            scanner.value()
            raise UnreadableInputError("this JSON holds no records", where=str(path), hint=HINT)
    values = enumerate(_values(path, encoding, ""), start=1)
    return JsonFile(path, encoding, "array", first=_first(values))


def _first(records: Iterator[Numbered | RejectedRow]) -> tuple[Any, ...]:
    found = []
    for item in records:
        if not isinstance(item, RejectedRow):
            found.append(item[1])
            if len(found) == FIRST:
                break
    return tuple(found)


def _is_lines(path: Path, encoding: TextEncoding) -> bool:
    """Tell whether most of the first lines are JSON by themselves, and there is more than one."""
    whole: list[bool] = []
    with open_text(path, encoding) as stream:
        while len(whole) < _SNIFFED and (line := stream.readline(_LONGEST_SNIFFED)):
            text = line.strip(_BLANK)
            if not text:
                continue
            if not whole and text in ("[", "{"):
                return False
            if len(line) == _LONGEST_SNIFFED:
                return bool(whole) and all(whole)
            try:
                whole.append(isinstance(_DECODER.decode(text), dict | list))
            except (ValueError, RecursionError):
                whole.append(False)
    good = sum(whole)
    return len(whole) > 1 and 2 * good >= len(whole) and (whole[0] or good > 1)


def _lines(path: Path, encoding: TextEncoding) -> Iterator[Numbered | RejectedRow]:
    with open_text(path, encoding) as stream:
        row = 0
        while line := stream.readline(LONGEST_RECORD + 1):
            row += 1
            if len(line) > LONGEST_RECORD:
                raise _too_long(path, row)
            text = line.strip(_BLANK)
            if not text:
                continue
            try:
                if text[0] in _CLOSED_BY and text[-1] != _CLOSED_BY[text[0]]:
                    yield rejected_row(path, row, "", _NOT_JSON, line)
                    continue
                yield row, _DECODER.decode(text)
            except (ValueError, RecursionError):
                yield rejected_row(path, row, "", _NOT_JSON, line)


def _values(path: Path, encoding: TextEncoding, member: str) -> Iterator[Any]:
    """Yield what stands in the list `member`, or in the arrays and beside them."""
    with open_text(path, encoding) as stream:
        scanner = _Scanner(path, stream)
        if member:
            for name in scanner.names():
                if name == member and scanner.peek() == "[":
                    yield from scanner.elements()
                else:
                    scanner.skip()
            return
        while sign := scanner.peek():
            if sign == "[":
                yield from scanner.elements()
            else:
                yield scanner.value()
            scanner.take(",")


def _members(scanner: _Scanner) -> tuple[dict[str, Any], dict[str, tuple[Any, ...]]]:
    members: dict[str, Any] = {}
    lists: dict[str, tuple[Any, ...]] = {}
    for name in scanner.names():
        check_columns(scanner.path, len(members))
        if scanner.peek() != "[":
            members[name] = scanner.value()
            continue
        first = [value for at, value in enumerate(scanner.elements()) if at < FIRST]
        if first and isinstance(first[0], Mapping):
            lists[name] = tuple(first)
        else:
            members[name] = first
    return members, lists


class _Scanner:
    """A place in JSON text that is read in parts; `value` moves past one value."""

    def __init__(self, path: Path, stream: TextIO) -> None:
        self.path = path
        self._stream = stream
        self._text = ""
        self._at = 0
        self._line = 1

    def peek(self) -> str:
        """Return the next sign that is not blank, or "" at the end."""
        while True:
            blank = _BETWEEN.match(self._text, self._at)
            self._at = blank.end() if blank else self._at
            if self._at < len(self._text) or not self._more():
                return self._text[self._at : self._at + 1]

    def take(self, sign: str) -> bool:
        """Move past `sign` if it is next."""
        found = self.peek() == sign
        self._at += found
        return found

    def value(self) -> object:
        """Return the next value."""
        self.peek()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                mends = error.msg.startswith("Unterminated")
                mends = mends or error.pos + _LONGEST_WORD > len(self._text)
                if mends and self._more():
                    continue
                raise _unreadable(self.path, error, self._line) from error
            except (ValueError, RecursionError) as error:
                raise _unreadable(self.path, error, self._line) from error
            cut = end + _LONGEST_WORD > len(self._text) and not isinstance(value, str | list | dict)
            if cut and self._more():
                continue
            if isinstance(value, dict):
                check_columns(self.path, len(value))
            self._at = end
            return value

    def skip(self) -> None:
        """Move past the next value, a list part by part."""
        if self.peek() != "[":
            self.value()
            return
        for _ in self.elements():
            pass

    def elements(self) -> Iterator[Any]:
        """Yield the elements of the list that is next."""
        self._need("[")
        if self.take("]"):
            return
        while True:
            yield self.value()
            if not self.take(","):
                self._need("]")
                return

    def names(self) -> Iterator[str]:
        """Yield the names in the object that is next; the caller reads the value after each."""
        self._need("{")
        if self.take("}"):
            return
        while True:
            if self.peek() != '"':
                self._need('"')
            name = str(self.value())
            self._need(":")
            yield name
            if not self.take(","):
                self._need("}")
                return

    def _need(self, sign: str) -> None:
        if not self.take(sign):
            raise _unreadable(self.path, None, self._line + self._text.count("\n", 0, self._at))

    def _more(self) -> bool:
        """Read on, twice as much every time that the same value needs more."""
        rest = self._text[self._at :]
        line = self._line + self._text.count("\n", 0, self._at)
        if len(rest) > LONGEST_RECORD:
            raise _too_long(self.path, line)
        read = self._stream.read(max(_CHUNK, len(rest)))
        if read:
            self._text, self._at, self._line = rest + read, 0, line
        return bool(read)


def _unreadable(path: Path, error: Exception | None, line: int) -> UnreadableInputError:
    if error is not None and not isinstance(error, json.JSONDecodeError):
        return UnreadableInputError(
            "this JSON is nested too deeply or holds an absurd number",
            where=f"{path}:{line}",
            hint=HINT,
        )
    if isinstance(error, json.JSONDecodeError):
        line += error.lineno - 1
    return UnreadableInputError("not valid JSON", where=f"{path}:{line}", hint=HINT)


def _too_long(path: Path, line: int) -> UnreadableInputError:
    return UnreadableInputError(
        f"a JSON record of more than {LONGEST_RECORD >> 20} million characters",
        where=f"{path}:{line}",
        hint="check that the export has finished and is JSON",
    )
