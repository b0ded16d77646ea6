"""One tone shift with everything a person needs to judge it, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa

from klankbord.cells import neutralise
from klankbord.records import Action, Quote
from klankbord.report.wording import Wording
from klankbord.review.queue import Asked, QueueRow, queue_row
from klankbord.review.wording import ReviewWording
from klankbord.schema import SPEAKING
from klankbord.store import ListedShift, ReviewVerb

MOST_PIECES = 60
OPEN_PIECES = 8  # shown at once; more fold away


@dataclass(frozen=True)
class Piece:
    """One piece of feedback in full; `quoted` is the part the list quotes."""

    head: str
    quoted: str
    tail: str
    meta: str
    tone: str
    tone_label: str
    question: str
    mark: str  # "before", "after", "evidence" or ""
    mark_label: str
    theirs: bool  # said by the customer


@dataclass(frozen=True)
class Step:
    """The open action of the customer."""

    title: str
    late: bool
    reason: str
    later: str
    draft: str


@dataclass(frozen=True)
class Event:
    """One thing a person did with this shift."""

    verb_label: str
    meta: str
    note: str


@dataclass(frozen=True)
class ShiftPage:
    """Everything on the page of one shift."""

    row: QueueRow
    channels_text: str
    assurance: str
    picture: str  # SVG of ours
    before: Piece | None
    after: Piece | None
    pieces: tuple[Piece, ...]
    pieces_title: str
    pieces_open: bool
    steps: tuple[Step, ...]
    no_step: str
    history: tuple[Event, ...]
    version: int
    fields: Mapping[str, str]
    verdict_address: str
    undo_address: str
    note_address: str
    previous: str
    next: str
    back: str


def shift_page(
    one: ListedShift,
    said: pa.Table,
    scores: pa.Table,
    actions: Sequence[Action],
    around: tuple[str | None, str | None],
    asked: Asked,
    picture: str,
    today: date,
    t: ReviewWording,
) -> ShiftPage:
    """Word the page of one shift; `said` is what the customer said, in order of time."""
    shift = one.shift
    tones = dict(zip(scores["feedback_id"].to_pylist(), scores["tone"].to_pylist(), strict=True))
    quotes = {"before": shift.before_quote, "after": shift.after_quote}
    marks = dict.fromkeys(shift.evidence, "evidence")
    marks |= {quote.feedback_id: mark for mark, quote in quotes.items() if quote is not None}
    texts = {quote.feedback_id: quote.text for quote in quotes.values() if quote is not None}
    told: dict[str, Piece] = {}
    for row in said.to_pylist():
        own = row["feedback_id"]
        told[own] = _piece(row, tones.get(own), marks.get(own, ""), texts.get(own, ""), t)
    pieces = tuple(told.values())
    return ShiftPage(
        row=queue_row(one, asked, t),
        channels_text=t.listed(tuple(t.label("channel", name) for name in shift.channels)),
        assurance=t("shift.assurance", probability=t.probability(shift.probability),
                    fdr=_share(shift.expected_fdr, t)),
        picture=picture,
        before=_quoted(shift.before_quote, told, "before", t),
        after=_quoted(shift.after_quote, told, "after", t),
        pieces=pieces,
        pieces_title=t.count("shift.pieces", len(pieces)),
        pieces_open=len(pieces) <= OPEN_PIECES,
        steps=tuple(_step(action, today, t) for action in actions),
        no_step="" if actions else t("shift.no_step"),
        history=tuple(
            Event(
                t(f"shift.verb.{event.verb.name}"),
                t("shift.by", by=neutralise(event.by) or t("shift.somebody"),
                  at=t.moment(event.at)),
                neutralise(event.note),
            )
            for event in reversed(one.events)
        ),
        version=one.version,
        fields=asked.fields(),
        verdict_address=asked.shift_address(shift.shift_id, "verdict"),
        undo_address=asked.shift_address(shift.shift_id, "undo"),
        note_address=asked.shift_address(shift.shift_id, "note"),
        previous=asked.shift_address(around[0]) if around[0] else "",
        next=asked.shift_address(around[1]) if around[1] else "",
        back=asked.list_address(),
    )  # fmt: skip


def last_pieces(said: pa.Table, evidence: Sequence[str]) -> pa.Table:
    """Keep the last pieces of a long history, and those a shift rests on."""
    kept = set(evidence)
    first = max(0, said.num_rows - MOST_PIECES)
    ids = said["feedback_id"].to_pylist()
    chosen = [at for at, own in enumerate(ids) if at >= first or own in kept]
    return said.take(pa.array(chosen, pa.int64()))


def conflict_text(one: ListedShift, t: ReviewWording) -> str:
    """Say who judged a shift, or took that back, since somebody looked at it."""
    changes = [event for event in one.events if event.verb is not ReviewVerb.NOTITIE]
    if not changes:
        return t("conflict.unknown")
    last = changes[-1]
    by = neutralise(last.by) or t("shift.somebody")
    return t(f"conflict.{last.verb.name}", by=by, at=t.moment(last.at))


def _quoted(
    quote: Quote | None, told: Mapping[str, Piece], mark: str, t: ReviewWording
) -> Piece | None:
    """Return the piece that is quoted, or the quote itself where the piece is gone."""
    if quote is None or not quote.text.strip():
        return None
    if quote.feedback_id in told:
        return told[quote.feedback_id]
    row = {
        "received_at": quote.received_at,
        "channel": quote.channel,
        "verbatim": quote.text,
    }
    return _piece(row, quote.tone.value if quote.tone else None, mark, "", t)


def _piece(
    row: Mapping[str, Any], tone: str | None, mark: str, quoted: str, t: ReviewWording
) -> Piece:
    head, middle, tail = _parts(neutralise(row["verbatim"]).strip(), neutralise(quoted).strip())
    theirs = row.get("author_role", "customer") in SPEAKING
    meta = [
        t.day(t.local_day(row["received_at"])) if row["received_at"] else t("shift.undated"),
        t.label("channel", row["channel"]),
    ]
    if not theirs:
        meta.append(t.label("role", row["author_role"]))
    if row.get("score_value") is not None and row.get("score_metric"):
        meta.append(_score(row["score_metric"], row["score_value"], t))
    return Piece(
        head=head,
        quoted=middle,
        tail=tail,
        meta=" · ".join(meta),
        tone=tone or "",
        tone_label=t.label("tone", tone) if tone else "",
        question=neutralise(row.get("question") or "").strip(),
        mark=mark,
        mark_label=t(f"shift.mark.{mark}") if mark else "",
        theirs=theirs,
    )


def _parts(text: str, quoted: str) -> tuple[str, str, str]:
    """Split a text around what is quoted of it; without a mark where that is all or nothing."""
    before, found, after = text.partition(quoted) if quoted else (text, "", "")
    if not found or not (before.strip() or after.strip()):
        return text, "", ""
    return before, found, after


def _share(value: float, t: ReviewWording) -> str:
    return t.percent(value) if value >= 0.01 else t("shift.under", value=t.percent(0.01))


def _score(metric: str, value: float, t: Wording) -> str:
    decimals = 0 if float(value).is_integer() else 1
    return f"{t.label('metric', metric)} {t.number(value, decimals)}"


def _step(action: Action, today: date, t: ReviewWording) -> Step:
    late = action.due < today
    title = t(
        "shifts.step",
        kind=t.label("action_kind", action.kind),
        owner=t.label("department", action.owner),
        due=t.day(action.due),
    )
    return Step(
        title=f"{title} ({t('actions.late')})" if late else title,
        late=late,
        reason=neutralise(action.reason),
        later=neutralise(action.wel_niet_later),
        draft=neutralise(action.draft),
    )
