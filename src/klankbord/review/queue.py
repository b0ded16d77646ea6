"""The queue of tone shifts in words, and what of it is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import quote

from klankbord.cells import neutralise
from klankbord.report.shift_rows import told_period
from klankbord.review.asking import address, asked_page, pages_in
from klankbord.review.choices import Choice
from klankbord.review.wording import ReviewWording
from klankbord.schema import ShiftKind
from klankbord.store import (
    ListedShift,
    Matter,
    ReviewState,
    ReviewVerb,
    ShiftCounts,
    ShiftFilter,
    name_key,
)

PATH = "/shifts"
STATES: Mapping[str, ReviewState | None] = {
    **{state.value: state for state in ReviewState},
    "all": None,
}
MINE, NOBODY, NAMED = "me", "nobody", "name:"
LONGEST_NAME = 60


@dataclass(frozen=True)
class Asked:
    """Which part of the queue somebody is looking at."""

    kind: ShiftKind | None = None
    state: str = "open"
    page: int = 1
    who: str = ""  # whose: MINE, NOBODY, NAMED with a name, or "" for everybody's

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Asked:
        """Read it from an address or a form; what makes no sense is left at its default."""
        kind, state = given.get("kind", ""), given.get("state", "")
        return cls(
            ShiftKind(kind) if kind in set(ShiftKind) else None,
            state if state in STATES else "open",
            asked_page(given),
            _who(given.get("who", "")),
        )

    def assignee(self, by: str) -> str | None:
        """Return whose shifts `by` asks for: "" nobody's, None everybody's."""
        if self.who.startswith(NAMED):
            return self.who.removeprefix(NAMED)
        return {MINE: by, NOBODY: ""}.get(self.who)

    def filter(self, by: str, today: date) -> ShiftFilter:
        """Return what `by` asks of the workspace."""
        return ShiftFilter(today, self.kind, STATES[self.state], self.assignee(by))

    def fields(self) -> dict[str, str]:
        """Return what differs from the default, to hand on in a form or address."""
        told = {
            "kind": self.kind.value if self.kind else "",
            "state": "" if self.state == "open" else self.state,
            "page": "" if self.page == 1 else str(self.page),
            "who": self.who,
        }
        return {name: value for name, value in told.items() if value}

    def list_address(self) -> str:
        """Return the address of this part of the list."""
        return address(PATH, self.fields())

    def shift_address(self, shift_id: str, verb: str = "") -> str:
        """Return the address of one shift, seen from this part of the list."""
        own = f"{PATH}/{quote(shift_id, safe='')}"
        if verb:
            return f"{own}/{verb}"
        return address(own, replace(self, page=1).fields())


@dataclass(frozen=True)
class QueueRow:
    """One shift as the list and its own page name it."""

    rank_text: str
    address: str
    kind_label: str
    recovered: bool
    customer: str
    before: str
    before_label: str
    after: str
    after_label: str
    period_text: str
    probability_text: str
    value_text: str
    explanation: str
    verdict: str  # "real", "false" or ""
    verdict_text: str
    assignee: str
    waits_text: str  # until when it waits, "" where it does not


@dataclass(frozen=True)
class Queue:
    """One page of the list with its filters."""

    heading: str
    rows: tuple[QueueRow, ...]
    states: tuple[Choice, ...]
    kinds: tuple[Choice, ...]
    people: tuple[Choice, ...]
    page_text: str
    previous: str  # address, "" where there is none
    next: str
    empty: str


def queue(
    listed: Sequence[ListedShift],
    counts: Sequence[ShiftCounts],
    people: Sequence[tuple[str, int]],
    asked: Asked,
    by: str,
    today: date,
    t: ReviewWording,
) -> Queue:
    """Word one page of the list; `people` are the names that shifts are assigned to."""
    total = _number(counts, asked.kind, asked.state)
    pages = pages_in(total)
    page = replace(asked, page=min(asked.page, pages))
    first = replace(asked, page=1)
    whole = not asked.who and asked.kind is None
    nothing = "nothing" if asked.state != "open" or not whole else "done" if counts else "none"
    if asked.state == "open" and any(count.snoozed for count in counts):
        nothing = "snoozed"
    return Queue(
        heading=t.count(f"queue.heading.{asked.state}", total),
        rows=tuple(queue_row(one, asked, today, t) for one in listed),
        states=tuple(
            Choice(
                t(f"queue.state.{state}"),
                t.number(_number(counts, asked.kind, state)),
                replace(first, state=state).list_address(),
                state == asked.state,
            )
            for state in STATES
        ),
        kinds=_kinds(counts, first, t),
        people=_people(people, first, by, t),
        page_text=t("queue.page", page=t.number(page.page), pages=t.number(pages)),
        previous=replace(page, page=page.page - 1).list_address() if page.page > 1 else "",
        next=replace(page, page=page.page + 1).list_address() if page.page < pages else "",
        empty="" if listed else t(f"queue.empty.{nothing}"),
    )


def queue_row(one: ListedShift, asked: Asked, today: date, t: ReviewWording) -> QueueRow:
    """Word one shift."""
    shift = one.shift
    value = shift.value_eur
    return QueueRow(
        rank_text=t.number(one.rank),
        address=asked.shift_address(shift.shift_id),
        kind_label=t.label("kind", shift.kind),
        recovered=not shift.kind.is_drop,
        customer=t.customer(shift.customer_id),
        before=shift.before.value,
        before_label=t.label("tone", shift.before),
        after=shift.after.value,
        after_label=t.label("tone", shift.after),
        period_text=told_period(t.local_day(shift.before_at), t.local_day(shift.after_at), t),
        probability_text=t.probability(shift.probability),
        value_text=t.euro(value) if value is not None else t("format.unknown"),
        explanation=neutralise(shift.explanation),
        verdict={None: "", True: "real", False: "false"}[one.real],
        verdict_text=verdict_text(one, t),
        assignee=t.label("department", one.assignee),
        waits_text=waits_text(one, today, t),
    )


def verdict_text(one: ListedShift, t: ReviewWording) -> str:
    """Return what somebody found a shift to be, with name and moment; "" where nobody did."""
    judged = one.judgement
    if one.real is None or judged is None:
        return ""
    return t(
        "shift.judged",
        verdict=t(f"shift.verb.{judged.verb.name}"),
        by=t.person(judged.by),
        at=t.moment(judged.at),
    )


def waits_text(one: ListedShift, today: date, t: ReviewWording) -> str:
    """Return until when a shift waits and who said so; "" for one that does not wait."""
    until, put_off = one.snoozed_until, one.decision(Matter.UITSTEL)
    if one.real is not None or until is None or until <= today or put_off is None:
        return ""
    return t("shift.waits", day=t.day(until), by=t.person(put_off.by))


def pages_of(counts: Sequence[ShiftCounts], asked: Asked) -> Asked:
    """Return `asked` with a page that exists."""
    last = pages_in(_number(counts, asked.kind, asked.state))
    return replace(asked, page=min(asked.page, last))


def done_key(*, real: bool) -> str:
    """Return the key of the text that says what was judged."""
    return f"done.{(ReviewVerb.BEVESTIGD if real else ReviewVerb.VALS_ALARM).name}"


def _kinds(counts: Sequence[ShiftCounts], asked: Asked, t: ReviewWording) -> tuple[Choice, ...]:
    kinds: list[ShiftKind | None] = [None, *(count.kind for count in counts)]
    return tuple(
        Choice(
            t.label("kind", kind) if kind else t("queue.every_kind"),
            t.number(_number(counts, kind, asked.state)),
            replace(asked, kind=kind).list_address(),
            kind == asked.kind,
        )
        for kind in kinds
    )


def _people(
    people: Sequence[tuple[str, int]], asked: Asked, by: str, t: ReviewWording
) -> tuple[Choice, ...]:
    """Return whose shifts can be asked for, each with how many nobody judged yet."""
    numbers = {name_key(name): number for name, number in people}
    own = name_key(by)
    chosen = name_key(asked.who.removeprefix(NAMED)) if asked.who.startswith(NAMED) else None
    named = [(name, number) for name, number in people if name_key(name) != own]
    if chosen and chosen not in numbers:
        named.append((asked.who.removeprefix(NAMED), 0))
    fixed = (
        (t("queue.everybody"), "", ""),
        (t("queue.mine"), t.number(numbers.get(own, 0)), MINE),
        (t("queue.nobody"), "", NOBODY),
    )
    return (
        *(
            Choice(label, count, replace(asked, who=who).list_address(), who == asked.who)
            for label, count, who in fixed
        ),
        *(
            Choice(
                t.label("department", name),
                t.number(number),
                replace(asked, who=NAMED + name).list_address(),
                name_key(name) == chosen,
            )
            for name, number in named
        ),
    )


def _number(counts: Sequence[ShiftCounts], kind: ShiftKind | None, state: str) -> int:
    return sum(one.of(STATES[state]) for one in counts if kind in (None, one.kind))


def _who(given: str) -> str:
    """Return whose shifts are asked for, "" where that makes no sense."""
    if given in (MINE, NOBODY):
        return given
    name = " ".join(neutralise(given.removeprefix(NAMED)).split())[:LONGEST_NAME]
    return NAMED + name if given.startswith(NAMED) and name else ""
