"""What a workspace knows about privacy: reveals, bars, and where copies of the feedback are."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Table, delete, exists, insert, select
from sqlalchemy.sql.schema import Column

from klankbord.privacy import Pseudonymiser
from klankbord.store import engine as dialects
from klankbord.store import identities, tables
from klankbord.store.arrow import from_micros, to_micros
from klankbord.store.connections import Connections
from klankbord.store.pieces import parts


@dataclass(frozen=True)
class Reveal:
    """Somebody asked for the original id behind a pseudonym."""

    at: datetime
    by: str
    pseudonym: str  # "" of a customer who was forgotten since
    why: str


class PrivacyStore(Connections):
    """Reveals, bars and copies; every method is one transaction unless one is open."""

    # --- who looked behind a pseudonym --------------------------------------------------------

    def reveal(
        self,
        pseudonyms: Iterable[str],
        pseudonymiser: Pseudonymiser,
        *,
        at: datetime,
        by: str,
        why: str,
    ) -> dict[str, str]:
        """Return pseudonym -> original id and log each one; unknown ones are left out.

        Nothing is returned that is not in the log. Raises WorkspaceError under another key.
        """
        with self._writing() as connection:
            identities.check_key(connection, pseudonymiser, self._name, bind=False)
            found = identities.originals(connection, pseudonyms, pseudonymiser)
            for pseudonym, original in found.items():
                why = why.replace(original, pseudonym)
            rows = [
                {"at": to_micros(at), "by": by, "pseudonym": pseudonym, "why": why}
                for pseudonym in sorted(found)
            ]
            if rows:
                connection.execute(insert(tables.reveal), rows)
        return found

    def reveals(self) -> tuple[Reveal, ...]:
        """Return who looked behind which pseudonym, oldest first."""
        query = select(tables.reveal).order_by(tables.reveal.c.reveal_id)
        with self._reading() as connection:
            return tuple(
                Reveal(_moment(row.at), row.by, row.pseudonym, row.why)
                for row in connection.execute(query)
            )

    # --- customers who may not come back ------------------------------------------------------

    def barred(self) -> frozenset[str]:
        """Return the keyed hashes of what an import refuses; see `privacy.barred`."""
        with self._reading() as connection:
            return frozenset(connection.execute(select(tables.barred.c.hash)).scalars())

    def is_barred(self, subject: str) -> bool:
        """Tell whether the customer with this keyed hash was forgotten."""
        query = select(exists().where(tables.barred.c.subject == subject))
        with self._reading() as connection:
            return bool(connection.execute(query).scalar())

    def bar(self, subject: str, hashes: Collection[str], *, at: datetime) -> None:
        """Refuse what has these keyed hashes in later imports, as the customer `subject`."""
        rows = [
            {"hash": one, "subject": subject, "at": to_micros(at)}
            for one in sorted({subject, *hashes})
        ]
        with self._writing() as connection:
            connection.execute(
                dialects.insert(connection, tables.barred).on_conflict_do_nothing(), rows
            )

    def allow_again(self, subject: str) -> bool:
        """Let the customer with this keyed hash come back; tell whether they were barred."""
        statement = delete(tables.barred).where(tables.barred.c.subject == subject)
        with self._writing() as connection:
            return connection.execute(statement).rowcount > 0

    # --- where copies are ---------------------------------------------------------------------

    def remember_files(self, paths: Iterable[Path], *, at: datetime) -> None:
        """Know later which files were written from here."""
        self._remember(tables.written_file, tables.written_file.c.written_at, paths, at)

    def remember_model(self, folder: Path, *, at: datetime) -> None:
        """Know later that a model was trained on the labels here."""
        self._remember(tables.trained_model, tables.trained_model.c.trained_at, [folder], at)

    def remember_backup(self, path: Path, *, at: datetime) -> None:
        """Know later that a copy of the whole workspace was made."""
        self._remember(tables.backup, tables.backup.c.made_at, [path], at)

    def forget_files(self, paths: Iterable[Path]) -> None:
        """No longer know of files that were removed."""
        table = tables.written_file
        with self._writing() as connection:
            for some in parts([str(path) for path in paths]):
                connection.execute(delete(table).where(table.c.path.in_(some)))

    def written_files(self) -> dict[Path, datetime]:
        """Return the files that were written from here, with when."""
        return self._places(tables.written_file, tables.written_file.c.written_at)

    def trained_models(self) -> dict[Path, datetime]:
        """Return the folders of models that were trained on the labels here, with when."""
        return self._places(tables.trained_model, tables.trained_model.c.trained_at)

    def backups(self) -> dict[Path, datetime]:
        """Return the copies that were made of the whole workspace, with when."""
        return self._places(tables.backup, tables.backup.c.made_at)

    def _remember(
        self, table: Table, moment: Column[int], paths: Iterable[Path], at: datetime
    ) -> None:
        rows = [{"path": str(path.resolve()), moment.name: to_micros(at)} for path in paths]
        if not rows:
            return
        with self._writing() as connection:
            statement = dialects.insert(connection, table)
            statement = statement.on_conflict_do_update(
                index_elements=["path"], set_={moment.name: statement.excluded[moment.name]}
            )
            connection.execute(statement, rows)

    def _places(self, table: Table, moment: Column[int]) -> dict[Path, datetime]:
        query = select(table.c.path, moment).order_by(table.c.path)
        with self._reading() as connection:
            return {Path(path): _moment(at) for path, at in connection.execute(query)}


def _moment(micros: int) -> datetime:
    moment = from_micros(micros)
    assert moment is not None  # noqa: S101 - the columns are not nullable
    return moment
