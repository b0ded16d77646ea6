"""Sheets that Klankbord wrote and people hand back, CSV or XLSX."""

from __future__ import annotations

from pathlib import Path

from klankbord.errors import UnreadableInputError
from klankbord.sources.grid import Grid
from klankbord.sources.profile import Profile
from klankbord.sources.table import read_table
from klankbord.sources.text_encoding import detect_encoding
from klankbord.sources.workbook import is_workbook, read_workbook


def read_grid(path: Path, hints: Profile) -> Grid:
    """Return the sheet whose columns `hints` names; raises UnreadableInputError without one."""
    try:
        with path.open("rb") as stream:
            start = stream.read(1 << 16)
        if not start.strip(b"\x00\xef\xbb\xbf\xff\xfe \t\r\n"):
            raise UnreadableInputError("this sheet is empty", where=str(path))
        if start.startswith(b"PK") and is_workbook(path):
            return read_workbook(path, hints)
        return read_table(path, detect_encoding(path), hints)
    except OSError as error:
        raise UnreadableInputError(
            f"cannot be opened ({error.strerror or 'input error'})", where=str(path)
        ) from error
