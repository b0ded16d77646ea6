"""On which scale a score question was asked, and how its answers become a metric of the schema.

Every conversion is linear and keeps the ends: x of 1 … 5 asked for effort is stored on 1 … 7 as
1 + (x - 1) * 6 / 4. Two are no conversion but another name: satisfaction on 1 … 10 is a grade, and
so are stars on 1 … 10. On 0 … 10 it is a grade too, with a 0 stored as the lowest grade, 1.
A recommendation asked on five or seven steps is no nps and is stored as csat.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from klankbord.resources import toml_beside
from klankbord.schema import SCORE_RANGES, ScoreMetric
from klankbord.sources.decimals import parse_score
from klankbord.sources.grid import Cell
from klankbord.sources.roles import normal, vocabulary

NEARLY_ALL = 0.9
_READ = 2_000
_LABEL_ENDS = (1.0, 5.0)
_LONGEST_LABEL = 60
_MOST_LABELS = 15
_MOST_WRITTEN = 60  # ways to write them
_TOP = 10.0
_ABOVE_WANTED = 2  # scores above a metric's range, before another scale is believed
_NUMBER_FIRST = re.compile(
    r"(?:score|cijfer|rating)?\s*:?\s*(\d{1,2}(?:[.,]\d{1,2})?)\s*(?:[-–—:=(/]|\s)\s*[^\d\W][^\d]*",
    re.IGNORECASE,
)
_NUMBER_NAMED = re.compile(r"(?:score|cijfer|rating)\s*[:=]?\s*(\d{1,2}(?:[.,]\d{1,2})?)", re.I)
_NUMBER_LAST = re.compile(r"[^\d]{1,60}\(\s*(\d{1,2})\s*\)")
_FACE_STYLE = "\ufe0f"


@dataclass(frozen=True)
class Labels:
    """Answers in words, with what they are worth on 1 … 5."""

    name: str
    metric: str
    statement: bool  # what people agreed with decides which end is good
    values: Mapping[str, float]  # normal form -> 5 (best) … 1


@dataclass(frozen=True)
class Scale:
    """How the answers of one score question are read and stored."""

    metric: str
    low: float  # of the answers
    high: float
    reversed: bool = False  # the highest answer is the worst
    labels: Mapping[str, float] = field(default_factory=dict)
    because: str = ""  # what was converted and why; "" where nothing was

    def stored(self, answer: float) -> float:
        """Return an answer within low … high as a score of `metric`."""
        if self.reversed:
            answer = self.low + self.high - answer
        low, high = SCORE_RANGES[ScoreMetric(self.metric)]
        if (self.low, self.high) == (low, high):
            return answer
        if self.metric == ScoreMetric.GRADE and self.high == high:
            return max(answer, low)
        return round(low + (answer - self.low) * (high - low) / (self.high - self.low), 2)


@dataclass(frozen=True)
class _Words:
    labels: tuple[Labels, ...]
    no_opinion: frozenset[str]
    against: re.Pattern[str]
    ends: re.Pattern[str]


@cache
def _words() -> _Words:
    data = toml_beside(__package__, "scales.toml")
    return _Words(
        labels=tuple(
            Labels(
                entry["name"],
                entry["metric"],
                entry.get("statement", False),
                {
                    label_key(label): float(worth)
                    for worth, names in entry["labels"].items()
                    for label in names
                },
            )
            for entry in data["scale"]
        ),
        no_opinion=frozenset(map(label_key, data["no_opinion"]["values"])),
        against=re.compile(data["against"]["pattern"]),
        ends=re.compile(data["ends"]["pattern"]),
    )


def label_key(text: str) -> str:
    """Return an answer in words in the form it is looked up by; a face is itself."""
    return normal(text) or text.strip().replace(_FACE_STYLE, "")


def is_no_opinion(cell: Cell) -> bool:
    """Tell whether a cell under a score question gives no score: "Weet niet"."""
    return isinstance(cell, str) and label_key(cell) in _words().no_opinion


def read_answer(
    cell: Cell, mark: str = ",", labels: Mapping[str, float] | None = None
) -> float | None:
    """Return a score as exports write it, also "8 - goed", "10 (zeer goed)" and "Score: 8"."""
    number = parse_score(cell, mark)
    if number is not None or not isinstance(cell, str):
        return number
    text = cell.strip()
    if len(text) > _LONGEST_LABEL:
        return None
    if labels and (worth := labels.get(label_key(text))) is not None:
        return worth
    for shape in (_NUMBER_FIRST, _NUMBER_NAMED, _NUMBER_LAST):
        if found := shape.fullmatch(text):
            return float(found[1].replace(",", "."))
    return None


def plain_scale(metric: str, *, effort: bool = False) -> Scale:
    """Return the scale of `metric` itself; with `effort` a high effort score is much effort."""
    low, high = SCORE_RANGES[ScoreMetric(metric)]
    return Scale(metric, low, high, reversed=effort and metric == ScoreMetric.CES)


def labels_of(column: Sequence[Cell]) -> Labels | None:
    """Return the scale that holds nearly all answers in a column of words, or None."""
    written = Counter(cell for cell in column[:_READ] if isinstance(cell, str))
    if len(written) > _MOST_WRITTEN:
        return None
    found: Counter[str] = Counter()
    for cell, count in written.items():
        found[label_key(cell)] += count
    for nothing in (*_words().no_opinion, ""):
        found.pop(nothing, None)
    for empty in vocabulary().empty:
        found.pop(label_key(empty), None)
    if not 0 < len(found) <= _MOST_LABELS:
        return None
    best = max(_words().labels, key=lambda each: _covered(found, each))
    return best if _covered(found, best) >= NEARLY_ALL * found.total() else None


def _covered(found: Counter[str], labels: Labels) -> int:
    return sum(count for key, count in found.items() if key in labels.values)


def label_scale(labels: Labels, question: str, effort: bool | None) -> Scale | None:
    """Return the scale for answers in words; None where agreeing to `question` is not praise.

    `effort` tells whether the question asks for effort (True) or ease (False), None neither.
    """
    metric = labels.metric
    turned = False
    if labels.statement:
        if effort is not None:
            metric, turned = ScoreMetric.CES, effort
        elif _words().against.search(question[:300].casefold()):
            return None
    low, high = _LABEL_ENDS
    because = f"answers in words ({labels.name}) are stored as {metric}, the best one highest"
    return Scale(metric, low, high, turned, labels.values, because)


def told_ends(question: str) -> tuple[float, float] | None:
    """Return the ends of the scale a header or question names: "(1-5)" gives 1 and 5."""
    found = _words().ends.search(question[:300].casefold())
    return (float(found["low"]), float(found["high"])) if found else None


def number_scale(metric: str, question: str, numbers: Sequence[float], *, effort: bool) -> Scale:
    """Return the scale that `numbers` were given on: as told, as they show, or the metric's own."""
    plain = plain_scale(metric, effort=effort)
    told = told_ends(question)
    if told is not None and _within(numbers, *told):
        low, high = told
        because = f"the question gives {low:g}-{high:g}"
    elif _shows_ten(numbers, plain.high):
        low, high = (0.0 if 0 in numbers else 1.0), _TOP
        because = f"there are scores up to {max(numbers):g}"
    else:
        return plain
    asked = replace(plain, low=low, high=high)
    if high == _TOP:
        if metric == ScoreMetric.NPS:
            return plain
        if metric == ScoreMetric.GRADE:
            return asked if low == 0 and told is not None else plain
        if metric in (ScoreMetric.CSAT, ScoreMetric.STARS):
            return replace(asked, metric=ScoreMetric.GRADE, because=f"{because}: stored as grade")
    elif metric in (ScoreMetric.NPS, ScoreMetric.GRADE):
        asked = replace(asked, metric=ScoreMetric.CSAT)
    if asked == replace(plain, low=low, high=high) and (low, high) == (plain.low, plain.high):
        return plain
    low, high = SCORE_RANGES[ScoreMetric(asked.metric)]
    return replace(asked, because=f"{because}: stored as {asked.metric} on {low:g}-{high:g}")


def _shows_ten(numbers: Sequence[float], top: float) -> bool:
    above = sum(top < number <= _TOP for number in numbers)
    return (
        above >= max(_ABOVE_WANTED, (1 - NEARLY_ALL) * len(numbers)) and _within(numbers, 0, _TOP)
    )  # fmt: skip


def _within(numbers: Sequence[float], low: float, high: float) -> bool:
    good = sum(low <= number <= high for number in numbers)
    return bool(numbers) and good >= NEARLY_ALL * len(numbers)
