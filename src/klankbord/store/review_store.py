"""The review of tone shifts and of single tones as a workspace keeps it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from klankbord.records import ToneShift, Verdict
from klankbord.schema import Tone
from klankbord.store import corrections, findings, reviews, shift_list, shift_plans, tables
from klankbord.store.arrow import to_json
from klankbord.store.connections import Connections
from klankbord.store.corrections import Correction, ToneSaid
from klankbord.store.engine import insert
from klankbord.store.reviews import ListedShift, Matter, ReviewEvent, ReviewVerb
from klankbord.store.shift_list import ShiftCounts, ShiftFilter


class ReviewStore(Connections):
    """Verdicts, plans and corrections with their history; every method is one transaction."""

    def judge_shift(
        self,
        shift: ToneShift,
        *,
        real: bool,
        at: datetime,
        by: str = "",
        note: str = "",
        version: int | None = None,
    ) -> int:
        """Keep what a person found a listed shift to be; the next run is calibrated on it.

        Returns the new version. Raises ConflictError where somebody judged it since it was of
        `version`.
        """
        with self._writing() as connection:
            return reviews.judge(
                connection, shift, real=real, at=at, by=by, note=note, version=version
            )

    def undo_judgement(
        self, shift_id: str, *, at: datetime, by: str, version: int | None = None
    ) -> None:
        """Take back the judgement that stands; the one before it stands again, or none.

        Raises WorkspaceError where nobody judged it, ConflictError as `judge_shift` does.
        """
        with self._writing() as connection:
            reviews.undo(connection, shift_id, at=at, by=by, version=version)

    def note_shift(self, shift_id: str, note: str, *, at: datetime, by: str) -> None:
        """Add a note to the history of a listed shift without judging it."""
        with self._writing() as connection:
            shift_list.one(connection, shift_id)
            reviews.add_event(connection, shift_id, ReviewVerb.NOTITIE, at=at, by=by, note=note)

    def verdicts(self) -> tuple[Verdict, ...]:
        """Return what people found tone shifts to be."""
        with self._reading() as connection:
            return findings.read_verdicts(connection)

    def shift_history(self, shift_id: str) -> tuple[ReviewEvent, ...]:
        """Return what people did with one shift, oldest first."""
        with self._reading() as connection:
            return reviews.history(connection, (shift_id,))[shift_id]

    def assign_shift(
        self,
        shift_id: str,
        assignee: str,
        *,
        at: datetime,
        by: str,
        note: str = "",
        version: int | None = None,
    ) -> int:
        """Give a listed shift to a person or department, or with "" to nobody.

        Returns the new version. Raises ConflictError as `judge_shift` does.
        """
        with self._writing() as connection:
            shift_list.one(connection, shift_id)
            return shift_plans.assign(
                connection, shift_id, assignee, at=at, by=by, note=note, version=version
            )

    def snooze_shift(
        self,
        shift_id: str,
        until: date | None,
        *,
        at: datetime,
        by: str,
        note: str = "",
        version: int | None = None,
    ) -> int:
        """Let a listed shift wait until a day, or with None no longer.

        Returns the new version. Raises ConflictError as `judge_shift` does.
        """
        with self._writing() as connection:
            shift_list.one(connection, shift_id)
            return shift_plans.snooze(
                connection, shift_id, until, at=at, by=by, note=note, version=version
            )

    def undo_plan(
        self, shift_id: str, matter: Matter, *, at: datetime, by: str, version: int | None = None
    ) -> None:
        """Take the last assignment or snooze back; the one before it stands again, or none.

        Raises WorkspaceError where there was none, ConflictError as `judge_shift` does.
        """
        with self._writing() as connection:
            shift_plans.undo(connection, shift_id, matter, at=at, by=by, version=version)

    def people(self) -> tuple[str, ...]:
        """Return the names that reviewed shifts or had them assigned, in order."""
        with self._reading() as connection:
            return shift_plans.known_names(connection)

    def shifts_by_assignee(self) -> tuple[tuple[str, int], ...]:
        """Return each name that listed shifts are assigned to, with how many are not judged."""
        with self._reading() as connection:
            return shift_plans.open_by_assignee(connection)

    def listed_shift(self, shift_id: str) -> ListedShift:
        """Return one shift of the latest run; raises NotListedError where there is none."""
        with self._reading() as connection:
            return shift_list.one(connection, shift_id)

    def listed_shifts(
        self, asked: ShiftFilter, *, offset: int = 0, limit: int = 25
    ) -> tuple[ListedShift, ...]:
        """Return a stretch of the ranked list, or of a part of it."""
        with self._reading() as connection:
            return shift_list.listed(connection, asked, offset=offset, limit=limit)

    def shift_neighbours(self, rank: int, asked: ShiftFilter) -> tuple[str | None, str | None]:
        """Return the ids of the shifts before and after place `rank` on such a list."""
        with self._reading() as connection:
            return shift_list.neighbours(connection, rank, asked)

    def shift_counts(self, today: date, assignee: str | None = None) -> tuple[ShiftCounts, ...]:
        """Return how many shifts of each kind are listed, were judged, and wait for a later day."""
        with self._reading() as connection:
            return shift_list.counts(connection, today, assignee)

    # --- tones that people corrected ----------------------------------------------------------

    def correct_tone(
        self,
        feedback_id: str,
        tone: Tone,
        *,
        at: datetime,
        by: str,
        seen: int | None = None,
    ) -> int:
        """Keep the tone a person gave to a piece of feedback they chose; `tone_labels` has it.

        Such a label trains and counts in analyses, but is left out where the model is measured.
        Returns the number of the label. Raises ConflictError where another one than number
        `seen` (0: none) counts by now, NoSuchPieceError where no customer said this.
        """
        with self._writing() as connection:
            return corrections.correct(connection, feedback_id, tone, at=at, by=by, seen=seen)

    def withdraw_correction(self, label_id: int, *, at: datetime, by: str) -> ToneSaid:
        """Take a correction back; raises ConflictError where it does not count any more."""
        with self._writing() as connection:
            return corrections.withdraw(connection, label_id, at=at, by=by)

    def tones_said(self, feedback_ids: Sequence[str]) -> Mapping[str, ToneSaid]:
        """Return the label that counts of each of these pieces that a person labelled."""
        with self._reading() as connection:
            return corrections.tones_said(connection, feedback_ids)

    def tones_read(self, feedback_ids: Sequence[str]) -> Mapping[str, str]:
        """Return the tone that the model read in each of these pieces that are scored."""
        with self._reading() as connection:
            return corrections.tones_read(connection, feedback_ids)

    def corrections(self, *, offset: int = 0, limit: int = 25) -> tuple[Correction, ...]:
        """Return corrections, the last given first, those taken back included."""
        with self._reading() as connection:
            return corrections.listed(connection, offset=offset, limit=limit)

    def correction_counts(self) -> tuple[int, int]:
        """Return how many corrections were ever given, and how many of them count."""
        with self._reading() as connection:
            return corrections.numbers(connection)

    def pieces_with(self, words: str, *, offset: int = 0, limit: int = 25) -> Sequence[str]:
        """Return ids of what customers said with `words` in it, or of the customer so named."""
        with self._reading() as connection:
            return corrections.found(connection, words, offset=offset, limit=limit)

    # --- what a run learned -------------------------------------------------------------------

    def keep_dynamics(self, run_id: int, learned: Mapping[str, Any]) -> None:
        """Keep what a run's feedback teaches of tone over time (JSON values only)."""
        value = to_json({"run": run_id, "learned": dict(learned)})
        with self._writing() as connection:
            statement = insert(connection, tables.meta).values(key=DYNAMICS, value=value)
            statement = statement.on_conflict_do_update(
                index_elements=["key"], set_={"value": statement.excluded.value}
            )
            connection.execute(statement)

    def kept_dynamics(self, run_id: int) -> Mapping[str, Any] | None:
        """Return what was kept of this run; None where that is nothing, or of another run."""
        query = select(tables.meta.c.value).where(tables.meta.c.key == DYNAMICS)
        with self._reading() as connection:
            text = connection.execute(query).scalar()
        kept: dict[str, Any] = json.loads(text) if text else {}
        return kept["learned"] if kept.get("run") == run_id else None


DYNAMICS = "tone dynamics"
