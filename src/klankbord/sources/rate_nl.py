"""RateNL results: one answer per row; the rows of one result stand together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby, islice

from klankbord.records import RejectedRow
from klankbord.sources.batch import rejected_row
from klankbord.sources.grid import SURVEYED, Asked, Cell, Grid, Record, header_names, text_of
from klankbord.sources.roles import normal

_RESULT, _STATUS, _IGNORED, _CODE, _ANSWER = (
    "resultid", "confirmstatus", "resultignoredwhen", "questioncode", "answer",
)  # fmt: skip
_TEXTS = ("question", "questiontext", "questiondescription", "vraag", "vraagtekst")
_INVALID = "2"
_NOT_VALID = "resultaat is in RateNL ongeldig verklaard"
_NO_RESULT = "rij noemt geen resultaat"
_MOST_QUESTIONS = 200
_OTHERS = "overige vragen"
_NOT_KEPT = frozenset(("confirmstatus", "confirmstatusdescription", "resultignoredwhen"))

Rows = list[tuple[int, Sequence[Cell]]]


def rate_nl(grid: Grid) -> Grid:
    """Return one row per result, with a column for each question.

    A result that was not confirmed (ConfirmStatus 2) or that is ignored is rejected, row by row.
    Answers to a question that first comes up after the rows surveyed go together in one column.
    """
    places = {normal(name): at for at, name in reversed(list(enumerate(grid.header)))}
    answer, code = places[_ANSWER], places[_CODE]
    text = next((places[name] for name in _TEXTS if name in places), None)
    kept = [at for at, name in enumerate(grid.header) if at not in (answer, code, text)]
    questions = _questions(grid, code, text)
    names = [*(grid.header[at] for at in kept), *questions.values(), _OTHERS]
    header = header_names(names)
    kinds = [Asked("none" if normal(grid.header[at]) in _NOT_KEPT else "data") for at in kept]
    kinds += [Asked("", key) for key in questions]
    asked = dict(zip(header, [*kinds, Asked("data")], strict=True))

    def records() -> Iterator[Record | RejectedRow]:
        for item in _by_result(grid, places):
            if isinstance(item, RejectedRow):
                yield item
                continue
            row, first = item[0]
            given = _given(item, code, answer, questions)
            yield row, [*(first[at] for at in kept), *map(given.get, [*questions, _OTHERS])]

    return replace(grid, header=header, records=records, asked=asked)


def _questions(grid: Grid, code: int, text: int | None) -> dict[str, str]:
    """Return code -> question, or the code where its text is not there."""
    found: dict[str, str] = {}
    for record in islice(grid.records(), SURVEYED):
        if isinstance(record, RejectedRow):
            continue
        own = text_of(record[1][code])
        if own and own not in found and len(found) < _MOST_QUESTIONS:
            asked = "" if text is None else " ".join(text_of(record[1][text]).split())
            found[own] = asked or own
    return found


def _given(rows: Rows, code: int, answer: int, questions: Mapping[str, str]) -> dict[str, str]:
    given: dict[str, str] = {}
    for _, cells in rows:
        own, text = text_of(cells[code]), text_of(cells[answer])
        if not text:
            continue
        if own not in questions:
            own, text = _OTHERS, f"{own}: {text}"
        given[own] = f"{given[own]}; {text}" if own in given else text
    return given


def _by_result(grid: Grid, places: Mapping[str, int]) -> Iterator[Rows | RejectedRow]:
    """Yield the rows of each result together, and the rows that count for nothing."""
    result = places[_RESULT]
    for own, group in groupby(grid.records(), _key(result)):
        rows: Rows = []
        for record in group:
            if isinstance(record, RejectedRow):
                yield record
            elif not own:
                yield _reject(grid, record, grid.header[result], _NO_RESULT)
            elif fault := _invalid(record[1], places):
                yield _reject(grid, record, grid.header[places[fault]], _NOT_VALID)
            else:
                rows.append(record)
        if rows:
            yield rows


def _key(result: int) -> Callable[[Record | RejectedRow], str]:
    def key(record: Record | RejectedRow) -> str:
        return "" if isinstance(record, RejectedRow) else text_of(record[1][result])

    return key


def _invalid(cells: Sequence[Cell], places: Mapping[str, int]) -> str:
    """Return the column that says a row does not count, or ""."""
    if _STATUS in places and text_of(cells[places[_STATUS]]) == _INVALID:
        return _STATUS
    return _IGNORED if _IGNORED in places and text_of(cells[places[_IGNORED]]) else ""


def _reject(grid: Grid, record: Record, column: str, reason: str) -> RejectedRow:
    raw = ";".join(map(text_of, record[1]))
    return rejected_row(grid.path, record[0], column, reason, raw)
