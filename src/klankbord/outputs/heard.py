"""What a workspace holds, and the part of it that was there at one moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from klankbord.store import Workspace


@dataclass(frozen=True)
class Heard:
    """What the workspace holds, and the part of it that was there at `moment`."""

    moment: datetime
    feedback: pa.Table
    scores: pa.Table
    segments: pa.Table
    customers: pa.Table
    everything: pa.Table  # feedback dated later too
    scored: pa.Table  # scores of everything
    predicted: pa.Table  # the same before people's labels took the place of the model's tone
    labels: pa.Table  # given by people
    sampled: pa.Table  # the same without corrections, which are no sample to measure on

    def sizes(self) -> dict[str, int]:
        """Return what `run.json` tells of it."""
        return {
            "feedback": self.everything.num_rows,
            "dated_after_as_of": self.everything.num_rows - self.feedback.num_rows,
            "customers": self.customers.num_rows,
            "labelled_by_people": self.labels.num_rows,
            "corrected_by_people": self.corrections,
        }

    @property
    def corrections(self) -> int:
        """How many labels are corrections of the review page."""
        return int(pc.sum(pc.fill_null(self.labels["correction"], False)).as_py() or 0)

    def pseudonyms(self) -> list[str]:
        """Return every customer and account that is named up to the moment."""
        return _distinct(
            self.feedback["customer_id"], self.feedback["account_id"], self.customers["account_id"]
        )


def hear(store: Workspace, as_of: datetime | None, now: datetime) -> Heard:
    """Read what the workspace holds up to `as_of`, by default the latest feedback."""
    from klankbord import tone

    everything, labels, predicted = store.feedback(), store.tone_labels(), store.scores()
    scored = tone.with_labels(predicted, labels)
    moment = as_of or _latest(everything, now)
    feedback = until(everything, moment)
    return Heard(
        moment=moment,
        feedback=feedback,
        scores=of(scored, feedback),
        segments=of(store.segments(), feedback),
        customers=store.customers(),
        everything=everything,
        scored=scored,
        predicted=predicted,
        labels=labels,
        sampled=store.tone_labels(sample_only=True),
    )


def until(feedback: pa.Table, moment: datetime) -> pa.Table:
    """Leave out what is dated after `moment`: a typing error in a year must not steer a list."""
    received = feedback.column("received_at")
    later = pc.greater(received, pa.scalar(moment, received.type))
    return _only(feedback, pc.invert(pc.fill_null(later, False)))


def of(table: pa.Table, feedback: pa.Table) -> pa.Table:
    """Keep the rows of `table` that belong to `feedback`."""
    return _only(table, pc.is_in(table.column("feedback_id"), feedback.column("feedback_id")))


def _only(table: pa.Table, kept: pa.ChunkedArray) -> pa.Table:
    """Keep some rows; the table itself where that is all of them, since it may be large."""
    return table if pc.all(kept, min_count=0).as_py() else table.filter(kept)


def _latest(feedback: pa.Table, now: datetime) -> datetime:
    """Return when the latest feedback came in, leaving out dates still to come."""
    moments = pc.drop_null(feedback.column("received_at"))
    past = pc.filter(moments, pc.less_equal(moments, pa.scalar(now, moments.type)))
    latest: datetime | None = pc.max(past).as_py()
    return latest or now.replace(hour=0, minute=0, second=0, microsecond=0)


def _distinct(*columns: pa.ChunkedArray) -> list[str]:
    chunks = [chunk for column in columns for chunk in column.chunks]
    return list(pc.drop_null(pc.unique(pa.chunked_array(chunks, pa.string()))).to_pylist())
