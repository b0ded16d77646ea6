"""Which segments are complaints, and what they need to be grouped, counted and quoted.

A segment complains when its tone is boos or ontevreden, or when the tone model gives it a
complaint code and the feedback as a whole bears that out: the feedback is negative itself, or
mixes praise with a complaint, or carries the same code. So "lekker" inside an angry review stays
out, and the wish inside a happy one comes in. Agents, bots, AI answers and non-answers never do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from klankbord.arrays import one, to_numpy
from klankbord.moments import TIMEZONE, UNDATED, local_days
from klankbord.schema import SPEAKING, Channel, Tone
from klankbord.themes.codeframe import OVERIG

_LOW = pa.array([Tone.BOOS, Tone.ONTEVREDEN], pa.string())


@dataclass(frozen=True)
class Voices:
    """The feedback that could have complained: customers' own words, as aligned arrays."""

    feedback_id: pa.Array
    speaks: np.ndarray  # bool per row of feedback
    received_at: np.ndarray  # microseconds since 1970, or UNDATED
    day: np.ndarray  # local days since 1970, or UNDATED
    customer_id: pa.Array
    worth: np.ndarray  # value_eur of the row, NaN where unknown
    channel: pa.Array
    language: pa.Array


@dataclass(frozen=True)
class Complaints:
    """The complaint segments in the order of (feedback_id, segment), as aligned arrays."""

    row: np.ndarray  # place in the segments table
    feedback: np.ndarray  # place in the feedback table
    feedback_id: pa.Array
    text: pa.Array
    tone: pa.Array
    valence: np.ndarray
    code: pa.Array  # of the codeframe, or OVERIG
    inherited: np.ndarray  # the code is the feedback's, not the segment's own
    seen: np.ndarray  # an earlier run gave it a theme


def hear(feedback: pa.Table, scores: pa.Table, timezone: str = TIMEZONE) -> Voices:
    """Return who speaks in `feedback`, in its row order; days are those of `timezone`."""
    place = pc.index_in(_one(feedback, "feedback_id"), value_set=_one(scores, "feedback_id"))
    non_answer = pc.fill_null(_one(scores, "non_answer").take(place), False)
    worded = pc.not_equal(pc.utf8_trim_whitespace(_one(feedback, "verbatim")), "")
    speaking = pa.array(SPEAKING, pa.string())
    speaks = pc.and_(
        pc.and_(pc.is_in(_one(feedback, "author_role"), value_set=speaking), worded),
        pc.and_(
            pc.not_equal(_one(feedback, "channel"), pa.scalar(str(Channel.AI_ANSWER))),
            pc.invert(non_answer),
        ),
    )
    received = to_numpy(pc.fill_null(feedback.column("received_at").cast(pa.int64()), UNDATED))
    return Voices(
        feedback_id=_one(feedback, "feedback_id"),
        speaks=to_numpy(speaks).astype(bool),
        received_at=received,
        day=local_days(received, timezone),
        customer_id=_one(feedback, "customer_id"),
        worth=to_numpy(pc.fill_null(_one(feedback, "value_eur"), np.nan)),
        channel=_one(feedback, "channel"),
        language=_one(feedback, "language"),
    )


def select(
    voices: Voices, scores: pa.Table, segments: pa.Table, codes: frozenset[str]
) -> Complaints:
    """Return the complaints among `segments`, coded by the segment itself or else its feedback."""
    owner = pc.index_in(_one(segments, "feedback_id"), value_set=voices.feedback_id)
    score = pc.index_in(_one(segments, "feedback_id"), value_set=_one(scores, "feedback_id"))
    speaks = to_numpy(pc.fill_null(pa.array(voices.speaks).take(owner), False)).astype(bool)
    known = pa.array(sorted(codes), pa.string())
    own = _known_code(_one(segments, "complaint_theme"), known)
    whole = _known_code(_one(scores, "complaint_theme").take(score), known)
    low = _true(pc.is_in(_one(segments, "tone"), value_set=_LOW))
    bears_out = (
        _true(pc.is_in(_one(scores, "tone").take(score), value_set=_LOW))
        | _true(_one(scores, "mixed").take(score))
        | _true(pc.equal(own, whole))
    )
    positive = _true(
        pc.is_in(
            _one(segments, "tone"),
            value_set=pa.array([Tone.POSITIEF, Tone.ENTHOUSIAST], pa.string()),
        )
    )
    coded = to_numpy(pc.is_valid(own)).astype(bool)
    same = _true(pc.equal(own, whole))
    chosen = speaks & (low | (coded & np.where(positive, same, bears_out)))
    order = pc.sort_indices(
        segments.select(["feedback_id", "segment"]),
        sort_keys=[("feedback_id", "ascending"), ("segment", "ascending")],
    )
    rows = np.asarray(order, dtype=np.int64)
    rows = rows[chosen[rows]]
    take = pa.array(rows)
    code = pc.fill_null(pc.coalesce(own, whole), OVERIG)
    return Complaints(
        row=rows,
        feedback=to_numpy(owner.take(take)).astype(np.int64),
        feedback_id=_one(segments, "feedback_id").take(take),
        text=_one(segments, "text").take(take),
        tone=_one(segments, "tone").take(take),
        valence=to_numpy(pc.fill_null(_one(segments, "valence"), np.nan).take(take)),
        code=code.take(take),
        inherited=(~coded & to_numpy(pc.is_valid(whole)).astype(bool))[rows],
        seen=to_numpy(pc.is_valid(_one(segments, "theme_id"))).astype(bool)[rows],
    )


def _known_code(codes: pa.Array, known: pa.Array) -> pa.Array:
    return pc.if_else(pc.is_in(codes, value_set=known), codes, pa.scalar(None, pa.string()))


def _true(mask: pa.Array) -> np.ndarray:
    return to_numpy(pc.fill_null(mask, False)).astype(bool)


def _one(table: pa.Table, name: str) -> pa.Array:
    return one(table.column(name))
