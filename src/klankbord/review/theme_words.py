"""What customers say of a theme, with the words about it marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from klankbord.cells import neutralise
from klankbord.review.pieces import Piece, piece_of
from klankbord.review.wording import ReviewWording
from klankbord.store import Mention

_LONG = 500  # characters around the marked words, beyond which a text folds
_AROUND = 200


@dataclass(frozen=True)
class Part:
    """A stretch of a text."""

    text: str
    marked: bool


@dataclass(frozen=True)
class Said:
    """One piece of feedback about a theme."""

    piece: Piece
    parts: tuple[Part, ...]
    whole: tuple[Part, ...]  # where `parts` leave something out


def said_of(mention: Mention, t: ReviewWording) -> Said:
    """Word one mention."""
    tone = mention.tone.value if mention.tone else None
    whole = parts_of(mention.feedback["verbatim"], mention.spans)
    parts = _shortened(whole)
    piece = piece_of(mention.feedback, tone, "", "", t)
    return Said(piece, parts, whole if parts != whole else ())


def parts_of(text: str, spans: Sequence[tuple[int, int]]) -> tuple[Part, ...]:
    """Cut a text at the spans to be marked; no mark where that is all of it."""
    cuts: list[Part] = []
    done = 0
    for start, end in spans:
        if start < done or end > len(text):
            continue  # of other words than these
        cuts += [Part(text[done:start], marked=False), Part(text[start:end], marked=True)]
        done = end
    cuts.append(Part(text[done:], marked=False))
    parts = [Part(neutralise(part.text), part.marked) for part in cuts]
    if not any(part.text.strip() for part in parts if not part.marked):
        parts = [Part("".join(part.text for part in parts), marked=False)]
    parts[0] = Part(parts[0].text.lstrip(), parts[0].marked)
    parts[-1] = Part(parts[-1].text.rstrip(), parts[-1].marked)
    return tuple(part for part in parts if part.text)


def _shortened(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """Leave out of long stretches what is far from the marked words."""
    last = len(parts) - 1
    return tuple(
        part
        if part.marked or len(part.text) <= _LONG
        else Part(_ends(part.text, begins=at > 0 or last == 0, ends=at < last), marked=False)
        for at, part in enumerate(parts)
    )


def _ends(text: str, *, begins: bool, ends: bool) -> str:
    """Keep the beginning of a text, its end, or both, cut between words."""
    head = text[:_AROUND].rpartition(" ")[0] if begins else ""
    tail = text[-_AROUND:].partition(" ")[2] if ends else ""
    return f"{head} … {tail}"
