"""Survey exports with more than one header row, one answer per row, or columns of their own."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import islice

from klankbord.records import RejectedRow
from klankbord.sources.answers import is_question
from klankbord.sources.grid import (
    SURVEYED,
    AnswerKind,
    Asked,
    Grid,
    Record,
    each_record,
    first_records,
    text_of,
)
from klankbord.sources.known_sources import KnownSource, signed_sources
from klankbord.sources.qualtrics import is_qualtrics, qualtrics
from klankbord.sources.rate_nl import rate_nl
from klankbord.sources.roles import normal
from klankbord.sources.score_columns import metric_of_header
from klankbord.sources.survey_monkey import survey_monkey

_STAMP = re.compile(
    r"\d{4}/\d\d/\d\d \d{1,2}:\d\d:\d\d [ap]\.?m\.? \S+|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}"
)
_POINTS = re.compile(r"\d+(?:[.,]\d+)? / \d+(?:[.,]\d+)?")
_MS_FORMS = {
    "none": ("id", "starttime", "begintijd", "starttijd", "startzeit", "lastmodifiedtime",
             "tijdvanlaatstewijziging", "uhrzeitderletztenänderung", "gradepostedtime"),
    "data": ("totalpoints", "totaalaantalpunten", "gesamtpunktzahl", "quizfeedback", "language",
             "taal", "sprache"),
}  # fmt: skip
_MS_QUIZ = re.compile(r"^(?:points|punten|punkte|feedback) [-–] ", re.I)
_TYPEFORM = {
    "none": ("startdateutc", "stagedateutc", "networkid"),
    "data": ("responsetype", "tags", "ending", "score"),
    "other": ("other", "anders", "overig"),
}


def _kinds(grid: Grid, kinds: Mapping[str, tuple[str, ...]]) -> dict[str, Asked]:
    known: dict[str, AnswerKind] = {}
    for kind, names in kinds.items():
        for name in names:
            known[name] = kind  # type: ignore[assignment]
    return {name: Asked(known[normal(name)]) for name in grid.header if normal(name) in known}


def ms_forms(grid: Grid) -> Grid:
    """Return a Microsoft Forms workbook with what is no answer marked: times, points of a quiz."""
    quiz = {name: Asked("data") for name in grid.header if _MS_QUIZ.match(name)}
    return replace(grid, asked={**_kinds(grid, _MS_FORMS), **quiz})


def typeform(grid: Grid) -> Grid:
    """Return Typeform responses with what is no answer marked."""
    return replace(grid, asked=_kinds(grid, _TYPEFORM))


def google_forms(grid: Grid) -> Grid:
    """Return Google Forms responses; the "Score" of a quiz, "3 / 5", is no answer."""
    asked = {}
    for at, name in enumerate(grid.header):
        cells = [text_of(cells[at]) for cells in first_records(grid, 50)]
        if normal(name) == "score" and any(map(_POINTS.fullmatch, cells)):
            asked[name] = Asked("data")
    return replace(grid, asked=asked)


def is_google_forms(grid: Grid) -> bool:
    """Tell whether a time stamp comes first and questions follow."""
    first = first_records(grid, 1)
    stamped = bool(first) and (
        not isinstance(first[0][0], str) or _STAMP.match(first[0][0].strip()) is not None
    )
    return stamped and any(
        is_question(name) or metric_of_header(name) is not None for name in grid.header[1:]
    )


def usabilla(grid: Grid) -> Grid:
    """Return Usabilla items without the nps where it was not asked: all 0, beside ratings."""
    names = [normal(name) for name in grid.header]
    if "nps" not in names or "rating" not in names:
        return grid
    nps, rating = names.index("nps"), names.index("rating")
    rated = False
    for record in islice(grid.records(), SURVEYED):
        if isinstance(record, RejectedRow):
            continue
        if text_of(record[1][nps]) not in ("", "0"):
            return grid
        rated = rated or text_of(record[1][rating]) not in ("", "0")
    if not rated:
        return grid

    def without_nps(record: Record) -> Record:
        row, cells = record
        return row, [None if at == nps else cell for at, cell in enumerate(cells)]

    return replace(grid, records=each_record(grid, without_nps))


def recognise(grid: Grid) -> KnownSource | None:
    """Return the survey export that is told by what stands under its headers, if it is one."""
    for source in signed_sources(grid.header):
        if SIGNATURES[source.signature](grid):
            return source
    return None


SIGNATURES: Mapping[str, Callable[[Grid], bool]] = {
    "qualtrics": is_qualtrics,
    "google_forms": is_google_forms,
}
"""What must hold of the first records, besides the names of `needs`."""

RESHAPES: Mapping[str, Callable[[Grid], Grid]] = {
    "google_forms": google_forms,
    "ms_forms": ms_forms,
    "qualtrics": qualtrics,
    "rate_nl": rate_nl,
    "survey_monkey": survey_monkey,
    "typeform": typeform,
    "usabilla": usabilla,
}
"""Known exports whose rows are not yet one response each: what is done to them before mapping."""
