"""All figures of a workspace, per period and per group of customers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from klankbord.arrays import to_numpy
from klankbord.metrics import retention
from klankbord.metrics.base import CustomerBase, customer_base, plain
from klankbord.metrics.experience import Answers, answers, experience
from klankbord.metrics.figures import Figure, Gap, Span, Unit, missing
from klankbord.metrics.monthly import Monthly, behaviour, monthly_measures
from klankbord.metrics.periods import Period, following, start_of, starts
from klankbord.metrics.small_groups import protected
from klankbord.moments import local_day
from klankbord.schema import ScoreMetric

EVERYBODY = ""
UNKNOWN = "unknown"  # the group of those of whom it is not told
OF_FEEDBACK = ("channel", "journey_stage")  # customers have these per answer only
GROUPS = ("segment", "account_id", *OF_FEEDBACK)

_ORDER = (
    *ScoreMetric, "retention", "churn", "retention_year", "revenue_churn", "mrr",
    "lifespan", "clv", "repeat_purchase", "reactivation",
)  # fmt: skip


class Remark(StrEnum):
    """What a reader of the figures has to know."""

    UNDATED = "undated"  # scores without a date
    WITHOUT_START = "without_start"  # customers without a first day
    CONTRADICTORY = "contradictory"  # customers who left before they came
    WITHOUT_VALUE = "without_value"  # customers of unknown value
    NO_CUSTOMERS = "no_customers"
    SINCE = "since"  # the day of the first recorded cancellation
    NOT_ASKED = "not_asked"  # a metric nobody answered
    PER_ANSWER = "per_answer"  # customers cannot be divided as answers can
    SMALL_GROUPS = "small_groups"  # groups left out
    UNFINISHED = "unfinished"  # the last day of a period that goes on


@dataclass(frozen=True)
class Overview:
    """Figures by measure, group and period, and remarks with what they count or name."""

    figures: tuple[Figure, ...]
    remarks: tuple[tuple[Remark, int | str | date], ...]


class UnknownGroupError(ValueError):
    """There is no such way to divide customers; `known` names those there are."""

    def __init__(self, by: str, known: tuple[str, ...]) -> None:
        super().__init__(by)
        self.known = known


@dataclass(frozen=True, eq=False)
class _Data:
    given: Answers
    base: CustomerBase
    monthly: Mapping[str, Monthly]
    customers: int
    answer_group: np.ndarray  # label of every answer
    customer_group: np.ndarray | None  # label of every row of the customer table
    asked: tuple[ScoreMetric, ...]
    since: date | None  # the start of the first period of which retention can be told


def overview(
    feedback: pa.Table,
    customers: pa.Table,
    *,
    values: Mapping[str, float],
    as_of: datetime,
    timezone: str,
    period: Period = Period.MONTH,
    by: str = "",
    last: int = 3,
) -> Overview:
    """Return every figure that feedback and customer table give, of the `last` periods (0: all).

    `values` are euros per year by customer id; `by` divides customers: one of GROUPS or a further
    column of the customer table, "" for no division. The customer table is known up to the
    moment `as_of`; answers count in the period they were given in, whenever that was.
    Raises UnknownGroupError.
    """
    by = _column(customers, by)
    data = _gather(feedback, customers, values, as_of, timezone, period, by)
    day = local_day(as_of - timedelta(microseconds=1), timezone)
    spans = _spans(data, period, day)[-last:]
    figures, dropped = _figures(data, spans, by)
    remarks = list(_remarks(data, spans, by))
    if dropped:
        remarks.append((Remark.SMALL_GROUPS, dropped))
    return Overview(tuple(sorted(figures, key=_place)), tuple(remarks))


def _gather(
    feedback: pa.Table,
    customers: pa.Table,
    values: Mapping[str, float],
    as_of: datetime,
    timezone: str,
    period: Period,
    by: str,
) -> _Data:
    given = answers(feedback, timezone)
    base = customer_base(customers, values, timezone)
    own = _customer_labels(customers, by)
    return _Data(
        given=given,
        base=base,
        monthly=monthly_measures(customers, customers["customer_id"].combine_chunks(), as_of),
        customers=customers.num_rows,
        answer_group=_answer_labels(given.rows, customers, own, by),
        customer_group=own,
        asked=tuple(metric for metric in ScoreMetric if (given.metric == metric).any()),
        since=retention.known_from(base, period),
    )


def _figures(data: _Data, spans: list[Span], by: str) -> tuple[list[Figure], int]:
    """Return the figures, and how many groups were left out because all of them are too small."""
    everyone = list(_of_group(data, spans, EVERYBODY))
    if not by:
        return everyone, 0
    labels = set(data.answer_group.tolist())
    labels |= set(data.customer_group.tolist()) if data.customer_group is not None else set()
    dropped = 0
    divided = protected(one for label in sorted(labels) for one in _of_group(data, spans, label))
    for label in sorted(labels):
        found = [one for one in divided if one.segment == label]
        if any(one.low is not None for one in found):
            everyone += _telling(found)
        else:
            dropped += 1
    return everyone, dropped


def _telling(figures: list[Figure]) -> Iterator[Figure]:
    """Yield the figures of a group but those nobody of it was asked for or no column tells."""
    counted = {one.measure for one in figures if one.count != 0}
    for one in figures:
        if one.measure in counted and not (one.gap and one.gap.of_columns):
            yield one


def _of_group(data: _Data, spans: list[Span], segment: str) -> Iterator[Figure]:
    answered = _members(data.answer_group, segment)
    own = np.ones(data.customers, bool)
    if data.customer_group is not None:
        own = _members(data.customer_group, segment)
    for span in spans:
        inside = answered & (data.given.day >= np.datetime64(span.start, "D"))
        inside &= data.given.day < np.datetime64(span.ends, "D")
        yield from experience(data.given, inside, data.asked, span, segment)
        if data.customers and (data.customer_group is not None or segment == EVERYBODY):
            yield from _of_customers(data, span, own, segment)


def _members(labels: np.ndarray, segment: str) -> np.ndarray:
    return np.ones(len(labels), bool) if segment == EVERYBODY else labels == segment


def _of_customers(data: _Data, span: Span, chosen: np.ndarray, segment: str) -> Iterator[Figure]:
    """Yield the figures of the `chosen` rows of the customer table."""
    based = chosen[data.base.rows]
    if data.since is None and span.start <= span.as_of:
        for measure in ("retention", "churn"):
            yield missing(measure, span, segment, Unit.PERCENT, Gap.NO_CANCELLATIONS)
    elif data.since is not None and data.since <= span.start <= span.as_of:
        yield from retention.retained(data.base, span, based, segment)
        yield from retention.lasting(data.base, span, based, segment)
    if span.start <= span.as_of:
        yield retention.reactivated(data.base, span, based, segment)
        yield from behaviour(data.monthly, span, chosen, segment)


def _spans(data: _Data, period: Period, as_of: date) -> list[Span]:
    """Return the periods with answers, and those in which the customer table can be read."""
    found = {day.astype(date) for day in np.unique(starts(data.given.day, period))}
    if data.customers:
        start = start_of(as_of, period)
        if data.since is not None:
            start = min(data.since, start)
        while start <= as_of:
            found.add(start)
            start = following(start, period)
    return [Span(period, start, as_of) for start in sorted(found)]


def _remarks(data: _Data, spans: list[Span], by: str) -> Iterator[tuple[Remark, int | str | date]]:
    counted = {
        Remark.UNDATED: data.given.undated,
        Remark.WITHOUT_START: data.base.without_start,
        Remark.CONTRADICTORY: data.base.contradictory,
        Remark.WITHOUT_VALUE: int(np.isnan(data.base.value).sum()),
    }
    yield from ((remark, count) for remark, count in counted.items() if count)
    if not data.customers:
        yield Remark.NO_CUSTOMERS, 0
    first = retention.first_recorded(data.base)
    if first is not None and spans and first > spans[-1].as_of - timedelta(days=365):
        yield Remark.SINCE, first
    for metric in (ScoreMetric.NPS, ScoreMetric.CSAT, ScoreMetric.CES):
        if metric not in data.asked:
            yield Remark.NOT_ASKED, str(metric)
    if by in OF_FEEDBACK and data.customers:
        yield Remark.PER_ANSWER, by
    if any(span.start <= span.as_of and not span.complete for span in spans):
        yield Remark.UNFINISHED, spans[-1].as_of


def _place(figure: Figure) -> tuple[int, str, str, date]:
    measure = figure.measure
    place = _ORDER.index(measure) if measure in _ORDER else len(_ORDER)
    return place, measure, figure.segment, figure.span.start


# --- groups -----------------------------------------------------------------------------------


def _column(customers: pa.Table, by: str) -> str:
    """Return the group or attribute that is meant by `by`; raises UnknownGroupError."""
    if not by or by in GROUPS:
        return by
    names = sorted({name for text in _attributes(customers) for name in text})
    for name in names:
        if plain(name) == plain(by):
            return name
    raise UnknownGroupError(by, (*GROUPS, *names[:20]))


def _attributes(customers: pa.Table) -> Iterable[Mapping[str, object]]:
    return (json.loads(text) for text in customers["attributes"].to_pylist())


def _customer_labels(customers: pa.Table, by: str) -> np.ndarray | None:
    """Return the group of every customer; None where customers cannot be divided so."""
    if by in OF_FEEDBACK:
        return None
    if by in ("", *GROUPS):
        told = customers[by].to_pylist() if by else [""] * customers.num_rows
    else:
        told = [str(own.get(by) or "").strip() for own in _attributes(customers)]
    return np.array([label or UNKNOWN for label in told], dtype=object)


def _answer_labels(
    rows: pa.Table, customers: pa.Table, own: np.ndarray | None, by: str
) -> np.ndarray:
    """Return the group of every answer: what it says itself, else what its customer says."""
    labels = np.full(rows.num_rows, UNKNOWN, dtype=object)
    if own is not None and len(own):
        at = pc.index_in(rows["customer_id"], value_set=customers["customer_id"].combine_chunks())
        place = to_numpy(pc.fill_null(at, -1)).astype(np.int64)
        labels = np.where(place >= 0, own[place], UNKNOWN)
    if by in GROUPS:
        said = to_numpy(rows[by])
        labels = np.where([bool(one) for one in said], said, labels)
    return labels
