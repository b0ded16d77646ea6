"""The themes of a workspace as `klankbord themes` shows them: one row each, and one in full."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from klankbord.cells import neutralise
from klankbord.cli.timeline import analysed_at
from klankbord.moments import local_day
from klankbord.themes.edits import (
    decided,
    is_head,
    no_such_theme,
    owner_of,
    shown_name,
    with_heads,
)

if TYPE_CHECKING:
    from klankbord.records import KnownTheme, Theme
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
_PUT_AWAY = ("merged_into", "forbidden")
PENDING = (*_PUT_AWAY, "divide")  # decisions that the next analysis carries out


@dataclass(frozen=True)
class Row:
    """One theme: what the latest run counted and what people decided."""

    theme_id: str
    parent_id: str | None
    label: str  # as people called it
    owner: str
    theme: Theme | None  # None where the latest run did not list it
    known: KnownTheme | None  # None where it was found before themes were kept
    new: bool  # found by the latest run and no earlier one
    returning: bool  # allowed or taken apart since the latest run

    @property
    def mentions(self) -> int:
        """Pieces of feedback that mention it."""
        return self.theme.mentions if self.theme else 0

    @property
    def pinned(self) -> bool:
        """Whether it is listed however seldom it is mentioned."""
        return self.known is not None and self.known.pinned

    @property
    def put_away(self) -> str:
        """How people took it off the list: "forbidden", "merged into …" or ""."""
        if self.known is None:
            return ""
        if self.known.merged_into is not None:
            return f"merged into {self.known.merged_into}"
        return "forbidden" if self.known.forbidden else ""

    @property
    def dormant(self) -> bool:
        """Whether nobody mentions it any more, though nobody put it away."""
        return self.theme is None and not self.put_away and not self.returning

    @property
    def pending(self) -> bool:
        """Whether something decided about it waits for the next analysis."""
        divide = self.known is not None and self.known.divide
        return divide or self.returning or bool(self.put_away and self.theme)

    @property
    def marks(self) -> tuple[str, ...]:
        """What is special about it, in words."""
        away = f"{self.put_away} (pending)" if self.theme else self.put_away
        divide = self.known is not None and self.known.divide
        marks = {
            "new": self.new,
            "pinned": self.pinned,
            "dormant": self.dormant,
            away: bool(self.put_away),
            "to be split (pending)": divide,
            "listed again (pending)": self.returning,
        }
        return tuple(mark for mark, holds in marks.items() if holds)

    def record(self) -> dict[str, Any]:
        """Return the values of COLUMNS."""
        known = self.known
        return {
            "theme_id": self.theme_id,
            "parent_id": self.parent_id,
            "label": self.label,
            "mentions": self.mentions,
            "share": round(self.theme.share, 6) if self.theme else 0.0,
            "trend": self.theme.trend if self.theme else "",
            "owner": self.owner,
            "new": self.new,
            "pinned": self.pinned,
            "dormant": self.dormant,
            "forbidden": known is not None and known.forbidden,
            "merged_into": known.merged_into if known else None,
            "divide": known is not None and known.divide,
            "pending": self.pending,
        }


@dataclass(frozen=True)
class Listing:
    """All themes of a workspace, each head followed by what hangs under it."""

    rows: tuple[Row, ...]
    complaining: int  # pieces of feedback with a complaint

    def shown(self, *, everything: bool) -> tuple[Row, ...]:
        """Return the rows to list: those of the latest run and the pinned, with their heads."""
        if everything:
            return self.rows
        wanted = {row.theme_id for row in self.rows if row.theme or row.pinned or row.returning}
        wanted |= {str(row.parent_id) for row in self.rows if row.theme_id in wanted}
        return tuple(row for row in self.rows if row.theme_id in wanted)

    def find(self, theme_id: str) -> Row:
        """Return the row of a theme; raises ThemeEditError where there is none."""
        for row in self.rows:
            if row.theme_id == theme_id:
                return row
        raise no_such_theme([(row.theme_id, row.label) for row in self.rows], theme_id)


def look(store: Workspace, settings: Settings) -> Listing:
    """Return the themes; raises WorkspaceError where nothing has been analysed yet."""
    day = local_day(analysed_at(store), settings.timezone)
    themes = {theme.theme_id: theme for theme in store.themes()}
    kept = store.known_themes()
    known = {one.theme_id: one for one in with_heads(kept, day, settings.language)}
    everything: tuple[Theme | KnownTheme, ...] = (*themes.values(), *decided(kept))
    groups: dict[str, list[str]] = {}
    for theme in everything:
        head = theme.parent_id or theme.theme_id
        group = groups.setdefault(head, [head] if head in themes or head in known else [])
        if theme.theme_id not in group:
            group.append(theme.theme_id)
    found = [one.found_at for one in kept if not is_head(one.theme_id)]
    latest = day if found and min(found) < day else None  # a first run finds everything
    returning = _returning(store)
    rows = tuple(
        _row(
            theme_id,
            themes.get(theme_id),
            known.get(theme_id),
            known.values(),
            latest=latest,
            returning=theme_id in returning and theme_id not in themes,
        )
        for group in groups.values()
        for theme_id in group
    )
    return Listing(rows, store.complaining())


def _row(
    theme_id: str,
    theme: Theme | None,
    known: KnownTheme | None,
    everything: Iterable[KnownTheme],
    *,
    latest: date | None,
    returning: bool,
) -> Row:
    one = known or theme
    assert one is not None  # noqa: S101 - every id comes from either
    label = shown_name(known) if known else one.label
    owner = owner_of(everything, known) if known else ""
    found = known is not None and not is_head(theme_id) and known.found_at == latest
    return Row(
        theme_id,
        one.parent_id,
        neutralise(label),
        owner or (theme.owner if theme else ""),
        theme,
        known,
        new=found,
        returning=returning and known is not None and not (known.forbidden or known.merged_into),
    )


def _returning(store: Workspace) -> set[str]:
    """Return the themes that were allowed or taken apart since the latest run ended."""
    ended = datetime.fromisoformat(store.runs()[-1].provenance["finished_at"])
    return {
        edit.theme_id
        for edit in store.theme_edits()
        if edit.at is not None
        and edit.at > ended
        and any(not edit.changes[name][1] for name in _PUT_AWAY if name in edit.changes)
    }


def table_row(row: Row) -> tuple[str, ...]:
    """Return a row for people, sub-themes indented under their head."""
    return (
        row.theme_id,
        f"  {row.label}" if row.parent_id else row.label,
        str(row.mentions),
        f"{row.theme.share:.1%}" if row.theme else "",
        row.theme.trend if row.theme else "",
        row.owner,
        ", ".join(row.marks),
    )
