"""Turn records into Arrow tables of feedback or customers by a plan of column roles.

A row is one respondent. Each of its answers that is not blank becomes a piece of feedback; what is
wrong with one answer rejects that answer, what is wrong with the row rejects the row once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field
from itertools import islice

import pyarrow as pa

from klankbord.records import Detection, RejectedRow
from klankbord.schema import CUSTOMERS
from klankbord.sources import cells
from klankbord.sources.arrow_tables import Values, answers_table, rows_table
from klankbord.sources.batch import LONGEST_VERBATIM, TOO_LONG, Batch, batch_of, rejected_row
from klankbord.sources.columns import Plan
from klankbord.sources.grid import Grid, Record, text_of
from klankbord.sources.own_ids import OwnIds
from klankbord.sources.roles import normal, vocabulary
from klankbord.sources.row_reader import Columns, Fault, Faults, RowReader
from klankbord.sources.score_reader import ScoreReader

_BAD_VALUE = "waarde is geen getal"
_NOTHING = "geen tekst en geen score"
_NO_CUSTOMER = "geen klantnummer"
_TOTAL = "rij telt andere rijen op en is geen reactie of klant"
_SENTENCE_ENDS = (".", "!", "?", "…", ":")


def batches(grid: Grid, plan: Plan, detection: Detection, batch_rows: int) -> Iterator[Batch]:
    """Yield the records of `grid` in batches of at most `batch_rows` answers; one at least."""
    mapper = _Mapper(grid, plan, detection)
    records = grid.records()
    at_once = max(1, batch_rows // (1 + len(plan.pieces)))
    first = True
    while part := list(islice(records, at_once)):
        first = False
        yield mapper.batch(part)
    if first:
        yield batch_of(detection, [])


@dataclass
class _Answers:
    """One question's answers in a batch, one per row."""

    verbatims: list[str]
    scores: list[float | None]
    metrics: list[str | None]
    faults: Faults = field(default_factory=dict)

    def blank(self) -> set[int]:
        """Return the places without words and without a score; checks the length of the words."""
        given = enumerate(zip(self.verbatims, self.scores, strict=True))
        found = {at for at, (text, score) in given if not text and score is None}
        for at, text in enumerate(self.verbatims):
            if len(text) > LONGEST_VERBATIM:
                self.faults.setdefault(at, ("", TOO_LONG))
        return found - self.faults.keys()


class _Mapper:
    """Maps batch after batch of one file; counts turns across batches."""

    def __init__(self, grid: Grid, plan: Plan, detection: Detection) -> None:
        self._path = grid.path
        self._header = grid.header
        self._no_feedback = grid.no_feedback
        self._plan = plan
        self._detection = detection
        self._rows = RowReader(plan, grid.header)
        self._scores = ScoreReader(plan, grid.header, self._rows)
        self._ids = OwnIds(plan, grid.header)

    def batch(self, part: Sequence[Record | RejectedRow]) -> Batch:
        """Return the Batch of these records, each answer in them either stored or rejected."""
        rejected = [item for item in part if isinstance(item, RejectedRow)]
        records = [item for item in part if not isinstance(item, RejectedRow)]
        ignored: Counter[str] = Counter()
        if self._no_feedback is not None:
            instead = [self._no_feedback(given) for _, given in records]
            ignored.update(filter(None, instead))
            records = [each for each, other in zip(records, instead, strict=True) if not other]
        if not records:
            return batch_of(self._detection, rejected, ignored=ignored)
        columns: Columns = list(zip(*(row for _, row in records), strict=True))
        customers = self._plan.kind == "customers"
        build = self._customers if customers else self._feedback
        table, faults = build(columns, len(records))
        for at, (column, reason) in faults:
            row, given = records[at]
            raw = ";".join(text_of(cell) for cell in given)
            rejected.append(rejected_row(self._path, row, column, reason, raw))
        rejected.sort(key=lambda item: item.row)
        if customers:
            return batch_of(self._detection, rejected, customers=table, ignored=ignored)
        return batch_of(self._detection, rejected, feedback=table, ignored=ignored)

    def _feedback(self, columns: Columns, rows: int) -> tuple[pa.Table, list[tuple[int, Fault]]]:
        plan = self._plan
        faults: Faults = {}
        received = self._rows.moments(columns, "received_at", rows, faults)
        main, raw = self._main(columns, rows)
        answers = [
            main,
            *(self._further(columns, place, rows) for place in range(len(plan.pieces))),
        ]
        blank = [each.blank() for each in answers]
        nothing = set.intersection(*blank)
        for at in nothing:
            faults.setdefault(at, ("", _NOTHING))
        for at, moment in enumerate(received):
            wordless = moment is None and not main.verbatims[at] and _is_total(columns, at)
            if wordless and not any(each.verbatims[at] for each in answers):
                faults[at] = ("", _TOTAL)
        kept = [
            _others(rows, none | faults.keys() | each.faults.keys())
            for each, none in zip(answers, blank, strict=True)
        ]
        own = self._ids.own(columns, rows)
        whole = self._rows.of_rows(columns, rows, received)
        parts = self._parts(columns, answers, raw, own, received)
        return answers_table(whole, parts, kept), _rejected(faults, answers)

    def _main(self, columns: Columns, rows: int) -> tuple[_Answers, list[str]]:
        """Return the first answers, and their words before scores were taken from them."""
        scores, metrics, faults = self._scores.main(columns, rows)
        raw = self._verbatims(columns, rows)
        main = _Answers(raw, scores, metrics, faults)
        if self._plan.answers:
            main.verbatims = self._scores.out_of_words(columns, raw, scores, metrics, faults)
        return main, raw

    def _further(self, columns: Columns, place: int, rows: int) -> _Answers:
        text = self._plan.pieces[place].text
        verbatims = [""] * rows if text is None else cells.texts(columns[text])
        return _Answers(verbatims, *self._scores.of_piece(columns, place, rows))

    def _parts(
        self,
        columns: Columns,
        answers: Sequence[_Answers],
        raw: Sequence[str],
        own: Sequence[str],
        received: Sequence[int | None],
    ) -> list[Values]:
        """Return what is of one answer alone, for each question."""
        rows = len(received)
        main, plan = answers[0], self._plan
        questions = self._rows.labels(columns, "question", rows)
        ids = self._ids.main(own, raw, questions, main.scores, received)
        if plan.question:
            questions = [question or plan.question for question in questions]
        parts = [_part(ids, questions, main)]
        for piece, each in zip(plan.pieces, answers[1:], strict=True):
            ids = self._ids.further(own, piece.suffix, each.verbatims, each.scores, received)
            parts.append(_part(ids, [piece.question] * rows, each))
        return parts

    def _customers(self, columns: Columns, rows: int) -> tuple[pa.Table, list[tuple[int, Fault]]]:
        faults: Faults = {}
        customers = self._rows.identifiers(columns, "customer_id", rows)
        header = self._header[self._plan.roles["customer_id"]]
        for at, customer in enumerate(customers):
            if not customer:
                faults.setdefault(at, (header, _NO_CUSTOMER))
        started = self._rows.moments(columns, "started_at", rows, faults)
        cancelled = self._rows.moments(columns, "cancelled_at", rows, faults)
        value_at = self._plan.roles.get("value_eur")
        values: list[float | None] = [None] * rows
        if value_at is not None:
            for at, cell in enumerate(columns[value_at]):
                values[at] = self._rows.number(cell, "value_eur")
                if values[at] is None and not cells.is_empty(cell):
                    faults.setdefault(at, (self._header[value_at], _BAD_VALUE))
        for at in range(rows):
            if started[at] is None and cancelled[at] is None and _is_total(columns, at):
                faults[at] = ("", _TOTAL)
        whole: Values = {
            "customer_id": customers,
            "account_id": self._rows.identifiers(columns, "account_id", rows),
            "segment": self._rows.labels(columns, "segment", rows),
            "value_eur": values,
            "started_at": started,
            "cancelled_at": cancelled,
            "attributes": self._rows.attributes(columns, rows),
        }
        kept = _others(rows, faults.keys())
        return rows_table(whole, CUSTOMERS, kept), sorted(faults.items())

    def _verbatims(self, columns: Columns, rows: int) -> list[str]:
        column = self._rows.column(columns, "verbatim")
        texts = [""] * rows if column is None else cells.texts(column)
        profile = self._plan.profile
        if profile.cut_after:
            texts = [_original(text, profile.cut_after, profile.keep_after) for text in texts]
        titles = self._rows.column(columns, "title")
        if titles is None:
            return texts
        return [_joined(text_of(title), text) for title, text in zip(titles, texts, strict=True)]


def _others(rows: int, places: Set[int]) -> Sequence[int]:
    return [at for at in range(rows) if at not in places] if places else range(rows)


def _part(ids: Sequence[str], questions: Sequence[str | None], answers: _Answers) -> Values:
    return {
        "feedback_id": ids,
        "question": questions,
        "verbatim": answers.verbatims,
        "score_metric": answers.metrics,
        "score_value": answers.scores,
    }


def _rejected(faults: Faults, answers: Sequence[_Answers]) -> list[tuple[int, Fault]]:
    """Return what is rejected, by the place of its row: a row once, or one of its answers."""
    found = []
    for at, fault in faults.items():
        first = answers[0].faults.get(at)
        found.append((at, first if first and fault[1] != _TOTAL else fault))
    for each in answers:
        found += [(at, fault) for at, fault in each.faults.items() if at not in faults]
    return sorted(found, key=lambda item: item[0])


def _is_total(columns: Columns, at: int) -> bool:
    """Tell whether the first filled cell of a row says that it sums up the others."""
    first = next((text for column in columns if (text := text_of(column[at]))), "")
    return normal(first) in vocabulary().totals


def _joined(title: str, text: str) -> str:
    if not title or not text:
        return title or text
    return f"{title} {text}" if title.endswith(_SENTENCE_ENDS) else f"{title}. {text}"


def _original(text: str, cut_after: str, keep_after: str) -> str:
    if cut_after not in text:
        return text
    if keep_after and keep_after in text:
        return text.rpartition(keep_after)[2].strip()
    return text.partition(cut_after)[0].strip()
