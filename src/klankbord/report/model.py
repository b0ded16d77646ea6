"""The report as data: every number computed, sorted, rounded and worded before any template."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from klankbord.records import ToneShift
from klankbord.roles import Role
from klankbord.schema import Tone


@dataclass(frozen=True)
class Tick:
    """A position on an axis and the label it carries."""

    at: float
    label: str


@dataclass(frozen=True)
class Headline:
    """One of the three things to know this week."""

    kind: str  # "tone", "theme", "actions", "value" or "trend"
    alarming: bool
    title: str
    sentence: str
    anchor: str  # the section that says more
    link: str


@dataclass(frozen=True)
class Figure:
    """A key figure with its uncertainty in words."""

    key: str
    label: str
    value: str
    detail: str


@dataclass(frozen=True)
class ToneShare:
    """How much of the feedback has one tone."""

    tone: Tone
    label: str
    count: int
    count_text: str
    share: float
    share_text: str


@dataclass(frozen=True)
class TrendPoint:
    """One month or week; `mean` is None where the period holds too little feedback."""

    start: date
    label: str
    answers: int
    answers_text: str
    mean: float | None
    low: float | None
    high: float | None
    mean_text: str
    shares: tuple[float, ...]  # per tone, lowest first; empty for a score trend
    share_texts: tuple[str, ...]


@dataclass(frozen=True)
class Trend:
    """A series over time with the words that describe it to who cannot see it."""

    title: str
    description: str
    note: str
    unit: str  # heading of the mean
    scale: tuple[float, float]
    marks: tuple[Tick, ...]  # of the value axis
    points: tuple[TrendPoint, ...]


@dataclass(frozen=True)
class SourceRow:
    """Rows of one file, formatted."""

    file: str
    source: str
    rows_in: str
    stored: str
    duplicates: str
    rejected: str


@dataclass(frozen=True)
class Overview:
    """What everybody reads first."""

    things: tuple[Headline, ...]
    figures: tuple[Figure, ...]
    tones: tuple[ToneShare, ...]
    tones_description: str
    tone_trend: Trend | None
    score_trend: Trend | None
    data_sentence: str
    sources: tuple[SourceRow, ...]


@dataclass(frozen=True)
class QuoteText:
    """A quote ready to show."""

    text: str  # shortened
    full_text: str
    meta: str  # "12 maart 2026 · enquête"
    tone: str  # code, "" when unknown
    tone_label: str
    channel: str  # code
    channel_label: str


@dataclass(frozen=True)
class TimelineMark:
    """One piece of feedback on the timeline picture; `day` counts from the first."""

    day: float
    rank: float
    low: float
    high: float
    tone: str


@dataclass(frozen=True)
class Timeline:
    """The picture on a card."""

    title: str
    description: str
    marks: tuple[TimelineMark, ...]
    ticks: tuple[Tick, ...]


@dataclass(frozen=True)
class ShiftRow:
    """One tone shift; `timeline` only for those shown as a card."""

    rank: int
    shift: ToneShift
    customer: str
    kind_label: str
    recovered: bool
    before_label: str
    after_label: str
    before_day: date
    after_day: date
    period_text: str
    probability_text: str
    value_eur: float | None
    value_text: str
    channels_text: str
    explanation: str
    before_quote: QuoteText | None
    after_quote: QuoteText | None
    next_step: str
    next_step_draft: str
    timeline: Timeline | None


@dataclass(frozen=True)
class KindCount:
    """How often a kind of shift is on the list."""

    kind: str
    label: str
    meaning: str
    count: int


@dataclass(frozen=True)
class People:
    """Some people of an account: how many, and the names that fit a cell."""

    count_text: str  # a dash where there is nobody
    names: tuple[str, ...]
    rest: str  # "" when all are named


@dataclass(frozen=True)
class AccountRow:
    """An account with a drop in tone, or with a new contact person."""

    account: str
    people_text: str  # heard
    dropped: People
    probability_text: str  # that at least one of the drops is real
    value_text: str
    newcomers: People
    took_over: str  # "" when somebody known for longer was heard as well


@dataclass(frozen=True)
class AccountSection:
    """The accounts, the surest drop first, as many as the page shows."""

    summary: str
    note: str
    rows: tuple[AccountRow, ...]
    rest: str


@dataclass(frozen=True)
class ShiftSection:
    """All tone shifts, ranked; the first `shown` are cards."""

    heading: str
    assurance: str  # the expected number of false alarms
    judged: str
    too_few: str
    recovered: str
    kinds: tuple[KindCount, ...]
    rows: tuple[ShiftRow, ...]
    shown: int
    rest: str  # "" when every shift has a card
    empty: str  # "" when there are shifts
    accounts: AccountSection | None


@dataclass(frozen=True)
class Impact:
    """A theme's association with the score, on a scale that all themes share."""

    value: float | None
    low: float | None
    high: float | None
    text: str
    interval_text: str
    verdict: str
    description: str


@dataclass(frozen=True)
class Spark:
    """Share of the feedback per week or month, for a tiny chart."""

    values: tuple[float, ...]
    title: str
    low: float | None = None  # 90 % interval of the last value
    high: float | None = None


@dataclass(frozen=True)
class ThemeScore:
    """The score of those who mention a theme; without values where too few gave one."""

    value: float | None
    low: float | None
    high: float | None
    text: str
    interval_text: str


@dataclass(frozen=True)
class GapRow:
    """A head theme among customers and among AI answers."""

    label: str
    customers_text: str
    answers_text: str
    difference_text: str
    interval_text: str
    clear: bool  # the interval leaves out nought


@dataclass(frozen=True)
class GapSection:
    """What AI answers say of the organisation beside what customers say."""

    note: str
    rows: tuple[GapRow, ...]  # empty where too few answers name a theme


@dataclass(frozen=True)
class ThemeRow:
    """A head theme or sub-theme."""

    theme_id: str
    parent_id: str | None
    parent_label: str
    label: str
    keywords: tuple[str, ...]
    mentions: int
    mentions_text: str
    share: float
    share_text: str
    trend: str
    trend_label: str
    recent: int  # mentions in the last four weeks
    before: int  # and in the four weeks before those
    recent_text: str  # "" without that much history
    spark: Spark | None
    impact: Impact
    tone_text: str  # "" where complaints of it sound like others
    value_eur: float | None
    value_text: str
    owner: str
    quotes: tuple[QuoteText, ...]
    more: tuple[QuoteText, ...]  # other mentions, the latest first
    more_text: str  # "" without any
    growing: bool
    new_since: date | None
    new_text: str  # "" unless found in the last weeks
    last_text: str  # share of the last four weeks with its interval
    score: ThemeScore
    where: tuple[str, ...]  # what it is mentioned more often in than elsewhere


@dataclass(frozen=True)
class ThemeSection:
    """Themes, heads followed by their sub-themes."""

    heading: str
    season: str  # whether a season is told from a trend
    score_heading: str  # "" where nobody gave a score
    gap: GapSection | None  # None without AI answers
    rows: tuple[ThemeRow, ...]
    shown: int
    rest: str
    empty: str
    impact_scale: tuple[float, float]
    impact_heading: str
    tones: tuple[tuple[str, str], ...]  # code and label of those among the quotes
    channels: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class ActionRow:
    """One action; dates and numbers raw for the workbook, formatted for the page."""

    action_id: str
    loop: str
    loop_label: str
    kind: str
    kind_label: str
    customer: str
    theme_label: str
    owner: str
    due: date
    due_text: str
    overdue: bool
    open: bool
    priority: float
    priority_text: str
    status: str
    status_label: str
    reason: str
    wel_niet_later: str
    draft: str
    evidence: tuple[str, ...]
    escalation_text: str  # who above the owner was told, "" for nobody
    outcome_label: str  # "" while open
    closed_text: str  # day it was closed, "" while open


@dataclass(frozen=True)
class OwnerGroup:
    """The actions of one department that the page shows."""

    owner: str
    summary: str
    rows: tuple[ActionRow, ...]
    rest: str


@dataclass(frozen=True)
class ActionSection:
    """All actions by owner and due date."""

    heading: str
    summary: str
    groups: tuple[OwnerGroup, ...]
    rows: tuple[ActionRow, ...]  # that nobody closed
    closed: tuple[ActionRow, ...]  # lately, the last first
    closed_summary: str  # "" without any
    closed_rest: str
    empty: str


@dataclass(frozen=True)
class MeasuredQuality:
    """One figure of a model card: what was measured, on which data, with what result."""

    measure: str
    data: str
    value_text: str


@dataclass(frozen=True)
class OwnFigure:
    """One figure measured on labels of the customer's own people."""

    measure: str
    value_text: str
    interval_text: str


@dataclass(frozen=True)
class ModelRow:
    """A model and its measured quality."""

    name: str
    version: str
    kind_label: str
    fingerprint: str
    scores: tuple[MeasuredQuality, ...]
    more_scores: bool = False  # its card tells of others too


@dataclass(frozen=True)
class RejectedCount:
    """Rejected rows of one file with one reason."""

    file: str
    reason: str
    count_text: str


@dataclass(frozen=True)
class Method:
    """How the numbers came about and what they cannot say."""

    warning: str  # "" where the quality on the customer's own feedback is known
    own: tuple[OwnFigure, ...]  # empty without labels
    own_summary: str
    own_note: str
    models: tuple[ModelRow, ...]
    settings: tuple[tuple[str, str], ...]
    counts: tuple[tuple[str, str], ...]
    rejected: tuple[RejectedCount, ...]
    rejected_rest: str


@dataclass(frozen=True)
class Section:
    """A section of the page."""

    anchor: str
    name: str  # of its template
    title: str


@dataclass(frozen=True)
class Report:
    """Everything the page and the workbook show."""

    role: Role
    role_text: str  # whom the page is for, "" for everybody
    sections: tuple[Section, ...]  # in the order of the page
    language: str
    company: str
    notice: str
    identifiable: bool  # original customer ids are shown
    as_of: date
    as_of_text: str
    period_text: str
    overview: Overview
    shifts: ShiftSection
    themes: ThemeSection
    actions: ActionSection
    method: Method

    def shows(self, name: str) -> bool:
        """Tell whether the page has a section of this anchor or name."""
        return any(name in (section.anchor, section.name) for section in self.sections)
