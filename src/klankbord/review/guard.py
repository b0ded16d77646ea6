"""What stands before every page: host, session, origin, form token, and safe headers after it."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from klankbord.review.rendering import policy, problem, site_of

if TYPE_CHECKING:
    from starlette.middleware.base import RequestResponseEndpoint

    from klankbord.review.access import Session

ENTRANCE, NAME = "/enter", "/name"
MOST_BYTES = 64 * 1024
MOST_FIELDS = 50
_FORM = "application/x-www-form-urlencoded"
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Guard(BaseHTTPMiddleware):
    """Lets a request through to its page, or answers it with what is wrong."""

    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        """Answer one request."""
        response = await self._answer(request, call_next)
        response.headers.update(_HEADERS)
        response.headers["Content-Security-Policy"] = policy()
        return response

    async def _answer(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        try:
            refused = await _refusal(request)
            return await call_next(request) if refused is None else refused
        except Exception as error:  # noqa: BLE001 - whatever it is, no words of customers are logged
            site_of(request).on_bug(error)
            return await run_in_threadpool(problem, request, "bug", 500)


async def _refusal(request: Request) -> Response | None:
    """Return the answer to a request that may not reach its page; None lets it through."""
    site = site_of(request)
    if request.headers.getlist("host") != [site.host]:
        return problem(request, "host", 421)
    if request.method not in ("GET", "HEAD", "POST"):
        return problem(request, "method", 405)
    if request.url.path == ENTRANCE and request.method != "POST":
        return None
    session, expired = site.access.session(request.cookies.get(site.cookie, ""))
    if session is None:
        if expired:
            site.invite()
        return problem(request, "session", 401)
    request.state.session = session
    if request.method == "POST":
        wrong = await _wrong_form(request, session)
        if wrong is not None:
            return wrong
    if not session.by and request.url.path != NAME:
        return RedirectResponse(NAME, 303)
    return None


async def _wrong_form(request: Request, session: Session) -> Response | None:
    """Read a posted form into `request.state.form`; return what is wrong with it."""
    origin, from_site = request.headers.get("origin"), request.headers.get("sec-fetch-site")
    own = f"{request.url.scheme}://{site_of(request).host}"
    # A browser writes "null" here because we ask it not to tell where people come from.
    if origin not in (None, "null", own) or from_site not in (None, "same-origin"):
        return problem(request, "origin", 403)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        return problem(request, "form", 415)
    size = request.headers.get("content-length", "")
    if not size.isascii() or not size.isdigit() or int(size) > MOST_BYTES:
        return problem(request, "size", 413)
    await request.body()  # kept, so that a page may read it again
    sent = await request.form(max_files=0, max_fields=MOST_FIELDS)
    form = {name: value for name, value in sent.multi_items() if isinstance(value, str)}
    given = form.pop("form_token", "").encode("utf-8", "replace")
    if not secrets.compare_digest(given, session.form_token.encode()):
        return problem(request, "origin", 403)
    request.state.form = form
    return None
