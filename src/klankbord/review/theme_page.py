"""One theme with what customers say of it and what can be done with it, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from klankbord.cells import neutralise
from klankbord.outputs.theme_edits import version_of
from klankbord.outputs.theme_list import ThemeLine, ThemeListing
from klankbord.report.model import Trend
from klankbord.review.asking import pages_in
from klankbord.review.theme_course import theme_course
from klankbord.review.theme_forms import Form, Written, forms
from klankbord.review.theme_history import ThemeEvent, history_of
from klankbord.review.theme_list import ThemeRow, ThemesAsked, chosen, theme_row
from klankbord.review.theme_words import Said, said_of
from klankbord.review.wording import ReviewWording
from klankbord.store import Mention, ThemeEdit
from klankbord.themes.edits import standing

_MOST_ALIKE = 5
_CLOSE = 0.3  # cosine from which two themes are worth comparing


@dataclass(frozen=True)
class Neighbour:
    """Another theme to look at beside this one."""

    label: str
    address: str
    mentions_text: str


@dataclass(frozen=True)
class ThemePage:
    """Everything on the page of one theme."""

    row: ThemeRow
    found_as: str  # "" where it is called so
    head_address: str
    keywords_text: str
    absent: str  # why there is nothing to count, "" where there is
    waits: str  # that something counts from the next analysis on
    course: Trend | None
    said_title: str
    said: tuple[Said, ...]
    said_page: str  # "" where all stands on one page
    said_previous: str
    said_next: str
    near_title: str
    near: tuple[Neighbour, ...]
    forms: tuple[Form, ...]
    no_forms: str
    history: tuple[ThemeEvent, ...]
    undo_address: str  # "" where there is nothing to undo
    undo_wrong: str
    version: int
    fields: Mapping[str, str]
    previous: str
    next: str
    back: str


def theme_page(
    line: ThemeLine,
    listing: ThemeListing,
    edits: Sequence[ThemeEdit],
    mentions: tuple[int, Sequence[Mention]],
    asked: ThemesAsked,
    written: Written,
    t: ReviewWording,
) -> ThemePage:
    """Word the page of one theme; `edits` are those of it, oldest first."""
    known, total = line.known, mentions[0]
    pages = pages_in(total)
    said = min(asked.said, pages)
    around = _around(line, listing, asked)
    subs = [one for one in listing.rows if one.parent_id == line.theme_id and one.active]
    near = subs or alike_themes(line, listing)
    found_as = neutralise(known.label) if known else ""
    keywords = line.theme.keywords if line.theme else known.keywords if known else ()

    def page(number: int) -> str:
        return replace(asked, said=number).theme_address(line.theme_id) + "#h-said"

    return ThemePage(
        row=theme_row(line, listing, asked, None, t),
        found_as=found_as if found_as != line.label else "",
        head_address=_address(line.parent_id, listing, asked),
        keywords_text=neutralise(", ".join(keywords)),
        absent="" if line.theme else t("theme.absent"),
        waits=t("theme.waits") if line.pending else "",
        course=theme_course(line.theme, t) if line.theme else None,
        said_title=t.count("theme.said", total),
        said=tuple(said_of(mention, t) for mention in mentions[1]),
        said_page=t("queue.page", page=t.number(said), pages=t.number(pages)) if pages > 1 else "",
        said_previous=page(said - 1) if said > 1 else "",
        said_next=page(said + 1) if said < pages else "",
        near_title=t("theme.subs" if subs else "theme.alike"),
        near=tuple(
            Neighbour(
                one.label,
                _address(one.theme_id, listing, asked),
                t.count("theme.mentions", one.mentions),
            )
            for one in near
        ),
        forms=forms(line, listing, asked, written, t),
        no_forms="" if known else t("theme.refused.too_old"),
        history=history_of(edits, listing, t),
        undo_address=asked.theme_address(line.theme_id, "undo") if standing(edits) else "",
        undo_wrong=written.wrong if written.verb == "undo" else "",
        version=version_of(edits, line.theme_id),
        fields=asked.fields(),
        previous=around[0],
        next=around[1],
        back=asked.list_address(),
    )


def alike_themes(line: ThemeLine, listing: ThemeListing) -> list[ThemeLine]:
    """Return the themes whose complaints are most like those of `line`, the likest first."""
    known = line.known
    if known is None or not known.centre:
        return []
    others = [
        (one, one.known.centre)
        for one in listing.rows
        if one.known is not None
        and one.known.encoder == known.encoder
        and len(one.known.centre) == len(known.centre)
        and one.theme_id != line.theme_id
        and not one.put_away
    ]
    if not others:
        return []
    centres = np.array([centre for _, centre in others], dtype=np.float32)
    close = centres @ np.array(known.centre, dtype=np.float32)
    order = np.argsort(-close, kind="stable")[:_MOST_ALIKE]
    return [others[at][0] for at in order if close[at] >= _CLOSE]


def _around(line: ThemeLine, listing: ThemeListing, asked: ThemesAsked) -> tuple[str, str]:
    """Return the addresses of the themes before and after this one on the list."""
    ids = [one.theme_id for one in chosen(listing, asked.state)]
    if line.theme_id not in ids:
        return "", ""
    at = ids.index(line.theme_id)
    before, after = ids[at - 1] if at else None, ids[at + 1] if at + 1 < len(ids) else None
    return _address(before, listing, asked), _address(after, listing, asked)


def _address(theme_id: str | None, listing: ThemeListing, asked: ThemesAsked) -> str:
    if theme_id is None or theme_id not in listing.by_id:
        return ""
    return replace(asked, page=1, said=1).theme_address(theme_id)
