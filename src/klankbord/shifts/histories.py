"""From tables to arrays: every customer's dated pieces, in order."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from klankbord.arrays import encode, places, to_numpy
from klankbord.moments import TIMEZONE, local_days, microseconds
from klankbord.schema import SPEAKING, TONE_PROBABILITIES, TONES, Channel, ScoreMetric

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

CHANNELS: tuple[Channel, ...] = tuple(Channel)

# The lowest value of each scale that counts as a high score: a promoter, or the top box.
HIGH_SCORE: dict[ScoreMetric, float] = {
    ScoreMetric.NPS: 9,
    ScoreMetric.CSAT: 5,
    ScoreMetric.CES: 6,
    ScoreMetric.STARS: 5,
    ScoreMetric.GRADE: 9,
}
NO_SCORE, LOW_SCORE, HIGH = -1, 0, 1
QUESTION = r"""\?(?:[\s?!.,;:'")\]’”]|$)"""  # a mark that ends a word; not one inside an address


@dataclass(frozen=True, eq=False)
class Pieces:
    """Columns of pieces by one customer each, sorted by customer, moment, turn and id."""

    row: Ints  # in the feedback table
    customer: Ints  # index in Histories.customers
    at: Ints  # microseconds since 1970, UTC
    day: Ints  # local calendar day, since 1970
    channel: NDArray[np.int8]  # index in CHANNELS
    conversation: Ints  # code in the order of the ids; -1: none
    turn: Ints  # -1: none
    length: Ints  # characters
    question: Bools  # the words hold a question mark
    score: NDArray[np.int8]  # NO_SCORE, LOW_SCORE or HIGH
    stream: Ints  # code of source and channel
    source_end: Ints  # moment of the last piece in the same source and channel
    usable: Bools  # words of a customer with a tone; not a non-answer
    tone: NDArray[np.int8]  # rank of the observed tone; -1: none
    probabilities: NDArray[np.float32]  # (n, 5)

    def __len__(self) -> int:
        return len(self.row)

    def take(self, selection: NDArray[Any]) -> Pieces:
        """Return the pieces of a mask or of sorted indices."""
        return Pieces(**{f.name: getattr(self, f.name)[selection] for f in fields(self)})


@dataclass(frozen=True, eq=False)
class Histories:
    """What every customer said, as far as its date and writer are known."""

    customers: pa.Array  # distinct ids in ascending order
    pieces: Pieces


def gather(
    feedback: pa.Table, scores: pa.Table, as_of: datetime, timezone: str = TIMEZONE
) -> Histories:
    """Join feedback with its scores and lay it out per customer, up to and including `as_of`.

    Left out: rows without a customer, by an agent or bot, saved AI answers, rows without a date
    and rows after `as_of`. A customer of whom nothing remains is still listed in `customers`.
    """
    role, channel = feedback["author_role"], feedback["channel"]
    theirs = pc.and_(
        pc.and_(
            pc.is_valid(feedback["customer_id"]),
            pc.is_in(role, pa.array(SPEAKING, pa.string())),
        ),
        pc.is_in(channel, pa.array([c.value for c in CHANNELS if c is not Channel.AI_ANSWER])),
    )
    customers, codes = encode(feedback["customer_id"].filter(theirs))
    kept = np.flatnonzero(to_numpy(theirs))
    at = _integers(feedback["received_at"])[kept]
    dated = (at >= 0) & (at <= microseconds(as_of))
    kept, codes, at = kept[dated], codes[dated], at[dated]

    order = np.argsort((codes << 36) + at // 1_000_000, kind="stable")
    kept, codes, at = kept[order], codes[order], at[order]
    turn = _integers(feedback["turn"])[kept]
    swap = _settle_ties(codes, at, turn, feedback["feedback_id"], kept)
    _, source = encode(feedback["source"])
    pieces = _pieces(feedback, kept[swap], codes[swap], at[swap], turn[swap], source, timezone)
    return Histories(customers, _join(pieces, feedback, scores))


def _settle_ties(codes: Ints, at: Ints, turn: Ints, ids: pa.ChunkedArray, rows: Ints) -> Ints:
    """Return the order that puts pieces of one customer and second by moment, turn and id."""
    order = np.arange(len(rows), dtype=np.int64)
    second = at // 1_000_000
    same = (codes[1:] == codes[:-1]) & (second[1:] == second[:-1])
    tied = np.zeros(len(rows), dtype=bool)
    tied[1:] |= same
    tied[:-1] |= same
    where = np.flatnonzero(tied)
    if where.size:
        _, rank = encode(ids.take(pa.array(rows[where])))
        order[where] = where[
            np.lexsort((rank, turn[where], at[where], second[where], codes[where]))
        ]
    return order


def _pieces(
    feedback: pa.Table,
    rows: Ints,
    codes: Ints,
    at: Ints,
    turn: Ints,
    source: Ints,
    timezone: str,
) -> Pieces:
    """Read the columns as they lie and order what came of them: texts are dear to move."""
    n = len(rows)
    channels = _codes(feedback["channel"], [c.value for c in CHANNELS])[rows].astype(np.int8)
    stream = source[rows] * len(CHANNELS) + channels
    verbatim = feedback["verbatim"]
    return Pieces(
        row=rows,
        customer=codes,
        at=at,
        day=local_days(at, timezone),
        channel=channels,
        conversation=encode(feedback["conversation_id"])[1][rows],
        turn=turn,
        length=to_numpy(pc.utf8_length(verbatim))[rows].astype(np.int64),
        question=to_numpy(pc.match_substring_regex(verbatim, QUESTION))[rows].astype(bool),
        score=_score_level(feedback, rows),
        stream=stream,
        source_end=_ends(stream, at),
        usable=np.zeros(n, dtype=bool),
        tone=np.full(n, -1, dtype=np.int8),
        probabilities=np.zeros((n, len(TONES)), dtype=np.float32),
    )


def _ends(stream: Ints, at: Ints) -> Ints:
    """Return for each piece the moment of the last one in its stream."""
    last = np.zeros(int(stream.max(initial=-1)) + 1, dtype=np.int64)
    np.maximum.at(last, stream, at)
    return last[stream]


def _join(pieces: Pieces, feedback: pa.Table, scores: pa.Table) -> Pieces:
    """Add the tone of the pieces that have one."""
    if not len(pieces) or not scores.num_rows:
        return pieces
    found = places(feedback["feedback_id"], scores["feedback_id"])[pieces.row]
    at = np.maximum(found, 0)
    probabilities = np.empty((len(pieces), len(TONES)), dtype=np.float32)
    for level, name in enumerate(TONE_PROBABILITIES):
        probabilities[:, level] = to_numpy(scores[name])[at]
    total = probabilities.sum(axis=1)
    sound = np.isfinite(total) & (total > 0) & (probabilities >= 0).all(axis=1)
    non_answer = to_numpy(scores["non_answer"])[at].astype(bool)
    tone = _codes(scores["tone"], [t.value for t in TONES])[at]
    usable = (found >= 0) & sound & ~non_answer & (pieces.length > 0) & (tone >= 0)
    probabilities[usable] /= total[usable, None]
    probabilities[~usable] = 0
    return replace(
        pieces,
        usable=usable,
        tone=np.where(usable, tone, -1).astype(np.int8),
        probabilities=probabilities,
    )


def _score_level(feedback: pa.Table, rows: Ints) -> NDArray[np.int8]:
    value = to_numpy(pc.fill_null(feedback["score_value"], np.nan))[rows].astype(float)
    code = _codes(feedback["score_metric"], [m.value for m in HIGH_SCORE])[rows]
    cut = np.append(np.array(list(HIGH_SCORE.values()), dtype=float), np.nan)[code]
    level = np.where(value >= cut, HIGH, LOW_SCORE)
    return np.where(np.isfinite(value) & (code >= 0), level, NO_SCORE).astype(np.int8)


def _codes(column: pa.ChunkedArray, known: list[str]) -> Ints:
    """Return the place of each value among the `known` ones; -1 for any other."""
    code = pc.index_in(column, value_set=pa.array(known, pa.string()))
    return to_numpy(pc.fill_null(code, -1)).astype(np.int64)


def _integers(column: pa.ChunkedArray) -> Ints:
    return to_numpy(pc.fill_null(column.cast(pa.int64()), -1)).astype(np.int64)
