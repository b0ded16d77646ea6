"""One action with its grounds, what can be done with it, and what happened, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import pyarrow as pa

from klankbord.cells import neutralise
from klankbord.loop import departments
from klankbord.loop.lifecycle import ActionState, next_states, outcomes
from klankbord.records import Action, ToneShift
from klankbord.review.action_history import Happened, happened, told_step
from klankbord.review.asking import LONGEST_WAIT
from klankbord.review.board import AskedActions, BoardRow, board_row
from klankbord.review.choices import Option
from klankbord.review.pieces import OPEN_PIECES, Piece, piece_of
from klankbord.review.queue import Asked
from klankbord.review.theme_list import ThemesAsked
from klankbord.review.wording import ReviewWording
from klankbord.store import ActionEvent, undoable
from klankbord.themes import codeframe

LONGEST_TEXT = 32_000  # as in the sheet of actions
GROUNDS_SHOWN = 3
_SATURDAY = 5
VERBS = ("step", "close", "reopen", "assign", "due", "plan", "draft", "note", "undo")


@dataclass(frozen=True)
class Stage:
    """One of the six steps of the loop, and whether it is behind, here or ahead."""

    label: str
    place: str  # "done", "here" or "ahead"


@dataclass(frozen=True)
class Typed:
    """What somebody typed that was not kept, and what is wrong with it, by field."""

    values: Mapping[str, str] = field(default_factory=dict)
    wrong: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __call__(self, name: str, kept: str = "") -> str:
        """Return what was typed in a field, else what is kept of it."""
        return self.values.get(name, kept)

    def problems(self, name: str) -> tuple[str, ...]:
        """Return what is wrong with a field."""
        return self.wrong.get(name, ())

    def instead_of(self, name: str, kept: str) -> str:
        """Return what is kept where something else was typed, so that both are seen."""
        return kept if self(name, kept) != kept else ""


@dataclass(frozen=True)
class Grounds:
    """What an action rests on, as the workspace holds it."""

    evidence: pa.Table  # feedback
    said: pa.Table  # feedback: everything of the customer; empty for a theme
    tones: Mapping[str, str]  # of both, as a person said or else as it was read
    shifts: Sequence[ToneShift]
    themes: Mapping[str, str]


@dataclass(frozen=True)
class ActionPage:
    """Everything on the page of one action."""

    row: BoardRow
    closed: bool
    source_address: str  # of the tone shift or theme it came from, "" where there is none
    source_label: str
    complaint: str
    effect_text: str
    grounds: tuple[Piece, ...]  # those that tell most
    pieces: tuple[Piece, ...]
    pieces_title: str
    pieces_open: bool
    stages: tuple[Stage, ...]
    moves: tuple[Option, ...]
    ends: tuple[Option, ...]
    too_early: bool  # to tell whether it worked
    owners: tuple[Option, ...]
    due: str
    earliest: str
    latest: str
    soon: tuple[Option, ...]
    plan: str
    plan_kept: str
    draft: str
    draft_kept: str
    history: tuple[Happened, ...]
    undo_text: str  # what would be taken back, "" where nothing can be
    version: int
    fields: Mapping[str, str]
    to: Mapping[str, str]  # address of each verb
    previous: str
    next: str
    back: str


def action_page(
    action: Action,
    grounds: Grounds,
    history: Sequence[ActionEvent],
    around: tuple[str | None, str | None],
    asked: AskedActions,
    typed: Typed,
    today: date,
    t: ReviewWording,
) -> ActionPage:
    """Word the page of one action."""
    shown, pieces = _pieces(action, grounds, t)
    step = undoable(action, history)
    ends = () if action.closed else outcomes(action.status)
    plan, draft = neutralise(action.wel_niet_later), neutralise(action.draft)
    return ActionPage(
        row=board_row(action, grounds.themes, asked, today, t),
        closed=action.closed,
        source_address=_source(action, grounds),
        source_label=t("action.to_shift" if action.customer_id else "action.to_theme"),
        complaint=_complaint(action, grounds.themes, t),
        effect_text=_effect(action, t),
        grounds=shown,
        pieces=pieces,
        pieces_title=_title(action, len(pieces), t),
        pieces_open=not shown and len(pieces) <= OPEN_PIECES,
        stages=_stages(action, t),
        moves=_moves(action, t),
        ends=tuple(Option(one.value, t(f"action.end.{one.name}")) for one in ends),
        too_early=bool(ends) and len(ends) < len(outcomes(ActionState.UITGEVOERD)),
        owners=_owners(typed("owner", action.owner), t),
        due=typed("due", action.due.isoformat()),
        earliest=today.isoformat(),
        latest=(today + LONGEST_WAIT).isoformat(),
        soon=_soon(max(today, action.due), t),
        plan=typed("plan", plan),
        plan_kept=typed.instead_of("plan", plan),
        draft=typed("draft", draft),
        draft_kept=typed.instead_of("draft", draft),
        history=tuple(happened(event, t) for event in reversed(history)),
        undo_text=told_step(step, t) if step else "",
        version=action.version,
        fields=asked.fields(),
        to={verb: asked.action_address(action.action_id, verb) for verb in VERBS},
        previous=asked.action_address(around[0]) if around[0] else "",
        next=asked.action_address(around[1]) if around[1] else "",
        back=asked.list_address(),
    )


def goes_back(action: Action, state: ActionState) -> bool:
    """Tell whether a step leads back to the plan, which asks for a reason."""
    states = tuple(ActionState)
    return states.index(state) < states.index(ActionState(action.status))


def _pieces(
    action: Action, grounds: Grounds, t: ReviewWording
) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Return the pieces that tell most of what it rests on, and all there is, by time."""
    quotes = {
        quote.feedback_id: quote.text
        for shift in grounds.shifts
        for quote in (shift.before_quote, shift.after_quote)
        if quote is not None
    }
    rests_on = set(action.evidence)
    told = {}
    for row in (*grounds.said.to_pylist(), *grounds.evidence.to_pylist()):
        own = row["feedback_id"]
        mark = "evidence" if own in rests_on else ""
        told[own] = piece_of(row, grounds.tones.get(own), mark, quotes.get(own, ""), t)
    latest_first = [own for own in reversed(told) if own in rests_on]
    quoted = [own for own in latest_first if own in quotes]
    chosen = set(list(dict.fromkeys((*quoted, *latest_first)))[:GROUNDS_SHOWN])
    shown = tuple(piece for own, piece in told.items() if own in chosen)
    return shown, tuple(told.values())


def _source(action: Action, grounds: Grounds) -> str:
    if grounds.shifts:
        return Asked().shift_address(grounds.shifts[0].shift_id)
    if action.theme_id and action.theme_id in grounds.themes:
        return ThemesAsked().theme_address(action.theme_id)
    return ""


def _title(action: Action, number: int, t: ReviewWording) -> str:
    return t.count("shift.pieces" if action.customer_id else "action.pieces", number)


def _complaint(action: Action, themes: Mapping[str, str], t: ReviewWording) -> str:
    """Return what is complained about, as people named it or in the language of the page."""
    own = action.complaint_theme or ""
    code, called = codeframe().get(own), themes.get(own, own)
    return (
        code.label(t.language) if code and called in (own, code.nl, code.en) else neutralise(called)
    )


def _effect(action: Action, t: ReviewWording) -> str:
    if round(action.effect, 1) == 1:
        return t("action.effect_usual")
    return t("action.effect_times", times=t.number(action.effect, 1))


def _stages(action: Action, t: ReviewWording) -> tuple[Stage, ...]:
    states = tuple(ActionState)
    here = states.index(ActionState(action.status))
    return tuple(
        Stage(t.label("status", one), "done" if at < here else "here" if at == here else "ahead")
        for at, one in enumerate(states)
    )


def _moves(action: Action, t: ReviewWording) -> tuple[Option, ...]:
    if action.closed:
        return ()
    return tuple(
        Option(
            one.value,
            t("action.move_back" if goes_back(action, one) else f"action.move.{one.name}"),
        )
        for one in next_states(action.status, action.loop)
    )


def _owners(chosen: str, t: ReviewWording) -> tuple[Option, ...]:
    known = departments()
    names = known if chosen in known else (*known, chosen)
    return tuple(
        Option(neutralise(one), t.label("department", one), one == chosen) for one in names
    )


def _soon(day: date, t: ReviewWording) -> tuple[Option, ...]:
    """Offer the same weekday, or the Monday after it, one and two weeks later."""
    found = []
    for weeks in (1, 2):
        later = day + timedelta(weeks=weeks)
        later += timedelta(days=7 - later.weekday() if later.weekday() >= _SATURDAY else 0)
        label = t(f"action.weeks_later.{weeks}", day=t.short_day(later))
        found.append(Option(later.isoformat(), label))
    return tuple(found)
