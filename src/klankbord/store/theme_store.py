"""Themes as a workspace keeps them: what the latest run counted, and what people decided."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, distinct, func, select, update

from klankbord.records import KnownTheme, Theme
from klankbord.store import findings, history, tables, theme_mentions
from klankbord.store import known_themes as registry
from klankbord.store.connections import Connections
from klankbord.themes.edits import Edit
from klankbord.themes.naming import as_decided, names


class ThemeStore(Connections):
    """Themes, the edits of them and their mentions; every method is one transaction."""

    def save_themes(self, themes: Iterable[Theme]) -> None:
        """Replace the list of themes by that of this run."""
        with self._writing() as connection:
            findings.write_themes(connection, themes)

    def themes(self) -> tuple[Theme, ...]:
        """Return the themes of the latest run in the order they were saved.

        They have the names, departments and pins that people gave them since.
        """
        with self._reading() as connection:
            return _themes(connection, registry.read(connection))

    def theme_names(self) -> dict[str, str]:
        """Return what each theme is called now, those nobody mentions any more included."""
        theme = tables.theme.c
        with self._reading() as connection:
            listed = connection.execute(select(theme.theme_id, theme.label)).all()
            return names(
                {row.theme_id: row.label for row in listed},
                registry.read_names(connection),
                _language(connection),
            )

    def theme_labels(self, theme_ids: Iterable[str]) -> dict[str, str]:
        """Return what these themes are called now, as far as they are known."""
        called = self.theme_names()
        return {own: called[own] for own in theme_ids if own in called}

    def complaining(self) -> int:
        """Return how many pieces of feedback hold a complaint, as the latest run found it."""
        query = select(func.count(distinct(tables.segment.c.feedback_id)))
        with self._reading() as connection:
            found = connection.execute(query.where(tables.segment.c.theme_id.is_not(None)))
            return int(found.scalar_one())

    def sub_themes(self) -> frozenset[str]:
        """Return the ids of the themes that the latest run listed under a head."""
        theme = tables.theme.c
        with self._reading() as connection:
            query = select(theme.theme_id).where(theme.parent_id.is_not(None))
            return frozenset(connection.execute(query).scalars())

    def themes_version(self) -> tuple[int, int]:
        """Return numbers that change with every run and with every edit of a theme."""
        edit = func.coalesce(func.max(tables.theme_edit.c.edit_id), 0)
        run = func.coalesce(func.max(tables.run.c.run_id), 0)
        with self._reading() as connection:
            row = connection.execute(
                select(select(run).scalar_subquery(), select(edit).scalar_subquery())
            ).one()
            return int(row[0]), int(row[1])

    def save_known_themes(self, known: Iterable[KnownTheme]) -> None:
        """Replace all known themes; what people decided is in them, its history is not."""
        with self._writing() as connection:
            registry.write(connection, known)

    def known_themes(self) -> tuple[KnownTheme, ...]:
        """Return the known themes by id, those nobody mentions any more included."""
        with self._reading() as connection:
            return registry.read(connection)

    def record_theme_edit(
        self, edit: Edit, *, at: datetime | None, by: str = "", why: str = ""
    ) -> int:
        """Add an edit to the history and return its number; `save_known_themes` carries it out."""
        with self._writing() as connection:
            return registry.write_edit(connection, edit, at, by, why)

    def reword_reasons(self, theme_id: str, old: str, new: str) -> None:
        """Let the reasons of the actions on a theme say `new` where they said `old`."""
        own = tables.action.c
        query = select(own.action_id, own.reason).where(own.theme_id == theme_id)
        with self._writing() as connection:
            for action_id, reason in connection.execute(query).all():
                if old in reason:
                    changed = update(tables.action).where(own.action_id == action_id)
                    connection.execute(changed.values(reason=reason.replace(old, new)))

    def theme_edits(
        self, *, theme_id: str | None = None, after: datetime | None = None
    ) -> tuple[registry.ThemeEdit, ...]:
        """Return every edit of a theme, oldest first: of all, of one, or made after a moment."""
        with self._reading() as connection:
            return registry.read_edits(connection, theme_id, after)

    def mentions(
        self, theme_ids: Sequence[str], *, offset: int = 0, limit: int = 25
    ) -> tuple[int, tuple[theme_mentions.Mention, ...]]:
        """Return how much feedback mentions one of these themes, and a stretch of it.

        The latest comes first, undated feedback last.
        """
        with self._reading() as connection:
            total = theme_mentions.count(connection, theme_ids)
            return total, theme_mentions.read(
                connection, theme_ids, total=total, offset=offset, limit=limit
            )


def _themes(connection: Connection, known: Sequence[KnownTheme]) -> tuple[Theme, ...]:
    return as_decided(findings.read_themes(connection), known, _language(connection))


def _language(connection: Connection) -> str:
    run = history.read_last_run(connection)
    return run.language if run else "nl"
