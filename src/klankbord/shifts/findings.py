"""What the search for tone shifts hands on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from klankbord.records import ToneShift
from klankbord.schema import ShiftKind, Tone
from klankbord.shifts.trajectories import Dynamics


@dataclass(frozen=True)
class TimelinePoint:
    """One piece on a customer's timeline, with the tone the whole history puts there."""

    received_at: datetime
    mean_rank: float  # posterior mean, 0 (boos) to 4 (enthousiast)
    low: float  # 10 % and 90 % points of the posterior
    high: float
    channel: str
    feedback_id: str
    tone: Tone  # of the piece by itself


@dataclass(frozen=True)
class CustomerTimeline:
    """One customer's timeline, and whether it was enough to judge a change in tone by."""

    points: tuple[TimelinePoint, ...]
    judged: bool


@dataclass(frozen=True)
class ShiftFindings:
    """The ranked tone shifts, what to expect of the list, and who could not be judged."""

    shifts: tuple[ToneShift, ...]
    expected_false: float  # number of false alarms to expect among `shifts`
    customers_judged: int
    customers_too_few: int
    timelines: dict[str, tuple[TimelinePoint, ...]]  # of the flagged customers, by customer id
    conversations_recovered: int = 0  # a dissatisfied customer was won back before the end
    # what all customers taught, of which findings are made; None where it was not kept
    dynamics: Dynamics | None = field(default=None, compare=False)


@dataclass(frozen=True, eq=False)
class Finding:
    """A claim that made the list, located in the customer's pieces but not yet in words."""

    kind: ShiftKind
    customer: int
    probability: float
    before: int  # tone rank
    after: int
    before_at: int  # microseconds
    after_at: int
    size: float  # in tone levels
    wording: str  # entry in the wordings
    before_row: int | None = None  # rows of the feedback table
    after_row: int | None = None
    evidence: tuple[int, ...] = ()
    earlier: tuple[int, ...] = ()  # rows said before a turn …
    since: tuple[int, ...] = ()  # … and since, to compare in words
    with_more: float | None = None  # the probability after one more such piece
    measure: str = ""  # column of the customer table that fell
    facts: dict[str, float] = field(default_factory=dict)
