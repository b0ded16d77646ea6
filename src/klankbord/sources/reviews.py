"""Review feeds whose texts stand in a list of questions and answers, or whose id in a link."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any
from urllib.parse import unquote

from klankbord.records import RejectedRow
from klankbord.sources.batch import rejected_row
from klankbord.sources.grid import (
    SURVEYED,
    Cell,
    Grid,
    Record,
    each_record,
    header_names,
    text_of,
)

KIYOH_TITLE, KIYOH_TEXT, KIYOH_SCORE = "oneliner", "opinion", "overall"
COMPANY_TEXT = "open"
PLAY_ID = "reviewId"

_NO_LIST = "de vragen van deze review zijn geen lijst"
_MOST_QUESTIONS = 60
_KIYOH_GROUPS = {
    "DEFAULT_ONELINER": KIYOH_TITLE,
    "DEFAULT_OPINION": KIYOH_TEXT,
    "DEFAULT_OVERALL": KIYOH_SCORE,
    "DEFAULT_RECOMMEND": "recommend",
}
_PLAY_LINK = re.compile(r"[?&]reviewId=([^&\s]{1,200})")

Answers = dict[str, Cell]  # column -> what was answered
Reader = Callable[[Mapping[str, Any]], tuple[str, Cell] | None]


def _unfolded(grid: Grid, column: str, first: Sequence[str], read: Reader) -> Grid:
    """Return `grid` with the answers under `column` in columns of their own, `first` in front.

    `read` names the column of one question and its answer. A record whose questions are no list
    is rejected. Questions that first come up after the records surveyed are not read.
    """
    at = grid.header.index(column)
    names = dict.fromkeys(first)
    for record in islice(grid.records(), SURVEYED):
        if not isinstance(record, RejectedRow):
            for name in _answers(record[1][at], read) or ():
                if len(names) < _MOST_QUESTIONS:
                    names.setdefault(name)
    kept = [place for place in range(len(grid.header)) if place != at]
    header = header_names([*(grid.header[place] for place in kept), *names])

    def unfold(record: Record) -> Record | RejectedRow:
        row, cells = record
        answers = _answers(cells[at], read)
        if answers is None:
            return rejected_row(grid.path, row, column, _NO_LIST, "")
        return row, [*(cells[place] for place in kept), *map(answers.get, names)]

    records, nested = each_record(grid, unfold), grid.nested - {column}
    return replace(grid, header=header, records=records, usual=(), nested=nested)


def _answers(cell: Cell, read: Reader) -> Answers | None:
    """Return the answers in a cell of JSON text; None where that holds no list of objects."""
    text = text_of(cell)
    try:
        questions = json.loads(text) if text else []
    except (ValueError, RecursionError):
        return None
    if isinstance(questions, Mapping) and len(questions) == 1:  # an XML list inside its element
        (questions,) = questions.values()
    if isinstance(questions, Mapping):
        questions = [questions]
    if not isinstance(questions, list):
        return None
    found: Answers = {}
    for question in questions:
        answer = read(question) if isinstance(question, Mapping) else None
        if answer is not None and answer[1] not in (None, ""):
            found.setdefault(answer[0], answer[1])
    return found


def _plain(value: object) -> Cell:
    return value if isinstance(value, str | int | float | bool) else None


def _kiyoh_answer(question: Mapping[str, Any]) -> tuple[str, Cell] | None:
    group = _KIYOH_GROUPS.get(str(question.get("questionGroup")))
    if group is not None:
        return group, _plain(question.get("rating"))
    asked = question.get("questionTranslation") or question.get("questionGroup")
    if not isinstance(asked, str) or not asked.strip():
        return None
    return asked.strip()[:200], _plain(question.get("rating"))


def _company_answer(question: Mapping[str, Any]) -> tuple[str, Cell] | None:
    asked = question.get("title") or question.get("question_id")
    value = _plain(question.get("value"))
    if not isinstance(asked, str) or not asked.strip():
        return None
    if question.get("question_id") == COMPANY_TEXT:
        return COMPANY_TEXT, value
    return asked.strip()[:200], value


def kiyoh(grid: Grid) -> Grid:
    """Return the Kiyoh or Klantenvertellen feed with oneliner, opinion and score as columns.

    Their text stands in `rating`, whatever was asked; groups nobody knows keep their question.
    """
    return _unfolded(grid, "reviewContent", (KIYOH_TITLE, KIYOH_TEXT, KIYOH_SCORE), _kiyoh_answer)


def feedback_company(grid: Grid) -> Grid:
    """Return the Feedback Company feed with each question as a column."""
    return _unfolded(grid, "questions", (COMPANY_TEXT,), _company_answer)


def google_play(grid: Grid) -> Grid:
    """Return the Google Play report with the review's id, which stands in its link, as a column.

    The same review comes back in each month in which it was changed.
    """
    at = next(
        place for place, name in enumerate(grid.header) if name.strip().casefold() == "review link"
    )

    def with_id(record: Record) -> Record:
        row, cells = record
        found = _PLAY_LINK.search(text_of(cells[at])[:2_000])
        return row, [*cells, unquote(found[1]) if found else None]

    return replace(grid, header=(*grid.header, PLAY_ID), records=each_record(grid, with_id))


RESHAPES: Mapping[str, Callable[[Grid], Grid]] = {
    "kiyoh": kiyoh,
    "feedback_company": feedback_company,
    "google_play": google_play,
}
