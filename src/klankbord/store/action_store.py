"""The closed loop as a workspace keeps it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from klankbord.loop.escalation import escalations
from klankbord.loop.lifecycle import ActionState, Outcome
from klankbord.records import Action, ToneShift
from klankbord.store import (
    action_lists,
    action_steps,
    action_undo,
    actions,
    findings,
    history,
    reviews,
)
from klankbord.store.action_lists import ActionCount, ActionFilter
from klankbord.store.connections import Connections


class ActionStore(Connections):
    """Actions of both loops with their history; every method is one transaction."""

    def merge_actions(
        self, planned: Iterable[Action], *, at: datetime | None = None
    ) -> tuple[Action, ...]:
        """Merge a plan made at moment `at` into the stored actions; returns all open ones.

        See `store.actions.merge` for what happens to open and closed ones.
        """
        with self._writing() as connection:
            return actions.merge(connection, planned, at)

    def actions(
        self, *, open_only: bool = False, customer_id: str | None = None
    ) -> tuple[Action, ...]:
        """Return the actions, or those for one customer, inner loop and weightiest first."""
        with self._reading() as connection:
            found = actions.read(connection, customer_id=customer_id)
        return tuple(action for action in found if not (open_only and action.closed))

    def action(self, action_id: str) -> Action:
        """Return one action; raises NoSuchActionError where there is none with this id."""
        with self._reading() as connection:
            return actions.one(connection, action_id, lock=False)

    def listed_actions(
        self, asked: ActionFilter, *, offset: int = 0, limit: int = 25
    ) -> tuple[Action, ...]:
        """Return a stretch of the actions that are asked for, in order."""
        with self._reading() as connection:
            return action_lists.listed(connection, asked, offset=offset, limit=limit)

    def action_neighbours(
        self, action: Action, asked: ActionFilter
    ) -> tuple[str | None, str | None]:
        """Return the ids before and after the place of an action in such a list."""
        with self._reading() as connection:
            return action_lists.neighbours(connection, action, asked)

    def action_counts(self, today: date) -> tuple[ActionCount, ...]:
        """Return how many actions are alike in all that they can be filtered on."""
        with self._reading() as connection:
            return action_lists.counts(connection, today)

    def shifts_behind(self, action: Action) -> tuple[ToneShift, ...]:
        """Return the tone shifts of the latest run that an action came from."""
        with self._reading() as connection:
            return _shifts_behind(connection, action)

    def update_action(
        self,
        action_id: str,
        *,
        at: datetime,
        by: str,
        why: str = "",
        owner: str | None = None,
        due: date | None = None,
        status: ActionState | None = None,
        wel_niet_later: str | None = None,
        draft: str | None = None,
        version: int | None = None,
    ) -> Action:
        """Change what is given of one action; the old values stay in its history.

        Raises IllegalStepError for a status that cannot follow, ConflictError where the action is
        no longer of `version`.
        """
        given = {
            "owner": owner,
            "due": due,
            "status": status,
            "wel_niet_later": wel_niet_later,
            "draft": draft,
        }
        changes = {name: value for name, value in given.items() if value is not None}
        with self._writing() as connection:
            return action_steps.edit(
                connection, action_id, changes, at=at, by=by, why=why, version=version
            )

    def close_action(
        self,
        action_id: str,
        outcome: Outcome,
        *,
        at: datetime,
        by: str,
        why: str = "",
        version: int | None = None,
    ) -> Action:
        """Close one action with the outcome a person gave it.

        A false alarm is also the verdict on the tone shifts it came from, which later runs are
        calibrated on.
        """
        with self._writing() as connection:
            known = action_steps.as_seen(connection, action_id, version)
            shifts = _shifts_behind(connection, known) if outcome == Outcome.VALS_ALARM else ()
            judged = {
                shift.shift_id: reviews.judge(connection, shift, real=False, at=at, by=by, note=why)
                for shift in shifts
            }
            return action_steps.close(
                connection, action_id, outcome, at=at, by=by, why=why, version=version,
                judged=judged,
            )  # fmt: skip

    def reopen_action(
        self, action_id: str, *, at: datetime, by: str, why: str, version: int | None = None
    ) -> Action:
        """Open a closed action again, back at the plan."""
        with self._writing() as connection:
            return action_steps.reopen(
                connection, action_id, at=at, by=by, why=why, version=version
            )

    def undo_action(
        self, action_id: str, *, at: datetime, by: str, why: str = "", version: int | None = None
    ) -> Action:
        """Take back the last thing a person did with an action; its history keeps both.

        Raises IllegalStepError where nothing can be taken back, ConflictError where the action is
        no longer of `version`. See `store.action_undo`.
        """
        with self._writing() as connection:
            return action_undo.undo(connection, action_id, at=at, by=by, why=why, version=version)

    def note_action(self, action_id: str, note: str, *, at: datetime, by: str) -> None:
        """Add a note to the history of an action."""
        with self._writing() as connection:
            action_steps.note(connection, action_id, note, at=at, by=by)

    def escalate(self, today: date, *, at: datetime) -> tuple[Action, ...]:
        """Tell the level above the owner of open actions that are overdue on `today`.

        Returns those that were told for the first time at this level; see `sla.toml`.
        """
        levels = escalations(self.actions(open_only=True), today)
        if not levels:
            return ()
        with self._writing() as connection:
            return action_steps.escalate(connection, levels, at)

    def measure_actions(self, measures: Mapping[str, Mapping[str, Any]], *, at: datetime) -> int:
        """Keep what became of actions that were carried out; returns how many were new."""
        with self._writing() as connection:
            return action_steps.measure(connection, measures, at)

    def action_history(self, action_id: str) -> tuple[history.ActionEvent, ...]:
        """Return everything that happened to one action, oldest first."""
        return self.action_histories(action_id).get(action_id, ())

    def action_histories(
        self, action_id: str | None = None
    ) -> dict[str, tuple[history.ActionEvent, ...]]:
        """Return everything that happened to each action, or to one, oldest first."""
        with self._reading() as connection:
            return history.read_events(connection, action_id)

    def acted_at(self) -> dict[str, datetime]:
        """Return when each action was first communicated or carried out, since it opened."""
        return action_steps.acted_at(self.action_histories())


def _shifts_behind(connection: Connection, action: Action) -> tuple[ToneShift, ...]:
    if action.customer_id is None:
        return ()
    theirs = findings.read_shifts(connection, action.customer_id)
    return tuple(shift for shift in theirs if shift.kind == action.cause)
