"""The themes of a workspace with what people decided: a row each, heads before their own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from klankbord.cells import neutralise
from klankbord.moments import local_day
from klankbord.outputs.stored import StoredRun, latest_run
from klankbord.themes.edits import decided, is_head, owner_of, shown_name, with_heads
from klankbord.themes.names import no_such_theme

if TYPE_CHECKING:
    from klankbord.records import KnownTheme, Theme
    from klankbord.store import Workspace

FEWEST_COMPLAINTS = 20  # below it there is nothing to find themes in
PUT_AWAY = ("merged_into", "forbidden")
PENDING = (*PUT_AWAY, "divide")  # decisions that the next analysis carries out


class Mark(StrEnum):
    """What is special about a theme."""

    NEW = "new"  # found by the latest run and no earlier one
    PINNED = "pinned"
    DORMANT = "dormant"  # nobody mentions it any more, though nobody put it away
    MERGED = "merged"
    FORBIDDEN = "forbidden"
    DIVIDE = "divide"  # to be split
    RETURNING = "returning"  # allowed or taken apart since the latest run


@dataclass(frozen=True)
class ThemeLine:
    """One theme: what the latest run counted and what people decided."""

    theme_id: str
    parent_id: str | None
    label: str  # as people called it
    owner: str
    theme: Theme | None  # None where the latest run did not list it
    known: KnownTheme | None  # None where it was found before themes were kept
    new: bool
    returning: bool

    @property
    def mentions(self) -> int:
        """Pieces of feedback that mention it."""
        return self.theme.mentions if self.theme else 0

    @property
    def pinned(self) -> bool:
        """Whether it is listed however seldom it is mentioned."""
        return self.known is not None and self.known.pinned

    @property
    def forbidden(self) -> bool:
        """Whether it is never listed."""
        return self.known is not None and self.known.forbidden

    @property
    def merged_into(self) -> str | None:
        """The theme that takes its mentions over."""
        return self.known.merged_into if self.known else None

    @property
    def divide(self) -> bool:
        """Whether the next analysis is to split it."""
        return self.known is not None and self.known.divide

    @property
    def put_away(self) -> bool:
        """Whether people took it off the list."""
        return self.forbidden or self.merged_into is not None

    @property
    def active(self) -> bool:
        """Whether it is on the list: counted by the latest run, pinned or on its way back."""
        return self.theme is not None or self.pinned or self.returning

    @property
    def dormant(self) -> bool:
        """Whether nobody mentions it any more, though nobody put it away."""
        return self.theme is None and not self.put_away and not self.returning

    @property
    def marks(self) -> tuple[Mark, ...]:
        """What is special about it."""
        marks = {
            Mark.NEW: self.new,
            Mark.PINNED: self.pinned,
            Mark.DORMANT: self.dormant,
            Mark.MERGED: self.merged_into is not None,
            Mark.FORBIDDEN: self.forbidden,
            Mark.DIVIDE: self.divide,
            Mark.RETURNING: self.returning,
        }
        return tuple(mark for mark, holds in marks.items() if holds)

    def waits(self, mark: Mark) -> bool:
        """Tell whether the next analysis carries out what a mark says."""
        put_away = mark in (Mark.MERGED, Mark.FORBIDDEN) and self.theme is not None
        return put_away or mark in (Mark.DIVIDE, Mark.RETURNING)

    @property
    def pending(self) -> bool:
        """Whether something decided about it waits for the next analysis."""
        return any(self.waits(mark) for mark in self.marks)


@dataclass(frozen=True)
class ThemeListing:
    """All themes of a workspace, each head followed by what hangs under it."""

    rows: tuple[ThemeLine, ...]
    complaining: int  # pieces of feedback with a complaint

    def shown(self, *, everything: bool) -> tuple[ThemeLine, ...]:
        """Return the rows to list: the active ones with their heads, or all."""
        if everything:
            return self.rows
        wanted = {row.theme_id for row in self.rows if row.active}
        return self.with_heads(wanted)

    def with_heads(self, wanted: set[str]) -> tuple[ThemeLine, ...]:
        """Return the rows of `wanted`, and the heads that they hang under."""
        wanted = wanted | {str(row.parent_id) for row in self.rows if row.theme_id in wanted}
        return tuple(row for row in self.rows if row.theme_id in wanted)

    def find(self, theme_id: str) -> ThemeLine:
        """Return the row of a theme; raises ThemeEditError where there is none."""
        found = self.by_id.get(theme_id)
        if found is None:
            raise no_such_theme([(row.theme_id, row.label) for row in self.rows], theme_id)
        return found

    @cached_property
    def by_id(self) -> Mapping[str, ThemeLine]:
        """The rows by theme id."""
        return {row.theme_id: row for row in self.rows}


def list_themes(
    store: Workspace, *, language: str, timezone: str, counted: Iterable[Theme] | None = None
) -> ThemeListing:
    """Return the themes; raises WorkspaceError where nothing has been analysed yet.

    Heads that the latest run did not list are named in `language`. `counted` are the themes of
    the latest run, where they have been read already.
    """
    run = latest_run(store)
    day = local_day(run.as_of, timezone)
    themes = {one.theme_id: one for one in (store.themes() if counted is None else counted)}
    kept = store.known_themes()
    known = {one.theme_id: one for one in with_heads(kept, day, language)}
    found = [one.found_at for one in kept if not is_head(one.theme_id)]
    latest = day if found and min(found) < day else None  # a first run finds everything
    back = _allowed_since(store, run) - set(themes)
    rows = tuple(
        _line(theme_id, themes, known, latest=latest, back=theme_id in back)
        for group in _groups((*themes.values(), *decided(kept)), themes.keys() | known.keys())
        for theme_id in group
    )
    return ThemeListing(rows, run.counted("complaining") or store.complaining())


def _groups(
    everything: Iterable[Theme | KnownTheme], shown: Iterable[str]
) -> Iterable[Iterable[str]]:
    """Return the ids of each head, as far as it is `shown`, followed by those under it."""
    have, groups = set(shown), dict[str, dict[str, None]]()
    for theme in everything:
        head = theme.parent_id or theme.theme_id
        group = groups.setdefault(head, {head: None} if head in have else {})
        group[theme.theme_id] = None
    return groups.values()


def _line(
    theme_id: str,
    themes: Mapping[str, Theme],
    known: Mapping[str, KnownTheme],
    *,
    latest: date | None,
    back: bool,
) -> ThemeLine:
    theme, decision = themes.get(theme_id), known.get(theme_id)
    one = decision or theme
    assert one is not None  # noqa: S101 - every id comes from either
    heads = [head for head in (known.get(one.parent_id or ""),) if head]
    owner = owner_of([*heads, decision], decision) if decision else ""
    found = decision is not None and not is_head(theme_id) and decision.found_at == latest
    put_away = decision is None or decision.forbidden or decision.merged_into is not None
    return ThemeLine(
        theme_id,
        one.parent_id,
        neutralise(shown_name(decision) if decision else one.label),
        owner or (theme.owner if theme else ""),
        theme,
        decision,
        new=found,
        returning=back and not put_away,
    )


def _allowed_since(store: Workspace, run: StoredRun) -> set[str]:
    """Return the themes that were allowed or taken apart since the latest run ended."""
    return {
        edit.theme_id
        for edit in store.theme_edits(after=_ended(run))
        if any(not edit.changes[name][1] for name in PUT_AWAY if name in edit.changes)
    }


def _ended(run: StoredRun) -> datetime:
    finished = run.provenance.get("finished_at")
    return datetime.fromisoformat(finished) if finished else run.as_of
