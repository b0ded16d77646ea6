"""What known customers said themselves, with its scores: as a table, and a few at a time."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from klankbord.loop.facts import moments
from klankbord.loop.rules import rules
from klankbord.records import Quote
from klankbord.schema import SPEAKING, TONE_PROBABILITIES, TONES, Channel, Tone

CONTENT_RANK = Tone.POSITIEF.rank


@dataclass(frozen=True)
class Piece:
    """One scored piece of feedback of the few that are looked at one at a time."""

    customer_id: str
    order: tuple[int, int]  # moment and turn
    quote: Quote
    content: float  # probability of positief or enthousiast
    enthusiastic: float
    mean_rank: float
    unresolved: bool
    mixed: bool
    complains: bool


def scored_feedback(feedback: pa.Table, scores: pa.Table) -> pa.Table:
    """Join scores to the customer-written, identified feedback they belong to."""
    found = pc.index_in(scores.column("feedback_id"), value_set=feedback.column("feedback_id"))
    known = pc.is_valid(found)
    scores = scores.filter(known)
    rows = feedback.select(
        [
            "customer_id",
            "author_role",
            "conversation_id",
            "turn",
            "verbatim",
            "received_at",
            "channel",
        ]
    ).take(found.filter(known))
    for name in rows.column_names:
        scores = scores.append_column(name, rows.column(name))
    return customers_own(scores)


def customers_own(table: pa.Table) -> pa.Table:
    """Keep what known customers said themselves: no agents, no bots, no saved AI answers."""
    return table.filter(
        pc.and_(
            pc.and_(
                pc.is_valid(table.column("customer_id")),
                pc.is_in(table.column("author_role"), pa.array(SPEAKING, pa.string())),
            ),
            pc.not_equal(table.column("channel"), pa.scalar(str(Channel.AI_ANSWER))),
        )
    )


def complaining(scores: pa.Table) -> pa.ChunkedArray:
    """Tell of each row of scores whether the words say something bad."""
    bad = pc.is_in(scores.column("tone"), pa.array([Tone.BOOS, Tone.ONTEVREDEN], pa.string()))
    bad = pc.or_(bad, pc.is_valid(scores.column("complaint_theme")))
    for name in ("mixed", "unresolved", "churn_cue"):
        bad = pc.or_(bad, scores.column(name))
    return bad


def recent_only(table: pa.Table, moment: datetime) -> pa.Table:
    """Keep what came in during the `recent_days` up to `moment`."""
    return table.filter(_recent(table, moment))


def recent_or_by(table: pa.Table, moment: datetime, people: Collection[str]) -> pa.Table:
    """Keep what `recent_only` keeps, and whatever these people ever said."""
    theirs = pc.is_in(table.column("customer_id"), pa.array(sorted(people), pa.string()))
    return table.filter(pc.or_(pc.fill_null(_recent(table, moment), False), theirs))


def _recent(table: pa.Table, moment: datetime) -> pa.ChunkedArray:
    received = table.column("received_at")
    oldest = moment - timedelta(days=rules("reasons")["recent_days"])
    kind = received.type
    return pc.and_(
        pc.greater_equal(received, pa.scalar(oldest, kind)),
        pc.less_equal(received, pa.scalar(moment, kind)),
    )


def pieces(scored: pa.Table) -> list[Piece]:
    """Return each row of `scored_feedback`, in its order."""
    probabilities = np.column_stack(
        [scored.column(name).to_numpy() for name in TONE_PROBABILITIES]
    ).astype(float)
    mean_rank = probabilities @ np.arange(len(TONES))
    turns = pc.fill_null(scored.column("turn"), 0).to_pylist()
    names = ("customer_id", "feedback_id", "verbatim", "received_at", "channel", "tone")
    columns = [scored.column(name).to_pylist() for name in names]
    unresolved = scored.column("unresolved").to_pylist()
    mixed = scored.column("mixed").to_pylist()
    complains = complaining(scored).to_pylist()
    return [
        Piece(
            customer_id=customer,
            order=(int(moment), turns[row]),
            quote=Quote(feedback_id, verbatim, received_at, channel, Tone(tone)),
            content=float(probabilities[row, CONTENT_RANK:].sum()),
            enthusiastic=float(probabilities[row, -1]),
            mean_rank=float(mean_rank[row]),
            unresolved=unresolved[row],
            mixed=mixed[row],
            complains=complains[row],
        )
        for row, (moment, customer, feedback_id, verbatim, received_at, channel, tone) in enumerate(
            zip(moments(scored), *columns, strict=True)
        )
    ]
