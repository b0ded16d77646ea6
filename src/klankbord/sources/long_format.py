"""Tables with one answer per row, where the answers to a score question stand among the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from klankbord.schema import Channel
from klankbord.sources.answers import filled
from klankbord.sources.decimals import decimal_mark
from klankbord.sources.grid import Cell, text_of
from klankbord.sources.profile import Profile
from klankbord.sources.scales import Scale
from klankbord.sources.score_columns import metric_of_header, scale_of_column

Answers: TypeAlias = Mapping[str, Scale]  # question -> how its answers are read as scores

_MOST_QUESTIONS = 500


def scored_questions(
    columns: Sequence[Sequence[Cell]], roles: Mapping[str, int], profile: Profile
) -> Answers:
    """Return the questions in a column of questions whose answers are scores."""
    if "question" not in roles or "verbatim" not in roles or "score" in roles:
        return {}
    if profile.channel not in ("", Channel.SURVEY, Channel.REVIEW):
        return {}
    given: dict[str, list[Cell]] = {}
    for asked, cell in zip(columns[roles["question"]], columns[roles["verbatim"]], strict=True):
        question = text_of(asked)
        if question in given or len(given) < _MOST_QUESTIONS:
            given.setdefault(question, []).append(cell)
    found: dict[str, Scale] = {}
    for question, answers in given.items():
        metric = metric_of_header(question)
        if metric is None:
            continue
        cells = filled(answers)
        scale = scale_of_column(question, cells, metric, decimal_mark(cells))
        if scale is not None:
            found[question] = scale
    return found
