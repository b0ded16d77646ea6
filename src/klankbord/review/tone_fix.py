"""Correcting the tone of a piece of feedback: what is offered, and what somebody said."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from klankbord.review.choices import Option
from klankbord.review.wording import ReviewWording
from klankbord.schema import TONES, Tone
from klankbord.store import ToneSaid


@dataclass(frozen=True)
class ToneFix:
    """What can be said of the tone of one piece, and what was said."""

    feedback_id: str
    anchor: str  # where on the page it stands
    seen: int  # number of the label that counts, 0 for none
    address: str
    choices: tuple[Option, ...]  # the tones it has not
    right: str  # the tone it has, to be said right; "" where a person said it already
    said: str  # who said what; "" where nobody did
    undo: str  # address, "" where there is nothing to undo
    fields: Mapping[str, str]


def tone_fix(
    feedback_id: str,
    tone: str,
    said: ToneSaid | None,
    address: str,
    undo: str,
    fields: Mapping[str, str],
    t: ReviewWording,
) -> ToneFix:
    """Word what can be done with a piece of this tone ("" for one without)."""
    return ToneFix(
        feedback_id=feedback_id,
        anchor=anchor_of(feedback_id),
        seen=said.label_id if said else 0,
        address=address,
        choices=tuple(
            Option(one.value, t.label("tone", one)) for one in TONES if one.value != tone
        ),
        right=tone if said is None else "",
        said=said_text(said, t) if said else "",
        undo=undo if said and said.correction else "",
        fields=fields,
    )


def anchor_of(feedback_id: str) -> str:
    """Return the id of an element that shows this piece; ids of feedback may hold anything."""
    return f"t-{hashlib.sha256(feedback_id.encode('utf-8', 'replace')).hexdigest()[:16]}"


def said_text(said: ToneSaid, t: ReviewWording) -> str:
    """Tell who gave a piece its tone, when, and what it was read as before."""
    if said.read_as is None:
        key = "tones.said"
    else:
        key = "tones.said_right" if said.read_as is said.tone else "tones.said_instead"
    return t(
        key,
        by=t.person(said.by),
        at=t.moment(said.at),
        was=t.label("tone", said.read_as).lower() if said.read_as else "",
    )


def conflict_text(said: ToneSaid | None, t: ReviewWording) -> str:
    """Say who judged a tone, or that this was taken back, since somebody looked at it."""
    if said is None:
        return t("tones.conflict_none")
    tone = t.label("tone", said.tone).lower()
    return t("tones.conflict", by=t.person(said.by), at=t.moment(said.at), tone=tone)


def asked_tone(form: Mapping[str, str]) -> Tone | None:
    """Return the tone that a form gives; None where it gives none."""
    given = form.get("tone", "")
    return Tone(given) if given in set(Tone) else None
