"""The workspace: one object over the tables, Arrow in and Arrow out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Select, delete, exists, func, or_, select, text

from klankbord.errors import WorkspaceError
from klankbord.location import Location
from klankbord.privacy import IDENTITIES, Pseudonymiser
from klankbord.records import ToneShift
from klankbord.schema import CUSTOMERS, FEEDBACK, SCORES, SEGMENTS, SPEAKING, conform
from klankbord.store import findings, history, identities, labels, pieces, tables
from klankbord.store.action_store import ActionStore
from klankbord.store.arrow import bindable, bound_rows, execute_each, read_table
from klankbord.store.backup_store import BackupStore
from klankbord.store.engine import engine_for, insert, readable_errors
from klankbord.store.erasure_store import ErasureStore
from klankbord.store.import_store import ImportStore
from klankbord.store.privacy_store import PrivacyStore
from klankbord.store.review_store import ReviewStore
from klankbord.store.state import state_of
from klankbord.store.theme_store import ThemeStore
from klankbord.store.upgrade import upgrade


class Workspace(
    ActionStore, BackupStore, ErasureStore, ImportStore, PrivacyStore, ReviewStore, ThemeStore
):
    """What Klankbord keeps between runs; every method is one transaction unless one is open.

    Threads may share a workspace: each gets its own connection.
    """

    kept_copy: Path | None = None  # of how it was, where opening it brought it up to date

    @classmethod
    def open(cls, location: Location | Path | str) -> Workspace:
        """Open the workspace in a file, or in a database; made or brought up to date as needed.

        The address of a database is such as `postgresql+psycopg://user@host/name`.
        Raises WorkspaceError where it is damaged, newer, out of reach or not a workspace.
        """
        engine, name = engine_for(location)
        try:
            with readable_errors(name):
                kept = upgrade(engine, name)
        except BaseException:
            engine.dispose()
            raise
        opened = cls(engine, name)
        opened.kept_copy = kept
        return opened

    def close(self) -> None:
        """Let go of the file or the connections; what was committed stays."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def check_integrity(self) -> None:
        """Read the whole file; raises WorkspaceError where it is damaged."""
        with self._reading() as connection:
            if connection.dialect.name != "sqlite":
                return
            verdict = connection.execute(text("PRAGMA integrity_check(1)")).scalar()
            dangling = connection.execute(text("PRAGMA foreign_key_check")).first()
        if verdict != "ok" or dangling is not None:
            raise WorkspaceError(
                "the workspace is damaged", where=self._name, hint="put back a backup"
            )

    def state(self) -> str:
        """Return a digest of what an analysis reads: another one where that changed."""
        with self._reading() as connection:
            return state_of(connection)

    # --- feedback and customers ---------------------------------------------------------------

    def add_feedback(self, table: pa.Table, *, at: datetime | None = None) -> pieces.Stored:
        """Store new feedback and other versions of known feedback; tell what became of the rows.

        `at` is the moment of the import. See `store.pieces` for which version stands and what
        happens to the others.
        """
        table = conform(table, FEEDBACK)
        if pc.any(pc.equal(table.column("feedback_id"), "")).as_py():
            raise ValueError("feedback without a feedback_id: assign ids before storing")
        with self._writing() as connection:
            return pieces.write(connection, table, at)

    def versions(self, feedback_id: str) -> tuple[pieces.FeedbackVersion, ...]:
        """Return the other versions of a piece of feedback, oldest first."""
        with self._reading() as connection:
            return pieces.read_versions(connection, feedback_id)

    def main_languages(self) -> dict[str, str]:
        """Return the language most feedback of each source is in; of equals the first by code."""
        with self._reading() as connection:
            return pieces.read_main_languages(connection)

    def add_customers(self, table: pa.Table) -> tuple[int, int]:
        """Store new and changed customers and return (stored, duplicates).

        A later row updates the customer with what it knows: its nulls erase nothing. A row that
        changes nothing is a duplicate.
        """
        table = conform(table, CUSTOMERS)
        stored = 0
        with self._writing() as connection:
            statement = insert(connection, tables.customer)
            kept, given = tables.customer.c, statement.excluded
            changes = {
                name: func.coalesce(
                    func.nullif(given[name], "{}") if name == "attributes" else given[name],
                    kept[name],
                )
                for name in kept.keys()  # noqa: SIM118 - a column collection
                if name != "customer_id"
            }
            differs = [kept[name].is_distinct_from(new) for name, new in changes.items()]
            statement = statement.on_conflict_do_update(
                index_elements=["customer_id"], set_=changes, where=or_(*differs)
            )
            for rows in bound_rows(table):
                stored += connection.execute(statement, rows).rowcount
        return stored, table.num_rows - stored

    def feedback(self) -> pa.Table:
        """Return all feedback by time received, undated last."""
        return self._read(select(tables.feedback).order_by(*_BY_TIME), FEEDBACK)

    def pieces(self, feedback_ids: Sequence[str]) -> pa.Table:
        """Return these pieces of feedback as far as they are stored, by time received."""
        parts = [FEEDBACK.empty_table()]
        for some in pieces.parts(feedback_ids):
            query = select(tables.feedback).where(tables.feedback.c.feedback_id.in_(some))
            parts.append(self._read(query, FEEDBACK))
        by_time = [("received_at", "ascending"), ("feedback_id", "ascending")]
        return pa.concat_tables(parts).sort_by(by_time)

    def said_by(self, customer_id: str, *, last: int) -> tuple[pa.Table, pa.Table]:
        """Return the last pieces of feedback of one customer by time received, and their scores."""
        table = tables.feedback
        newest = select(table.c.feedback_id).where(table.c.customer_id == customer_id)
        newest = newest.order_by(table.c.received_at.desc().nulls_first()).limit(last)
        with self._reading() as connection:
            ids = connection.execute(newest).scalars().all()
            said = select(table).where(table.c.feedback_id.in_(ids)).order_by(*_BY_TIME)
            scored = select(tables.score).where(tables.score.c.feedback_id.in_(ids))
            return read_table(connection, said, FEEDBACK), read_table(connection, scored, SCORES)

    def customers(self) -> pa.Table:
        """Return all customers by id."""
        query = select(tables.customer).order_by(tables.customer.c.customer_id)
        return self._read(query, CUSTOMERS)

    # --- scores and segments ------------------------------------------------------------------

    def unscored(self, scored_by: str) -> list[str]:
        """Return the ids of feedback with words of customers that this model has not scored yet.

        They are in the order of `feedback()`.
        """
        scored = exists().where(
            tables.score.c.feedback_id == tables.feedback.c.feedback_id,
            tables.score.c.scored_by == scored_by,
        )
        query = select(tables.feedback.c.feedback_id).where(
            func.trim(tables.feedback.c.verbatim, _BLANKS) != "",
            tables.feedback.c.author_role.in_(SPEAKING),
            ~scored,
        )
        with self._reading() as connection:
            return list(connection.execute(query.order_by(*_BY_TIME)).scalars())

    def save_scores(self, table: pa.Table) -> None:
        """Store one score for each piece of feedback, in place of an earlier one."""
        table = conform(table, SCORES)
        with self._writing() as connection:
            statement = insert(connection, tables.score)
            changes = {
                name: statement.excluded[name] for name in SCORES.names if name != "feedback_id"
            }
            statement = statement.on_conflict_do_update(
                index_elements=["feedback_id"], set_=changes
            )
            execute_each(connection, statement, table)

    def scores(self) -> pa.Table:
        """Return all scores in the order of `feedback()`."""
        query = select(tables.score).join(tables.feedback).order_by(*_BY_TIME)
        return self._read(query, SCORES)

    def save_segments(self, table: pa.Table) -> None:
        """Store the segments of the feedback in `table`, in place of all earlier ones of it."""
        table = conform(table, SEGMENTS)
        with self._writing() as connection:
            known = tables.segment.c.feedback_id
            for some in pieces.parts(list(dict.fromkeys(bindable(table.column("feedback_id"))))):
                connection.execute(delete(tables.segment).where(known.in_(some)))
            execute_each(connection, insert(connection, tables.segment), table)

    def segments(self) -> pa.Table:
        """Return all segments in the order of `feedback()`."""
        query = select(tables.segment).join(tables.feedback)
        return self._read(query.order_by(*_BY_TIME, tables.segment.c.segment), SEGMENTS)

    # --- labels that people gave --------------------------------------------------------------

    def save_tone_labels(self, table: pa.Table) -> int:
        """Keep labels of feedback that is stored here; returns how many said something new."""
        with self._writing() as connection:
            return labels.write(connection, table)

    def tone_labels(self, *, history: bool = False, sample_only: bool = False) -> pa.Table:
        """Return the newest label of each piece of feedback, or every label, oldest first.

        `sample_only` leaves out corrections, which are no sample to measure on.
        """
        with self._reading() as connection:
            return labels.read(connection, history=history, sample_only=sample_only)

    # --- findings -----------------------------------------------------------------------------

    def save_shifts(self, shifts: Iterable[ToneShift]) -> None:
        """Replace the list of tone shifts by that of this run."""
        with self._writing() as connection:
            findings.write_shifts(connection, shifts)

    def shifts(self) -> tuple[ToneShift, ...]:
        """Return the tone shifts of the latest run, ranked."""
        with self._reading() as connection:
            return findings.read_shifts(connection)

    # --- provenance ---------------------------------------------------------------------------

    def record_run(self, provenance: Mapping[str, Any], *, as_of: datetime | None = None) -> int:
        """Remember a run by its provenance (JSON values only) and return its number."""
        with self._writing() as connection:
            return history.write_run(connection, provenance, as_of)

    def finish_run(self, run_id: int, provenance: Mapping[str, Any]) -> None:
        """Complete the provenance of a run with what is known at its end."""
        with self._writing() as connection:
            history.complete_run(connection, run_id, provenance)

    def runs(self) -> tuple[history.RunRecord, ...]:
        """Return the runs, oldest first."""
        with self._reading() as connection:
            return history.read_runs(connection)

    def last_run(self) -> history.RunRecord | None:
        """Return the newest run, None where there was none."""
        with self._reading() as connection:
            return history.read_last_run(connection)

    # --- identities ---------------------------------------------------------------------------

    def check_key(self, pseudonymiser: Pseudonymiser) -> None:
        """Bind a new workspace to the key; raises WorkspaceError where it is bound to another."""
        with self._writing() as connection:
            identities.check_key(connection, pseudonymiser, self._name)

    def remember_identities(self, table: pa.Table, pseudonymiser: Pseudonymiser) -> int:
        """Keep the sealed originals of `Pseudonymiser.identities`; returns how many are new."""
        table = conform(table, IDENTITIES)
        with self._writing() as connection:
            identities.check_key(connection, pseudonymiser, self._name)
            return identities.remember(connection, table, self._name)

    def original_ids(
        self, pseudonyms: Iterable[str], pseudonymiser: Pseudonymiser
    ) -> dict[str, str]:
        """Return pseudonym -> original id, for those that are known and with the right key."""
        with self._reading() as connection:
            identities.check_key(connection, pseudonymiser, self._name, bind=False)
            return identities.originals(connection, pseudonyms, pseudonymiser)

    # --- connections --------------------------------------------------------------------------

    def _read(self, query: Select[Any], schema: pa.Schema) -> pa.Table:
        with self._reading() as connection:
            return read_table(connection, query, schema)


_BLANKS = "".join(chr(code) for code in range(0x3001) if chr(code).isspace())
_BY_TIME = (tables.feedback.c.received_at.asc().nulls_last(), tables.feedback.c.feedback_id)
