"""What gives rise to an action: tone shifts, open complaints, detractors, ambassadors, themes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from klankbord.loop.facts import CustomerValues
from klankbord.loop.pieces import (
    CONTENT_RANK,
    Piece,
    complaining,
    customers_own,
    pieces,
    recent_only,
)
from klankbord.loop.pieces import scored_feedback as scored_feedback
from klankbord.loop.rules import rules
from klankbord.records import Driver, Quote, Theme, ToneShift
from klankbord.schema import SCORE_RANGES, TONES, ScoreMetric, ShiftKind, Tone

_SCALE = len(TONES) - 1  # tone levels between boos and enthousiast
_RECOVERED_BUT_GONE = "herstel_vertrokken"
_HIGHEST_DETRACTOR = 6
_MILD = 5  # a lower score is a bad one, however flat the words
_CERTAINTY_OF_IMPACT = 0.9  # the interval of a driver
_UNTESTED = 0.5


@dataclass(frozen=True)
class Signal:
    """One ground for an action; its weight is probability x size x value weight."""

    cause: str  # key in reasons.toml
    customer_id: str | None
    theme: Theme | None
    probability: float  # that it is so
    size: float  # how much it matters, 0 … 1
    value_eur: float | None
    evidence: tuple[str, ...]
    said: Quote | None = None
    earlier: Quote | None = None
    facts: Mapping[str, object] = field(default_factory=dict)  # for the sentence


def from_shifts(
    shifts: Iterable[ToneShift], moment: datetime, lost: Collection[str] = ()
) -> list[Signal]:
    """Return a signal for each tone shift that is not too long ago.

    A recovery of a customer in `lost`, who cancelled all the same, is a cause of its own.
    """
    reasons = rules("reasons")
    oldest = moment - timedelta(days=reasons["shift_days"])
    return [
        Signal(
            cause=(cause := _cause(shift, lost)),
            customer_id=shift.customer_id,
            theme=None,
            probability=shift.probability,
            size=size_of(cause, abs(shift.after.rank - shift.before.rank) / _SCALE),
            value_eur=shift.value_eur,
            evidence=shift.evidence,
            said=shift.after_quote,
            earlier=shift.before_quote,
            facts={
                "before": shift.before,
                "after": shift.after,
                "before_at": shift.before_at,
                "after_at": shift.after_at,
            },
        )
        for shift in shifts
        if shift.after_at >= oldest
    ]


def from_open_complaints(
    scored: pa.Table, values: CustomerValues, moment: datetime
) -> list[Signal]:
    """Return one signal per customer who asked for a solution lately and not yet has it.

    A later answer of the same customer that is content and asks nothing counts as solved.
    """
    recent = recent_only(scored, moment)
    asking = recent.filter(recent.column("unresolved"))
    if not asking.num_rows:
        return []
    people = asking.column("customer_id").unique()
    solved = _last_content(recent.filter(pc.is_in(recent.column("customer_id"), people)))
    open_rows: defaultdict[str, list[Piece]] = defaultdict(list)
    for row in pieces(asking):
        if row.order >= solved.get(row.customer_id, row.order):
            open_rows[row.customer_id].append(row)
    signals = []
    for customer, rows in sorted(open_rows.items()):
        rows.sort(key=lambda row: (row.order, row.quote.feedback_id), reverse=True)
        last = rows[0]
        signals.append(
            Signal(
                cause="onopgelost",
                customer_id=customer,
                theme=None,
                probability=1 - last.content,
                size=size_of("onopgelost", (CONTENT_RANK - last.mean_rank) / _SCALE),
                value_eur=values.value(customer),
                evidence=tuple(row.quote.feedback_id for row in rows),
                said=last.quote,
                facts={"after_at": last.quote.received_at},
            )
        )
    return signals


def from_detractors(
    feedback: pa.Table, scores: pa.Table, values: CustomerValues, moment: datetime
) -> list[Signal]:
    """Return a signal for each valuable customer whose latest recent NPS answer is 0 to 6.

    Only words that complain are taken for a bad experience: what was not said is asked.
    """
    asked = recent_only(customers_own(feedback), moment)
    asked = asked.filter(
        pc.and_(
            pc.equal(asked.column("score_metric"), ScoreMetric.NPS),
            pc.is_valid(asked.column("score_value")),
        )
    )
    asked = asked.sort_by([("received_at", "ascending"), ("feedback_id", "ascending")])
    columns = ("customer_id", "score_value", "feedback_id", "verbatim", "received_at", "channel")
    latest = {
        row[0]: row
        for row in zip(*(asked.column(name).to_pylist() for name in columns), strict=True)
    }
    complains = _complains(scores, (row[2] for row in latest.values()))
    signals = []
    for customer, (_, score, feedback_id, verbatim, received_at, channel) in sorted(latest.items()):
        value = values.value(customer)
        if score <= _HIGHEST_DETRACTOR and values.is_valuable(value):
            cause = "criticus_stil"
            if complains.get(feedback_id):
                cause = "criticus"
            elif feedback_id in complains and score >= _MILD:
                cause = "criticus_vlak"
            quote = Quote(feedback_id, verbatim, received_at, channel, None)
            signals.append(
                Signal(
                    cause=cause,
                    customer_id=customer,
                    theme=None,
                    probability=1.0,
                    size=size_of(cause, (_HIGHEST_DETRACTOR + 1 - score) / 7),
                    value_eur=value,
                    evidence=(feedback_id,),
                    said=None if cause == "criticus_stil" else quote,
                    facts={"after_at": received_at, "score": f"{score:g}"},
                )
            )
    return signals


def from_ambassadors(
    scored: pa.Table, values: CustomerValues, moment: datetime, unhappy: frozenset[str]
) -> list[Signal]:
    """Return signals for the warmest recent recommendations, one per customer, capped.

    Customers in `unhappy` come first in another step and are left out here.
    """
    reasons = rules("reasons")
    recent = recent_only(scored, moment)
    fans = recent.filter(
        pc.and_(
            pc.and_(recent.column("ambassador_cue"), pc.invert(recent.column("churn_cue"))),
            pc.is_in(
                recent.column("tone"), pa.array([Tone.POSITIEF, Tone.ENTHOUSIAST], pa.string())
            ),
        )
    )
    best: dict[str, tuple[float, Piece]] = {}
    for row in pieces(fans):
        weight = row.enthusiastic * values.weight(values.value(row.customer_id))
        if row.customer_id in unhappy or row.unresolved:
            continue
        known = best.get(row.customer_id)
        if known is None or (weight, row.order, row.quote.feedback_id) > (
            known[0],
            known[1].order,
            known[1].quote.feedback_id,
        ):
            best[row.customer_id] = (weight, row)
    ranked = sorted(best.items(), key=lambda item: (-item[1][0], item[0]))
    kept = ranked[: reasons["most_thanks"]]
    return [
        Signal(
            cause="ambassadeur",
            customer_id=customer,
            theme=None,
            probability=row.enthusiastic,
            size=size_of("ambassadeur", 0),
            value_eur=values.value(customer),
            evidence=(row.quote.feedback_id,),
            said=row.quote,
            facts={
                "after_at": row.quote.received_at,
                "kept": len(kept),
                "found": len(ranked),
                "days": reasons["recent_days"],
            },
        )
        for customer, (_, row) in kept
    ]


def from_themes(
    themes: Sequence[Theme],
    drivers: Iterable[Driver],
    evidence: Mapping[str, tuple[str, ...]],
) -> list[Signal]:
    """Return a signal for each theme that grows or goes with a lower score; one per theme.

    `evidence` holds each theme's feedback ids, latest first.
    """
    dragging = _strongest_drag(drivers)
    signals = []
    for theme in themes:
        if theme.theme_id in rules("reasons")["no_subject"]:
            continue
        driver = dragging.get(theme.theme_id)
        grows = theme.trend in ("stijgend", "opkomend")
        if driver is None and not grows:
            continue
        chances = []
        if grows:
            chances.append(_UNTESTED if theme.trend_p is None else 1 - theme.trend_p)
        facts: dict[str, object] = {
            "theme": theme.label,
            "mentions": theme.mentions,
            "share": theme.share,
        }
        drag = 0.0
        if driver is not None:
            chances.append(_CERTAINTY_OF_IMPACT)
            drag = _relative_impact(driver)
            facts |= {"impact": driver.impact, "metric": driver.score_metric, "grows": grows}
        cause = "thema_stijgt" if driver is None else "thema_drukt_score"
        signals.append(
            Signal(
                cause=cause,
                customer_id=None,
                theme=theme,
                probability=max(chances),
                size=size_of(cause, max(theme.share, drag)),
                value_eur=theme.value_eur,
                evidence=evidence[theme.theme_id],
                facts=facts,
            )
        )
    return signals


def size_of(cause: str, measured: float) -> float:
    """Return how much a cause matters, 0 … 1, from what was `measured` on that scale."""
    config = rules("reasons")["causes"][cause]
    size = measured * config.get("full_size", 1.0)
    return float(min(1.0, max(config["minimum_size"], size)))


def _cause(shift: ToneShift, lost: Collection[str]) -> str:
    gone = shift.kind is ShiftKind.HERSTEL and shift.customer_id in lost
    return _RECOVERED_BUT_GONE if gone else str(shift.kind)


def _complains(scores: pa.Table, feedback_ids: Iterable[str]) -> dict[str, bool]:
    """Tell of each piece of feedback that says something whether it says something bad."""
    ids = pa.array(sorted(feedback_ids), pa.string())
    said = scores.filter(
        pc.and_(pc.is_in(scores.column("feedback_id"), ids), pc.invert(scores.column("non_answer")))
    )
    return dict(
        zip(said.column("feedback_id").to_pylist(), complaining(said).to_pylist(), strict=True)
    )


def _strongest_drag(drivers: Iterable[Driver]) -> dict[str, Driver]:
    found: dict[str, Driver] = {}
    for driver in drivers:
        if driver.verdict == "lager" and driver.impact is not None:
            known = found.get(driver.theme_id)
            if known is None or (_relative_impact(driver), driver.score_metric) > (
                _relative_impact(known),
                known.score_metric,
            ):
                found[driver.theme_id] = driver
    return found


def _relative_impact(driver: Driver) -> float:
    low, high = SCORE_RANGES[ScoreMetric(driver.score_metric)]
    return abs(driver.impact or 0.0) / (high - low)


def _last_content(scored: pa.Table) -> dict[str, tuple[int, int]]:
    """Return when each customer last sounded content, without a complaint or a question."""
    latest: dict[str, tuple[int, int]] = {}
    for row in pieces(scored):
        settled = row.quote.tone in (Tone.POSITIEF, Tone.ENTHOUSIAST)
        if settled and not row.unresolved and not row.mixed:
            latest[row.customer_id] = max(latest.get(row.customer_id, (-1, -1)), row.order)
    return latest
