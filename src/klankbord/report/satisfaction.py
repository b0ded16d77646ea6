"""The score of those who mention a theme."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from klankbord.arrays import encode, to_numpy
from klankbord.metrics import intervals, main_metric
from klankbord.records import Theme
from klankbord.schema import ScoreMetric
from klankbord.themes.breakdown import mentions
from klankbord.themes.complaints import hear

MIN_ANSWERS = 20


@dataclass(frozen=True)
class Satisfaction:
    """NPS, or the mean of another metric, of those who mention a theme, with its 90 % interval."""

    theme_id: str
    metric: str
    answers: int
    value: float | None  # None, as its interval, under MIN_ANSWERS answers or of too few customers
    low: float | None
    high: float | None


def satisfaction_by_theme(
    feedback: pa.Table, scores: pa.Table, segments: pa.Table, themes: Sequence[Theme]
) -> tuple[Satisfaction, ...]:
    """Return the satisfaction per theme, by theme id; empty where no words came with a score.

    `segments` carry their theme_id. One metric for all themes, that of most answers in words.
    """
    ordered = sorted(themes, key=lambda theme: theme.theme_id)
    metrics, kind = encode(feedback.column("score_metric"))
    score = to_numpy(feedback.column("score_value")).astype(float)
    usable = hear(feedback, scores).speaks & (kind >= 0) & np.isfinite(score)
    names = np.array([*metrics.to_pylist(), ""], dtype=str)
    metric = main_metric(names[kind[usable]])
    if not metric:
        return ()
    usable &= names[kind] == metric
    customer = encode(feedback.column("customer_id"))[1]
    estimate = intervals.net_promoter_score if metric == ScoreMetric.NPS else intervals.mean
    found = mentions(feedback, segments, ordered)
    kept = usable[found.row]
    theme, rows = found.theme[kept], found.row[kept]
    ends = np.searchsorted(theme, np.arange(len(ordered) + 1))
    out = []
    for at, record in enumerate(ordered):
        those = rows[ends[at] : ends[at + 1]]
        value = estimate(score[those], customer[those]) if len(those) >= MIN_ANSWERS else None
        if value is None or value.low is None or value.high is None:
            out.append(Satisfaction(record.theme_id, metric, len(those), None, None, None))
            continue
        known = Satisfaction(
            record.theme_id, metric, len(those), value.value, value.low, value.high
        )
        out.append(known)
    return tuple(out)
