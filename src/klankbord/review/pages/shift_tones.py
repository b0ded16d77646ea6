"""Correcting the tone of what a customer said, from the page of a tone shift."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from klankbord.errors import ConflictError
from klankbord.review.pages import correcting
from klankbord.review.pages.one_shift import asked_shift, show
from klankbord.review.queue import PATH, Asked
from klankbord.review.rendering import problem, site_of
from klankbord.review.tone_fix import anchor_of, asked_tone

if TYPE_CHECKING:
    from starlette.requests import Request


def correct(request: Request) -> Response:
    """Keep the tone of a piece and show the shift again, where that piece stands."""
    form, asked = request.state.form, Asked.of(request.state.form)
    one, tone = asked_shift(request), asked_tone(form)
    if tone is None:
        return problem(request, "form", 400)
    own = asked.shift_address(one.shift.shift_id, "tone").replace("{", "{{").replace("}", "}}")
    try:
        correcting.correct(request, tone, own + "/{label_id}/undo")
    except ConflictError:
        warning = correcting.warning_of(request)
        return show(request, one, asked, warning=warning, status=409)
    return _back(one.shift.shift_id, form.get("feedback_id", ""), asked)


def undo(request: Request) -> Response:
    """Take a correction back and show the shift again."""
    asked, one = Asked.of(request.state.form), asked_shift(request)
    try:
        feedback_id = correcting.withdraw(request)
    except ConflictError:
        warning = site_of(request).t("tones.conflict_undo")
        return show(request, one, asked, warning=warning, status=409)
    return _back(one.shift.shift_id, feedback_id, asked)


def _back(shift_id: str, feedback_id: str, asked: Asked) -> Response:
    return RedirectResponse(f"{asked.shift_address(shift_id)}#{anchor_of(feedback_id)}", 303)


_ONE = PATH + "/{shift_id}/tone"
ROUTES = (
    Route(_ONE, correct, methods=["POST"]),
    Route(_ONE + "/{label_id:int}/undo", undo, methods=["POST"]),
)
