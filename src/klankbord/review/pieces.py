"""Pieces of feedback in full, as a page shows what a customer said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from klankbord.cells import neutralise
from klankbord.records import Quote
from klankbord.report.wording import Wording
from klankbord.review.tone_fix import ToneFix
from klankbord.review.wording import ReviewWording
from klankbord.schema import SPEAKING

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
    fix: ToneFix | None = None  # how its tone can be corrected


def last_pieces(said: pa.Table, evidence: Sequence[str]) -> pa.Table:
    """Keep the last pieces of a long history, and those a shift rests on."""
    kept = set(evidence)
    first = max(0, said.num_rows - MOST_PIECES)
    ids = said["feedback_id"].to_pylist()
    chosen = [at for at, own in enumerate(ids) if at >= first or own in kept]
    return said.take(pa.array(chosen, pa.int64()))


def quoted_piece(
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
    return piece_of(row, quote.tone.value if quote.tone else None, mark, "", t)


def piece_of(
    row: Mapping[str, Any], tone: str | None, mark: str, quoted: str, t: ReviewWording
) -> Piece:
    """Word one row of feedback; `quoted` is the part to mark in it."""
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


def _score(metric: str, value: float, t: Wording) -> str:
    decimals = 0 if float(value).is_integer() else 1
    return f"{t.label('metric', metric)} {t.number(value, decimals)}"
