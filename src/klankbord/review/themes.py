"""The themes as the pages show them, read again only after an analysis or an edit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from klankbord.outputs.theme_list import ThemeListing, list_themes

if TYPE_CHECKING:
    from klankbord.records import Theme
    from klankbord.report.wording import Wording
    from klankbord.store import Workspace


class Themes:
    """Reads the list of themes; pages share one."""

    def __init__(self, store: Workspace, wording: Wording) -> None:
        self._store, self._wording = store, wording
        self._read: tuple[tuple[int, int], ThemeListing] | None = None

    def listing(self) -> ThemeListing:
        """Return the themes as they are now; none where nothing was analysed yet."""
        version = self._store.themes_version()
        read = self._read
        if read is not None and read[0] == version:
            return read[1]
        if self._store.last_run() is None:
            return ThemeListing((), 0)
        t = self._wording
        listing = list_themes(
            self._store,
            language=t.language,
            timezone=t.timezone,
            counted=self._counted(version[0]),
        )
        self._read = version, listing
        return listing

    def _counted(self, run: int) -> list[Theme] | None:
        """Return what was read of this run before; an edit changes none of it."""
        if self._read is None or self._read[0][0] != run:
            return None
        return [line.theme for line in self._read[1].rows if line.theme]
