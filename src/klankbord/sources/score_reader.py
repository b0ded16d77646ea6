"""Read the scores of the main score column of a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from klankbord.schema import ScoreMetric
from klankbord.sources import cells
from klankbord.sources.columns import Plan
from klankbord.sources.grid import Cell, text_of
from klankbord.sources.roles import normal
from klankbord.sources.row_reader import Columns, Faults, RowReader
from klankbord.sources.scales import plain_scale
from klankbord.sources.scores import asks_for_effort

Score: TypeAlias = float | str | None  # or the reason why it is none
Found: TypeAlias = tuple[list[float | None], list[str | None], Faults]

_BAD_METRIC = "soort score is onbekend"


class ScoreReader:
    """Reads scores by the plan's scale, or by the metric or question of each row."""

    def __init__(self, plan: Plan, header: Sequence[str], rows: RowReader) -> None:
        self._plan = plan
        self._header = header
        self._rows = rows
        self._mapped = plan.profile.values.get("score", {})
        self._known = (
            cells.Remembered(cells.score_reader(plan.scale, plan.decimals["score"], self._mapped))
            if plan.scale is not None
            else None
        )
        self._of_pieces = [
            cells.Remembered(cells.score_reader(piece.score.scale, piece.score.mark, {}))
            if piece.score
            else None
            for piece in plan.pieces
        ]
        self._of_questions = {
            question: cells.score_reader(scale, ",", {}) for question, scale in plan.answers.items()
        }

    def of_piece(self, columns: Columns, place: int, rows: int) -> Found:
        """Return the same of a further question, told by its place in the plan."""
        score, known = self._plan.pieces[place].score, self._of_pieces[place]
        if score is None or known is None:
            return [None] * rows, [None] * rows, {}
        return self._read(columns[score.at], score.at, known, score.scale.metric)

    def out_of_words(
        self,
        columns: Columns,
        words: Sequence[str],
        scores: list[float | None],
        metrics: list[str | None],
        faults: Faults,
    ) -> list[str]:
        """Put the answers to score questions of a long table in `scores`; return what is left."""
        at = self._plan.roles["verbatim"]
        asked = cells.texts(columns[self._plan.roles["question"]])
        left = list(words)
        for place, (question, cell) in enumerate(zip(asked, columns[at], strict=True)):
            read = self._of_questions.get(question)
            found = read(cell) if read else None
            if isinstance(found, float):
                left[place], scores[place] = "", found
                metrics[place] = str(self._plan.answers[question].metric)
            elif found is not None and found != cells.BAD_SCORE:
                faults[place] = (self._header[at], str(found))
        return left

    def _read(
        self, column: Sequence[Cell], at: int, known: cells.Remembered[Score], metric: str
    ) -> Found:
        found = [known[cell] for cell in cells.without_truths(column)]
        scores, bad = cells.split_faults(found)
        faults = {place: (self._header[at], reason) for place, reason in bad.items()}
        return scores, cells.metrics_of(scores, metric), faults

    def main(self, columns: Columns, rows: int) -> Found:
        """Return the scores of the main question, their metrics, and what is wrong with others."""
        at, plan = self._plan.roles.get("score"), self._plan
        if at is None:
            return [None] * rows, [None] * rows, {}
        by_question = "question" in plan.roles and plan.effort is None
        if self._known is None or (by_question and plan.metric == ScoreMetric.CES):
            return self._by_row(columns, at, rows)
        return self._read(columns[at], at, self._known, plan.metric)

    def _by_row(self, columns: Columns, at: int, rows: int) -> Found:
        """Read scores of which each row names the metric, or asks for effort or ease."""
        named = self._metrics_named(columns, rows)
        questions = self._rows.column(columns, "question")
        mark, header = self._plan.decimals["score"], self._header[at]
        found: list[float | None] = [None] * rows
        faults: Faults = {}
        for place, cell in enumerate(columns[at]):
            if cells.is_empty(cell):
                continue
            metric, effort = named[place], self._effort(questions, place)
            if metric is None:
                faults[place] = (header, _BAD_METRIC)
                continue
            scale = plain_scale(metric, effort=effort)
            score = cells.score_reader(scale, mark, self._mapped)(cell)
            if isinstance(score, str):
                faults[place] = (header, score)
            else:
                found[place] = score
        metrics = [
            None if score is None else metric for score, metric in zip(found, named, strict=True)
        ]
        return found, metrics, faults

    def _effort(self, questions: Sequence[Cell] | None, place: int) -> bool:
        if self._plan.effort is not None or questions is None:
            return bool(self._plan.effort)
        return bool(asks_for_effort(text_of(questions[place])))

    def _metrics_named(self, columns: Columns, rows: int) -> list[str | None]:
        column = self._rows.column(columns, "score_metric")
        if column is None:
            return [self._plan.metric or None] * rows
        known = self._rows.known_values("score_metric")
        return [
            self._plan.metric or None if cells.is_empty(cell) else known.get(normal(text_of(cell)))
            for cell in column
        ]
