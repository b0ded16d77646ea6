"""Whether a theme is mentioned more or less often than it was.

Two questions are put to each theme: does its share of the feedback move steadily (a slope), and
do the last four weeks stand above or below all before them (a step, upwards "emerging", downwards
"fading")? Both are quasi-binomial: the rise in deviance is scaled by the Pearson dispersion,
never below 1, and its signed root is referred to Student's t (McCullagh & Nelder 1989, sections
4.5 and 9.2). Unlike the usual z of a coefficient it also holds where a theme was never mentioned
before. Up to a year the periods are weeks, and the dispersion is that of stretches of four where
it is larger: weeks that hang together say less than their number. Beyond a year they are months.

All p-values of all themes are one family for the false-discovery rate (Benjamini & Hochberg
1995), because a reader gets one list of verdicts and wants to know how much of that list is
chance; a family of its own for each question would let through twice as much. The two answers
about a theme go up and down together, and so do those about a theme and its sub-themes: the
positive dependence under which the rate holds (Benjamini & Yekutieli 2001). A theme with both
gets the verdict of the shape that fits its course best.

With two years of feedback the months of the year get effects of their own, drawn to nought by a
normal prior, so that a December peak is no trend. With less, a season cannot be told from a
trend, and `Trend.seasonless` is False.

`scripts/bench_theme_trends.py` prints how much of the list is chance on simulated courses. It holds
about the rate, except where a theme's share wanders over months within a single year: such a
course cannot be told from a trend, and does come on the list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from klankbord.discoveries import FALSE_DISCOVERY_RATE, adjusted
from klankbord.moments import UNDATED
from klankbord.themes.quasibinomial import compare
from klankbord.themes.shares import WEEKS_UNTIL, enough_for_season, months

MAX_WEEKS = 156
MIN_PERIODS = 8
MIN_MENTIONS = 15
MIN_RISE_MENTIONS = 10  # for the step: few are enough where there were none
MIN_RECENT = 20  # pieces of feedback in the last weeks
RECENT_WEEKS = 4
RISING, FALLING, EMERGING, STABLE = "stijgend", "dalend", "opkomend", "stabiel"
TOO_LITTLE = "te weinig gegevens"
_SEASON_SPREAD = 1.0  # prior standard deviation of a month's effect, in log-odds
_MONDAY = 4  # 5 January 1970, the first Monday of the epoch


@dataclass(frozen=True)
class Trend:
    """One theme's weeks and the verdict over them."""

    weekly: tuple[tuple[date, int, int], ...]  # (Monday, mentions, feedback in that week)
    verdict: str
    p: float | None  # of the verdict, adjusted over both questions and all themes
    seasonless: bool = False  # the season has been taken out


@dataclass(frozen=True)
class _Rows:
    """The periods that are compared: how weeks are summed into them, and what each is."""

    of_week: np.ndarray  # 0/1, weeks x periods
    time: np.ndarray  # centre of each period, from -½ to ½
    month: np.ndarray  # of the year, 0 … 11
    recent: np.ndarray  # bool
    block: np.ndarray  # periods that may go up and down together


def week_numbers(days: np.ndarray) -> np.ndarray:
    """Return weeks since Monday 5 January 1970 for `days` since 1970.

    -1 for UNDATED, a day before that Monday, or one outside the last MAX_WEEKS weeks.
    """
    known = (days != UNDATED) & (days >= _MONDAY)
    weeks = np.full(len(days), -1, dtype=np.int64)
    weeks[known] = (days[known] - _MONDAY) // 7
    if known.any():
        weeks[weeks <= weeks.max() - MAX_WEEKS] = -1
    return weeks


def trends(weeks: np.ndarray, mentions: Sequence[np.ndarray]) -> tuple[Trend, ...]:
    """Judge each theme; `mentions` holds the rows of `weeks` (one per feedback) that mention it.

    Weeks without feedback do not count: a survey in waves is compared wave by wave. Verdicts hold
    at a false-discovery rate of 10 % over all p-values of all themes.
    """
    present, total = np.unique(weeks[weeks >= 0], return_counts=True)
    counts = np.zeros((len(mentions), len(present)))
    for theme, rows in enumerate(mentions):
        found = weeks[rows]
        place = np.searchsorted(present, found[found >= 0])
        counts[theme] = np.bincount(place, minlength=len(present))
    mondays = [date(1970, 1, 5) + timedelta(weeks=int(week)) for week in present]
    verdicts = judge(counts, total.astype(float), present)
    seasonless = enough_for_season(present)
    return tuple(
        Trend(
            tuple(
                (monday, int(hits), int(all_of_it))
                for monday, hits, all_of_it in zip(mondays, counts[theme], total, strict=True)
            ),
            verdict,
            p,
            seasonless,
        )
        for theme, (verdict, p) in enumerate(verdicts)
    )


def judge(
    counts: np.ndarray, total: np.ndarray, weeks: np.ndarray
) -> list[tuple[str, float | None]]:
    """Return verdict and adjusted p-value per row of `counts` (themes x weeks with feedback)."""
    slope, step = measure(counts, total, weeks)
    p = np.concatenate([slope[:, 1], step[:, 1]])
    slope_p, step_p = np.split(adjusted(p), 2)
    out: list[tuple[str, float | None]] = []
    for theme in range(len(counts)):
        moves, jumps = (value[theme] <= FALSE_DISCOVERY_RATE for value in (slope_p, step_p))
        sudden = step[theme, 2] < slope[theme, 2] or not np.isfinite(slope[theme, 2])
        if jumps and (sudden or not moves):
            up = step[theme, 0] > 0
            out.append((EMERGING if up else FALLING, float(step_p[theme])))
        elif moves:
            up = slope[theme, 0] > 0
            out.append((RISING if up else FALLING, float(slope_p[theme])))
        elif np.isfinite(slope_p[theme]):
            out.append((STABLE, float(np.nanmin([slope_p[theme], step_p[theme]]))))
        else:
            out.append((TOO_LITTLE, None))
    return out


def measure(
    counts: np.ndarray, total: np.ndarray, weeks: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return (change in log-odds, p-value, deviance left) per theme, of the slope and of the step.

    The slope's change is over the whole span. NaN where a theme or a question has too few data,
    judged by totals over both sides of the comparison, which chance in a theme's course does not
    move.
    """
    themes = len(counts)
    slope, step = np.full((themes, 3), np.nan), np.full((themes, 3), np.nan)
    if len(weeks) < MIN_PERIODS:
        return slope, step
    rows = _rows(weeks, total)
    if len(rows.time) < MIN_PERIODS:
        return slope, step
    feedback, hits = total @ rows.of_week, counts @ rows.of_week
    base, spread = np.ones((len(feedback), 1)), np.zeros(1)
    if enough_for_season(weeks):
        seen = np.unique(rows.month)
        base = np.column_stack([base, rows.month[:, None] == seen])
        spread = np.concatenate([spread, np.full(len(seen), _SEASON_SPREAD)])
    fewest = np.minimum(hits.sum(axis=1), feedback.sum() - hits.sum(axis=1))
    judged = fewest >= MIN_MENTIONS
    slope[judged] = compare(hits[judged], feedback, base, spread, rows.time, rows.block)
    past = ~rows.recent
    if past.sum() >= MIN_PERIODS // 2 and feedback[rows.recent].sum() >= MIN_RECENT:
        judged = fewest >= MIN_RISE_MENTIONS
        late = rows.recent.astype(float)
        step[judged] = compare(hits[judged], feedback, base, spread, late, rows.block)
    return slope, step


def _rows(weeks: np.ndarray, total: np.ndarray) -> _Rows:
    """Return the weeks as they are up to a year, months beyond; the last four weeks stay apart."""
    recent = weeks > weeks[-1] - RECENT_WEEKS
    month = months(weeks)
    number = np.arange(len(weeks))
    block = (weeks[-1] - weeks) // RECENT_WEEKS
    if weeks[-1] - weeks[0] >= WEEKS_UNTIL:
        number = np.unique(np.where(recent, month[-1] + 1, month), return_inverse=True)[1]
        block = number
    of_week = (number[:, None] == np.arange(number.max() + 1)).astype(float)
    time = ((weeks * total) @ of_week) / (total @ of_week)
    largest = [int(np.argmax(column * total)) for column in of_week.T]
    return _Rows(
        of_week=of_week,
        time=(time - time[0]) / (time[-1] - time[0]) - 0.5,
        month=month[largest] % 12,
        recent=recent[largest],
        block=block[largest],
    )
