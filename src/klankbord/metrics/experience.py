"""NPS, CSAT, CES, stars and grades: what customers answer.

Every answer counts, also the second one of the same customer in a period: each is about the
experience it was asked after. The interval counts customers, not answers (see `intervals`), so
that somebody who answers ten times does not make a figure ten times as sure.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import replace as changed

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from klankbord.arrays import encode, to_numpy
from klankbord.metrics import intervals
from klankbord.metrics.figures import Figure, Span, Unit, figure
from klankbord.metrics.intervals import Estimate
from klankbord.moments import local_days
from klankbord.schema import SCORE_RANGES, SPEAKING, Channel, ScoreMetric


@dataclass(frozen=True, eq=False)
class Answers:
    """One entry per score that a customer (or somebody unknown) gave, undated ones left out."""

    rows: pa.Table  # of feedback
    day: np.ndarray  # datetime64[D], local
    metric: np.ndarray  # str
    score: np.ndarray  # float
    customer: np.ndarray  # int, -1 without a customer
    undated: int  # how many were left out


def answers(feedback: pa.Table, timezone: str) -> Answers:
    """Return the scores customers gave themselves: not what an agent, a bot or an AI wrote."""
    asked = pc.and_(
        pc.is_in(feedback["author_role"], pa.array(SPEAKING, pa.string())),
        pc.not_equal(feedback["channel"], Channel.AI_ANSWER),
    )
    asked = pc.and_(
        asked, pc.is_in(feedback["score_metric"], pa.array(list(ScoreMetric), pa.string()))
    )
    asked = pc.and_(asked, pc.fill_null(pc.is_finite(feedback["score_value"]), False))
    given = feedback.filter(asked)
    rows = given.filter(pc.is_valid(given["received_at"]))
    at = to_numpy(rows["received_at"].cast(pa.int64())).astype(np.int64)
    return Answers(
        rows=rows,
        day=local_days(at, timezone).astype("datetime64[D]"),
        metric=to_numpy(rows["score_metric"]).astype(str),
        score=to_numpy(rows["score_value"]).astype(float),
        customer=encode(rows["customer_id"])[1],
        undated=given.num_rows - rows.num_rows,
    )


def estimate(metric: ScoreMetric, scores: np.ndarray, groups: np.ndarray) -> Estimate | None:
    """Return what a metric is reported as, of answers by customers `groups`; None without any.

    NPS: share of 9-10 minus share of 0-6, in points (Reichheld, "The One Number You Need to
    Grow", Harvard Business Review, December 2003). CSAT: share of satisfied answers, 4 or 5 of 5
    (top two boxes). CES: mean of 1 (much effort) to 7 (easy), the later version of the question
    in Dixon, Freeman & Toman, "Stop Trying to Delight Your Customers", Harvard Business Review,
    July 2010. Stars and grades: their mean.
    """
    if metric is ScoreMetric.NPS:
        return intervals.net_promoter_score(scores, groups)
    low, high = SCORE_RANGES[metric]
    if metric is ScoreMetric.CSAT:
        return intervals.proportion(scores >= high - (high - low) / 4, groups)
    found = intervals.mean(scores, groups)
    if found is None or found.low is None or found.high is None:
        return found
    return changed(found, low=max(low, found.low), high=min(high, found.high))


def experience(
    given: Answers, chosen: np.ndarray, metrics: tuple[ScoreMetric, ...], span: Span, segment: str
) -> Iterator[Figure]:
    """Yield the figure of each of `metrics`, of the answers that are `chosen` (a mask)."""
    for metric in metrics:
        those = chosen & (given.metric == metric)
        found = estimate(metric, given.score[those], given.customer[those])
        yield figure(str(metric), span, segment, unit_of(metric), found)


def unit_of(metric: ScoreMetric) -> Unit:
    """Return what the reported value of a metric counts."""
    if metric is ScoreMetric.NPS:
        return Unit.POINTS
    return Unit.PERCENT if metric is ScoreMetric.CSAT else Unit.MEAN
