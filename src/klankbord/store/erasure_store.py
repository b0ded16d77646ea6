"""Forgetting a customer and feedback past its term, so that not even the bytes are left."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select

from klankbord.errors import WorkspaceError
from klankbord.privacy import Pseudonymiser
from klankbord.store import erasure, identities, tables
from klankbord.store.arrow import from_micros, to_json, to_micros
from klankbord.store.connections import Connections
from klankbord.store.engine import readable_errors
from klankbord.store.erasure import Subject
from klankbord.store.erasure_traces import mentioned, take_off
from klankbord.store.leftovers import Leftovers
from klankbord.store.pieces import parts

_PATIENCE, _PAUSE = 20, 0.2  # seconds in which others may finish reading


class ErasureStore(Connections):
    """What is held of somebody, and erasing it; every method is one transaction unless one is open.

    Erase under `transaction()` what was looked up in it, and `clean_up` when it is done.
    """

    def held_of(self, customer_id: str) -> Subject:
        """Return all that is held of one customer, by pseudonym; empty where that is nothing."""
        with self._reading() as connection:
            return erasure.of_customer(connection, customer_id)

    def held_before(self, moment: datetime) -> Subject:
        """Return the feedback received before `moment`, and customers of whom nothing is left."""
        with self._reading() as connection:
            return erasure.of_before(connection, moment)

    def traces_of(
        self, subject: Subject, pseudonymiser: Pseudonymiser, given: Iterable[str] = ()
    ) -> Leftovers:
        """Return what would tell of the subject in a text: original ids, and ids `given`, too."""
        with self._reading() as connection:
            identities.check_key(connection, pseudonymiser, self._name, bind=False)
            names = (*subject.customers, *subject.accounts)
            originals = identities.originals(connection, names, pseudonymiser)
            return erasure.traces(connection, subject, (*originals.values(), *given))

    def erase(
        self, subject: Subject, left: Leftovers, *, before: datetime | None = None
    ) -> dict[str, int]:
        """Erase the subject from every table; return how many rows went or changed, by table.

        `left` is what would tell of it in rows that stay. `before` takes along what people noted
        earlier than that.
        """
        with self._writing() as connection:
            lost = mentioned(connection, subject)
            counts = erasure.erase_rows(connection, subject, before)
            for name, count in take_off(connection, subject, left, lost).items():
                counts[name] = counts.get(name, 0) + count
        return dict(sorted(counts.items()))

    def would_erase(
        self, subject: Subject, left: Leftovers, *, before: datetime | None = None
    ) -> dict[str, int]:
        """Return what `erase` would, and change nothing."""
        with self._writing() as connection:
            rehearsal = connection.begin_nested()
            counts = self.erase(subject, left, before=before)
            rehearsal.rollback()
        return counts

    def first_labelled(self, subject: Subject) -> datetime | None:
        """Return when somebody first labelled a piece of the subject; None where nobody did."""
        label = tables.tone_labels.c
        with self._reading() as connection:
            moments = [
                connection.execute(
                    select(func.min(label.labelled_at)).where(label.feedback_id.in_(some))
                ).scalar()
                for some in parts(subject.feedback)
            ]
        return from_micros(min((one for one in moments if one is not None), default=None))

    def keep_receipt(self, receipt: Mapping[str, Any], *, at: datetime) -> None:
        """Keep what was erased, without what could tell of whom (JSON values only)."""
        values = {"at": to_micros(at), "receipt": to_json(dict(receipt))}
        with self._writing() as connection:
            connection.execute(insert(tables.erasure).values(values))

    def erasures(self) -> int:
        """Return a number that changes with every erasure: what was read before may hold it."""
        with self._reading() as connection:
            last = connection.execute(select(func.max(tables.erasure.c.erasure_id))).scalar()
        return int(last or 0)

    def clean_up(self, *, one_file: bool = False) -> None:
        """Write the whole database anew, so that the bytes of erased rows are gone.

        With `one_file` a workspace in a file needs no other beside it from then on. Raises
        WorkspaceError where somebody else keeps it from that; it can be done again.
        """
        with readable_errors(self._name), self._engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                raw: Any = connection.connection.driver_connection
                raw.execute("VACUUM")
                patience = time.monotonic() + _PATIENCE
                while raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                    if time.monotonic() > patience:
                        raise WorkspaceError(
                            "the rows are gone, but another process still reads the older file",
                            where=self._name,
                            hint="close it (klankbord review, say) and run the same command again",
                        )
                    time.sleep(_PAUSE)
                if one_file:
                    raw.execute("PRAGMA journal_mode = DELETE")
                return
            connection.execution_options(isolation_level="AUTOCOMMIT")
            for table in tables.metadata.sorted_tables:
                name = connection.dialect.identifier_preparer.format_table(table)
                connection.exec_driver_sql(f"VACUUM (FULL) {name}")
