"""What the whole history of a customer says of their tone at every piece."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from klankbord.moments import TIMEZONE, moment
from klankbord.schema import TONES
from klankbord.shifts.cited import Cited, cite
from klankbord.shifts.conversation import long_turns
from klankbord.shifts.findings import CustomerTimeline, TimelinePoint
from klankbord.shifts.histories import CHANNELS, Floats, Histories, Ints, Pieces, gather
from klankbord.shifts.judged import judged_words
from klankbord.shifts.learning import learn
from klankbord.shifts.sequences import daily
from klankbord.shifts.trajectories import STATES, Dynamics, smooth


def timeline(
    feedback: pa.Table,
    scores: pa.Table,
    customer_id: str,
    *,
    as_of: datetime,
    timezone: str = TIMEZONE,
    dynamics: Dynamics | None = None,
) -> CustomerTimeline:
    """Return the timeline of one customer, read with what all customers teach.

    Without points where nothing with words, a date and a tone is known of the customer up to
    `as_of`. With the `dynamics` that were learned before, the tables need hold only this customer.
    """
    as_of = as_of if as_of.tzinfo else as_of.replace(tzinfo=UTC)
    histories = gather(feedback, scores, as_of, timezone)
    words, judged = judged_words(histories)
    dynamics = dynamics or learn(daily(words))
    judged[long_turns(histories.pieces).customer] = True
    code = histories.customers.index(pa.scalar(customer_id, histories.customers.type)).as_py()
    found = _drawn([code] if code >= 0 else [], histories, feedback, dynamics)
    return CustomerTimeline(found.get(customer_id, ()), code >= 0 and bool(judged[code]))


def timelines_of(
    customer_ids: Iterable[str],
    feedback: pa.Table,
    scores: pa.Table,
    *,
    as_of: datetime,
    timezone: str = TIMEZONE,
) -> dict[str, tuple[TimelinePoint, ...]]:
    """Return the timelines of these customers as `find_shifts` hands them on, by customer id."""
    as_of = as_of if as_of.tzinfo else as_of.replace(tzinfo=UTC)
    histories = gather(feedback, scores, as_of, timezone)
    words, _ = judged_words(histories)
    wanted = pa.array(sorted(customer_ids), histories.customers.type)
    codes = pc.drop_null(pc.index_in(wanted, value_set=histories.customers)).to_pylist()
    return _drawn(codes, histories, feedback, learn(daily(words)))


def learn_dynamics(
    feedback: pa.Table, scores: pa.Table, *, as_of: datetime, timezone: str = TIMEZONE
) -> Dynamics:
    """Return what all customers together teach, to read timelines of single customers with."""
    as_of = as_of if as_of.tzinfo else as_of.replace(tzinfo=UTC)
    words, _ = judged_words(gather(feedback, scores, as_of, timezone))
    return learn(daily(words))


def _drawn(
    customers: Iterable[int], histories: Histories, feedback: pa.Table, dynamics: Dynamics
) -> dict[str, tuple[TimelinePoint, ...]]:
    codes = list(customers)
    cited = cite(feedback, np.sort(own_words(codes, histories).row))
    return timelines(codes, histories, cited, dynamics)


def own_words(customers: Iterable[int], histories: Histories) -> Pieces:
    """Return the usable pieces of these customer codes."""
    wanted = np.zeros(len(histories.customers), dtype=bool)
    wanted[list(customers)] = True
    pieces = histories.pieces
    return pieces.take(np.flatnonzero(pieces.usable & wanted[pieces.customer]))


def timelines(
    customers: Iterable[int], histories: Histories, cited: Cited, dynamics: Dynamics
) -> dict[str, tuple[TimelinePoint, ...]]:
    """Return the timelines of these customer codes, by customer id; `cited` holds their words."""
    own = own_words(customers, histories)
    if not len(own):
        return {}
    sequences = daily(own)
    mean, low, high = bands(smooth(sequences, dynamics))
    contact: Ints = np.repeat(np.arange(len(mean)), np.diff(sequences.contact))
    ids = cited.take(own.row)["feedback_id"].to_pylist()
    result: dict[str, list[TimelinePoint]] = {}
    names = histories.customers.take(pa.array(own.customer)).to_pylist()
    for i, name in enumerate(names):
        at = contact[i]
        result.setdefault(name, []).append(
            TimelinePoint(
                received_at=moment(own.at[i]),
                mean_rank=float(mean[at]),
                low=float(low[at]),
                high=float(high[at]),
                channel=CHANNELS[own.channel[i]].value,
                feedback_id=ids[i],
                tone=TONES[own.tone[i]],
            )
        )
    return {name: tuple(points) for name, points in result.items()}


def bands(posterior: Floats) -> tuple[Floats, Floats, Floats]:
    """Return mean rank and its 10 % and 90 % points, each state spread evenly over one level."""
    cumulative = np.cumsum(posterior, axis=1)
    points = []
    for share in (0.1, 0.9):
        level = np.minimum((cumulative < share).sum(axis=1), STATES - 1)
        row = np.arange(len(posterior))
        inside = np.maximum(posterior[row, level], 1e-12)
        below = cumulative[row, level] - posterior[row, level]
        within = np.clip((share - below) / inside, 0.0, 1.0)
        points.append(np.clip(level - 0.5 + within, 0.0, STATES - 1.0))
    mean = posterior @ np.arange(STATES)
    return mean, np.minimum(points[0], mean), np.maximum(points[1], mean)
