"""Frozen dataclasses for the things people handle one at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Protocol, TypeVar

from klankbord.schema import ShiftKind, Tone

Part = TypeVar("Part")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)  # a file may hold a million of them
class RejectedRow:
    """A row that could not be stored, as written to `afgekeurd.csv`."""

    file: str  # file name without its folders
    row: int  # 1-based line or record number in the file, header included
    column: str  # "" when the row as a whole is at fault
    reason: str  # Dutch, without the offending value
    raw: str = ""  # the row as read, for the person who mends it


@dataclass(frozen=True)
class SourceCount:
    """Rows of one source file: `rows_in == stored + duplicates + rejected`, always.

    `stored` counts the rows that were kept: of new feedback, and of another version of feedback
    that was there already. The latter are also counted apart, as `updated`.
    """

    file: str
    source: str
    kind: str  # "feedback" or "customers"
    rows_in: int
    stored: int
    duplicates: int
    rejected: int
    updated: int = 0  # of `stored`


@dataclass(frozen=True)
class Detection:
    """What a file was recognised as, and on what grounds."""

    path: Path
    source: str  # such as "trustpilot", "transcript", or "csv-2be5a0" after the table's shape
    confidence: float  # 0 … 1
    reason: str
    details: dict[str, str] = field(default_factory=dict)  # encoding, delimiter, column roles …


@dataclass(frozen=True)
class Quote:
    """A customer's own words with the date they came in."""

    feedback_id: str
    text: str
    received_at: datetime | None
    channel: str
    tone: Tone | None


@dataclass(frozen=True)
class ToneShift:
    """A detected change in one customer's tone."""

    shift_id: str  # stable: customer, kind and date of the turn
    customer_id: str
    kind: ShiftKind
    before: Tone
    after: Tone
    before_at: datetime
    after_at: datetime
    probability: float  # posterior probability that the change is real
    expected_fdr: float  # expected share of false alarms among shifts at least as probable
    value_eur: float | None
    channels: tuple[str, ...]
    before_quote: Quote | None
    after_quote: Quote | None
    explanation: str  # one Dutch sentence
    priority: float  # ranking key: probability x size x value x recency
    evidence: tuple[str, ...]  # feedback ids
    believed: float | None = None  # the probability before people's verdicts moved it


@dataclass(frozen=True)
class Verdict:
    """What a person found a tone shift to be: real, or a false alarm ("vals alarm")."""

    shift_id: str
    kind: ShiftKind
    believed: float  # the probability the model gave it
    real: bool
    judged_at: datetime


@dataclass(frozen=True)
class Theme:
    """A recurring complaint subject."""

    theme_id: str
    parent_id: str | None
    label: str
    keywords: tuple[str, ...]
    mentions: int  # pieces of feedback that mention it
    share: float  # of all complaining feedback, 0 … 1
    trend: str  # "stijgend", "dalend", "opkomend", "stabiel" or "te weinig gegevens"
    trend_p: float | None  # adjusted for multiple testing
    weekly: tuple[tuple[date, int, int], ...]  # (week start, mentions, feedback in that week)
    value_eur: float | None  # value of the customers who mention it
    owner: str  # department
    quotes: tuple[Quote, ...]
    evidence: tuple[str, ...]
    found_at: date | None = None  # day of the first run that found it; None for a fixed code
    pinned: bool = False  # listed because a person wants to see it


@dataclass(frozen=True)
class KnownTheme:
    """A theme that lasts from run to run: how it is recognised, and what people decided."""

    theme_id: str  # given once, never changed
    parent_id: str | None  # the head it hangs under; None for one that stands alone
    label: str  # as it was found
    keywords: tuple[str, ...]
    encoder: str  # fingerprint of the encoder that `centre` belongs to
    centre: tuple[float, ...]  # unit vector in the encoder's space
    terms: tuple[tuple[str, float], ...]  # words with their weights, unit length
    found_at: date  # day of the first run that found it
    seen_at: date  # day of the last run in which somebody mentioned it
    name: str = ""  # given by a person, overrules `label`
    owner: str = ""  # department given by a person
    pinned: bool = False  # listed however seldom it is mentioned
    forbidden: bool = False  # never listed: its mentions stay with the head
    merged_into: str | None = None  # theme that takes its mentions over
    divide: bool = False  # to be divided in the next run


@dataclass(frozen=True)
class Driver:
    """A theme's measured association with the score or with tone; never a cause."""

    theme_id: str
    score_metric: str  # "tone": impact is in valence, of complaints, against the average complaint
    mentions: int
    impact: float | None  # score points, with mention minus without, other themes held equal
    impact_low: float | None  # 90 % interval
    impact_high: float | None
    verdict: str  # "lager", "hoger", "geen aantoonbaar verband" or "te weinig gegevens"
    answers: int = 0  # pieces of feedback it was measured on
    shrunk: float | None = None  # impact less what its uncertainty may have added: ranks themes
    importance: float | None = None  # share of the explained variance lost without it, 0 … 1
    at_stake: float | None = None  # impact x mentions / answers: points of the mean score


@dataclass(frozen=True)
class Action:
    """A step in the inner loop (one customer) or the outer loop (a structural fix)."""

    action_id: str
    loop: str  # "inner" or "outer"
    kind: str
    customer_id: str | None
    theme_id: str | None
    owner: str
    due: date
    priority: float
    status: str
    reason: str
    evidence: tuple[str, ...]
    wel_niet_later: str
    draft: str
    cause: str = ""  # what gave rise to it, a key of reasons.toml such as "verkoeling"
    why: str = ""  # why the customer is unhappy, a key of [why] there; "" where nothing tells
    complaint_theme: str | None = None  # code of what is complained about most
    probability: float = 1.0  # that the ground is as it seems
    value_eur: float | None = None  # at stake, where it is known
    effect: float = 1.0  # how well such steps worked so far; 1 is as well as any
    outcome: str | None = None  # given by a person; closes the action
    opened_at: datetime | None = None  # the last time, where it was reopened
    closed_at: datetime | None = None
    escalation: int = 0  # levels above the owner that were told it is overdue
    version: int = 1  # counts its changes, so that two people's edits can be told apart

    @property
    def closed(self) -> bool:
        """Whether a person gave it an outcome."""
        return self.outcome is not None or self.closed_at is not None


class Progress(Protocol):
    """Told how far a stage is; the command line draws a bar, a library user may pass `silent`."""

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Report `done` of `total` units of the named `stage`."""


def silent(stage: str, done: int, total: int) -> None:
    """Ignore progress."""


class Mapped(Protocol):
    """Does a task with each of some parts, one after the other or, by an engine, at once.

    A task depends on its part alone, and can travel to another process.
    """

    def __call__(
        self, task: Callable[[Part], Result], parts: Iterable[Part], /
    ) -> Iterable[Result]:
        """Return the results in the order of the parts."""


def in_turn(task: Callable[[Part], Result], parts: Iterable[Part], /) -> Iterable[Result]:
    """Do a task with one part after the other."""
    return map(task, parts)
