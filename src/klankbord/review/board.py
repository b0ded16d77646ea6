"""The actions board in words, and what of it is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import quote

from klankbord.cells import neutralise
from klankbord.loop import departments
from klankbord.loop.due import escalation_role
from klankbord.loop.lifecycle import CARRIED_OUT, ActionState
from klankbord.records import Action
from klankbord.review.asking import address, asked_page, pages_in
from klankbord.review.choices import Choice
from klankbord.review.wording import ReviewWording
from klankbord.store import ActionCount, ActionFilter

PATH = "/actions"
SHOWN = ("open", "late", "closed")
ORDERS = ("due", "priority")
LOOPS = ("inner", "outer")
_LONGEST_NAME = 60


@dataclass(frozen=True)
class AskedActions:
    """Which part of the board somebody is looking at; "" stands for everything."""

    shown: str = "open"
    owner: str = ""
    status: str = ""
    loop: str = ""
    order: str = "due"
    page: int = 1

    @classmethod
    def of(cls, given: Mapping[str, str]) -> AskedActions:
        """Read it from an address or a form; what makes no sense is left at its default."""
        return cls(
            _one_of(SHOWN, given.get("shown", "")) or "open",
            given.get("department", "")[:_LONGEST_NAME],
            _one_of(tuple(ActionState), given.get("step", "")),
            _one_of(LOOPS, given.get("loop", "")),
            _one_of(ORDERS, given.get("order", "")) or "due",
            asked_page(given),
        )

    def filter(self, today: date) -> ActionFilter:
        """Return what the workspace is asked for."""
        return ActionFilter(
            closed=self.shown == "closed",
            overdue_on=today if self.shown == "late" else None,
            loop=self.loop or None,
            owner=self.owner or None,
            status=self.status or None,
            by_priority=self.order == "priority",
        )

    def fits(self, count: ActionCount) -> bool:
        """Tell whether the actions of a count are asked for."""
        return (
            count.closed == (self.shown == "closed")
            and (self.shown != "late" or count.overdue)
            and self.owner in ("", count.owner)
            and self.status in ("", count.status)
            and self.loop in ("", count.loop)
        )

    def fields(self) -> dict[str, str]:
        """Return what differs from the default, to hand on in a form or address."""
        told = {
            "shown": "" if self.shown == "open" else self.shown,
            "department": self.owner,
            "step": self.status,
            "loop": self.loop,
            "order": "" if self.order == "due" else self.order,
            "page": "" if self.page == 1 else str(self.page),
        }
        return {name: value for name, value in told.items() if value}

    def list_address(self) -> str:
        """Return the address of this part of the board."""
        return address(PATH, self.fields())

    def action_address(self, action_id: str, verb: str = "") -> str:
        """Return the address of one action, seen from this part of the board."""
        own = f"{PATH}/{quote(action_id, safe='')}"
        return f"{own}/{verb}" if verb else address(own, replace(self, page=1).fields())


@dataclass(frozen=True)
class BoardRow:
    """One action as the board and its own page name it."""

    address: str
    kind_label: str
    subject: str  # customer or theme
    owner: str
    status_label: str
    when_label: str  # what the day is: due, or closed on
    when_text: str
    late_text: str  # how late; "" where it is not
    told_text: str  # who was told that it is late
    outcome: str  # "" while open
    outcome_label: str
    reason: str
    probability_text: str
    value_text: str


@dataclass(frozen=True)
class Board:
    """One page of the board with its filters."""

    heading: str
    rows: tuple[BoardRow, ...]
    shown: tuple[Choice, ...]
    owners: tuple[Choice, ...]
    states: tuple[Choice, ...]
    loops: tuple[Choice, ...]
    orders: tuple[Choice, ...]  # without numbers
    more_chosen: bool  # a filter that is folded away is in use
    page_text: str
    previous: str  # address, "" where there is none
    next: str
    empty: str


def board(
    listed: Sequence[Action],
    counts: Sequence[ActionCount],
    themes: Mapping[str, str],
    asked: AskedActions,
    today: date,
    t: ReviewWording,
) -> Board:
    """Word one page of the board; `themes` names themes by id."""
    total = _number(counts, asked)
    pages = pages_in(total)
    nothing = "none" if not counts else "done" if asked == AskedActions() else "nothing"

    def choices(field: str, values: Mapping[str, str]) -> tuple[Choice, ...]:
        return tuple(
            _choice(replace(asked, **{field: value, "page": 1}), label, counts, asked, t)  # type: ignore[arg-type]
            for value, label in values.items()
        )

    return Board(
        heading=t.count(f"board.heading.{asked.shown}", total),
        rows=tuple(board_row(one, themes, asked, today, t) for one in listed),
        shown=choices("shown", {one: t(f"board.shown.{one}") for one in SHOWN}),
        owners=choices("owner", {"": t("board.every_owner")} | _owners(counts, asked, t)),
        states=choices(
            "status",
            {"": t("board.every_state")}
            | {one.value: t.label("status", one) for one in ActionState},
        ),
        loops=choices(
            "loop", {"": t("board.every_loop")} | {one: t(f"board.loop.{one}") for one in LOOPS}
        ),
        orders=tuple(
            Choice(
                t(f"board.order.{one}"),
                "",
                replace(asked, order=one, page=1).list_address(),
                one == asked.order,
            )
            for one in (() if asked.shown == "closed" else ORDERS)
        ),
        more_chosen=bool(asked.loop or asked.status),
        page_text=t("queue.page", page=t.number(asked.page), pages=t.number(pages)),
        previous=replace(asked, page=asked.page - 1).list_address() if asked.page > 1 else "",
        next=replace(asked, page=asked.page + 1).list_address() if asked.page < pages else "",
        empty="" if listed else t(f"board.empty.{nothing}"),
    )


def board_row(
    action: Action, themes: Mapping[str, str], asked: AskedActions, today: date, t: ReviewWording
) -> BoardRow:
    """Word one action."""
    theme = action.theme_id or ""
    role = escalation_role(action.escalation) if not action.closed else ""
    return BoardRow(
        address=asked.action_address(action.action_id),
        kind_label=t.label("action_kind", action.kind),
        subject=t.customer(action.customer_id)
        if action.customer_id
        else neutralise(themes.get(theme, theme)),
        owner=t.label("department", action.owner),
        status_label=t.label("status", action.status),
        when_label=t("board.closed_on" if action.closed else "board.due"),
        when_text=_when(action, t),
        late_text=t.count("board.late", (today - action.due).days) if late(action, today) else "",
        told_text=t("actions.escalated", role=t.label("told", role)) if role else "",
        outcome=action.outcome or "",
        outcome_label=t.label("outcome", action.outcome or "") if action.closed else "",
        reason=neutralise(t.reveal(action.reason)),
        probability_text=t.probability(action.probability),
        value_text=t("format.unknown") if action.value_eur is None else t.euro(action.value_eur),
    )


def late(action: Action, today: date) -> bool:
    """Tell whether an action is past its due date; what was carried out no longer is."""
    return not action.closed and action.status not in CARRIED_OUT and action.due < today


def pages_of(counts: Sequence[ActionCount], asked: AskedActions) -> AskedActions:
    """Return `asked` with a page that exists."""
    return replace(asked, page=min(asked.page, pages_in(_number(counts, asked))))


def _choice(
    would: AskedActions,
    label: str,
    counts: Sequence[ActionCount],
    asked: AskedActions,
    t: ReviewWording,
) -> Choice:
    number = t.number(_number(counts, would))
    return Choice(label, number, would.list_address(), would == replace(asked, page=1))


def _owners(counts: Sequence[ActionCount], asked: AskedActions, t: ReviewWording) -> dict[str, str]:
    """Name the departments that have anything, and the one that is asked for."""
    having = {one.owner for one in counts if replace(asked, owner="").fits(one)}
    having |= {asked.owner} - {""}
    known = [*departments(), *sorted(having - set(departments()))]
    return {one: t.label("department", one) for one in known if one in having}


def _when(action: Action, t: ReviewWording) -> str:
    if not action.closed:
        return t.short_day(action.due)
    return t.short_day(t.local_day(action.closed_at)) if action.closed_at else ""


def _number(counts: Sequence[ActionCount], asked: AskedActions) -> int:
    return sum(one.number for one in counts if asked.fits(one))


def _one_of(values: Sequence[str], given: str) -> str:
    return next((str(value) for value in values if value == given), "")
