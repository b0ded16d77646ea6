"""What a file may be at most: text lines, columns, and what is packed in a ZIP or gzip file.

Each check reads in parts and stops at the first thing too large, so that a file made to exhaust
memory or disk costs neither.
"""

from __future__ import annotations

import os
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path

from klankbord.errors import UnreadableInputError
from klankbord.sources.text_encoding import TextEncoding, open_text

MOST_COLUMNS = 16_384  # those of an Excel sheet
MOST_TURNS = 20_000  # of one conversation: a day of talk without a pause
LONGEST_LINE = 1 << 24  # characters
MOST_RATIO = 200  # unpacked to packed; real exports pack at most some fifty to one
RATIO_FROM = 16 << 20  # unpacked bytes from which the ratio counts
_LARGEST_DIRECTORY = 8 << 20  # bytes of a ZIP's list of files
_CHUNK = 1 << 20
_PLAIN = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # others unpack a part of any size at once
_END, _END_64 = b"PK\x05\x06", b"PK\x06\x06"
ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError)


def check_columns(path: Path, number: int) -> None:
    """Raise UnreadableInputError for a table with an absurd number of columns."""
    if number > MOST_COLUMNS:
        raise UnreadableInputError(
            f"more than {MOST_COLUMNS:,} columns",
            where=str(path),
            hint="check the delimiter, or export fewer columns",
        )


def check_turns(number: int, line: int, of: str = "turns", most: int = MOST_TURNS) -> None:
    """Raise UnreadableInputError, without its file, for a conversation that never ends."""
    if number >= most:
        raise UnreadableInputError(
            f"one conversation of more than {most:,} {of}",
            where=str(line),
            hint="put a line such as 'Datum: 12-03-2026' above each conversation in the file",
        )


def check_lines(path: Path, encoding: TextEncoding) -> None:
    """Raise UnreadableInputError for a text with a line too long to be held in memory."""
    seen = row = 0
    for length, ends in _line_parts(path, encoding):
        row += ends
        seen = length if ends else seen + length
        if seen > LONGEST_LINE:
            raise UnreadableInputError(
                f"a line of more than {LONGEST_LINE >> 20} million characters",
                where=f"{path}:{row + 1}",
                hint="check that the export has finished and that its rows are on lines",
            )


def _line_parts(path: Path, encoding: TextEncoding) -> Iterator[tuple[int, int]]:
    """Yield (what follows the last line end, number of line ends) of each part of a text."""
    if encoding.name.replace("_", "-").startswith(("utf-16", "utf-32")):
        with open_text(path, encoding) as stream:
            while text := stream.read(_CHUNK):
                ends = text.count("\n") + text.count("\r")
                yield len(text) - 1 - max(text.rfind("\n"), text.rfind("\r")), ends
        return
    with path.open("rb") as binary:
        while data := binary.read(_CHUNK):
            ends = data.count(b"\n") or data.count(b"\r")
            yield len(data) - 1 - max(data.rfind(b"\n"), data.rfind(b"\r")), ends


def open_zip(path: Path) -> zipfile.ZipFile:
    """Open a ZIP file; raises UnreadableInputError where it is damaged or lists too many files."""
    try:
        if _directory_size(path) <= _LARGEST_DIRECTORY:
            return zipfile.ZipFile(path)
    except (*ZIP_ERRORS, struct.error) as error:
        raise UnreadableInputError(
            "this workbook or ZIP file is damaged or cut off",
            where=str(path),
            hint="download or save the export again",
        ) from error
    raise absurd(path, "ZIP file")


def _directory_size(path: Path) -> int:
    """Return the bytes of a ZIP's list of files, as its end says."""
    with path.open("rb") as stream:
        size = stream.seek(0, os.SEEK_END)
        stream.seek(max(0, size - (1 << 16) - 100))
        tail = stream.read()
    at = tail.rfind(_END)
    if at < 0 or at + 22 > len(tail):
        raise zipfile.BadZipFile("no end of the list of files")
    said: int = struct.unpack_from("<L", tail, at + 12)[0]
    at_64 = tail.rfind(_END_64, 0, at)
    if at_64 >= 0 and at_64 + 48 <= len(tail):
        said = max(said if said != 0xFFFFFFFF else 0, *struct.unpack_from("<Q", tail, at_64 + 40))
    return min(said, size)


def is_bomb(parts: Iterable[zipfile.ZipInfo], most_bytes: int, most_parts: int) -> bool:
    """Tell whether the files in a ZIP are too many, too large, too well packed or overlap."""
    ordered = sorted(parts, key=lambda part: part.header_offset)
    unpacked = sum(part.file_size for part in ordered)
    packed = sum(part.compress_size for part in ordered)
    overlaps = any(
        before.header_offset + before.compress_size > after.header_offset
        for before, after in pairwise(ordered)
    )
    return (
        overlaps
        or len(ordered) > most_parts
        or unpacked > most_bytes
        or too_well_packed(unpacked, packed)
        or any(part.compress_type not in _PLAIN for part in ordered)
    )


def too_well_packed(unpacked: int, packed: int) -> bool:
    """Tell whether so much (bytes) came out of so little that it is no real export."""
    return unpacked > RATIO_FROM and unpacked > MOST_RATIO * max(packed, 1)


def absurd(path: Path, what: str) -> UnreadableInputError:
    """Build the error for a file that would unpack to an absurd size."""
    return UnreadableInputError(
        f"this {what} unpacks to an absurd size; it is not opened",
        where=str(path),
        hint="unpack it yourself and read the files in it, a workbook saved as CSV",
    )
