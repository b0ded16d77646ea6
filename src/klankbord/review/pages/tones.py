"""Tones that people corrected, and a search for pieces of feedback to correct."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from klankbord.errors import ConflictError
from klankbord.review.asking import PER_PAGE
from klankbord.review.pages import correcting
from klankbord.review.rendering import problem, render, site_of
from klankbord.review.site import Page
from klankbord.review.tone_fix import anchor_of, asked_tone
from klankbord.review.tones_page import (
    LONGEST_WORDS,
    PATH,
    AskedTones,
    corrections_page,
    search_page,
)

if TYPE_CHECKING:
    from starlette.requests import Request

    from klankbord.review.site import Site
    from klankbord.review.tones_page import TonesPage


def show(request: Request) -> Response:
    """Show the corrections so far, or what was looked for."""
    return _page(request, AskedTones.of(request.query_params))


def correct(request: Request) -> Response:
    """Keep the tone of a piece and show the same page again."""
    asked, tone = AskedTones.of(request.state.form), asked_tone(request.state.form)
    if tone is None:
        return problem(request, "form", 400)
    try:
        correcting.correct(request, tone, PATH + "/{label_id}/undo")
    except ConflictError:
        return _page(request, asked, correcting.warning_of(request), 409)
    return _back(asked, request.state.form.get("feedback_id", ""))


def undo(request: Request) -> Response:
    """Take a correction back and show the same page again."""
    asked = AskedTones.of(request.state.form)
    try:
        feedback_id = correcting.withdraw(request)
    except ConflictError:
        return _page(request, asked, site_of(request).t("tones.conflict_undo"), 409)
    return _back(asked, feedback_id)


def _page(request: Request, asked: AskedTones, warning: str = "", status: int = 200) -> Response:
    site = site_of(request)
    view = _found(site, asked) if asked.words else _corrected(site, asked)
    return render(
        request,
        "tones.html.j2",
        status=status,
        view=view,
        warning=warning,
        fields=asked.fields(),
        longest=LONGEST_WORDS,
    )


def _corrected(site: Site, asked: AskedTones) -> TonesPage:
    store = site.store
    listed = store.corrections(offset=asked.offset, limit=PER_PAGE + 1)
    return corrections_page(listed, store.correction_counts(), asked, store.name, site.t)


def _found(site: Site, asked: AskedTones) -> TonesPage:
    store = site.store
    ids = store.pieces_with(asked.words, offset=asked.offset, limit=PER_PAGE + 1)
    labels = store.tones_said(ids)
    return search_page(store.pieces(ids), ids, store.tones_read(ids), labels, asked, site.t)


def _back(asked: AskedTones, feedback_id: str) -> Response:
    place = f"#{anchor_of(feedback_id)}" if asked.words else ""
    return RedirectResponse(asked.address() + place, 303)


PAGE = Page(
    "tones",
    PATH,
    (
        Route(PATH, show),
        Route(f"{PATH}/correct", correct, methods=["POST"]),
        Route(PATH + "/{label_id:int}/undo", undo, methods=["POST"]),
    ),
)
