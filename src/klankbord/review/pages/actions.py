"""The actions board: list, one action, and what a person does with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from klankbord.errors import ConflictError
from klankbord.loop import ActionState, Outcome, check_draft, departments
from klankbord.loop.lifecycle import IllegalStepError
from klankbord.records import Action
from klankbord.review.access import Flash
from klankbord.review.action_history import conflict_text
from klankbord.review.action_page import (
    LONGEST_TEXT,
    Grounds,
    Typed,
    action_page,
    goes_back,
)
from klankbord.review.asking import (
    LONGEST_NOTE,
    PER_PAGE,
    asked_day,
    asked_number,
    asked_text,
    cleaned,
)
from klankbord.review.board import PATH, AskedActions, board, pages_of
from klankbord.review.pictures import WHOLE_HISTORY
from klankbord.review.pieces import MOST_PIECES, last_pieces
from klankbord.review.rendering import problem, render, site_of
from klankbord.review.site import Page
from klankbord.schema import FEEDBACK
from klankbord.store import NoSuchActionError

if TYPE_CHECKING:
    from starlette.requests import Request

    from klankbord.review.site import Site

_LONGEST_REASON = 300
_LENGTHS = {"note": LONGEST_NOTE, "plan": LONGEST_TEXT, "draft": LONGEST_TEXT}
_FIELDS = ("note", "owner", "due", "why", "plan", "draft")
NOTHING = Typed()


def show_board(request: Request) -> Response:
    """Show one page of the board."""
    site = site_of(request)
    today = site.today
    counts = site.store.action_counts(today)
    asked = pages_of(counts, AskedActions.of(request.query_params))
    listed = site.store.listed_actions(
        asked.filter(today), offset=(asked.page - 1) * PER_PAGE, limit=PER_PAGE
    )
    themes = site.store.theme_labels(one.theme_id for one in listed if one.theme_id)
    view = board(listed, counts, themes, asked, today, site.t)
    return render(request, "board.html.j2", board=view)


def show_action(request: Request) -> Response:
    """Show one action."""
    return _show(request, _asked_action(request), AskedActions.of(request.query_params))


def step(request: Request) -> Response:
    """Take an action to a state that may follow; back to the plan with a reason only."""
    form, note = request.state.form, _typed(request, "note")
    action, status = _asked_action(request), form.get("status", "")
    if status not in tuple(ActionState):
        return problem(request, "form", 400)
    if goes_back(action, ActionState(status)) and not note:
        return _wrong(request, action, note=("action.say_why_back",))
    return _do(request, action, "moved", status=ActionState(status), why=note)


def assign(request: Request) -> Response:
    """Give an action to another department."""
    owner = request.state.form.get("owner", "")
    if owner not in departments():
        return problem(request, "form", 400)
    return _do(request, _asked_action(request), "assigned", owner=owner)


def put_off(request: Request) -> Response:
    """Give an action another due date, with the reason."""
    site, form, action = site_of(request), request.state.form, _asked_action(request)
    today, why = site.today, _typed(request, "why")
    day = asked_day(form, "due", earliest=today, today=today)
    wrong = {} if day else {"due": ("action.no_day",)}
    wrong |= {} if why else {"why": ("action.say_why",)}
    if wrong:
        return _wrong(request, action, **wrong)
    return _do(request, action, "put_off", due=day, why=why)


def keep_plan(request: Request) -> Response:
    """Keep what can be done, what cannot and what comes later."""
    plan = _typed(request, "plan")
    return _do(request, _asked_action(request), "rewritten", wel_niet_later=plan)


def keep_draft(request: Request) -> Response:
    """Keep the message, unless something is wrong with it."""
    site, action, draft = site_of(request), _asked_action(request), _typed(request, "draft")
    if draft != cleaned(action.draft, LONGEST_TEXT):
        problems = check_draft(draft, site.t.language)
        if problems:
            return _wrong(request, action, draft=problems)
    return _do(request, action, "rewritten", draft=draft)


def close(request: Request) -> Response:
    """Close an action with what came of it."""
    site, outcome = site_of(request), request.state.form.get("outcome", "")
    if outcome not in tuple(Outcome):
        return problem(request, "form", 400)
    done = "closed_false" if outcome == Outcome.VALS_ALARM else "closed"
    return _attempt(
        request,
        _asked_action(request),
        done,
        lambda action_id, **by_whom: site.store.close_action(
            action_id, Outcome(outcome), why=_typed(request, "note"), **by_whom
        ),
    )


def reopen(request: Request) -> Response:
    """Open a closed action again, with the reason."""
    site, action, why = site_of(request), _asked_action(request), _typed(request, "note")
    if not why:
        return _wrong(request, action, note=("action.say_why_reopen",))
    return _attempt(
        request,
        action,
        "reopened",
        lambda action_id, **by_whom: site.store.reopen_action(action_id, why=why, **by_whom),
    )


def undo(request: Request) -> Response:
    """Take back the last thing a person did with an action."""
    site = site_of(request)
    return _attempt(
        request, _asked_action(request), "undone", site.store.undo_action, can_undo=False
    )


def note(request: Request) -> Response:
    """Keep a note without changing the action."""
    site, action, text = site_of(request), _asked_action(request), _typed(request, "note")
    if text:
        by = request.state.session.by
        site.store.note_action(action.action_id, text, at=site.now(), by=by)
        request.state.session.flash = Flash(site.t("action.done.noted"))
    return _back(request, action)


def _do(request: Request, action: Action, done: str, **changes: Any) -> Response:  # noqa: ANN401
    store = site_of(request).store
    return _attempt(
        request,
        action,
        done,
        lambda action_id, **by_whom: store.update_action(action_id, **changes, **by_whom),
    )


def _attempt(
    request: Request,
    action: Action,
    done: str,
    act: Callable[..., Action],
    *,
    can_undo: bool = True,
) -> Response:
    """Do something with an action as it was seen, and show it again with what became of it."""
    site, session = site_of(request), request.state.session
    seen = asked_number(request.state.form, "version")
    at: datetime = site.now()
    try:
        changed = act(action.action_id, at=at, by=session.by, version=seen)
    except (ConflictError, IllegalStepError):
        return _conflict(request, action.action_id)
    if changed.version == seen:
        session.flash = Flash(site.t("action.done.nothing"))
    else:
        address = AskedActions.of(request.state.form).action_address(action.action_id, "undo")
        session.flash = Flash(
            site.t(f"action.done.{done}"), address if can_undo else "", changed.version
        )
    return _back(request, action)


def _back(request: Request, action: Action) -> Response:
    asked = AskedActions.of(request.state.form)
    return RedirectResponse(asked.action_address(action.action_id), 303)


def _conflict(request: Request, action_id: str) -> Response:
    """Show the action as somebody else left it, beside what was typed."""
    site = site_of(request)
    warning = conflict_text(site.store.action_history(action_id), site.t)
    asked, typed = AskedActions.of(request.state.form), Typed(_all_typed(request))
    action = site.store.action(action_id)
    return _show(request, action, asked, typed=typed, warning=warning, status=409)


def _wrong(request: Request, action: Action, **wrong: tuple[str, ...]) -> Response:
    """Show the action again with what was typed and what is wrong with it, by field."""
    t = site_of(request).t
    told = {
        name: tuple(t(one) if t.has(one) else one for one in all_) for name, all_ in wrong.items()
    }
    asked, typed = AskedActions.of(request.state.form), Typed(_all_typed(request), told)
    return _show(request, action, asked, typed=typed, status=422)


def _show(
    request: Request,
    action: Action,
    asked: AskedActions,
    *,
    typed: Typed = NOTHING,
    warning: str = "",
    status: int = 200,
) -> Response:
    site = site_of(request)
    today = site.today
    view = action_page(
        action,
        _grounds(site, action),
        site.store.action_history(action.action_id),
        site.store.action_neighbours(action, asked.filter(today)),
        asked,
        typed,
        today,
        site.t,
    )
    return render(
        request,
        "action.html.j2",
        status=status,
        view=view,
        typed=typed,
        warning=warning,
        longest_note=LONGEST_NOTE,
        longest_text=LONGEST_TEXT,
        longest_reason=_LONGEST_REASON,
    )


def _grounds(site: Site, action: Action) -> Grounds:
    store = site.store
    evidence = store.pieces(action.evidence[-MOST_PIECES:])
    if action.customer_id:
        said, _ = store.said_by(action.customer_id, last=WHOLE_HISTORY)
        said = last_pieces(said, action.evidence)
    else:
        said = FEEDBACK.empty_table()
    ids = {*said["feedback_id"].to_pylist(), *evidence["feedback_id"].to_pylist()}
    return Grounds(
        evidence=evidence,
        said=said,
        tones=_tones(site, sorted(ids)),
        shifts=store.shifts_behind(action),
        themes=store.theme_labels(filter(None, (action.theme_id, action.complaint_theme))),
    )


def _tones(site: Site, ids: Sequence[str]) -> Mapping[str, str]:
    said = {own: label.tone.value for own, label in site.store.tones_said(ids).items()}
    return {**site.store.tones_read(ids), **said}


def _asked_action(request: Request) -> Action:
    try:
        return site_of(request).store.action(request.path_params["action_id"])
    except NoSuchActionError:
        raise HTTPException(404) from None


def _all_typed(request: Request) -> Mapping[str, str]:
    return {name: _typed(request, name) for name in _FIELDS if name in request.state.form}


def _typed(request: Request, name: str) -> str:
    return asked_text(request.state.form, name, _LENGTHS.get(name, _LONGEST_REASON))


_ONE = PATH + "/{action_id}"
PAGE = Page(
    "actions",
    PATH,
    (
        Route(PATH, show_board),
        Route(_ONE, show_action),
        Route(f"{_ONE}/step", step, methods=["POST"]),
        Route(f"{_ONE}/close", close, methods=["POST"]),
        Route(f"{_ONE}/reopen", reopen, methods=["POST"]),
        Route(f"{_ONE}/assign", assign, methods=["POST"]),
        Route(f"{_ONE}/due", put_off, methods=["POST"]),
        Route(f"{_ONE}/plan", keep_plan, methods=["POST"]),
        Route(f"{_ONE}/draft", keep_draft, methods=["POST"]),
        Route(f"{_ONE}/note", note, methods=["POST"]),
        Route(f"{_ONE}/undo", undo, methods=["POST"]),
    ),
)
