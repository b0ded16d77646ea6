"""Tone and score per month, or per week while there is little history."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, timedelta

import numpy as np

from klankbord.metrics import intervals
from klankbord.report.facts import Facts
from klankbord.report.model import Tick, Trend, TrendPoint
from klankbord.report.wording import Wording
from klankbord.schema import SCORE_RANGES, TONES, ScoreMetric

_MOST_PERIODS = 18
_WEEKS_UNTIL_DAYS = 92  # with less history than this, weeks instead of months

Estimator = Callable[[np.ndarray, np.ndarray], intervals.Estimate | None]


def tone_trend(facts: Facts, wording: Wording) -> Trend | None:
    """Return the mean tone level and the tone distribution over time; None under two periods."""
    return _trend(
        facts,
        wording,
        values=facts.level,
        usable=facts.tone >= 0,
        estimate=intervals.mean,
        scale=(0.0, float(len(TONES) - 1)),
        step=1.0,
        mark=lambda level: wording.label("tone", TONES[round(level)]),
        title=wording("trend_chart.tone_title"),
        unit=wording("trend_chart.tone_unit"),
        shift=1.0,  # levels are counted 1 … 5 for people
        decimals=1,
        with_tones=True,
    )


def score_trend(facts: Facts, wording: Wording) -> Trend | None:
    """Return the main score metric over time; None without scores or under two periods."""
    metric = facts.main_metric
    if not metric:
        return None
    usable = (facts.metric == metric) & ~np.isnan(facts.score)
    nps = metric == ScoreMetric.NPS
    low, high = (-100.0, 100.0) if nps else SCORE_RANGES[ScoreMetric(metric)]
    name = wording.label("metric", metric)
    return _trend(
        facts,
        wording,
        values=facts.score,
        usable=usable,
        estimate=intervals.net_promoter_score if nps else intervals.mean,
        scale=(low, high),
        step=20.0 if nps else 1.0,
        mark=wording.number,
        title=wording("trend_chart.score_title", metric=name),
        unit=name,
        shift=0.0,
        decimals=0 if nps else 1,
        with_tones=False,
    )


def _trend(
    facts: Facts,
    wording: Wording,
    *,
    values: np.ndarray,
    usable: np.ndarray,
    estimate: Estimator,
    scale: tuple[float, float],
    step: float,
    mark: Callable[[float], str],
    title: str,
    unit: str,
    shift: float,
    decimals: int,
    with_tones: bool,
) -> Trend | None:
    usable = usable & ~np.isnat(facts.day)
    if not usable.any():
        return None
    day, value = facts.day[usable], values[usable]
    customer, tone = facts.customer[usable], facts.tone[usable]
    weekly = int((day.max() - day.min()).astype(int)) < _WEEKS_UNTIL_DAYS
    starts = _week_starts(day) if weekly else day.astype("datetime64[M]").astype("datetime64[D]")
    unique = np.unique(starts)
    kept = unique[-_MOST_PERIODS:]
    if len(kept) < 2:
        return None
    points = []
    for start in kept:
        chosen = starts == start
        found = estimate(value[chosen], customer[chosen])
        counts = np.bincount(tone[chosen], minlength=len(TONES)) if with_tones else np.zeros(0)
        points.append(_point(start.astype(date), weekly, found, counts, shift, decimals, wording))
    notes = [wording("trend_chart.band")]
    if len(unique) > len(kept):
        notes.append(wording.count("trend_chart.left_off", len(unique) - len(kept)))
    if any(point.mean is None for point in points):
        notes.append(
            wording(
                "trend_chart.too_few",
                n=intervals.TOO_FEW,
                customers=intervals.TOO_FEW_CUSTOMERS,
            )
        )
    low, high = _window(points, scale, step)
    return Trend(
        title=title,
        description=_description(points, unit, wording),
        note=" ".join(notes),
        unit=unit,
        scale=(low, high),
        marks=tuple(
            Tick(float(at), mark(float(at))) for at in np.arange(low, high + step / 2, step)
        ),
        points=tuple(points),
    )


def _window(
    points: list[TrendPoint], scale: tuple[float, float], step: float
) -> tuple[float, float]:
    """Return the part of the scale, in whole steps and at least two of them, that is in use."""
    ends = [end for point in points for end in (point.low, point.high) if end is not None]
    if not ends:
        return scale
    first, last = scale
    low = max(first, first + step * math.floor((min(ends) - first) / step))
    high = min(last, first + step * math.ceil((max(ends) - first) / step))
    while high - low < 2 * step:
        low, high = max(first, low - step), min(last, high + step)
    return low, high


def _point(
    start: date,
    weekly: bool,
    found: intervals.Estimate | None,
    counts: np.ndarray,
    shift: float,
    decimals: int,
    wording: Wording,
) -> TrendPoint:
    answers = found.answers if found else 0
    enough = found is not None and found.low is not None and found.high is not None
    shares = tuple(round(float(count) / answers, 4) for count in counts) if answers else ()
    text = wording("format.too_few")
    if found is not None and found.low is not None and found.high is not None:
        text = interval_text(found, wording, decimals=decimals, shift=shift)
    return TrendPoint(
        start=start,
        label=wording.short_day(start).rsplit(" ", 1)[0] if weekly else wording.month(start),
        answers=answers,
        answers_text=wording.number(answers),
        mean=round(found.value, 4) if found and enough else None,
        low=round(found.low, 4) if found and found.low is not None else None,
        high=round(found.high, 4) if found and found.high is not None else None,
        mean_text=text,
        shares=shares,
        share_texts=tuple(wording.percent(share) for share in shares),
    )


def interval_text(
    found: intervals.Estimate, wording: Wording, *, decimals: int, shift: float = 0.0
) -> str:
    """Word an estimate as `3,4 (3,2 tot 3,6)`, or without brackets where it has no interval."""
    value = wording.number(found.value + shift, decimals)
    if found.low is None or found.high is None:
        return value
    low = wording.number(found.low + shift, decimals)
    high = wording.number(found.high + shift, decimals)
    return f"{value} ({wording('format.range', low=low, high=high)})"


def _week_starts(day: np.ndarray) -> np.ndarray:
    since_monday = (day.astype(int) + 3) % 7  # 1 January 1970 was a Thursday
    return np.asarray(day - since_monday.astype("timedelta64[D]"))


def _description(points: list[TrendPoint], unit: str, wording: Wording) -> str:
    parts = [
        wording("trend_chart.point", period=point.label, value=point.mean_text) for point in points
    ]
    return f"{unit}: {'; '.join(parts)}."


def recent_change(
    day: np.ndarray, values: np.ndarray, customer: np.ndarray, as_of: date, days: int = 28
) -> intervals.Estimate | None:
    """Return the mean of the last `days` up to and including `as_of` minus that of as many before.

    None where either stretch has too few answers. Dates that are missing are left out.
    """
    end = np.datetime64(as_of + timedelta(days=1), "D")
    width = np.timedelta64(days, "D")
    dated = ~np.isnat(day)
    later = dated & (day < end) & (day >= end - width)
    earlier = dated & (day < end - width) & (day >= end - 2 * width)
    return intervals.difference(values[later], customer[later], values[earlier], customer[earlier])
