"""The review of tone shifts as a workspace keeps it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

from klankbord.records import ToneShift, Verdict
from klankbord.schema import ShiftKind
from klankbord.store import findings, reviews, tables
from klankbord.store.arrow import to_json
from klankbord.store.connections import Connections
from klankbord.store.engine import insert
from klankbord.store.reviews import ListedShift, ReviewEvent, ReviewVerb, ShiftCounts


class ReviewStore(Connections):
    """Verdicts on tone shifts with their history; every method is one transaction."""

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
            reviews.one(connection, shift_id)
            reviews.add_event(connection, shift_id, ReviewVerb.NOTITIE, at=at, by=by, note=note)

    def verdicts(self) -> tuple[Verdict, ...]:
        """Return what people found tone shifts to be."""
        with self._reading() as connection:
            return findings.read_verdicts(connection)

    def shift_history(self, shift_id: str) -> tuple[ReviewEvent, ...]:
        """Return what people did with one shift, oldest first."""
        with self._reading() as connection:
            return reviews.history(connection, (shift_id,))[shift_id]

    def listed_shift(self, shift_id: str) -> ListedShift:
        """Return one shift of the latest run; raises NotListedError where there is none."""
        with self._reading() as connection:
            return reviews.one(connection, shift_id)

    def listed_shifts(
        self,
        *,
        kind: ShiftKind | None = None,
        judged: bool | None = None,
        offset: int = 0,
        limit: int = 25,
    ) -> tuple[ListedShift, ...]:
        """Return a stretch of the ranked list: of one kind, judged or open, or all of it."""
        with self._reading() as connection:
            return reviews.listed(connection, kind=kind, judged=judged, offset=offset, limit=limit)

    def shift_neighbours(
        self, rank: int, *, kind: ShiftKind | None = None, judged: bool | None = None
    ) -> tuple[str | None, str | None]:
        """Return the ids of the shifts before and after place `rank` on such a list."""
        with self._reading() as connection:
            return reviews.neighbours(connection, rank, kind=kind, judged=judged)

    def shift_counts(self) -> tuple[ShiftCounts, ...]:
        """Return how many shifts of each kind are listed, and how many of them were judged."""
        with self._reading() as connection:
            return reviews.counts(connection)

    def keep_dynamics(self, run_id: int, learned: Mapping[str, Any]) -> None:
        """Keep what a run's feedback teaches of tone over time (JSON values only)."""
        value = to_json({"run": run_id, "learned": dict(learned)})
        with self._writing() as connection:
            statement = insert(connection, tables.meta).values(key=_DYNAMICS, value=value)
            statement = statement.on_conflict_do_update(
                index_elements=["key"], set_={"value": statement.excluded.value}
            )
            connection.execute(statement)

    def kept_dynamics(self, run_id: int) -> Mapping[str, Any] | None:
        """Return what was kept of this run; None where that is nothing, or of another run."""
        query = select(tables.meta.c.value).where(tables.meta.c.key == _DYNAMICS)
        with self._reading() as connection:
            text = connection.execute(query).scalar()
        kept: dict[str, Any] = json.loads(text) if text else {}
        return kept["learned"] if kept.get("run") == run_id else None


_DYNAMICS = "tone dynamics"
