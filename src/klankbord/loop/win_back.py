"""Customers who left lately and may be asked why: one open question, and no more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from klankbord.loop.facts import CustomerValues
from klankbord.loop.pieces import Piece, pieces
from klankbord.loop.rules import rules
from klankbord.loop.signals import Signal, size_of

_CAUSE = "vertrokken"


def lately_lost(customers: pa.Table, moment: datetime) -> dict[str, datetime]:
    """Return when each customer cancelled who did so within `lost_days` before `moment`."""
    cancelled = customers.column("cancelled_at")
    oldest = moment - timedelta(days=rules("reasons")["lost_days"])
    rows = customers.filter(
        pc.and_(
            pc.greater_equal(cancelled, pa.scalar(oldest, cancelled.type)),
            pc.less_equal(cancelled, pa.scalar(moment, cancelled.type)),
        )
    )
    columns = (rows.column(name).to_pylist() for name in ("customer_id", "cancelled_at"))
    return dict(zip(*columns, strict=True))


def from_lost(
    customers: pa.Table,
    scored: pa.Table,
    values: CustomerValues,
    moment: datetime,
    waiting: Collection[str] = (),
) -> list[Signal]:
    """Return a signal for each customer who left lately and is worth asking why, capped.

    Those are the valuable ones, those whose value is unknown, and those who complained in their
    last words. Whoever is still `waiting` for a solution gets that first. Size is how content
    they were on average in what they said; the value weighs in by itself. The last words are
    the evidence: there may be none, of a customer who left in silence.
    """
    reasons = rules("reasons")
    lost = lately_lost(customers, moment)
    said = _said_by(lost, scored, moment)
    signals = []
    for customer, left_at in sorted(lost.items()):
        value = values.value(customer)
        last = said[customer][: reasons["lost_words"]]
        complaint = next((piece for piece in last if piece.complains), None)
        if customer in waiting or (values.is_valuable(value) is False and complaint is None):
            continue
        told = complaint or next(iter(last), None)
        signals.append(
            Signal(
                cause=_CAUSE,
                customer_id=customer,
                theme=None,
                probability=1.0,
                size=size_of(_CAUSE, _warmth(said[customer])),
                value_eur=value,
                evidence=tuple(piece.quote.feedback_id for piece in last),
                said=None if told is None else told.quote,
                facts={"after_at": left_at},
            )
        )
    signals.sort(key=lambda signal: (-_weight(signal, values), signal.customer_id or ""))
    return signals[: reasons["most_win_backs"]]


def _said_by(
    customers: Mapping[str, datetime], scored: pa.Table, moment: datetime
) -> dict[str, list[Piece]]:
    """Return what each customer said up to `moment`, latest first; undated words come last."""
    ids = pa.array(sorted(customers), pa.string())
    received = scored.column("received_at")
    known = pc.fill_null(pc.less_equal(received, pa.scalar(moment, received.type)), True)
    theirs = scored.filter(pc.and_(pc.is_in(scored.column("customer_id"), ids), known))
    found: defaultdict[str, list[Piece]] = defaultdict(list)
    for piece in pieces(theirs):
        found[piece.customer_id].append(piece)
    for own in found.values():
        own.sort(key=lambda piece: (piece.order, piece.quote.feedback_id), reverse=True)
    return found


def _warmth(said: Sequence[Piece]) -> float:
    """Return the mean probability that a customer sounded content, 0 without words."""
    return sum(piece.content for piece in said) / len(said) if said else 0.0


def _weight(signal: Signal, values: CustomerValues) -> float:
    return signal.size * values.weight(signal.value_eur)
