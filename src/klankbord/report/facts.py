"""Columns of feedback and scores side by side as arrays, for what customers themselves wrote."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from klankbord import metrics
from klankbord.report.wording import Wording
from klankbord.schema import SPEAKING, TONE_PROBABILITIES, TONES


@dataclass(frozen=True)
class Facts:
    """One entry per piece of feedback by a customer (or by somebody unknown)."""

    day: np.ndarray  # datetime64[D], NaT without a date
    customer: np.ndarray  # int, -1 without a customer
    tone: np.ndarray  # int 0 (boos) … 4 (enthousiast), -1 without words or for a non-answer
    level: np.ndarray  # float, expected tone rank 0 … 4, nan likewise
    metric: np.ndarray  # str, "" without a score
    score: np.ndarray  # float, nan without a score
    names: tuple[str, ...]  # customer ids by number

    def main_metric(self) -> str:
        """Return the metric to report, "" without any."""
        return metrics.main_metric(self.metric[(self.metric != "") & ~np.isnan(self.score)])


def gather(feedback: pa.Table, scores: pa.Table, wording: Wording) -> Facts:
    """Align `scores` with the customer-written rows of `feedback`."""
    by_customer = pc.is_in(feedback["author_role"], pa.array(SPEAKING, pa.string()))
    feedback = feedback.filter(by_customer)
    joined = scores.take(pc.index_in(feedback["feedback_id"], scores["feedback_id"]))
    flat = pc.fill_null(joined["non_answer"], True).to_numpy()
    tone = pc.fill_null(pc.index_in(joined["tone"], pa.array(list(TONES))), -1).to_numpy()
    tone = np.where(flat, -1, tone).astype(np.int64)
    chances = np.column_stack([_floats(joined[name]) for name in TONE_PROBABILITIES]).reshape(
        -1, len(TONES)
    )
    level = np.where(tone >= 0, chances @ np.arange(len(TONES)), np.nan)
    coded = pc.dictionary_encode(feedback["customer_id"].combine_chunks())
    days = feedback["received_at"].to_numpy().astype("datetime64[us]")
    return Facts(
        day=wording.local_days(days),
        customer=pc.fill_null(coded.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64),
        tone=tone,
        level=level,
        metric=pc.fill_null(feedback["score_metric"], "").to_numpy().astype(str),
        score=_floats(feedback["score_value"]),
        names=tuple(coded.dictionary.to_pylist()),
    )


def _floats(column: pa.ChunkedArray) -> np.ndarray:
    return np.asarray(pc.fill_null(column.cast(pa.float64()), float("nan")).to_numpy())
