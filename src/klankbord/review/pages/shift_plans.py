"""Giving a tone shift to somebody, and letting it wait until a day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from klankbord.errors import ConflictError
from klankbord.review.asking import asked_number, asked_text
from klankbord.review.pages.one_shift import (
    asked_shift,
    conflict,
    show,
    tell,
)
from klankbord.review.plan import Written, asked_name, asked_snooze
from klankbord.review.queue import PATH, Asked
from klankbord.review.rendering import problem, site_of
from klankbord.store import Matter, ReviewState

if TYPE_CHECKING:
    from starlette.requests import Request


def assign(request: Request) -> Response:
    """Give a shift to a person or department, or to nobody, and show it again."""
    site, form, asked = site_of(request), request.state.form, Asked.of(request.state.form)
    one, note, by = asked_shift(request), asked_text(form, "note"), request.state.session.by
    name, seen = asked_name(form, by, site.t), asked_number(form, "version")
    written = Written("assign", note, assignee=name or "")
    if name is None:
        warning = site.t("plan.no_name")
        return show(request, one, asked, warning=warning, written=written, status=422)
    try:
        version = site.store.assign_shift(
            one.shift.shift_id, name, at=site.now(), by=by, note=note, version=seen
        )
    except ConflictError:
        return conflict(request, one.shift.shift_id, asked, written)
    tell(
        request,
        one,
        "done.TOEGEWEZEN" if name else "done.TOEGEWEZEN_NIET",
        undo=_undo_address(one.shift.shift_id, Matter.TOEWIJZING, asked),
        version=version,
        name=site.t.label("department", name),
    )
    return RedirectResponse(asked.shift_address(one.shift.shift_id), 303)


def snooze(request: Request) -> Response:
    """Let a shift wait and go on to the next open one, or let it wait no longer."""
    site, form, asked = site_of(request), request.state.form, Asked.of(request.state.form)
    one, note, by = asked_shift(request), asked_text(form, "note"), request.state.session.by
    day = None if "wake" in form else asked_snooze(form, site.today)
    seen = asked_number(form, "version")
    written = Written("snooze", note, until=form.get("until", "")[:10])
    if day is None and "wake" not in form:
        warning = site.t("plan.no_day")
        return show(request, one, asked, warning=warning, written=written, status=422)
    try:
        version = site.store.snooze_shift(
            one.shift.shift_id, day, at=site.now(), by=by, note=note, version=seen
        )
    except ConflictError:
        return conflict(request, one.shift.shift_id, asked, written)
    tell(
        request,
        one,
        "done.UITGESTELD" if day else "done.UITGESTELD_NIET",
        undo=_undo_address(one.shift.shift_id, Matter.UITSTEL, asked),
        version=version,
        day=site.t.day(day) if day else "",
    )
    if day is None:
        return RedirectResponse(asked.shift_address(one.shift.shift_id), 303)
    return RedirectResponse(next_open(request, one.rank, asked), 303)


def undo(request: Request) -> Response:
    """Take the last assignment or snooze back and show the shift again."""
    site, form = site_of(request), request.state.form
    asked, given = Asked.of(form), request.path_params["matter"]
    if given not in (Matter.TOEWIJZING, Matter.UITSTEL):
        return problem(request, "address", 404)
    one, matter = asked_shift(request), Matter(given)
    shift_id, by = one.shift.shift_id, request.state.session.by
    seen = asked_number(form, "version")
    try:
        site.store.undo_plan(shift_id, matter, at=site.now(), by=by, version=seen)
    except ConflictError:
        return conflict(request, shift_id, asked)
    tell(request, one, f"done.ONGEDAAN_{matter.name}")
    return RedirectResponse(asked.shift_address(shift_id), 303)


def next_open(request: Request, rank: int, asked: Asked) -> str:
    """Return the address of the next shift to judge after place `rank`, or of the list."""
    site, by = site_of(request), request.state.session.by
    part = Asked(asked.kind, ReviewState.OPEN.value, who=asked.who).filter(by, site.today)
    _, after = site.store.shift_neighbours(rank, part)
    return asked.shift_address(after) if after else asked.list_address()


def _undo_address(shift_id: str, matter: Matter, asked: Asked) -> str:
    return asked.shift_address(shift_id, f"undo/{matter.value}")


_ONE = PATH + "/{shift_id}"
ROUTES = (
    Route(f"{_ONE}/assign", assign, methods=["POST"]),
    Route(f"{_ONE}/snooze", snooze, methods=["POST"]),
    Route(f"{_ONE}/undo/{{matter}}", undo, methods=["POST"]),
)
