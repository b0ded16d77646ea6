"""Themes: the list, one theme with what is said of it, and what people decide about it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from klankbord.cells import neutralise
from klankbord.errors import ConflictError
from klankbord.outputs.theme_edits import LONGEST_REMARK, Remark, edit_theme
from klankbord.review.access import Flash
from klankbord.review.asking import PER_PAGE, asked_number, pages_in
from klankbord.review.rendering import problem, render, site_of, trusted
from klankbord.review.site import Page
from klankbord.review.theme_forms import Written, change, refused_text
from klankbord.review.theme_history import conflict_text
from klankbord.review.theme_list import PATH, ThemesAsked, themes_page
from klankbord.review.theme_page import theme_page
from klankbord.themes import edits
from klankbord.themes.names import LONGEST_NAME
from klankbord.themes.refusals import ThemeEditError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.requests import Request

    from klankbord.records import Theme
    from klankbord.review.site import Site
    from klankbord.store import ThemeEdit
    from klankbord.themes.edits import Edit, Edited, Known

    Change = Callable[[Known, Sequence[ThemeEdit]], Edited]

NOTHING = Written()


def show_list(request: Request) -> Response:
    """Show one page of the list."""
    site, asked = site_of(request), ThemesAsked.of(request.query_params)

    def draw(theme: Theme) -> str:
        return trusted(site.pictures.sparks.of(theme))

    view = themes_page(site.themes.listing(), asked, draw, site.t)
    return render(request, "theme_list.html.j2", view=view)


def show_theme(request: Request) -> Response:
    """Show one theme."""
    return _theme(request, ThemesAsked.of(request.query_params))


def edit(request: Request) -> Response:
    """Make the edit that a form asks for and show the theme as it is then."""
    verb, theme_id = request.path_params["verb"], request.path_params["theme_id"]
    asked_for = change(verb, theme_id, request.state.form)
    if asked_for is None:
        return problem(request, "address", 404)
    return _make(request, verb, lambda known, _: asked_for(known))


def undo(request: Request) -> Response:
    """Take the last edit of a theme back."""
    theme_id = request.path_params["theme_id"]
    return _make(request, "undo", lambda known, past: edits.undo(known, past, theme_id))


def _make(request: Request, verb: str, asked_for: Change) -> Response:
    site, form, asked = site_of(request), request.state.form, ThemesAsked.of(request.state.form)
    theme_id, t = request.path_params["theme_id"], site.t
    fields = {"value": neutralise(form.get("value", "")), "why": neutralise(form.get("why", ""))}
    remark = Remark(site.now(), request.state.session.by, fields["why"])
    try:
        made, number = edit_theme(
            site.store,
            asked_for,
            remark,
            language=t.language,
            timezone=t.timezone,
            seen=(theme_id, asked_number(form, "version")),
        )
    except ConflictError:
        return _theme(request, asked, Written(verb, fields=fields), status=409)
    except ThemeEditError as error:
        return _theme(request, asked, Written(verb, fields=fields), refused=error, status=422)
    undo_address = asked.theme_address(theme_id, "undo") if made.verb != edits.UNDO else ""
    request.state.session.flash = Flash(_done(made, site), undo=undo_address, version=number)
    return RedirectResponse(asked.theme_address(theme_id), 303)


def _theme(
    request: Request,
    asked: ThemesAsked,
    written: Written = NOTHING,
    *,
    refused: ThemeEditError | None = None,
    status: int = 200,
) -> Response:
    """Show a theme; what was `written` stands there again, with why it was refused.

    The history is read first: an edit made in between is then seen as one of somebody else.
    """
    site, theme_id = site_of(request), request.path_params["theme_id"]
    if theme_id not in site.themes.listing().by_id:
        raise HTTPException(404)
    history = site.store.theme_edits(theme_id=theme_id)
    listing = site.themes.listing()
    line = listing.find(theme_id)
    if refused is not None:
        written = replace(written, wrong=refused_text(refused, listing, site.t))
    themes = [theme_id, *(one.theme_id for one in listing.rows if one.parent_id == theme_id)]
    total, mentions = site.store.mentions(
        themes, offset=(asked.said - 1) * PER_PAGE, limit=PER_PAGE
    )
    if total and not mentions:  # a page that is not there
        asked = replace(asked, said=pages_in(total))
        _, mentions = site.store.mentions(
            themes, offset=(asked.said - 1) * PER_PAGE, limit=PER_PAGE
        )
    view = theme_page(
        line,
        listing,
        history,
        (total, mentions),
        asked,
        written,
        site.t,
    )
    return render(
        request,
        "theme.html.j2",
        status=status,
        view=view,
        picture=trusted(site.pictures.sparks.chart(view.course)) if view.course else "",
        warning=conflict_text(history, listing, site.t) if status == 409 else "",
        longest_name=LONGEST_NAME,
        longest_why=LONGEST_REMARK,
    )


def _done(made: Edit, site: Site) -> str:
    """Say what was done, and from when it counts."""
    called, t = site.store.theme_names(), site.t
    new = {name: str(value or "") for name, (_, value) in made.changes.items()}
    key = "unassign" if new.get("owner") == "" and made.verb != edits.UNDO else made.verb
    return t(
        f"theme.done.{key}",
        theme=neutralise(called.get(made.theme_id, made.theme_id)),
        other=neutralise(called.get(new.get("merged_into", ""), "")),
        owner=t.label("department", new.get("owner", "")),
    )


_ONE = PATH + "/{theme_id}"
PAGE = Page(
    "themes",
    PATH,
    (
        Route(PATH, show_list),
        Route(_ONE, show_theme),
        Route(f"{_ONE}/undo", undo, methods=["POST"]),
        Route(_ONE + "/{verb}", edit, methods=["POST"]),
    ),
)
