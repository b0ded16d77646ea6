"""The page of tones in words: what was corrected so far, and pieces of feedback to correct."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from klankbord.cells import neutralise
from klankbord.report.wording import shorten
from klankbord.review.asking import PER_PAGE, address, asked_page
from klankbord.review.pieces import Piece, piece_of
from klankbord.review.tone_fix import tone_fix
from klankbord.review.wording import ReviewWording
from klankbord.store import Correction, ToneSaid

PATH = "/tones"
LONGEST_WORDS = 200
DEFAULT_FILE = "klankbord.db"
_EXCERPT = 320


@dataclass(frozen=True)
class AskedTones:
    """What somebody is looking for, or the corrections so far."""

    words: str = ""
    page: int = 1

    @classmethod
    def of(cls, given: Mapping[str, str]) -> AskedTones:
        """Read it from an address or a form; what makes no sense is left at its default."""
        words = " ".join(neutralise(given.get("q", "")).split())[:LONGEST_WORDS].strip()
        return cls(words, asked_page(given))

    @property
    def offset(self) -> int:
        """How many rows come before this page."""
        return (self.page - 1) * PER_PAGE

    def fields(self) -> dict[str, str]:
        """Return what differs from the default, to hand on in a form or address."""
        told = {"q": self.words, "page": "" if self.page == 1 else str(self.page)}
        return {name: value for name, value in told.items() if value}

    def address(self) -> str:
        """Return the address of this part."""
        return address(PATH, self.fields())


@dataclass(frozen=True)
class FoundPiece:
    """A piece of feedback to correct."""

    customer: str
    piece: Piece


@dataclass(frozen=True)
class CorrectedRow:
    """One correction on the list."""

    customer: str
    words: str
    meta: str
    was: str
    was_label: str
    tone: str
    tone_label: str
    right: bool  # the tone was said to be right
    by: str
    gone: str  # why it does not count, "" where it does
    undo: str


@dataclass(frozen=True)
class TonesPage:
    """Everything on the page."""

    searching: bool
    words: str
    heading: str
    rows: tuple[CorrectedRow, ...]
    found: tuple[FoundPiece, ...]
    empty: str
    previous: str  # address, "" where there is none
    next: str
    page_text: str
    counts_text: str
    command: str


def corrections_page(
    corrections: Sequence[Correction],
    counts: tuple[int, int],
    asked: AskedTones,
    workspace: str,
    t: ReviewWording,
) -> TonesPage:
    """Word the list of corrections; one more than a page holds says that there is a next one."""
    given, counting = counts
    return TonesPage(
        searching=False,
        words="",
        heading=t("tones.title"),
        rows=tuple(_row(one, t) for one in corrections[:PER_PAGE]),
        found=(),
        empty="" if corrections else t("tones.none"),
        **_paging(asked, len(corrections) > PER_PAGE, t),
        counts_text=t.count("tones.given", given, counts=t.number(counting)) if given else "",
        command=command(workspace),
    )


def search_page(
    pieces: pa.Table,
    order: Sequence[str],
    tones: Mapping[str, str],
    labels: Mapping[str, ToneSaid],
    asked: AskedTones,
    t: ReviewWording,
) -> TonesPage:
    """Word what was found, in `order`, which may name one more than a page holds."""
    rows = {row["feedback_id"]: row for row in pieces.to_pylist()}
    shown = [rows[own] for own in order[:PER_PAGE] if own in rows]
    return TonesPage(
        searching=True,
        words=asked.words,
        heading=t("tones.found", words=asked.words),
        rows=(),
        found=tuple(_found(row, tones, labels, asked, t) for row in shown),
        empty="" if shown else t("tones.nothing"),
        **_paging(asked, len(order) > PER_PAGE, t),
        counts_text="",
        command="",
    )


def command(workspace: str) -> str:
    """Return what adapts the tone model to the labels of a workspace; a server shows no address."""
    words = ["klankbord", "train", "--out", "eigen-model"]
    if "://" in workspace:
        words += ["--workspace", "URL"]
    elif workspace != DEFAULT_FILE:
        words += ["--workspace", workspace]
    return neutralise(shlex.join(words))


def _found(
    row: Mapping[str, object],
    tones: Mapping[str, str],
    labels: Mapping[str, ToneSaid],
    asked: AskedTones,
    t: ReviewWording,
) -> FoundPiece:
    own = str(row["feedback_id"])
    said = labels.get(own)
    tone = said.tone.value if said else tones.get(own)
    piece = piece_of(row, tone, "", _as_written(str(row["verbatim"]), asked.words), t)
    undo = f"{PATH}/{said.label_id}/undo" if said else ""
    fix = tone_fix(own, tone or "", said, f"{PATH}/correct", undo, asked.fields(), t)
    customer = row["customer_id"]
    return FoundPiece(t.customer(str(customer)) if customer else "", replace(piece, fix=fix))


def _as_written(text: str, words: str) -> str:
    """Return the place where `words` stand in a text, as it writes them."""
    at = text.lower().find(words.lower())
    return text[at : at + len(words)] if at >= 0 else ""


def _row(one: Correction, t: ReviewWording) -> CorrectedRow:
    said = one.said
    return CorrectedRow(
        customer=t.customer(one.customer_id) if one.customer_id else "",
        words=shorten(one.verbatim, _EXCERPT),
        meta=t.day(t.local_day(one.received_at)) if one.received_at else t("shift.undated"),
        was=said.read_as.value if said.read_as else "",
        was_label=t.label("tone", said.read_as) if said.read_as else "",
        tone=said.tone.value,
        tone_label=t.label("tone", said.tone),
        right=said.read_as is said.tone,
        by=t("shift.by", by=t.person(said.by), at=t.moment(said.at)),
        gone=_gone(one, t),
        undo=f"{PATH}/{said.label_id}/undo" if one.counts else "",
    )


def _gone(one: Correction, t: ReviewWording) -> str:
    if one.withdrawn_at is not None:
        return t("tones.withdrawn", by=t.person(one.withdrawn_by), at=t.moment(one.withdrawn_at))
    return "" if one.counts else t("tones.replaced")


def _paging(asked: AskedTones, more: bool, t: ReviewWording) -> dict[str, str]:
    back, on = replace(asked, page=asked.page - 1), replace(asked, page=asked.page + 1)
    return {
        "previous": back.address() if asked.page > 1 else "",
        "next": on.address() if more else "",
        "page_text": t("tones.page", page=t.number(asked.page)),
    }
