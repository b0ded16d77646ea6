"""Which columns hold scores, by their header or question and by what stands under it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from klankbord.schema import ScoreMetric
from klankbord.sources.answers import question_text
from klankbord.sources.grid import Cell
from klankbord.sources.roles import normal, vocabulary
from klankbord.sources.scales import (
    NEARLY_ALL,
    Scale,
    is_no_opinion,
    label_scale,
    labels_of,
    number_scale,
    read_answer,
)
from klankbord.sources.scores import asks_for_effort, by_values

_STATEMENT = re.compile(r" - |: | \[")  # between what is asked and what it is asked about


def metric_of_header(header: str) -> str | None:
    """Return the metric a header or question asks for; "" for a score of any metric, None for none.

    Of "Tevredenheid - Levering" the first part says what is measured.
    """
    words = vocabulary()
    whole = question_text(header)
    for name in (whole, _STATEMENT.split(whole, maxsplit=1)[0]):
        metric = words.metrics.get(normal(name))
        if metric:
            return metric
    asked = whole[:300].casefold()
    for phrase, role, found in (*words.questions, *words.further_questions):
        if role == "score" and re.search(phrase, asked):
            return found
    return None


def scale_of_column(
    header: str, cells: Sequence[Cell], metric: str | None, mark: str, effort: bool | None = None
) -> Scale | None:
    """Return how the filled cells of a column are read as scores; None where they are none.

    `metric` is what the header asks for; "" where the values decide, None where it asks for no
    score at all, so that only answers in words make it one.
    """
    if effort is None:
        effort = asks_for_effort(header)
    if metric is None:
        return _in_words(header, cells, metric, effort)
    nothing = {cell for cell in set(cells) if is_no_opinion(cell)}
    given = [cell for cell in cells if cell not in nothing]
    known = {cell: read_answer(cell, mark) for cell in set(given)}
    numbers = [number for cell in given if (number := known[cell]) is not None]
    if not numbers or len(numbers) < NEARLY_ALL * len(given):
        return _in_words(header, given, metric, effort)
    because = ""
    if not metric:
        metric, because = by_values(numbers, titled=False)
    scale = number_scale(metric, header, numbers, effort=bool(effort))
    if because and not scale.because:
        scale = replace(scale, because=because)
    return scale if fits(scale, numbers) else None


def _in_words(
    header: str, cells: Sequence[Cell], metric: str | None, effort: bool | None
) -> Scale | None:
    labels = labels_of(cells)
    if labels is None or metric in (ScoreMetric.NPS, ScoreMetric.GRADE):
        return None
    return label_scale(labels, header, effort)


def fits(scale: Scale, numbers: Sequence[float]) -> bool:
    """Tell whether nearly all numbers are on the scale."""
    good = sum(scale.low <= number <= scale.high for number in numbers)
    return bool(numbers) and good >= NEARLY_ALL * len(numbers)
