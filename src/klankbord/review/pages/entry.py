"""Coming in with a one-time token, saying who one is, inviting a colleague, and leaving."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from klankbord.cells import neutralise
from klankbord.review.access import LONGEST_SECONDS, UNUSED_SECONDS, TooManyFailuresError
from klankbord.review.guard import ENTRANCE, NAME
from klankbord.review.rendering import problem, render, site_of

LONGEST_NAME = 60
INVITE = "/invite"


def enter(request: Request) -> Response:
    """Exchange the token in the address for a session cookie."""
    site = site_of(request)
    client = request.client.host if request.client else ""
    try:
        session, expired = site.access.enter(request.query_params.get("token", ""), client)
    except TooManyFailuresError:
        return problem(request, "attempts", 429)
    if expired:
        site.invite()
    if session is None:
        return problem(request, "expired" if expired else "token", 403)
    response = RedirectResponse("/", 303)
    response.set_cookie(
        site.cookie,
        session.cookie,
        max_age=int(LONGEST_SECONDS),
        httponly=True,
        samesite="lax",
    )
    return response


def ask_name(request: Request) -> Response:
    """Ask who is reviewing; the name stands beside every judgement."""
    return render(request, "name.html.j2", longest=LONGEST_NAME, wrong=False)


def keep_name(request: Request) -> Response:
    """Keep the name for this session."""
    name = clean_name(request.state.form.get("name", ""))
    if not name:
        return render(request, "name.html.j2", status=422, longest=LONGEST_NAME, wrong=True)
    request.state.session.by = name
    return RedirectResponse("/", 303)


def show_invitation(request: Request) -> Response:
    """Tell how a colleague comes in, and once the address that was just made."""
    site = site_of(request)
    return render(
        request,
        "invite.html.j2",
        address=request.state.session.take_invitation(),
        minutes=site.t.number(UNUSED_SECONDS / 60),
        reach="here" if site.on_loopback else "network",
    )


def make_invitation(request: Request) -> Response:
    """Make an address for a colleague; only the next page of this session shows it."""
    request.state.session.invitation = site_of(request).new_address()
    return RedirectResponse(INVITE, 303)


def leave(request: Request) -> Response:
    """End the session."""
    site = site_of(request)
    site.access.leave(request.state.session)
    request.state.session = None
    response = problem(request, "left", 200)
    response.delete_cookie(site.cookie, httponly=True, samesite="lax")
    return response


def clean_name(text: str) -> str:
    """Return a name on one line, without characters that hide or reorder, and not too long."""
    return " ".join(neutralise(text).split())[:LONGEST_NAME].strip()


ROUTES = (
    Route(ENTRANCE, enter),
    Route(NAME, ask_name),
    Route(NAME, keep_name, methods=["POST"]),
    Route(INVITE, show_invitation),
    Route(INVITE, make_invitation, methods=["POST"]),
    Route("/leave", leave, methods=["POST"]),
)
