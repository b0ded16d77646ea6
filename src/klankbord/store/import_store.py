"""Imports as a workspace keeps them: which are done, and how far the others came.

A file is stored batch by batch, so that others can write in between. What became of the rows of a
batch is kept with it until the file is done: an import that was interrupted goes on where it was
when the same file is imported again, and ends in the counts and the rows of an undisturbed one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, delete, exists, func, not_, or_, select

from klankbord.records import SourceCount
from klankbord.store import history, tables
from klankbord.store.arrow import from_micros, to_json, to_micros
from klankbord.store.connections import Connections
from klankbord.store.engine import insert
from klankbord.store.pieces import Stored


@dataclass(frozen=True)
class BegunImport:
    """An import that is not recorded as done: busy, or interrupted."""

    sha256: str
    file: str
    at: datetime
    languages: Mapping[str, str]  # main language of each source when it began
    stored: int = 0  # rows so far

    def values(self) -> dict[str, object]:
        """Return the row of the table."""
        return {
            "sha256": self.sha256,
            "file": self.file,
            "at": to_micros(self.at),
            "languages": to_json(dict(self.languages)),
        }


@dataclass(frozen=True)
class KeptBatch:
    """What became of the rows of a batch, and which rows they were."""

    rows_digest: str
    became: Stored


class ImportStore(Connections):
    """Imports of files; every method is one transaction unless one is open."""

    def imports(self) -> tuple[history.ImportRecord, ...]:
        """Return the files that were read, in order."""
        with self._reading() as connection:
            return history.read_imports(connection)

    def was_imported(self, sha256: str) -> bool:
        """Tell whether a file with exactly this content was read before."""
        with self._reading() as connection:
            return history.has_import(connection, sha256)

    def begin_imports(self, imports: Sequence[BegunImport]) -> tuple[BegunImport, ...]:
        """Remember which files are going to be imported; returns them as they began.

        One that was interrupted began when it did the first time, and the languages of the
        earliest of those are the languages of all.
        """
        with self._writing() as connection:
            known = [_read(connection, each.sha256) for each in imports]
            first = min((each for each in known if each), key=lambda each: each.at, default=None)
            begun = [
                replace(old or new, languages=first.languages if first else new.languages)
                for old, new in zip(known, imports, strict=True)
            ]
            for each in begun:
                _begin(connection, each)
        return tuple(begun)

    def kept_batch(self, sha256: str, batch: int) -> KeptBatch | None:
        """Return what is remembered of a batch, None where it is not stored yet."""
        kept = tables.import_batch
        query = select(kept).where(kept.c.sha256 == sha256, kept.c.batch == batch)
        with self._reading() as connection:
            row = connection.execute(query).first()
        if row is None:
            return None
        return KeptBatch(row.rows_digest, Stored(row.stored, row.updated, row.duplicates))

    def keep_batch(self, begun: BegunImport, batch: int, kept: KeptBatch) -> None:
        """Remember what became of the rows of a batch, in the transaction that stores them."""
        with self._writing() as connection:
            _begin(connection, begun)  # somebody else may have finished the same file
            row = {"rows_digest": kept.rows_digest, **vars(kept.became)}
            statement = insert(connection, tables.import_batch).values(
                sha256=begun.sha256, batch=batch, **row
            )
            connection.execute(
                statement.on_conflict_do_update(index_elements=["sha256", "batch"], set_=row)
            )

    def finish_import(self, count: SourceCount, *, sha256: str, at: datetime) -> None:
        """Record that a whole file was imported, the first time that it was, and forget how."""
        with self._writing() as connection:
            if not history.has_import(connection, sha256):
                history.write_import(connection, count, sha256, at)
            begun = tables.import_begun
            connection.execute(delete(begun).where(begun.c.sha256 == sha256))

    def unfinished_imports(self) -> tuple[BegunImport, ...]:
        """Return the files of which a part is missing, by name.

        A file that was imported whole before or, under the same name, since is not one of them.
        """
        begun, done = tables.import_begun, tables.import_record
        made_up_for = exists().where(
            or_(
                done.c.sha256 == begun.c.sha256,
                (done.c.file == begun.c.file) & (done.c.at >= begun.c.at),
            )
        )
        with self._reading() as connection:
            ids = connection.execute(select(begun.c.sha256).where(not_(made_up_for))).scalars()
            found = [_read(connection, sha256) for sha256 in ids.all()]
        return tuple(
            sorted((each for each in found if each), key=lambda each: (each.file, each.sha256))
        )


def _begin(connection: Connection, begun: BegunImport) -> None:
    statement = insert(connection, tables.import_begun).values(begun.values())
    connection.execute(statement.on_conflict_do_nothing())


def _read(connection: Connection, sha256: str) -> BegunImport | None:
    begun, batch = tables.import_begun, tables.import_batch
    row = connection.execute(select(begun).where(begun.c.sha256 == sha256)).first()
    if row is None:
        return None
    stored = select(func.coalesce(func.sum(batch.c.stored), 0)).where(batch.c.sha256 == sha256)
    return BegunImport(
        row.sha256,
        row.file,
        _moment(row.at),
        json.loads(row.languages),
        stored=int(connection.execute(stored).scalar_one()),
    )


def _moment(micros: int) -> datetime:
    moment = from_micros(micros)
    assert moment is not None  # noqa: S101 - the column is not nullable
    return moment
