"""Columns of feedback and scores side by side as arrays, for what customers themselves wrote."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from klankbord import metrics
from klankbord.arrays import encode, one, places, to_numpy
from klankbord.report.wording import Wording
from klankbord.schema import SPEAKING, TONE_PROBABILITIES, TONES

_COLUMNS = (
    "feedback_id",
    "customer_id",
    "received_at",
    "score_metric",
    "score_value",
)


@dataclass(frozen=True)
class Facts:
    """One entry per piece of feedback by a customer (or by somebody unknown)."""

    day: np.ndarray  # datetime64[D], NaT without a date
    customer: np.ndarray  # int, -1 without a customer
    tone: np.ndarray  # int 0 (boos) … 4 (enthousiast), -1 without words or for a non-answer
    level: np.ndarray  # float, expected tone rank 0 … 4, nan likewise
    metric: np.ndarray  # str, "" without a score
    score: np.ndarray  # float, nan without a score

    @cached_property
    def main_metric(self) -> str:
        """The metric to report, "" without any."""
        return metrics.main_metric(self.metric[(self.metric != "") & ~np.isnan(self.score)])


def gather(feedback: pa.Table, scores: pa.Table, wording: Wording) -> Facts:
    """Align `scores` with the customer-written rows of `feedback`."""
    by_customer = pc.is_in(feedback["author_role"], pa.array(SPEAKING, pa.string()))
    feedback = feedback.select(_COLUMNS).filter(by_customer)
    at = places(feedback["feedback_id"], scores["feedback_id"])
    flat = _at(pc.fill_null(scores["non_answer"], True), at, True)
    tone = _at(pc.fill_null(pc.index_in(scores["tone"], pa.array(list(TONES))), -1), at, -1)
    tone = np.where(flat, -1, tone).astype(np.int64)
    chances = np.column_stack([_at(_floats(scores[p]), at, np.nan) for p in TONE_PROBABILITIES])
    level = np.where(tone >= 0, chances @ np.arange(len(TONES)), np.nan)
    customers = pc.dictionary_encode(one(feedback["customer_id"]))
    metrics, metric = encode(feedback["score_metric"])
    days = feedback["received_at"].to_numpy().astype("datetime64[us]")
    return Facts(
        day=wording.local_days(days),
        customer=to_numpy(pc.fill_null(customers.indices, -1)).astype(np.int64),
        tone=tone,
        level=level,
        metric=np.array([*metrics.to_pylist(), ""], dtype=str)[metric],
        score=to_numpy(_floats(feedback["score_value"])),
    )


def _at(column: pa.ChunkedArray, places: np.ndarray, absent: float) -> np.ndarray:
    """Return the values at these places, `absent` where that is -1."""
    return np.asarray(np.append(to_numpy(column), absent)[places])


def _floats(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.fill_null(column.cast(pa.float64()), float("nan"))
