"""Qualtrics: two or three header rows, the last one with the ids it imports by.

Modern exports, CSV (comma), TSV (UTF-16) or XLSX, have field names, question texts in the language
of the export and `{"ImportId":"QID2_TEXT"}`; older ones V1, V2 … with their names under them. The
codes of Status: 0 a response, 1 a preview, 2 a test, 4 imported, 8 spam, 16 offline, and sums of
these. Unfinished responses are answers too and are kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from klankbord.errors import SettingsError
from klankbord.sources.dates import zone
from klankbord.sources.grid import AnswerKind, Asked, Cell, Grid, first_records, text_of
from klankbord.sources.options import Column, with_columns
from klankbord.sources.personal import is_personal_name
from klankbord.sources.roles import normal

_IMPORT = '{"ImportId"'
_PREVIEW_CODES, _SPAM_CODE = (1, 2), 8
_MOST_CODE = 64
_PREVIEW = re.compile(r"preview|voorbeeld|vorschau|aperçu|vista previa|anteprima|\btest", re.I)
_SPAM = re.compile(r"spam", re.I)
_QUESTION = re.compile(r"(?:\d+_)?(?:x\d+_)?QID\d+")
_OPEN = re.compile(r"_TEXT$")
_OTHER = re.compile(r"QID\d+(?:_x?\d+)*_x?\d+_TEXT$")
_DROPPED = re.compile(
    r"_NPS_GROUP$|_DO(?:_|$)|_(?:FIRST_CLICK|LAST_CLICK|PAGE_SUBMIT|CLICK_COUNT)$"
    r"|_FILE_(?:ID|NAME|SIZE|TYPE)$|#",
)
_ANALYSED = re.compile(r"_TEXT_[0-9A-Za-z]{8,}$|(?:Sentiment|Topics?|Polarity|Score)$")
_NOT_KEPT = frozenset(
    map(
        normal,
        ("StartDate", "EndDate", "Status", "Progress", "Duration (in seconds)", "ResponseSet",
         "Q_TotalDuration", "Q_URL", "Q_DataPolicyViolations", "Q_RecaptchaScore",
         "Q_RelevantIDDuplicate", "Q_RelevantIDFraudScore", "Q_BallotBoxStuffing", "Q_Language"),
    )
)  # fmt: skip
_DATES = frozenset(map(normal, ("RecordedDate", "ResponseId", "UserLanguage", "ResponseID")))
_LEGACY = re.compile(r"V\d{1,2}")
_TAG = re.compile(r"<[^<>]{0,500}>")
_SELECTED = re.compile(
    r" - (?:selected choice|geselecteerde keuze|ausgewählte auswahl|choix sélectionné)", re.I
)
_TEXT_TAIL = re.compile(r" - (?:text|tekst|texte)$", re.I)


def is_qualtrics(grid: Grid) -> bool:
    """Tell whether one of the first two records holds the ids that Qualtrics imports by."""
    return _import_row(first_records(grid, 2)) is not None


def qualtrics(grid: Grid) -> Grid:
    """Return the responses under the headers, each column named by the question it answers."""
    first = first_records(grid, 2)
    at = _import_row(first)
    if at is None:
        return _without_ids(grid, first)
    ids = [_import_id(cell) for cell in first[at]]
    texts = [text_of(cell) for cell in first[0]] if at else list(grid.header)
    columns = [
        _column(field, text, own) for field, text, own in zip(grid.header, texts, ids, strict=True)
    ]
    named = _finished(with_columns(grid, columns, at + 1))
    return replace(named, timezone=_timezone(first[at]))


def _without_ids(grid: Grid, first: Sequence[Sequence[Cell]]) -> Grid:
    """Read an older export, or one whose row of ids was taken out."""
    own = next((place for place, name in enumerate(map(normal, grid.header)) if name in
                ("responseid", "v1")), 0)  # fmt: skip
    skip = int(bool(first) and not text_of(first[0][own]).startswith("R_"))
    texts = [text_of(cell) for cell in first[0]] if skip else list(grid.header)
    columns = []
    for field, text in zip(grid.header, texts, strict=True):
        if _LEGACY.fullmatch(field):
            columns.append(_metadata(text or field))
        elif text in ("", field) or normal(text) == normal(field):
            columns.append(_metadata(field))
        elif field[:1] in "qQ" or len(text.split()) > 3:
            columns.append(_column(field, text, "QID0"))
        else:
            columns.append(_metadata(field))
    return _finished(with_columns(grid, columns, skip))


def _finished(named: Grid) -> Grid:
    """Add to the grid what tells previews and spam from responses."""
    place = named.header.index("Status") if "Status" in named.header else None
    return named if place is None else replace(named, no_feedback=_not_a_response(place))


def _not_a_response(status: int) -> Callable[[Sequence[Cell]], str]:
    def instead(cells: Sequence[Cell]) -> str:
        text = text_of(cells[status])
        if text.isdecimal() and len(text) < 3:
            code = int(text)
            if code & _SPAM_CODE:
                return "spam"
            return "previews" if any(code & bit for bit in _PREVIEW_CODES) else ""
        if _SPAM.search(text):
            return "spam"
        return "previews" if _PREVIEW.search(text) else ""

    return instead


def _import_row(first: Sequence[Sequence[Cell]]) -> int | None:
    for at, cells in enumerate(first):
        given = [text_of(cell) for cell in cells if text_of(cell)]
        found = sum(text.replace(" ", "").startswith(_IMPORT) for text in given)
        if found and 2 * found >= len(given):
            return at
    return None


def _import_id(cell: Cell) -> str:
    try:
        found = json.loads(text_of(cell) or "{}")
    except (ValueError, RecursionError):
        return ""
    own = found.get("ImportId") if isinstance(found, dict) else None
    return own if isinstance(own, str) else ""


def _timezone(cells: Sequence[Cell]) -> str:
    for cell in cells:
        found = re.search(r'"timeZone"\s*:\s*"([^"]{1,60})"', text_of(cell)[:500])
        if found:
            name = "UTC" if found[1] == "Z" else found[1]
            try:
                zone(name)
            except SettingsError:
                return ""
            return name
    return ""


def _metadata(field: str) -> Column:
    kind: AnswerKind = "none" if normal(field) in _NOT_KEPT else "data"
    return Column(field, asked=Asked(kind, field))


def _column(field: str, text: str, own: str) -> Column:
    if not _QUESTION.match(own):
        return _metadata("Status" if own.casefold() == "status" else field)
    question = _clean(text) or field
    if _DROPPED.search(own) or _DROPPED.search(field):
        return Column(question, asked=Asked("none", field))
    if _ANALYSED.search(own) and not _OPEN.search(own):
        return Column(question, asked=Asked("data", field))
    if _OTHER.search(own):
        return Column(_TEXT_TAIL.sub("", question), asked=Asked("other", field))
    if _OPEN.search(own):
        return Column(question, asked=Asked("open", field))
    whole, _, option = question.rpartition(" - ")
    if option and is_personal_name(option):
        return Column(option, asked=Asked("data", field))
    if whole and re.search(r"QID\d+_\d+$", own):
        return Column(whole, option, Asked("", field))
    return Column(question, asked=Asked("", field))


def _clean(text: str) -> str:
    """Return a question without markup and without "- Selected Choice", on one line."""
    return " ".join(_SELECTED.sub("", _TAG.sub(" ", text)).split())
