"""How tone and score of every customer went, contact by contact, for measuring impact."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from klankbord.arrays import to_numpy
from klankbord.schema import SCORE_RANGES, TONES, ScoreMetric
from klankbord.shifts.histories import CHANNELS, Bools, Floats, Histories, Ints, Pieces

MEASURES = ("tone", "score")
SCORE_POINTS = 10.0  # every metric is laid on 0 … 10, so that metrics can be taken together
RECENT = 5  # contacts that tell which way a customer was going
_SECOND = 1_000_000
_SECONDS = 36  # bits for the moment in a key; what is left holds the customer


@dataclass(frozen=True, eq=False)
class Series:
    """The level of each contact, sorted by customer and moment.

    A contact is what one customer said in one conversation on one day; a piece outside any
    conversation is a contact by itself.
    """

    customer: Ints  # index in Histories.customers
    at: Ints  # seconds since 1970, UTC, of its last piece
    level: Floats  # tone: 0 (boos) … 4 (enthousiast); score: 0 … 10
    channel: NDArray[np.int8]  # index in CHANNELS

    @cached_property
    def totals(self) -> Floats:
        """Running sums of the levels, one longer than the series."""
        return np.concatenate([[0.0], np.cumsum(self.level)])

    @cached_property
    def _keys(self) -> Ints:
        return _key(self.customer, self.at)

    def place(self, customer: Ints, at: Ints) -> Ints:
        """Return how many contacts come before the first one of `customer` later than `at`."""
        found: Ints = np.searchsorted(self._keys, _key(customer, at), "right")
        return found

    def starts(self, customer: Ints) -> Ints:
        """Return the place of the first contact of each customer."""
        found: Ints = np.searchsorted(self.customer, customer, "left")
        return found

    def mean(self, start: Ints, end: Ints) -> Floats:
        """Return the mean level of the contacts from place `start` up to `end`; NaN of none."""
        count = end - start
        found: Floats = np.divide(
            self.totals[end] - self.totals[start],
            count,
            out=np.full(len(count), np.nan),
            where=count > 0,
        )
        return found


@dataclass(frozen=True, eq=False)
class Before:
    """What was known of customers when they were flagged; nothing where `contacts` is 0."""

    contacts: Ints
    mean: Floats
    last: Floats
    slope: Floats  # least squares over the last RECENT contacts, levels per contact
    channel: NDArray[np.int8]  # the one used most


def seconds(microseconds: Ints) -> Ints:
    """Return whole seconds of microseconds since 1970."""
    return microseconds // _SECOND


def series(histories: Histories, feedback: pa.Table, measure: str) -> Series:
    """Return the contacts in which a tone was heard, or a score was given.

    Tone is the expected level under the probabilities of the five tones. A score counts where it
    is in the metric that its customer answers most, so that no two scales are compared.
    """
    pieces = histories.pieces
    if measure == "tone":
        level = pieces.probabilities.astype(np.float64) @ np.arange(len(TONES), dtype=np.float64)
        return _contacts(pieces, pieces.usable, level)
    level, known = _own_scores(pieces, feedback, len(histories.customers))
    return _contacts(pieces, known, level)


def before(contacts: Series, customer: Ints, flagged: Ints) -> Before:
    """Describe the contacts of each `customer` up to the moment `flagged`, in seconds."""
    start, end = contacts.starts(customer), contacts.place(customer, flagged)
    known = end > start
    return Before(
        contacts=end - start,
        mean=np.where(known, contacts.mean(start, end), 0.0),
        last=np.where(known, _at(contacts.level, end - 1), 0.0),
        slope=_slope(contacts, start, end),
        channel=_main_channel(contacts, start, end),
    )


def _own_scores(pieces: Pieces, feedback: pa.Table, customers: int) -> tuple[Floats, Bools]:
    taken = pa.array(pieces.row)
    names = pa.array([metric.value for metric in SCORE_RANGES])
    metric = to_numpy(
        pc.fill_null(pc.index_in(feedback["score_metric"].take(taken), names), -1)
    ).astype(np.int64)
    value = to_numpy(pc.fill_null(feedback["score_value"].take(taken), np.nan)).astype(np.float64)
    known = (metric >= 0) & np.isfinite(value)
    kinds = len(ScoreMetric)
    cells = pieces.customer[known] * kinds + metric[known]
    often = np.bincount(cells, minlength=customers * kinds).reshape(customers, kinds)
    own = often.argmax(axis=1) if customers else np.zeros(0, dtype=np.int64)
    known &= metric == own[pieces.customer]
    ends = np.array(list(SCORE_RANGES.values()), dtype=np.float64)[metric]
    share = (value - ends[:, 0]) / (ends[:, 1] - ends[:, 0])
    return SCORE_POINTS * np.clip(share, 0.0, 1.0), known


def _contacts(pieces: Pieces, kept: Bools, level: Floats) -> Series:
    some, level = pieces.take(kept), level[kept]
    n = len(some)
    alone = -2 - np.arange(n, dtype=np.int64)
    talk = np.where(some.conversation >= 0, some.conversation, alone)
    order = np.lexsort((some.at, some.day, talk, some.customer))
    parts = np.stack([some.customer, talk, some.day])[:, order]
    new = np.ones(n, dtype=bool)
    new[1:] = (parts[:, 1:] != parts[:, :-1]).any(axis=0)
    first = np.flatnonzero(new)
    last = np.append(first[1:], n) - 1 if n else first
    size = last - first + 1
    mean = np.add.reduceat(level[order], first) / size if n else level
    customer, at = some.customer[order][last], seconds(some.at[order][last])
    channel = some.channel[order][last]
    by_time = np.lexsort((mean, at, customer))
    return Series(customer[by_time], at[by_time], mean[by_time], channel[by_time])


def _slope(contacts: Series, start: Ints, end: Ints) -> Floats:
    back = np.arange(1, RECENT + 1)
    place = end[:, None] - back
    inside = place >= start[:, None]
    count = inside.sum(axis=1)
    order = np.where(inside, -back.astype(float), 0.0)
    middle = order.sum(axis=1) / np.maximum(count, 1)
    order = np.where(inside, order - middle[:, None], 0.0)
    level = np.where(inside, _at(contacts.level, place), 0.0)
    spread = np.square(order).sum(axis=1)
    slope: Floats = np.divide(
        (order * level).sum(axis=1), spread, out=np.zeros(len(end)), where=spread > 0
    )
    return slope


def _main_channel(contacts: Series, start: Ints, end: Ints) -> NDArray[np.int8]:
    used = contacts.channel[:, None] == np.arange(len(CHANNELS))
    totals = np.vstack([np.zeros((1, len(CHANNELS)), dtype=np.int64), np.cumsum(used, axis=0)])
    main: NDArray[np.int8] = (totals[end] - totals[start]).argmax(axis=1).astype(np.int8)
    return main


def _at(values: Floats, place: Ints) -> Floats:
    if not len(values):
        return np.zeros(place.shape)
    return values[np.clip(place, 0, len(values) - 1)]


def _key(customer: Ints, at: Ints) -> Ints:
    return (customer << _SECONDS) + at
