"""Recognise a file by its content, never by its name, and join it with its reader."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from klankbord.errors import UnreadableInputError
from klankbord.records import Detection
from klankbord.sources import (
    conversation,
    mail,
    mapping,
    salesforce,
    service,
    sheet_markup,
    surveys,
    transcript,
    webvtt,
    whatsapp,
)
from klankbord.sources.ai_answers import read_answers
from klankbord.sources.batch import Batch, Source
from klankbord.sources.binary import READABLE, read_binary
from klankbord.sources.columns import make_plan
from klankbord.sources.companions import NONE, Companions
from klankbord.sources.conversation import Conversation
from klankbord.sources.grid import Grid, recognised
from klankbord.sources.header_roles import grid_source
from klankbord.sources.json_file import open_json
from klankbord.sources.json_records import read_json
from klankbord.sources.known_sources import find_known
from klankbord.sources.limits import check_lines
from klankbord.sources.plan_details import plan_details
from klankbord.sources.profile import Profile
from klankbord.sources.reshape import RESHAPES
from klankbord.sources.sample import Recogniser, Sample
from klankbord.sources.table import expected_headers, read_table
from klankbord.sources.text_encoding import TextEncoding, detect_encoding, open_text
from klankbord.sources.xml_file import open_xml

_HEAD_CHARS = 1 << 16
_JSON = re.compile(r"\s*(?:\{\s*[\"}]|\[\s*[\[{\"\]])")  # and not the "[12:03]" of a transcript
_MARKUP = re.compile(r"\s*<(?:[?!]|[a-z][\w:.-]{0,60}[\s/>])", re.IGNORECASE)
_PAGE = re.compile(r"\s*<(?:!doctype\s+html|html|table|meta|svg)", re.IGNORECASE)


def recognise(
    path: Path, profile: Profile | None, timezone: str, companions: Companions = NONE
) -> Source:
    """Return `path` ready to be read.

    Raises UnreadableInputError where it cannot be read.
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
    start = _start(path)
    if not start.strip(b"\x00\xef\xbb\xbf\xff\xfe \t\r\n"):
        raise UnreadableInputError(
            "this file is empty", where=str(path), hint="check that the export has finished"
        )
    grid = read_binary(path, start, profile)
    if grid is not None:
        return _grid_source(grid, profile, timezone, companions)
    encoding = detect_encoding(path, profile.encoding if profile else "")
    head = _head(path, encoding)
    if _looks_binary(head):
        raise UnreadableInputError(
            f"not a text file; expected {READABLE}",
            where=str(path),
            hint="export the data again as CSV or XLSX",
        )
    sample = Sample(path, encoding, head, profile, timezone, companions)
    if not _JSON.match(sample.head) and not _MARKUP.match(sample.head):
        check_lines(path, encoding)
    for recogniser in RECOGNISERS:
        source = recogniser(sample)
        if source is not None:
            return source
    raise UnreadableInputError(
        f"not recognised; expected {READABLE}",
        where=str(path),
        hint="a table needs a first row that names its columns, a transcript 'Klant: …'",
    )


def open_grid(path: Path) -> Grid | None:
    """Return the rows and columns in `path` before anyone says what they are; None without any."""
    grid = read_binary(path, _start(path), None)
    if grid is not None:
        return grid
    encoding = detect_encoding(path)
    head = _head(path, encoding)
    if _looks_binary(head):
        return None
    if _JSON.match(head):
        return read_json(open_json(path, encoding), Profile(name=""))
    check_lines(path, encoding)
    return read_table(path, encoding, None)


def _start(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(_HEAD_CHARS)


def _head(path: Path, encoding: TextEncoding) -> str:
    with open_text(path, encoding) as text:
        return text.read(_HEAD_CHARS).lstrip("\ufeff")


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
    if not webvtt.begins(sample.lines):
        return None
    return _subtitles(sample, "srt", "begins with the time line of a subtitle")


def _subtitles(sample: Sample, name: str, reason: str) -> Source:
    detection = sample.detection(name, 1.0, reason)
    return _spoken(sample, detection, lambda lines: [webvtt.conversation(lines, sample.timezone)])


def _json(sample: Sample) -> Source | None:
    if not sample.head.lstrip().startswith(("{", "[")):
        return None
    if not _JSON.match(sample.head) and (
        whatsapp.recognise(sample.lines) or transcript.recognise(sample.lines)
    ):
        return None
    opened = open_json(sample.path, sample.encoding)
    if sample.profile is None or not (sample.profile.columns or sample.profile.records):
        found = service.recognise(sample, opened)
        if found is not None:
            return found
    grid = read_json(opened, sample.profile)
    return _grid_source(grid, sample.profile, sample.timezone, sample.companions)


def _markup(sample: Sample) -> Source | None:
    if not _MARKUP.match(sample.head):
        return None
    grid = sheet_markup.read_sheet(sample)
    if grid is not None:
        return _grid_source(grid, sample.profile, sample.timezone, sample.companions)
    if _PAGE.match(sample.head):
        raise UnreadableInputError(
            "this is a web page without a table",
            where=str(sample.path),
            hint="export the data as CSV, XLSX or JSON",
        )
    grid = read_json(open_xml(sample.path), sample.profile)
    return _grid_source(grid, sample.profile, sample.timezone, sample.companions)


def _whatsapp(sample: Sample) -> Source | None:
    if not whatsapp.recognise(sample.lines):
        return None
    with open_text(sample.path, sample.encoding) as stream:
        style = whatsapp.survey(stream)
    order = "month first" if style.month_first else "day first"
    detection = sample.detection("whatsapp", 0.95, "messages with date and sender", dates=order)

    return _spoken(
        sample, detection, lambda lines: whatsapp.conversations(lines, style, sample.timezone)
    )


def _ai_answers(sample: Sample) -> Source | None:
    grid = read_answers(sample)
    if grid is None:
        return None
    return _grid_source(grid, sample.profile, sample.timezone, sample.companions)


def _transcript(sample: Sample) -> Source | None:
    lines = sample.lines
    first = next((line for line in lines if line.strip()), "")
    cells = re.split("[;,\t|]", first)
    named = recognised(cells, expected_headers(sample.profile)) and len(cells) > 1
    if named and not transcript.is_tabbed(lines):
        return None
    style = transcript.recognise(lines)
    if style is None:
        return None
    reason = "names before the turns" if style.names else "roles before the turns"
    detection = sample.detection("transcript", 0.7 if style.names else 0.9, reason)
    if left_out := transcript.left_out(lines, style):
        detection.details["left_out"] = ", ".join(left_out)

    def read(lines: Iterable[str]) -> Iterable[Conversation]:
        with open_text(sample.path, sample.encoding) as whole:
            speakers = transcript.more_names(whole, style)
        return transcript.conversations(lines, speakers, sample.timezone)

    return _spoken(sample, detection, read)


def _spoken(
    sample: Sample,
    detection: Detection,
    read: Callable[[Iterable[str]], Iterable[Conversation]],
) -> Source:
    """Join a file of conversations with what reads them from its lines."""

    def batches(batch_rows: int) -> Iterator[Batch]:
        with open_text(sample.path, sample.encoding) as lines:
            try:
                yield from conversation.batches(
                    sample.path, read(lines), detection, sample.profile, batch_rows
                )
            except UnreadableInputError as error:
                error.where = f"{sample.path}:{error.where}"
                raise

    return Source(detection, batches)


def _table(sample: Sample) -> Source | None:
    grid = read_table(sample.path, sample.encoding, sample.profile)
    if len(grid.header) == 1 and not recognised(grid.header, expected_headers(sample.profile)):
        return None
    return _grid_source(grid, sample.profile, sample.timezone, sample.companions)


# In this order: the surest signature first, the delimited table for whatever is left.
RECOGNISERS: tuple[Recogniser, ...] = (
    _webvtt, _srt, _json, _markup, _whatsapp, _ai_answers, mail.recognise, _transcript, _table,
)  # fmt: skip


def _grid_source(
    grid: Grid, profile: Profile | None, timezone: str, companions: Companions = NONE
) -> Source:
    """Join a grid with its plan: the user's profile, a built-in one, or what its headers say."""
    known = grid.known
    if profile is None and known is None and grid.kind != "json":
        known = find_known(grid.header, is_json=False) or surveys.recognise(grid)
    grid = replace(grid, known=known)
    if known is not None and known.reshape in salesforce.RESHAPES:
        grid = salesforce.RESHAPES[known.reshape](grid, companions)
    elif known is not None and known.reshape:
        grid = RESHAPES[known.reshape](grid)
    chosen = profile or (known.profile if known else None)
    name = profile.name if profile else grid_source(grid) or grid.shape
    plan = make_plan(grid, chosen, name, timezone)
    details = {**grid.details, **plan_details(plan, grid)}
    reason = (
        "read by the given profile"
        if profile
        else f"has the column names of a {known.title}" if known else "recognised by its headers"
    )  # fmt: skip
    confidence = 1.0 if profile or known else min(0.95, 0.4 + 0.15 * len(plan.shown))
    detection = Detection(grid.path, name, confidence, reason, details)
    return Source(detection, partial(mapping.batches, grid, plan, detection))
