"""Recognise a file by its content, never by its name, and join it with its reader."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from klankbord.errors import UnreadableInputError, UnsupportedSourceError
from klankbord.records import Detection
from klankbord.sources import conversation, mapping, transcript, webvtt
from klankbord.sources.batch import Batch, Source
from klankbord.sources.columns import Plan, grid_source, make_plan
from klankbord.sources.companions import NONE, Companions
from klankbord.sources.grid import Grid, recognised
from klankbord.sources.json_records import read_json
from klankbord.sources.known_sources import find_known, refuse
from klankbord.sources.profile import Profile
from klankbord.sources.reshape import RESHAPES
from klankbord.sources.sample import Recogniser, Sample
from klankbord.sources.table import expected_headers, read_table
from klankbord.sources.text_encoding import detect_encoding, open_text
from klankbord.sources.workbook import is_workbook, read_workbook

_HEAD_CHARS = 1 << 16
_READABLE = "CSV, Excel (.xlsx), JSON, a transcript or WebVTT subtitles"
_BINARY = (
    (b"%PDF", "a PDF document"),
    (b"{\\rtf", "a Rich Text document"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"GIF8", "an image"),
    (b"BM", "an image"),
    (b"RIFF", "a sound, image or video file"),
    (b"ID3", "a sound recording"),
    (b"OggS", "a sound recording"),
    (b"fLaC", "a sound recording"),
    (b"\x1f\x8b", "a compressed file"),
    (b"7z\xbc\xaf", "a compressed file"),
    (b"Rar!", "a compressed file"),
    (b"SQLite format 3\x00", "a database"),
    (b"PAR1", "a Parquet file"),
    (b"MZ", "a program"),
    (b"\x7fELF", "a program"),
)
_REFUSED_BINARY = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook (.xls) or Outlook message"),
    (b"$FL2", "an SPSS data file"),
    (b"$FL3", "an SPSS data file"),
)
_WHATSAPP = re.compile(
    r"^\u200e?(?:\[\d{1,2}-\d{1,2}-\d{2,4},? \d{1,2}:\d{2}(?::\d{2})?\] [^:\n]{1,60}:"
    r"|\d{1,2}-\d{1,2}-\d{2,4},? \d{1,2}:\d{2} - )",
)
_MAIL = re.compile(
    r"^(?:From \S+ .{10,40}\d{4}$|(?:van|from|return-path|received|message-id|delivered-to): "
    r"|-{2,} ?oorspronkelijk bericht|-{2,} ?original message"
    r"|>* ?op .{5,60} (?:schreef|heeft) .{0,200}(?::|geschreven:)$)",
    re.IGNORECASE | re.MULTILINE,
)
_JSON = re.compile(r"\s*(?:\{\s*[\"}]|\[\s*[\[{\"\]])")  # and not the "[12:03]" of a transcript
_MARKUP = re.compile(r"^\s*(?:<\?xml|<!doctype|<html|<feed|<rss|<reviews|<svg)", re.IGNORECASE)


def recognise(
    path: Path, profile: Profile | None, timezone: str, companions: Companions = NONE
) -> Source:
    """Return `path` ready to be read.

    Raises UnsupportedSourceError for an export that is known but not read yet, and
    UnreadableInputError for everything else that cannot be read.
    """
    try:
        return _recognise(path, profile, timezone, companions)
    except OSError as error:
        raise UnreadableInputError(
            f"cannot be opened ({error.strerror or 'input error'})",
            where=str(path),
            hint="check the path and the permissions of the file",
        ) from error


def _recognise(
    path: Path, profile: Profile | None, timezone: str, companions: Companions
) -> Source:
    if path.is_dir():
        raise UnreadableInputError(
            "this is a folder, not a file", where=str(path), hint="expand folders to files first"
        )
    with path.open("rb") as stream:
        start = stream.read(_HEAD_CHARS)
    if not start.strip(b"\x00\xef\xbb\xbf\xff\xfe \t\r\n"):
        raise UnreadableInputError(
            "this file is empty", where=str(path), hint="check that the export has finished"
        )
    _refuse_binary(path, start)
    if start.startswith(b"PK"):
        if not is_workbook(path):
            raise UnreadableInputError(
                f"a ZIP archive that is no Excel workbook; expected {_READABLE}",
                where=str(path),
                hint="unpack it and read the files in it; save .xlsb and .ods as .xlsx",
            )
        return _grid_source(read_workbook(path, profile), profile, timezone)
    encoding = detect_encoding(path, profile.encoding if profile else "")
    with open_text(path, encoding) as text:
        head = text.read(_HEAD_CHARS)
    if _looks_binary(head):
        raise UnreadableInputError(
            f"not a text file; expected {_READABLE}",
            where=str(path),
            hint="export the data again as CSV or XLSX",
        )
    sample = Sample(path, encoding, head.lstrip("\ufeff"), profile, timezone, companions)
    for recogniser in RECOGNISERS:
        source = recogniser(sample)
        if source is not None:
            return source
    raise UnreadableInputError(
        f"not recognised; expected {_READABLE}",
        where=str(path),
        hint="a table needs a first row that names its columns, a transcript 'Klant: …'",
    )


def _refuse_binary(path: Path, start: bytes) -> None:
    for magic, title in _REFUSED_BINARY:
        if start.startswith(magic):
            raise UnsupportedSourceError(
                f"recognised {title}; this source is not read yet",
                where=str(path),
                hint="open it and save it as .xlsx or CSV",
            )
    for magic, title in _BINARY:
        binary = b"\x00" in start[:64] or not start[:64].isascii()
        if start.startswith(magic) and (len(magic) > 3 or binary):
            raise UnreadableInputError(
                f"this is {title}; expected {_READABLE}",
                where=str(path),
                hint="export the data as CSV or XLSX",
            )


def _looks_binary(head: str) -> bool:
    odd = sum(
        sign < "\t" or "\r" < sign < " " or "\ud800" <= sign <= "\udfff" or "\x7f" <= sign <= "\x9f"
        for sign in head
    )
    return odd > max(8, 0.02 * len(head))


def _webvtt(sample: Sample) -> Source | None:
    if not re.match(r"WEBVTT(?:[ \t\r\n]|$)", sample.head):
        return None
    return _subtitles(sample, "webvtt", "begins with WEBVTT")


def _srt(sample: Sample) -> Source | None:
    lines = [line for line in sample.lines[:6] if line.strip()]
    if len(lines) < 2 or not lines[0].strip().isdigit() or not webvtt.is_timing(lines[1]):
        return None
    return _subtitles(sample, "srt", "a cue number followed by a time line")


def _subtitles(sample: Sample, name: str, reason: str) -> Source:
    detection = sample.detection(name, 1.0, reason)

    def batches(batch_rows: int) -> Iterator[Batch]:
        with open_text(sample.path, sample.encoding) as stream:
            found = [webvtt.conversation(stream, sample.timezone)]
        return conversation.batches(sample.path, found, detection, sample.profile, batch_rows)

    return Source(detection, batches)


def _json(sample: Sample) -> Source | None:
    if not sample.head.lstrip().startswith(("{", "[")):
        return None
    if not _JSON.match(sample.head) and (
        _WHATSAPP.match(sample.head) or transcript.recognise(sample.lines)
    ):
        return None
    return _grid_source(
        read_json(sample.path, sample.encoding, sample.profile), sample.profile, sample.timezone
    )


def _markup(sample: Sample) -> Source | None:
    if _MARKUP.match(sample.head):
        raise refuse("XML or HTML", str(sample.path))
    return None


def _whatsapp(sample: Sample) -> Source | None:
    lines = [line for line in sample.lines[:20] if line.strip()]
    if lines and sum(bool(_WHATSAPP.match(line)) for line in lines) >= 0.5 * len(lines):
        raise refuse("a WhatsApp chat export", str(sample.path))
    return None


def _mail(sample: Sample) -> Source | None:
    lines = [line for line in sample.lines if line.strip()]
    first = lines[0].strip() if lines else ""
    if _MAIL.match(first) or (
        not recognised(re.split("[;,\t|]", first)) and _MAIL.search(sample.head[:4_000])
    ):
        raise refuse("e-mail messages", str(sample.path))
    return None


def _transcript(sample: Sample) -> Source | None:
    lines = sample.lines
    first = next((line for line in lines if line.strip()), "")
    cells = re.split("[;,\t|]", first)
    if recognised(cells, expected_headers(sample.profile)) and len(cells) > 1:
        return None
    style = transcript.recognise(lines)
    if style is None:
        return None
    reason = "names before the turns" if style.names else "roles before the turns"
    detection = sample.detection("transcript", 0.7 if style.names else 0.9, reason)
    if left_out := transcript.left_out(lines, style):
        detection.details["left_out"] = ", ".join(left_out)

    def batches(batch_rows: int) -> Iterator[Batch]:
        with open_text(sample.path, sample.encoding) as stream:
            found = transcript.conversations(stream, style, sample.timezone)
            yield from conversation.batches(
                sample.path, found, detection, sample.profile, batch_rows
            )

    return Source(detection, batches)


def _table(sample: Sample) -> Source | None:
    grid = read_table(sample.path, sample.encoding, sample.profile)
    if len(grid.header) == 1 and not recognised(grid.header, expected_headers(sample.profile)):
        return None
    return _grid_source(grid, sample.profile, sample.timezone)


# In this order: the surest signature first, the delimited table for whatever is left.
RECOGNISERS: tuple[Recogniser, ...] = (
    _webvtt, _srt, _json, _markup, _whatsapp, _mail, _transcript, _table,
)  # fmt: skip


def _grid_source(grid: Grid, profile: Profile | None, timezone: str) -> Source:
    """Join a grid with its plan: the user's profile, a built-in one, or what its headers say."""
    known = grid.known
    if profile is None and known is None and grid.kind != "json":
        known = find_known(grid.header, is_json=False)
        if known is not None and known.profile is None:
            raise refuse(known.title, str(grid.path))
    grid = replace(grid, known=known)
    if known is not None and known.reshape:
        grid = RESHAPES[known.reshape](grid)
    chosen = profile or (known.profile if known else None)
    name = profile.name if profile else grid_source(grid) or grid.shape
    plan = make_plan(grid, chosen, name, timezone)
    details = {**grid.details, "kind": plan.kind}
    details |= {f"column.{role}": header for role, header in sorted(plan.shown.items())}
    if plan.metric:
        details["score_metric"] = plan.metric
    if plan.metric_because:
        details["score_metric_because"] = plan.metric_because
    if plan.reversed:
        details["score_reversed"] = "ces is stored as 8 - x: high = easy = good"
    if plan.left_out:
        details["left_out"] = ", ".join(plan.left_out)
    if plan.other_text:
        details["text_in_attributes"] = ", ".join(plan.other_text)
    reason = (
        "read by the given profile"
        if profile
        else f"has the column names of a {known.title}" if known else "recognised by its headers"
    )  # fmt: skip
    confidence = 1.0 if profile or known else min(0.95, 0.4 + 0.15 * len(plan.shown))
    detection = Detection(grid.path, name, confidence, reason, details)
    return Source(detection, partial(_mapped, grid, plan, detection))


def _mapped(grid: Grid, plan: Plan, detection: Detection, batch_rows: int) -> Iterator[Batch]:
    return mapping.batches(grid, plan, detection, batch_rows)
