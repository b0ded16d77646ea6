"""Editing the themes of a workspace: the decision, its history and what others did meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from klankbord.errors import ConflictError
from klankbord.moments import local_day
from klankbord.outputs.stored import latest_run
from klankbord.outputs.theme_list import PENDING
from klankbord.report.wording import shorten
from klankbord.themes.edits import Edit, Edited, Known, decided, with_heads
from klankbord.themes.refusals import Refusal, ThemeEditError

if TYPE_CHECKING:
    from klankbord.store import ThemeEdit, Workspace

_NAMED = "‘{}’"  # how the reason of an action names a theme, in every language
LONGEST_REMARK = 200  # characters of who and why


@dataclass(frozen=True)
class Remark:
    """Who decides something, when and why."""

    at: datetime
    by: str = ""
    why: str = ""


def edit_theme(
    store: Workspace,
    change: Callable[[Known, Sequence[ThemeEdit]], Edited],
    remark: Remark,
    *,
    language: str,
    timezone: str,
    seen: tuple[str, int] | None = None,
) -> tuple[Edit, int]:
    """Make one edit and keep it with its history; returns it with its number.

    `change` is given the themes and all earlier edits. Nobody else writes in between. Raises
    ThemeEditError where the edit is refused, and ConflictError where somebody edited the theme
    `seen` (id, version) since it was of that version.
    """
    with store.transaction():
        history = store.theme_edits()
        if seen is not None and version_of(history, seen[0]) != seen[1]:
            raise ConflictError(
                "somebody else edited this theme in the meantime", hint="look again, then try again"
            )
        known, edit = change(editable_themes(store, language=language, timezone=timezone), history)
        (number,) = keep_edits(store, known, [edit], remark)
    return edit, number


def editable_themes(store: Workspace, *, language: str, timezone: str) -> Known:
    """Return the themes that can be edited; raises WorkspaceError before the first analysis."""
    day = local_day(latest_run(store).as_of, timezone)
    known = store.known_themes()
    listed = store.sub_themes()
    if listed and listed.isdisjoint(theme.theme_id for theme in known):
        raise ThemeEditError(
            "these themes were found by an older Klankbord, which did not keep them",
            Refusal.TOO_OLD,
            hint="run klankbord analyse once more, then edit them",
        )
    return with_heads(known, day, language)


def keep_edits(
    store: Workspace, known: Known, edits: Sequence[Edit], remark: Remark
) -> tuple[int, ...]:
    """Store the themes as they are now, and the edits that made them so; returns their numbers."""
    _rename_in_actions(store, known, edits)
    by, why = (shorten(text, LONGEST_REMARK) for text in (remark.by, remark.why))
    store.save_known_themes(decided(known))
    return tuple(store.record_theme_edit(edit, at=remark.at, by=by, why=why) for edit in edits)


def _rename_in_actions(store: Workspace, known: Known, edits: Sequence[Edit]) -> None:
    """Let actions give the new name in their reason at once, as everything else does."""
    found_as = {theme.theme_id: theme.label for theme in known}
    for edit in edits:
        if "name" in edit.changes:
            old, new = (
                _NAMED.format(name or found_as[edit.theme_id]) for name in edit.changes["name"]
            )
            store.reword_reasons(edit.theme_id, old, new)


def version_of(history: Iterable[ThemeEdit], theme_id: str) -> int:
    """Return the number of the last edit of a theme, 0 where there is none."""
    return max((edit.edit_id for edit in history if edit.theme_id == theme_id), default=0)


def waits(edit: Edit) -> bool:
    """Tell whether an edit is carried out by the next analysis only."""
    return any(name in PENDING for name in edit.changes)
