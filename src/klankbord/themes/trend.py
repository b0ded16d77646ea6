"""Whether a theme is mentioned more or less often, week by week, than it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from klankbord.moments import UNDATED

MAX_WEEKS = 52
MIN_WEEKS = 8
MIN_MENTIONS = 20
FALSE_DISCOVERY_RATE = 0.10
TOO_LITTLE = "te weinig gegevens"
_MONDAY = 4  # 5 January 1970, the first Monday of the epoch
_ROUNDS = 50


@dataclass(frozen=True)
class Trend:
    """One theme's weeks and the verdict over them."""

    weekly: tuple[tuple[date, int, int], ...]  # (Monday, mentions, feedback in that week)
    verdict: str
    p: float | None  # adjusted over the themes


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

    Weeks without feedback do not count. Verdicts hold at a false-discovery rate of 10 %
    (Benjamini & Hochberg 1995) over the themes that could be judged.
    """
    from scipy import stats

    present, total = np.unique(weeks[weeks >= 0], return_counts=True)
    counts = np.zeros((len(mentions), len(present)))
    for theme, rows in enumerate(mentions):
        found = weeks[rows]
        place = np.searchsorted(present, found[found >= 0])
        counts[theme] = np.bincount(place, minlength=len(present))
    slope, p = slopes(counts, total.astype(float), present.astype(float))
    judged = np.isfinite(p)
    adjusted = np.full(len(p), np.nan)
    if judged.any():
        adjusted[judged] = stats.false_discovery_control(p[judged], method="bh")
    mondays = [date(1970, 1, 5) + timedelta(weeks=int(week)) for week in present]
    out = []
    for theme in range(len(mentions)):
        weekly = tuple(
            (monday, int(hits), int(all_of_it))
            for monday, hits, all_of_it in zip(mondays, counts[theme], total, strict=True)
        )
        if not judged[theme]:
            out.append(Trend(weekly, TOO_LITTLE, None))
            continue
        value = float(adjusted[theme])
        moved = "stijgend" if slope[theme] > 0 else "dalend"
        out.append(Trend(weekly, moved if value <= FALSE_DISCOVERY_RATE else "stabiel", value))
    return tuple(out)


def slopes(
    counts: np.ndarray, total: np.ndarray, weeks: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return per row of `counts` (themes x weeks) the log-odds slope per week and its p-value.

    Quasi-binomial logistic regression of the share of `total` on time: the standard error is
    scaled by the Pearson dispersion (never below 1) and referred to t with weeks - 2 degrees of
    freedom (McCullagh & Nelder 1989, section 4.5). NaN below MIN_WEEKS or MIN_MENTIONS, or where
    all or almost all feedback mentions the theme.
    """
    from scipy import stats

    themes, span = counts.shape
    slope, p = np.full(themes, np.nan), np.full(themes, np.nan)
    mentions = counts.sum(axis=1)
    judged = (mentions >= MIN_MENTIONS) & (total.sum() - mentions >= MIN_MENTIONS)
    if span < MIN_WEEKS or not judged.any():
        return slope, p
    y, time = counts[judged], (weeks - np.average(weeks, weights=total)) / (weeks[-1] - weeks[0])
    rate = y.sum(axis=1) / total.sum()
    level, steep = np.log(rate / (1 - rate)), np.zeros(len(y))
    for _ in range(_ROUNDS):
        fitted = _logistic(level[:, None] + steep[:, None] * time)
        weight = total * fitted * (1 - fitted)
        s0, s1, s2 = weight.sum(1), (weight * time).sum(1), (weight * time**2).sum(1)
        residual = y - total * fitted
        r0, r1 = residual.sum(1), (residual * time).sum(1)
        determinant = np.maximum(s0 * s2 - s1**2, 1e-12)
        step0 = np.clip((s2 * r0 - s1 * r1) / determinant, -1, 1)
        step1 = np.clip((s0 * r1 - s1 * r0) / determinant, -2, 2)
        level, steep = level + step0, steep + step1
        if max(np.abs(step0).max(), np.abs(step1).max()) < 1e-8:
            break
    dispersion = np.maximum((residual**2 / np.maximum(weight, 1e-12)).sum(1) / (span - 2), 1)
    error = np.sqrt(dispersion * s0 / determinant)
    slope[judged] = steep / (weeks[-1] - weeks[0])
    p[judged] = 2 * stats.t.sf(np.abs(steep / error), span - 2)
    return slope, p


def _logistic(value: np.ndarray) -> np.ndarray:
    clipped: np.ndarray = 1 / (1 + np.exp(-np.clip(value, -30, 30)))
    return clipped
