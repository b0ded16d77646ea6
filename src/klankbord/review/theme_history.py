"""What people did with a theme, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from klankbord.cells import neutralise
from klankbord.outputs.theme_list import ThemeListing
from klankbord.review.theme_list import name_of
from klankbord.review.wording import ReviewWording
from klankbord.store import ThemeEdit
from klankbord.themes.edits import UNDO, Edit, Value

_NAMED = ("name", "owner")  # of which old and new are told


@dataclass(frozen=True)
class ThemeEvent:
    """One edit of a theme."""

    what: str
    meta: str
    why: str


def history_of(
    edits: Sequence[ThemeEdit], listing: ThemeListing, t: ReviewWording
) -> tuple[ThemeEvent, ...]:
    """Word the edits of a theme, the newest first."""
    return tuple(
        ThemeEvent(what_changed(edit, listing, t), _meta(edit, t), neutralise(edit.why))
        for edit in reversed(edits)
    )


def what_changed(edit: Edit, listing: ThemeListing, t: ReviewWording) -> str:
    """Say what an edit changed."""
    told = [_changed(name, *change, listing, t) for name, change in edit.changes.items()]
    what = t.listed(tuple(told))
    return t("theme.undone", what=what) if edit.verb == UNDO else what[:1].upper() + what[1:]


def conflict_text(edits: Sequence[ThemeEdit], listing: ThemeListing, t: ReviewWording) -> str:
    """Say who edited a theme since somebody looked at it, and what they changed."""
    if not edits:
        return t("conflict.unknown")
    last = edits[-1]
    return t("theme.conflict", what=what_changed(last, listing, t), meta=_meta(last, t))


def _changed(name: str, old: Value, new: Value, listing: ThemeListing, t: ReviewWording) -> str:
    if name in _NAMED:
        texts = [
            t(f"theme.named.{name}", value=_value(name, value, t))
            if value
            else t(f"theme.unnamed.{name}")
            for value in (old, new)
        ]
        return t(f"theme.changed.{name}", old=texts[0], new=texts[1])
    form = "on" if new else "off"
    return t(f"theme.changed.{name}.{form}", other=name_of(str(new or old or ""), listing))


def _value(name: str, value: Value, t: ReviewWording) -> str:
    return t.label("department", str(value)) if name == "owner" else neutralise(str(value))


def _meta(edit: ThemeEdit, t: ReviewWording) -> str:
    by = t.person(edit.by)
    return t("shift.by", by=by, at=t.moment(edit.at)) if edit.at else by
