"""The queue of tone drops: list, one shift, and what a person finds it to be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from klankbord.errors import ConflictError
from klankbord.review.access import Flash
from klankbord.review.asking import PER_PAGE, asked_number, asked_text
from klankbord.review.pages import shift_plans, shift_tones
from klankbord.review.pages.one_shift import (
    asked_shift,
    conflict,
    show,
    tell,
)
from klankbord.review.pages.shift_plans import next_open
from klankbord.review.plan import Written
from klankbord.review.queue import PATH, Asked, done_key, pages_of, queue
from klankbord.review.rendering import problem, render, site_of
from klankbord.review.site import Page

if TYPE_CHECKING:
    from starlette.requests import Request


def show_queue(request: Request) -> Response:
    """Show one page of the list."""
    site, by = site_of(request), request.state.session.by
    asked, day = Asked.of(request.query_params), site.today
    counts = site.store.shift_counts(day, asked.assignee(by))
    asked = pages_of(counts, asked)
    listed = site.store.listed_shifts(
        asked.filter(by, day), offset=(asked.page - 1) * PER_PAGE, limit=PER_PAGE
    )
    people = site.store.shifts_by_assignee()
    view = queue(listed, counts, people, asked, by, day, site.t)
    return render(request, "queue.html.j2", queue=view)


def show_shift(request: Request) -> Response:
    """Show one shift."""
    return show(request, asked_shift(request), Asked.of(request.query_params))


def judge(request: Request) -> Response:
    """Keep a verdict and go on to the next open shift."""
    site, form, asked = site_of(request), request.state.form, Asked.of(request.state.form)
    one, note = asked_shift(request), asked_text(form, "note")
    real = {"real": True, "false": False}.get(form.get("verdict", ""))
    if real is None:
        return problem(request, "form", 400)
    try:
        version = site.store.judge_shift(
            one.shift,
            real=real,
            at=site.now(),
            by=request.state.session.by,
            note=note,
            version=asked_number(form, "version"),
        )
    except ConflictError:
        return conflict(request, one.shift.shift_id, asked, Written("verdict", note))
    undo = asked.shift_address(one.shift.shift_id, "undo")
    tell(request, one, done_key(real=real), undo=undo, version=version)
    return RedirectResponse(next_open(request, one.rank, asked), 303)


def undo(request: Request) -> Response:
    """Take the last judgement back and show the shift again."""
    site, form, asked = site_of(request), request.state.form, Asked.of(request.state.form)
    one = asked_shift(request)
    try:
        site.store.undo_judgement(
            one.shift.shift_id,
            at=site.now(),
            by=request.state.session.by,
            version=asked_number(form, "version"),
        )
    except ConflictError:
        return conflict(request, one.shift.shift_id, asked)
    tell(request, one, "done.ONGEDAAN")
    return RedirectResponse(asked.shift_address(one.shift.shift_id), 303)


def note(request: Request) -> Response:
    """Keep a note without judging."""
    site, asked = site_of(request), Asked.of(request.state.form)
    one, text = asked_shift(request), asked_text(request.state.form, "note")
    if text:
        by = request.state.session.by
        site.store.note_shift(one.shift.shift_id, text, at=site.now(), by=by)
        request.state.session.flash = Flash(site.t("done.NOTITIE"))
    return RedirectResponse(asked.shift_address(one.shift.shift_id), 303)


_ONE = PATH + "/{shift_id}"
PAGE = Page(
    "shifts",
    PATH,
    (
        Route(PATH, show_queue),
        Route(_ONE, show_shift),
        Route(f"{_ONE}/verdict", judge, methods=["POST"]),
        Route(f"{_ONE}/undo", undo, methods=["POST"]),
        Route(f"{_ONE}/note", note, methods=["POST"]),
        *shift_plans.ROUTES,
        *shift_tones.ROUTES,
    ),
)
