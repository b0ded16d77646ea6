"""Files that are no text: tables in a format of their own, and what is refused by its name."""

from __future__ import annotations

from pathlib import Path

from klankbord.errors import UnreadableInputError
from klankbord.sources.grid import Grid
from klankbord.sources.parquet import read_parquet
from klankbord.sources.profile import Profile
from klankbord.sources.spss import is_spss, read_spss
from klankbord.sources.workbook import OLD, is_document, is_workbook, read_workbook

READABLE = "CSV, Excel, SPSS, Parquet, JSON, XML, a transcript, e-mail or subtitles"
_EXPORT = "export the data as CSV or XLSX"
_PACKED = "unpack it and read the files in it"
_REFUSED = (
    (b"%PDF", "a PDF document", _EXPORT),
    (b"{\\rtf", "a Rich Text document", _EXPORT),
    (b"\x89PNG", "an image", _EXPORT),
    (b"\xff\xd8\xff", "an image", _EXPORT),
    (b"GIF8", "an image", _EXPORT),
    (b"BM", "an image", _EXPORT),
    (b"II*\x00", "an image", _EXPORT),
    (b"MM\x00*", "an image", _EXPORT),
    (b"RIFF", "a sound, image or video file", _EXPORT),
    (b"ID3", "a sound recording", _EXPORT),
    (b"OggS", "a sound recording", _EXPORT),
    (b"fLaC", "a sound recording", _EXPORT),
    (b"\x1aE\xdf\xa3", "a video", _EXPORT),
    (b"\x1f\x8b", "a compressed file", _PACKED),
    (b"7z\xbc\xaf", "a compressed file", _PACKED),
    (b"Rar!", "a compressed file", _PACKED),
    (b"BZh", "a compressed file", _PACKED),
    (b"\xfd7zXZ", "a compressed file", _PACKED),
    (b"\x28\xb5\x2f\xfd", "a compressed file", _PACKED),
    (b"SQLite format 3\x00", "a database", _EXPORT),
    (b"ARROW1", "an Arrow file", "save it as Parquet or CSV"),
    (b"<stata_dta>", "a Stata data file", "save it as SPSS (.sav) or CSV"),
    (b"RDX", "an R data file", "save it as Parquet or CSV"),
    (b"!BDN", "an Outlook mailbox (.pst)", "export the messages as .eml or .mbox"),
    (b"MZ", "a program", _EXPORT),
    (b"\x7fELF", "a program", _EXPORT),
)
_INSIDE = (
    (4, b"ftyp", "a sound or video recording", _EXPORT),
    (257, b"ustar", "an archive", _PACKED),
    (84, b"SAS FILE", "a SAS data file", "save it as SPSS (.sav) or CSV"),
)


def read_binary(path: Path, start: bytes, profile: Profile | None) -> Grid | None:
    """Return the table in a file that begins with `start`, or None where it may be a text.

    Raises UnreadableInputError for a kind of file that is recognised and not read.
    """
    if start.startswith(b"PK") and start[2:4] in (b"\x03\x04", b"\x05\x06", b"\x07\x08"):
        if is_workbook(path):
            return read_workbook(path, profile)
        title = "an office document" if is_document(path) else "a ZIP archive that is no workbook"
        raise _refused(path, title, _PACKED if title.startswith("a ZIP") else _EXPORT)
    if start.startswith(OLD):
        return read_workbook(path, profile)
    if is_spss(start):
        return read_spss(path, profile)
    if start.startswith(b"PAR1"):
        return read_parquet(path)
    for magic, title, hint in _REFUSED:
        odd = b"\x00" in start[:64] or not start[:64].isascii()
        if start.startswith(magic) and (len(magic) > 3 or odd):
            raise _refused(path, title, hint)
    for at, magic, title, hint in _INSIDE:
        if start[at:].startswith(magic) and b"\x00" in start[:300]:
            raise _refused(path, title, hint)
    return None


def _refused(path: Path, title: str, hint: str) -> UnreadableInputError:
    return UnreadableInputError(f"this is {title}; expected {READABLE}", where=str(path), hint=hint)
