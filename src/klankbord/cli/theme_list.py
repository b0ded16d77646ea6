"""The themes of a workspace as `klankbord themes` prints them: one row each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from klankbord.outputs.theme_list import Mark, list_themes

if TYPE_CHECKING:
    from klankbord.outputs.theme_list import ThemeLine, ThemeListing
    from klankbord.settings import Settings
    from klankbord.store import Workspace

COLUMNS = (
    "theme_id",
    "parent_id",
    "label",
    "mentions",
    "share",
    "trend",
    "owner",
    "new",
    "pinned",
    "dormant",
    "forbidden",
    "merged_into",
    "divide",
    "pending",
)
_MARKS = {Mark.DIVIDE: "to be split", Mark.RETURNING: "listed again"}


def look(store: Workspace, settings: Settings) -> ThemeListing:
    """Return the themes; raises WorkspaceError where nothing has been analysed yet."""
    return list_themes(store, language=settings.language, timezone=settings.timezone)


def record(row: ThemeLine) -> dict[str, Any]:
    """Return the values of COLUMNS."""
    found = {name: getattr(row, name) for name in COLUMNS if hasattr(row, name)}
    shares = {
        "share": round(row.theme.share, 6) if row.theme else 0.0,
        "trend": row.theme.trend if row.theme else "",
    }
    return {name: (found | shares)[name] for name in COLUMNS}


def table_row(row: ThemeLine) -> tuple[str, ...]:
    """Return a row for people, sub-themes indented under their head."""
    return (
        row.theme_id,
        f"  {row.label}" if row.parent_id else row.label,
        str(row.mentions),
        f"{row.theme.share:.1%}" if row.theme else "",
        row.theme.trend if row.theme else "",
        row.owner,
        marks(row),
    )


def marks(row: ThemeLine) -> str:
    """Say what is special about a theme."""
    return ", ".join(_mark(mark, row) for mark in row.marks)


def _mark(mark: Mark, row: ThemeLine) -> str:
    told = f"merged into {row.merged_into}" if mark is Mark.MERGED else _MARKS.get(mark, str(mark))
    return f"{told} (pending)" if row.waits(mark) else told
