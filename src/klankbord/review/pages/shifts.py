"""The queue of tone drops: list, one shift, and what a person does with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from klankbord.cells import neutralise
from klankbord.errors import ConflictError
from klankbord.review.access import Flash
from klankbord.review.pictures import WHOLE_HISTORY
from klankbord.review.queue import PATH, PER_PAGE, Asked, done_key, pages_of, queue
from klankbord.review.rendering import problem, render, site_of, trusted
from klankbord.review.shift_page import conflict_text, last_pieces, shift_page
from klankbord.review.site import Page
from klankbord.store import ListedShift

if TYPE_CHECKING:
    from starlette.requests import Request

    from klankbord.review.site import Site

LONGEST_NOTE = 2000


def show_queue(request: Request) -> Response:
    """Show one page of the list."""
    site = site_of(request)
    counts = site.store.shift_counts()
    asked = pages_of(counts, Asked.of(request.query_params))
    listed = site.store.listed_shifts(
        kind=asked.kind,
        judged=asked.judged,
        offset=(asked.page - 1) * PER_PAGE,
        limit=PER_PAGE,
    )
    return render(request, "queue.html.j2", queue=queue(listed, counts, asked, site.t))


def show_shift(request: Request) -> Response:
    """Show one shift."""
    one = _asked_shift(request)
    return _shift(request, one, Asked.of(request.query_params))


def judge(request: Request) -> Response:
    """Keep a verdict and go on to the next open shift."""
    site, form, asked = site_of(request), request.state.form, Asked.of(request.state.form)
    one, note = _asked_shift(request), _note(form.get("note", ""))
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
            version=_version(form),
        )
    except ConflictError:
        return _conflict(request, one.shift.shift_id, asked, note)
    customer = site.t.customer(one.shift.customer_id)
    request.state.session.flash = Flash(
        site.t(done_key(real=real), customer=customer),
        undo=asked.shift_address(one.shift.shift_id, "undo"),
        version=version,
    )
    _, after = site.store.shift_neighbours(one.rank, kind=asked.kind, judged=False)
    return RedirectResponse(asked.shift_address(after) if after else asked.list_address(), 303)


def undo(request: Request) -> Response:
    """Take the last judgement back and show the shift again."""
    site, form, asked = site_of(request), request.state.form, Asked.of(request.state.form)
    one = _asked_shift(request)
    try:
        site.store.undo_judgement(
            one.shift.shift_id,
            at=site.now(),
            by=request.state.session.by,
            version=_version(form),
        )
    except ConflictError:
        return _conflict(request, one.shift.shift_id, asked, "")
    customer = site.t.customer(one.shift.customer_id)
    request.state.session.flash = Flash(site.t("done.ONGEDAAN", customer=customer))
    return RedirectResponse(asked.shift_address(one.shift.shift_id), 303)


def note(request: Request) -> Response:
    """Keep a note without judging."""
    site, asked = site_of(request), Asked.of(request.state.form)
    one, text = _asked_shift(request), _note(request.state.form.get("note", ""))
    if text:
        by = request.state.session.by
        site.store.note_shift(one.shift.shift_id, text, at=site.now(), by=by)
        request.state.session.flash = Flash(site.t("done.NOTITIE"))
    return RedirectResponse(asked.shift_address(one.shift.shift_id), 303)


def _asked_shift(request: Request) -> ListedShift:
    return site_of(request).store.listed_shift(request.path_params["shift_id"])


def _shift(
    request: Request,
    one: ListedShift,
    asked: Asked,
    *,
    warning: str = "",
    written: str = "",
    status: int = 200,
) -> Response:
    site: Site = site_of(request)
    shift, store = one.shift, site.store
    said, scores = store.said_by(shift.customer_id, last=WHOLE_HISTORY)
    around = store.shift_neighbours(one.rank, kind=asked.kind, judged=asked.judged)
    picture = site.pictures.timeline(shift.customer_id, said, scores)
    if around[1]:
        site.pictures.draw_ahead(store.listed_shift(around[1]).shift.customer_id)
    view = shift_page(
        one,
        last_pieces(said, shift.evidence),
        scores,
        store.actions(customer_id=shift.customer_id, open_only=True),
        around,
        asked,
        picture,
        site.t.local_day(site.now()),
        site.t,
    )
    return render(
        request,
        "shift.html.j2",
        status=status,
        view=view,
        picture=trusted(view.picture),
        warning=warning,
        written=written,
        longest=LONGEST_NOTE,
    )


def _conflict(request: Request, shift_id: str, asked: Asked, written: str) -> Response:
    """Show the shift as somebody else left it; the same button then changes it knowingly."""
    site = site_of(request)
    one = site.store.listed_shift(shift_id)
    warning = conflict_text(one, site.t)
    return _shift(request, one, asked, warning=warning, written=written, status=409)


def _version(form: dict[str, str]) -> int:
    given = form.get("version", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 19 else -1


def _note(text: str) -> str:
    return neutralise(text).strip()[:LONGEST_NOTE]


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
    ),
)
