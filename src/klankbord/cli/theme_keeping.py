"""What the commands of `klankbord themes` share: opening the workspace and keeping an edit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from klankbord.cells import neutralise
from klankbord.cli.output import note
from klankbord.cli.theme_list import PENDING
from klankbord.cli.timeline import analysed_at
from klankbord.cli.workspaces import open_workspace
from klankbord.location import Location
from klankbord.moments import local_day
from klankbord.report.wording import shorten
from klankbord.settings import load_settings
from klankbord.store import Workspace
from klankbord.themes.edits import Edit, Edited, Known, ThemeEditError, Value, decided, with_heads

LATER = "this counts from the next klankbord analyse on"
LONGEST_REMARK = 200  # characters of --by and --why
_FIELDS = {"merged_into": "merged into", "divide": "to be split"}


def edit_themes(
    workspace: Location,
    change: Callable[[Known, Workspace], Edited],
    *,
    by: str,
    why: str,
    quiet: bool,
) -> None:
    """Make one edit, keep it with its history and say what changed and from when it counts."""
    with open_workspace(workspace) as store, store.transaction():
        known, edit = change(known_themes(store), store)
        keep(store, known, [edit], by=by, why=why)
    note(f"{edit.theme_id}: {describe(edit)}", quiet=quiet)
    if waits(edit):
        note(LATER, quiet=quiet)


def known_themes(store: Workspace) -> Known:
    """Return the themes that can be edited; raises WorkspaceError before the first analysis."""
    settings = load_settings()
    day = local_day(analysed_at(store), settings.timezone)
    known = store.known_themes()
    listed = [theme.theme_id for theme in store.themes() if theme.parent_id is not None]
    if listed and not set(listed) & {theme.theme_id for theme in known}:
        raise ThemeEditError(
            "these themes were found by an older Klankbord, which did not keep them",
            hint="run klankbord analyse once more, then edit them",
        )
    return with_heads(known, day, settings.language)


def keep(store: Workspace, known: Known, edits: Sequence[Edit], *, by: str, why: str) -> None:
    """Store the themes as they are now, and the edits that made them so."""
    store.save_known_themes(decided(known))
    now = datetime.now(UTC)
    for edit in edits:
        store.record_theme_edit(
            edit, at=now, by=shorten(by, LONGEST_REMARK), why=shorten(why, LONGEST_REMARK)
        )


def waits(edit: Edit) -> bool:
    """Tell whether an edit is carried out by the next analysis only."""
    return any(name in PENDING for name in edit.changes)


def describe(edit: Edit) -> str:
    """Say what an edit changed, old and new."""
    return ", ".join(
        f"{_FIELDS.get(name, name)}: {_said(old)} → {_said(new)}"
        for name, (old, new) in edit.changes.items()
    )


def _said(value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return neutralise(value) if value else "–"
