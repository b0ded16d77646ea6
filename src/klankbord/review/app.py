"""The site itself, and running it on this computer."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from klankbord.errors import ConflictError, KlankbordError
from klankbord.review.access import Access
from klankbord.review.guard import Guard
from klankbord.review.pages import actions, entry, shifts, themes, tones
from klankbord.review.pictures import Pictures
from klankbord.review.rendering import problem
from klankbord.review.site import Site
from klankbord.review.themes import Themes
from klankbord.review.wording import ReviewWording
from klankbord.store import NoSuchPieceError, NotListedError

if TYPE_CHECKING:
    import uvicorn
    from starlette.requests import Request

    from klankbord.settings import Settings
    from klankbord.store import Workspace

PAGES = (shifts.PAGE, actions.PAGE, themes.PAGE, tones.PAGE)  # in the order of the menu


def _now() -> datetime:
    return datetime.now(UTC)


def build_site(
    store: Workspace,
    settings: Settings,
    *,
    host: str,
    access: Access | None = None,
    announce: Callable[[str], None],
    on_bug: Callable[[Exception], object],
    now: Callable[[], datetime] = _now,
) -> Site:
    """Return the site of one workspace; `host` is the Host header that browsers send."""
    wording = ReviewWording(settings.language, settings.timezone)
    return Site(
        store=store,
        access=access or Access(),
        t=wording,
        pictures=Pictures(store, wording),
        themes=Themes(store, wording),
        host=host,
        pages=PAGES,
        now=now,
        announce=announce,
        on_bug=on_bug,
    )


def build_app(site: Site) -> Starlette:
    """Return the application that serves `site`."""
    routes = [Route("/", _home), *entry.ROUTES, *(r for page in PAGES for r in page.routes)]
    app = Starlette(
        routes=routes,
        middleware=[Middleware(Guard)],
        exception_handlers={
            HTTPException: _wrong_address,
            NotListedError: _not_listed,
            NoSuchPieceError: _no_piece,
            ConflictError: _conflict,
            KlankbordError: _refused,
        },
    )
    app.state.site = site
    return app


def serve(
    store: Workspace,
    settings: Settings,
    *,
    host: str,
    port: int,
    by: str,
    announce: Callable[[str], None],
    on_bug: Callable[[Exception], object],
    asks: Iterable[object] = (),
) -> None:
    """Serve the review of `store` until interrupted; `announce` is told the address to visit.

    Each of `asks`, which may block, is a wish for one more address.
    Raises KlankbordError where the port is taken or `host` is not an address of this computer.
    """
    server, listening, named = bind(host, port)
    site = build_site(
        store, settings, host=named, access=Access(by), announce=announce, on_bug=on_bug
    )
    server.config.app = build_app(site)
    site.pictures.prepare()
    listening.listen()  # whoever visits the address at once waits for the server
    site.invite()
    threading.Thread(target=_invite, args=(site, asks), daemon=True).start()
    try:
        with contextlib.suppress(KeyboardInterrupt):  # how people stop it
            server.run(sockets=[listening])
    finally:
        site.pictures.close()


def bind(host: str, port: int) -> tuple[uvicorn.Server, Any, str]:
    """Return a server without an application, its socket, and the Host header browsers send.

    No module of ours imports `socket`, for its type neither.

    Raises KlankbordError where the port is taken or `host` is not an address of this computer.
    """
    import uvicorn

    logging.getLogger("uvicorn").setLevel(logging.CRITICAL)
    config = uvicorn.Config(
        Starlette(),
        host=host,
        port=port,
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=2,
    )
    try:
        listening = config.bind_socket()
    except SystemExit:
        raise KlankbordError(
            "nothing can be served at this address and port",
            where=f"{host}:{port}",
            hint="leave --port away to take a free one",
        ) from None
    bound = int(listening.getsockname()[1])
    named = f"[{host}]:{bound}" if ":" in host else f"{host}:{bound}"
    return uvicorn.Server(config), listening, named


def _invite(site: Site, asks: Iterable[object]) -> None:
    for _ in asks:
        site.invite()


def _home(request: Request) -> Response:
    del request
    return RedirectResponse(PAGES[0].path, 303)


def _wrong_address(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    return problem(request, "method" if status == 405 else "address", status)


def _conflict(request: Request, error: Exception) -> Response:
    del error
    return problem(request, "conflict", 409)


def _not_listed(request: Request, error: Exception) -> Response:
    del error
    return problem(request, "missing", 404)


def _no_piece(request: Request, error: Exception) -> Response:
    del error
    return problem(request, "piece", 404)


def _refused(request: Request, error: Exception) -> Response:
    del error
    return problem(request, "refused", 503)
