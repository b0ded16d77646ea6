"""How the score, and the tone of complaints, go together with each theme.

Least squares on whether a piece of feedback mentions each head theme; a sub-theme is judged with
its head split into the sub-themes and the rest. Themes are ranked by what a mention goes with,
shrunk by how uncertain that is, never by how often they are mentioned. An association, never a
cause: who complains of one thing may be unhappy for another reason that nobody wrote down.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from klankbord.discoveries import FALSE_DISCOVERY_RATE, adjusted
from klankbord.drivers.answers import Answers, complaining, scored
from klankbord.drivers.ranking import shrink
from klankbord.drivers.regression import Estimate, regress
from klankbord.records import Driver, Theme
from klankbord.schema import ScoreMetric

MIN_MENTIONS = 20  # with a value, and as many without the mention
MIN_CUSTOMERS = 10  # different ones on either side
TOO_LITTLE = "te weinig gegevens"
TONE = "tone"  # what a Driver of `associate_tone` carries as its metric

_Regression = Callable[[NDArray[np.bool_], int, Answers], list[Estimate | None]]


def associate(
    feedback: pa.Table, scores: pa.Table, segments: pa.Table, themes: Sequence[Theme]
) -> tuple[Driver, ...]:
    """Return one Driver per theme for each score metric of feedback in words.

    `segments` carry their theme_id. A mention is set against feedback without it that mentions as
    much else. The main metric comes first, then the others that enough answers carry; within a
    metric the strongest lowering association first, themes with too few data last. Verdicts hold
    at a false-discovery rate of 10 % over the themes judged by a metric.
    """
    ordered = sorted(themes, key=lambda theme: theme.theme_id)
    if not ordered:
        return ()
    return tuple(
        driver
        for metric, answers in scored(feedback, scores, segments, ordered, 2 * MIN_MENTIONS)
        for driver in _drivers(metric, ordered, answers, _against_none)
    )


def associate_tone(
    feedback: pa.Table, scores: pa.Table, segments: pa.Table, themes: Sequence[Theme]
) -> tuple[Driver, ...]:
    """Return one Driver per theme for the tone of complaints, harshest first.

    Whoever mentions a theme complains, so that set against all feedback every theme would sound
    bad. Here complaints are set against complaints: impact is the difference in valence (-1 … 1)
    from the average mention of a theme, in feedback with as many other complaints.
    """
    ordered = sorted(themes, key=lambda theme: theme.theme_id)
    if not ordered:
        return ()
    answers = complaining(feedback, scores, segments, ordered)
    return tuple(_drivers(TONE, ordered, answers, _against_average)) if len(answers.value) else ()


def of_main_metric(drivers: Sequence[Driver]) -> tuple[Driver, ...]:
    """Keep the drivers of one score metric, so that themes can be compared; never of tone.

    A metric with a measured association over one without, then NPS, then the one of most answers.
    """
    metrics = sorted({driver.score_metric for driver in drivers} - {TONE})
    if not metrics:
        return ()

    def preference(metric: str) -> tuple[bool, bool, int]:
        own = [driver for driver in drivers if driver.score_metric == metric]
        return (
            any(driver.impact is not None for driver in own),
            metric == ScoreMetric.NPS,
            max(driver.answers for driver in own),
        )

    main = max(metrics, key=preference)
    return tuple(driver for driver in drivers if driver.score_metric == main)


def _drivers(
    metric: str, themes: Sequence[Theme], answers: Answers, regression: _Regression
) -> list[Driver]:
    """Return a Driver per theme, strongest lowering association first."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1, user_api="blas"):  # one order of summation on any machine
        estimates = _estimates(themes, answers, regression)
        shrunk = _shrunk(themes, estimates)
    corrected = adjusted([estimate.p if estimate else np.nan for estimate in estimates])
    count, counts = len(answers.value), answers.count(answers.mentions)
    drivers = []
    for place, (theme, estimate) in enumerate(zip(themes, estimates, strict=True)):
        mentions = int(counts[place])
        unknown = Driver(
            theme.theme_id, metric, mentions, None, None, None, TOO_LITTLE, answers=count
        )
        if estimate is None:
            drivers.append(unknown)
            continue
        verdict = "geen aantoonbaar verband"
        if corrected[place] <= FALSE_DISCOVERY_RATE:
            verdict = "lager" if estimate.impact < 0 else "hoger"
        drivers.append(
            replace(
                unknown,
                impact=estimate.impact,
                impact_low=estimate.low,
                impact_high=estimate.high,
                verdict=verdict,
                shrunk=float(shrunk[place]),
                importance=estimate.importance,
                at_stake=estimate.impact * mentions / count,
            )
        )
    return sorted(drivers, key=lambda d: (d.shrunk is None, d.shrunk or 0.0, d.theme_id))


def _shrunk(themes: Sequence[Theme], estimates: Sequence[Estimate | None]) -> NDArray[np.float64]:
    """Return shrunken impacts, NaN without an estimate: heads among heads, subs among subs."""
    out = np.full(len(themes), np.nan)
    for is_head in (True, False):
        family = [
            (place, estimate)
            for place, (theme, estimate) in enumerate(zip(themes, estimates, strict=True))
            if estimate is not None and (theme.parent_id is None) == is_head
        ]
        impacts = shrink(
            [found.impact for _, found in family], [found.error for _, found in family]
        )
        out[[place for place, _ in family]] = impacts
    return out


def _estimates(
    themes: Sequence[Theme], answers: Answers, regression: _Regression
) -> list[Estimate | None]:
    """Return one estimate per theme; complaints outside the themes judged are held equal too."""
    mentions = answers.mentions
    enough = _enough(answers)
    heads = [place for place, theme in enumerate(themes) if theme.parent_id is None]
    judged = [place for place in heads if enough[place]]
    rare = [place for place in heads if not enough[place]]
    others = mentions[:, rare].any(axis=1) | answers.uncoded
    columns = np.column_stack([mentions[:, judged], others])
    out: list[Estimate | None] = [None] * len(themes)
    for place, estimate in zip(judged, regression(columns, len(judged), answers), strict=True):
        out[place] = estimate
    for head in judged:
        subs = [
            place
            for place, theme in enumerate(themes)
            if theme.parent_id == themes[head].theme_id and enough[place]
        ]
        if not subs:
            continue
        rest = mentions[:, head] & ~mentions[:, subs].any(axis=1)
        context = [place for place in judged if place != head]
        columns = np.column_stack([mentions[:, subs], rest, mentions[:, context], others])
        for place, estimate in zip(subs, regression(columns, len(subs), answers), strict=True):
            out[place] = estimate
    return out


def _enough(answers: Answers) -> list[bool]:
    """Tell of each theme whether enough pieces and customers mention it, and do not."""

    def is_enough(side: NDArray[np.bool_]) -> bool:
        customers = answers.cluster[side[answers.kind]]  # the same ones lie together
        different = int(np.count_nonzero(np.diff(customers, prepend=-1)))
        return len(customers) >= MIN_MENTIONS and different >= MIN_CUSTOMERS

    return [is_enough(column) and is_enough(~column) for column in answers.mentions.T]


def _against_none(
    columns: NDArray[np.bool_], wanted: int, answers: Answers
) -> list[Estimate | None]:
    """Return, of the first columns, the value with a mention minus without, others held equal."""
    contrasts = np.eye(wanted, columns.shape[1])
    return regress(columns, answers.value, answers.cluster, contrasts, answers.kind)


def _against_average(
    columns: NDArray[np.bool_], wanted: int, answers: Answers
) -> list[Estimate | None]:
    """Return, of the first columns, the value with a mention minus that of the average mention.

    Where every piece mentions one thing only, that is its mean minus the mean of all; with more,
    how many are mentioned is held equal. Coefficients c of the columns and the number n of
    mentions are tied by a row's sum, so the last column is left out (its c is 0) and what counts
    are differences: c_j - sum_k share_k c_k.
    """
    mean = answers.count(columns) / len(answers.value)
    share = mean / max(mean.sum(), np.finfo(float).tiny)
    contrasts: NDArray[Any] = np.eye(wanted, columns.shape[1]) - share
    number = columns.sum(axis=1) - 1
    design = np.column_stack([columns[:, :-1], number])
    weights = np.column_stack([contrasts[:, :-1], np.zeros(wanted)])
    return regress(design, answers.value, answers.cluster, weights, answers.kind)
