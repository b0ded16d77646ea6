"""Shares of the feedback with their intervals, and a theme's course in weeks or months."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

WEEKS_UNTIL = 52  # weeks of history up to which a period is a week
SEASON_WEEKS = 104  # of history that it takes to tell a season from a trend
SEASON_SPARE = 6  # periods beyond one per calendar month, to measure the spread by
_FEW = 20  # pieces of feedback in the middle week, below which months are shown
_QUANTILE = 1.6448536269514722  # of the normal distribution, for a two-sided 90 % interval


@dataclass(frozen=True)
class Period:
    """A week (from Monday) or a month: how much of its feedback mentions the theme."""

    start: date
    mentions: int
    feedback: int
    share: float
    low: float  # 90 % interval
    high: float


def wilson(hits: Floats, total: Floats) -> tuple[Floats, Floats]:
    """Return the ends of Wilson's (1927) 90 % score interval of `hits / total`; `total` > 0.

    Neither has to be whole: with clustered answers both are divided by the design effect.
    """
    share, squared = hits / total, _QUANTILE**2
    centre = (share + squared / (2 * total)) / (1 + squared / total)
    spread = np.sqrt(np.maximum(share * (1 - share), 0) / total + squared / (4 * total**2))
    half = _QUANTILE * spread / (1 + squared / total)
    return np.clip(centre - half, 0, share), np.clip(centre + half, share, 1)


def periods(weekly: Sequence[tuple[date, int, int]]) -> tuple[Period, ...]:
    """Return the periods of a theme's weeks, oldest first; those without feedback are left out.

    Months where the weeks span more than WEEKS_UNTIL, or half of that with little feedback; a
    week belongs to the month of its Thursday, as it does to a year in ISO 8601.
    """
    weeks = sorted(week for week in weekly if week[2] > 0)
    if not weeks:
        return ()
    sums: dict[date, tuple[int, int]] = {}
    monthly = in_months(weeks)
    for monday, hits, total in weeks:
        start = (monday + timedelta(days=3)).replace(day=1) if monthly else monday
        before = sums.get(start, (0, 0))
        sums[start] = before[0] + hits, before[1] + total
    mentions, feedback = (
        np.array(column, dtype=float) for column in zip(*sums.values(), strict=True)
    )
    low, high = wilson(mentions, feedback)
    return tuple(
        Period(start, hits, total, hits / total, float(low[place]), float(high[place]))
        for place, (start, (hits, total)) in enumerate(sums.items())
    )


def in_months(weekly: Sequence[tuple[date, int, int]]) -> bool:
    """Tell whether the course of these weeks is shown in months."""
    weeks = sorted(week for week in weekly if week[2] > 0)
    if not weeks:
        return False
    span = (weeks[-1][0] - weeks[0][0]).days // 7 + 1
    few = float(np.median([total for _, _, total in weeks])) < _FEW
    return span > WEEKS_UNTIL or (few and span > WEEKS_UNTIL // 2)


def knows_season(weekly: Sequence[tuple[date, int, int]]) -> bool:
    """Tell whether these weeks are enough to take a season out of a theme's trend."""
    weeks = [(monday - date(1970, 1, 5)).days // 7 for monday, _, total in weekly if total > 0]
    return enough_for_season(np.array(sorted(weeks), dtype=np.int64))


def enough_for_season(weeks: np.ndarray) -> bool:
    """Tell the same of `weeks` since Monday 5 January 1970, ascending."""
    if not len(weeks) or weeks[-1] - weeks[0] + 1 < SEASON_WEEKS:
        return False
    present = np.unique(months(weeks))
    return len(present) >= len(np.unique(present % 12)) + SEASON_SPARE


def months(weeks: np.ndarray) -> np.ndarray:
    """Return the month since January 1970 of each week's Thursday; modulo 12 gives January 0."""
    thursday = (weeks * 7 + 7).astype("datetime64[D]")
    month: np.ndarray = thursday.astype("datetime64[M]").astype(np.int64)
    return month
