"""One tone shift with everything a person needs to judge it, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import pyarrow as pa

from klankbord.cells import neutralise
from klankbord.records import Action
from klankbord.review.board import AskedActions
from klankbord.review.pieces import OPEN_PIECES, Piece, piece_of, quoted_piece
from klankbord.review.plan import Plan
from klankbord.review.queue import Asked, QueueRow, queue_row
from klankbord.review.tone_fix import tone_fix
from klankbord.review.wording import ReviewWording
from klankbord.store import ListedShift, Matter, ReviewEvent, ReviewVerb, ToneSaid


@dataclass(frozen=True)
class Step:
    """The open action of the customer."""

    title: str
    address: str
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
    plan: Plan
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
    labels: Mapping[str, ToneSaid],
    actions: Sequence[Action],
    around: tuple[str | None, str | None],
    asked: Asked,
    plan: Plan,
    picture: str,
    today: date,
    t: ReviewWording,
) -> ShiftPage:
    """Word the page of one shift; `said` is what the customer said, in order of time.

    `labels` are the tones that people gave, which take the place of those that were read.
    """
    shift = one.shift
    tones = dict(zip(scores["feedback_id"].to_pylist(), scores["tone"].to_pylist(), strict=True))
    tones |= {own: label.tone.value for own, label in labels.items()}
    quotes = {"before": shift.before_quote, "after": shift.after_quote}
    marks = dict.fromkeys(shift.evidence, "evidence")
    marks |= {quote.feedback_id: mark for mark, quote in quotes.items() if quote is not None}
    texts = {quote.feedback_id: quote.text for quote in quotes.values() if quote is not None}
    told: dict[str, Piece] = {}
    for row in said.to_pylist():
        own = row["feedback_id"]
        piece = piece_of(row, tones.get(own), marks.get(own, ""), texts.get(own, ""), t)
        told[own] = _correctable(piece, own, labels.get(own), shift.shift_id, asked, t)
    pieces = tuple(told.values())
    return ShiftPage(
        row=queue_row(one, asked, today, t),
        channels_text=t.listed(tuple(t.label("channel", name) for name in shift.channels)),
        assurance=t("shift.assurance", probability=t.probability(shift.probability),
                    fdr=_share(shift.expected_fdr, t)),
        picture=picture,
        before=quoted_piece(shift.before_quote, told, "before", t),
        after=quoted_piece(shift.after_quote, told, "after", t),
        pieces=pieces,
        pieces_title=t.count("shift.pieces", len(pieces)),
        pieces_open=len(pieces) <= OPEN_PIECES,
        steps=tuple(_step(action, today, t) for action in actions),
        no_step="" if actions else t("shift.no_step"),
        history=tuple(_event(event, t) for event in reversed(one.events)),
        plan=plan,
        version=one.version,
        fields=asked.fields(),
        verdict_address=asked.shift_address(shift.shift_id, "verdict"),
        undo_address=asked.shift_address(shift.shift_id, "undo"),
        note_address=asked.shift_address(shift.shift_id, "note"),
        previous=asked.shift_address(around[0]) if around[0] else "",
        next=asked.shift_address(around[1]) if around[1] else "",
        back=asked.list_address(),
    )  # fmt: skip


def conflict_text(one: ListedShift, t: ReviewWording) -> str:
    """Say who changed a shift, or took that back, since somebody looked at it."""
    changes = [event for event in one.events if event.verb is not ReviewVerb.NOTITIE]
    if not changes:
        return t("conflict.unknown")
    last = changes[-1]
    by, at = t.person(last.by), t.moment(last.at)
    return t(f"conflict.{_done(last)}", by=by, at=at, **_about(last, t))


def _event(event: ReviewEvent, t: ReviewWording) -> Event:
    return Event(
        t(f"shift.verb.{_done(event)}", **_about(event, t)),
        t("shift.by", by=t.person(event.by), at=t.moment(event.at)),
        neutralise(event.note),
    )


def _done(event: ReviewEvent) -> str:
    """Return the key of what was done: an empty value takes an assignment or snooze away."""
    if event.verb is ReviewVerb.ONGEDAAN and event.matter is not Matter.OORDEEL:
        return f"{event.verb.name}_{event.value.upper()}"
    planned = event.matter in (Matter.TOEWIJZING, Matter.UITSTEL)
    return f"{event.verb.name}_NIET" if planned and not event.value else event.verb.name


def _about(event: ReviewEvent, t: ReviewWording) -> dict[str, str]:
    if event.verb is ReviewVerb.TOEGEWEZEN:
        return {"name": t.label("department", event.value)}
    if event.verb is ReviewVerb.UITGESTELD and event.value:
        return {"day": t.day(date.fromisoformat(event.value))}
    return {}


def _correctable(
    piece: Piece,
    feedback_id: str,
    said: ToneSaid | None,
    shift_id: str,
    asked: Asked,
    t: ReviewWording,
) -> Piece:
    if not piece.theirs or not (piece.head or piece.quoted):
        return piece
    undo = asked.shift_address(shift_id, f"tone/{said.label_id}/undo") if said else ""
    address = asked.shift_address(shift_id, "tone")
    fix = tone_fix(feedback_id, piece.tone, said, address, undo, asked.fields(), t)
    return replace(piece, fix=fix)


def _share(value: float, t: ReviewWording) -> str:
    return t.percent(value) if value >= 0.01 else t("shift.under", value=t.percent(0.01))


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
        address=AskedActions().action_address(action.action_id),
        late=late,
        reason=neutralise(action.reason),
        later=neutralise(action.wel_niet_later),
        draft=neutralise(action.draft),
    )
