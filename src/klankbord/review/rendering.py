"""Pages from templates, under a policy that lets in nothing but our own style and script."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import jinja2
from markupsafe import Markup
from starlette.responses import HTMLResponse

from klankbord import report

if TYPE_CHECKING:
    from starlette.requests import Request

    from klankbord.review.site import Site

_TEMPLATES = Path(__file__).with_name("templates")
_REPORT = Path(report.__file__).with_name("templates")


def site_of(request: Request) -> Site:
    """Return what the pages work with."""
    site: Site = request.app.state.site
    return site


def render(request: Request, template: str, *, status: int = 200, **values: object) -> HTMLResponse:
    """Return a page; `values` are all that the template shows, in words already."""
    site = site_of(request)
    session = getattr(request.state, "session", None)
    text = (
        _environment()
        .get_template(template)
        .render(
            t=site.t,
            pages=site.pages if session is not None and session.by else (),
            path=request.url.path,
            on_loopback=site.on_loopback,
            by=session.by if session is not None else "",
            form_token=session.form_token if session is not None else "",
            flash=session.take_flash() if session is not None else None,
            style=trusted(style()),
            script=trusted(script()),
            **values,
        )
    )
    return HTMLResponse(text, status)


def problem(request: Request, key: str, status: int) -> HTMLResponse:
    """Return a page that says what is wrong and what to do, in the texts under `problem.<key>`."""
    t = site_of(request).t
    return render(
        request,
        "problem.html.j2",
        status=status,
        title=t(f"problem.{key}.title"),
        advice=t(f"problem.{key}.advice"),
    )


@cache
def policy() -> str:
    """Return the content security policy of every page."""
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src '{_digest(style())}'",
            f"script-src '{_digest(script())}'",
            "img-src data:",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


@cache
def style() -> str:
    """Return the style of the report with that of the review page."""
    return _text(_REPORT / "report.css") + _text(_TEMPLATES / "review.css")


@cache
def script() -> str:
    """Return our script; every page works without it."""
    return _text(_TEMPLATES / "review.js")


def trusted(text: str) -> Markup:
    """Mark our own style, script or picture as not to be escaped; never anybody's words."""
    return Markup(text)  # noqa: S704


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader([_TEMPLATES, _REPORT]),
        autoescape=jinja2.select_autoescape(default=True, default_for_string=True),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _text(path: Path) -> str:
    return path.read_text("utf-8").replace("\r\n", "\n")


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
