"""What a column of scores measures, and which end of it is good."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from klankbord.schema import SCORE_RANGES, ScoreMetric
from klankbord.sources.decimals import parse_score
from klankbord.sources.grid import Cell, Grid, text_of
from klankbord.sources.profile import Profile
from klankbord.sources.roles import normal, vocabulary

_QUESTIONS_READ = 200
_NEARLY_ALL = 0.9
_GUESSED = "; if it is another one, give score_metric in a profile"


def infer_metric(
    grid: Grid, columns: Sequence[Sequence[Cell]], roles: Mapping[str, int]
) -> tuple[str, str]:
    """Choose the metric of a column that is only called "score"; return it with the grounds.

    Headers and questions go first, as they are the same week after week: one that asks for a
    recommendation or names the nps, a report mark, satisfaction or effort decides. Without any
    only the values are left: whole numbers with a 0 are nps, at most 5 is stars (in a table with
    titles) or csat, all else a grade. A week in which nobody gave a 0 then reads as grades; that
    cannot be seen from one file, so the grounds say how it was decided.
    """
    hints = [grid.header[roles["score"]], *grid.header[:_QUESTIONS_READ]]
    if "question" in roles:
        hints += [text_of(cell) for cell in columns[roles["question"]][:_QUESTIONS_READ]]
    said = {
        metric
        for phrase, role, metric in vocabulary().questions
        if role == "score" and any(re.search(phrase, hint[:300].casefold()) for hint in hints)
    }
    if any("nps" in normal(hint) for hint in hints):
        said.add(ScoreMetric.NPS)
    found = (parse_score(cell) for cell in columns[roles["score"]])
    numbers = [number for number in found if number is not None]
    for metric in (ScoreMetric.NPS, ScoreMetric.CES, ScoreMetric.CSAT, ScoreMetric.GRADE):
        if metric in said and in_range(numbers, metric):
            return metric, "a header or question says so"
    return by_values(numbers, titled="title" in roles)


def in_range(numbers: Sequence[float | None], metric: ScoreMetric) -> bool:
    """Tell whether nearly all of `numbers` can be scores of `metric`; None is no number."""
    low, high = SCORE_RANGES[metric]
    good = sum(number is not None and low <= number <= high for number in numbers)
    return good >= _NEARLY_ALL * len(numbers)


def by_values(numbers: Sequence[float], *, titled: bool) -> tuple[str, str]:
    """Choose a metric by the numbers alone; return it with the grounds."""
    top = max(numbers, default=0.0)
    if min(numbers, default=1.0) == 0 and all(number.is_integer() for number in numbers):
        return ScoreMetric.NPS, f"whole numbers with a 0{_GUESSED}"
    if top <= SCORE_RANGES[ScoreMetric.CSAT][1]:
        metric = ScoreMetric.STARS if titled else ScoreMetric.CSAT
        return metric, f"no score above 5{_GUESSED}"
    return ScoreMetric.GRADE, f"scores above 5 and no 0{_GUESSED}"


@lru_cache(maxsize=256)
def asks_for_effort(text: str) -> bool | None:
    """Tell whether 7 of 7 means much effort by this header or question; None: it does not say."""
    bare = " ".join(text[:300].casefold().replace("_", " ").split())
    for phrase, effort in vocabulary().effort:
        if re.search(phrase, bare):
            return effort
    return None


def effort_of_header(profile: Profile, header: str) -> bool | None:
    """Tell whether a table's effort score is high for much effort; None: by each row's question."""
    if profile.score_reversed is not None:
        return profile.score_reversed
    said = asks_for_effort(header)
    return asks_for_effort(profile.constants.get("question", "")) if said is None else said


def any_effort(header_says: bool | None, questions: Iterable[Cell]) -> bool:
    """Tell whether some of the effort scores in a table are reversed."""
    if header_says is not None:
        return header_says
    return any(asks_for_effort(text) for text in {text_of(cell) for cell in questions})
