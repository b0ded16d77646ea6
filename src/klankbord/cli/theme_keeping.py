"""What the commands of `klankbord themes` share: making an edit and saying what it changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from klankbord.cells import neutralise
from klankbord.cli.output import note
from klankbord.cli.workspaces import open_workspace
from klankbord.location import Location
from klankbord.outputs.theme_edits import Remark, edit_theme, waits
from klankbord.settings import load_settings
from klankbord.themes.edits import Edit, Edited, Known, Value

LATER = "this counts from the next klankbord analyse on"
_FIELDS = {"merged_into": "merged into", "divide": "to be split"}


def edit_themes(
    workspace: Location,
    change: Callable[[Known, Sequence[Edit]], Edited],
    *,
    by: str,
    why: str,
    quiet: bool,
) -> None:
    """Make one edit, keep it with its history and say what changed and from when it counts."""
    settings = load_settings()
    with open_workspace(workspace) as store:
        edit, _ = edit_theme(
            store,
            change,
            Remark(datetime.now(UTC), by, why),
            language=settings.language,
            timezone=settings.timezone,
        )
    note(f"{edit.theme_id}: {describe(edit)}", quiet=quiet)
    if waits(edit):
        note(LATER, quiet=quiet)


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
