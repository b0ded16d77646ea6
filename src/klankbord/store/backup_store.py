"""Backups as a workspace makes and remembers them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from klankbord.errors import WorkspaceError
from klankbord.room import require
from klankbord.store.backup import Manifest, write_backup
from klankbord.store.privacy_store import PrivacyStore


class BackupStore(PrivacyStore):
    """Copies of the whole workspace."""

    def back_up(self, path: Path, *, at: datetime, force: bool = False) -> Manifest:
        """Write a checked copy of the whole workspace to `path` and remember that it is there.

        Raises WorkspaceError where there is a file already, unless `force`, and for damage.
        """
        if path.is_dir():
            raise WorkspaceError("this is a folder", where=str(path), hint="name a file with --to")
        if path.exists() and not force:
            raise WorkspaceError(
                "there is a file already; it was left as it is",
                where=str(path),
                hint="name another with --to, or write over it with --force",
            )
        database = self._engine.url.database
        if self._engine.dialect.name == "sqlite" and database is not None:
            if path.resolve() == Path(database).resolve():
                raise WorkspaceError(
                    "this is the workspace itself", where=str(path), hint="name another with --to"
                )
            path.parent.mkdir(parents=True, exist_ok=True)
            require(path.parent, Path(database).stat().st_size, "the backup")
        self.remember_backup(path, at=at)  # before: a kill must not leave a copy nobody knows of
        return write_backup(self._engine, self._name, path, at=at)
