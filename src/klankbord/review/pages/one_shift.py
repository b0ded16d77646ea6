"""One tone shift as every page that changes it shows it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from klankbord.review.access import Flash
from klankbord.review.asking import LONGEST_NOTE
from klankbord.review.pictures import WHOLE_HISTORY
from klankbord.review.pieces import last_pieces
from klankbord.review.plan import Written, plan
from klankbord.review.queue import Asked
from klankbord.review.rendering import render, site_of, trusted
from klankbord.review.shift_page import conflict_text, shift_page

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from klankbord.review.site import Site
    from klankbord.store import ListedShift

NOTHING = Written()


def asked_shift(request: Request) -> ListedShift:
    """Return the shift that the address names."""
    return site_of(request).store.listed_shift(request.path_params["shift_id"])


def show(
    request: Request,
    one: ListedShift,
    asked: Asked,
    *,
    warning: str = "",
    written: Written = NOTHING,
    status: int = 200,
) -> Response:
    """Show a shift; `written` is what somebody filled in and stands there again."""
    site: Site = site_of(request)
    shift, store, by = one.shift, site.store, request.state.session.by
    said, scores = store.said_by(shift.customer_id, last=WHOLE_HISTORY)
    part = asked.filter(by, site.today)
    around = store.shift_neighbours(one.rank, part)
    picture = site.pictures.timeline(shift.customer_id, said, scores)
    if around[1]:
        site.pictures.draw_ahead(store.listed_shift(around[1]).shift.customer_id)
    shown = last_pieces(said, shift.evidence)
    view = shift_page(
        one,
        shown,
        scores,
        store.tones_said(shown["feedback_id"].to_pylist()),
        store.actions(customer_id=shift.customer_id, open_only=True),
        around,
        asked,
        plan(one, asked, by, store.people(), part.today, site.t),
        picture,
        part.today,
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


def conflict(request: Request, shift_id: str, asked: Asked, written: Written = NOTHING) -> Response:
    """Show the shift as somebody else left it; the same button then changes it knowingly."""
    site = site_of(request)
    one = site.store.listed_shift(shift_id)
    warning = conflict_text(one, site.t)
    return show(request, one, asked, warning=warning, written=written, status=409)


def tell(
    request: Request, one: ListedShift, key: str, *, undo: str = "", version: int = 0, **values: str
) -> None:
    """Let the next page tell what was done with a shift."""
    t = site_of(request).t
    customer = t.customer(one.shift.customer_id)
    text = t(key, customer=customer, **values)
    request.state.session.flash = Flash(text, undo=undo, version=version)
