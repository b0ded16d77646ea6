"""Keeping a tone that somebody gave, and taking it back, from any page that offers it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from klankbord.review.access import Flash
from klankbord.review.asking import asked_number
from klankbord.review.rendering import site_of
from klankbord.review.tone_fix import conflict_text

if TYPE_CHECKING:
    from starlette.requests import Request

    from klankbord.schema import Tone


def correct(request: Request, tone: Tone, undo: str) -> None:
    """Keep `tone` for the piece that the form names; the next page tells it.

    `undo` is the address to take it back, with {label_id} in it. Raises ConflictError where
    somebody else gave the piece another tone in the meantime.
    """
    site, form, session = site_of(request), request.state.form, request.state.session
    label_id = site.store.correct_tone(
        form.get("feedback_id", ""),
        tone,
        at=site.now(),
        by=session.by,
        seen=asked_number(form, "seen"),
    )
    text = site.t("done.TOON", tone=site.t.label("tone", tone))
    session.flash = Flash(text, undo=undo.format(label_id=label_id))


def withdraw(request: Request) -> str:
    """Take the correction that the address names back; return the piece it was of.

    Raises ConflictError where it does not count any more.
    """
    site, session = site_of(request), request.state.session
    said = site.store.withdraw_correction(
        request.path_params["label_id"], at=site.now(), by=session.by
    )
    session.flash = Flash(site.t("done.TOON_ONGEDAAN"))
    return said.feedback_id


def warning_of(request: Request) -> str:
    """Say what became of the tone that the form is about."""
    site = site_of(request)
    feedback_id = request.state.form.get("feedback_id", "")
    return conflict_text(site.store.tones_said((feedback_id,)).get(feedback_id), site.t)
