"""The list of themes in words, and what of it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

import numpy as np

from klankbord.cells import neutralise
from klankbord.outputs.theme_list import FEWEST_COMPLAINTS, Mark, ThemeLine, ThemeListing
from klankbord.records import Theme
from klankbord.report.theme_details import GROWING
from klankbord.review.asking import PER_PAGE, address, asked_page, pages_in
from klankbord.review.choices import Choice
from klankbord.review.wording import ReviewWording
from klankbord.themes.shares import wilson

PATH = "/themes"
STATES: Mapping[str, Callable[[ThemeLine], bool]] = {
    "active": lambda line: line.active,
    "all": lambda _: True,
    "aside": lambda line: line.put_away,
}

Draw = Callable[[Theme], str]  # the course of a theme as SVG of ours


@dataclass(frozen=True)
class ThemesAsked:
    """Which part of the list somebody is looking at, and which part of what is said of one."""

    state: str = "active"
    page: int = 1
    said: int = 1  # page of the mentions of one theme

    @classmethod
    def of(cls, given: Mapping[str, str]) -> ThemesAsked:
        """Read it from an address or a form; what makes no sense is left at its default."""
        state = given.get("state", "")
        return cls(
            state if state in STATES else "active",
            asked_page(given),
            asked_page(given, "said"),
        )

    def fields(self) -> dict[str, str]:
        """Return what differs from the default, to hand on in a form or address."""
        told = {
            "state": "" if self.state == "active" else self.state,
            "page": "" if self.page == 1 else str(self.page),
            "said": "" if self.said == 1 else str(self.said),
        }
        return {name: value for name, value in told.items() if value}

    def list_address(self) -> str:
        """Return the address of this part of the list."""
        return address(PATH, replace(self, said=1).fields())

    def theme_address(self, theme_id: str, verb: str = "") -> str:
        """Return the address of one theme, or of what can be done with it."""
        own = f"{PATH}/{quote(theme_id, safe='')}"
        return f"{own}/{verb}" if verb else address(own, self.fields())


@dataclass(frozen=True)
class MarkText:
    """What is special about a theme."""

    code: str
    label: str


@dataclass(frozen=True)
class ThemeRow:
    """One theme as the list and its own page name it."""

    theme_id: str
    address: str
    label: str
    head_label: str  # of a sub-theme, "" of others
    context: bool  # a head that is there to show what hangs under it
    mentions_text: str
    share_text: str
    interval_text: str
    trend_label: str
    growing: bool
    picture: str  # SVG of ours
    owner: str
    marks: tuple[MarkText, ...]


@dataclass(frozen=True)
class ThemesPage:
    """One page of the list with its filter."""

    heading: str
    rows: tuple[ThemeRow, ...]
    states: tuple[Choice, ...]
    note: str
    page_text: str  # "" where all stands on one page
    previous: str  # address, "" where there is none
    next: str
    empty: str


def themes_page(
    listing: ThemeListing, asked: ThemesAsked, draw: Draw, t: ReviewWording
) -> ThemesPage:
    """Word one page of the list."""
    wanted = chosen(listing, asked.state)
    pages = pages_in(len(wanted))
    here = replace(asked, page=min(asked.page, pages), said=1)
    shown = wanted[(here.page - 1) * PER_PAGE :][:PER_PAGE]
    waiting = sum(line.pending for line in listing.rows)
    return ThemesPage(
        heading=t.count(f"theme_list.heading.{asked.state}", len(wanted)),
        rows=tuple(
            theme_row(line, listing, here, draw, t, context=context)
            for line, context in _under_heads(shown, listing)
        ),
        states=tuple(
            Choice(
                t(f"theme_list.state.{state}"),
                t.number(len(chosen(listing, state))),
                ThemesAsked(state).list_address(),
                state == asked.state,
            )
            for state in STATES
        ),
        note=t.count("theme_list.waiting", waiting) if waiting else "",
        page_text=t("queue.page", page=t.number(here.page), pages=t.number(pages))
        if pages > 1
        else "",
        previous=replace(here, page=here.page - 1).list_address() if here.page > 1 else "",
        next=replace(here, page=here.page + 1).list_address() if here.page < pages else "",
        empty="" if wanted else _nothing(listing, asked, t),
    )


def chosen(listing: ThemeListing, state: str) -> list[ThemeLine]:
    """Return the themes of one state in the order of the list."""
    return [line for line in listing.rows if STATES[state](line)]


def theme_row(
    line: ThemeLine,
    listing: ThemeListing,
    asked: ThemesAsked,
    draw: Draw | None,
    t: ReviewWording,
    *,
    context: bool = False,
) -> ThemeRow:
    """Word one theme."""
    theme = line.theme
    head = listing.by_id.get(line.parent_id or "")
    return ThemeRow(
        theme_id=line.theme_id,
        address=replace(asked, page=1, said=1).theme_address(line.theme_id),
        label=line.label,
        head_label=head.label if head else "",
        context=context,
        mentions_text=t.number(line.mentions),
        share_text=t.percent(theme.share, 1) if theme else t("theme_list.no_share"),
        interval_text=_interval(line.mentions, listing.complaining, t) if theme else "",
        trend_label=t.label("trend", theme.trend) if theme else "",
        growing=theme is not None and theme.trend in GROWING,
        picture=draw(theme) if draw and theme and not context else "",
        owner=t.label("department", line.owner) if line.owner else t("themes.no_owner"),
        marks=tuple(MarkText(mark.value, _mark(mark, line, listing, t)) for mark in line.marks),
    )


def name_of(theme_id: str, listing: ThemeListing) -> str:
    """Return what a theme is called, or its id where it is gone."""
    line = listing.by_id.get(theme_id)
    return line.label if line else neutralise(theme_id)


def _under_heads(shown: Sequence[ThemeLine], listing: ThemeListing) -> list[tuple[ThemeLine, bool]]:
    """Return the rows, with a head before those under it that stand on a page without it."""
    rows: list[tuple[ThemeLine, bool]] = []
    above = ""
    for line in shown:
        head = listing.by_id.get(line.parent_id or "")
        if head is not None and head.theme_id != above:
            rows.append((head, True))
        above = head.theme_id if head else line.theme_id
        rows.append((line, False))
    return rows


def _interval(mentions: int, total: int, t: ReviewWording) -> str:
    """Word the 90 % interval of a share; "" where the total is not known."""
    if total < max(mentions, 1):
        return ""
    low, high = wilson(np.array([float(mentions)]), np.array([float(total)]))
    return t(
        "format.range", low=t.number(100 * float(low[0]), 1), high=t.percent(float(high[0]), 1)
    )


def _mark(mark: Mark, line: ThemeLine, listing: ThemeListing, t: ReviewWording) -> str:
    group = "theme_list.coming" if line.waits(mark) else "theme_list.mark"
    return t(f"{group}.{mark.value}", other=name_of(line.merged_into or "", listing))


def _nothing(listing: ThemeListing, asked: ThemesAsked, t: ReviewWording) -> str:
    if asked.state != "aside" and listing.complaining < FEWEST_COMPLAINTS:
        return t.count("themes.few", listing.complaining)
    return t(f"theme_list.empty.{asked.state}")
