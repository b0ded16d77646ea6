"""One row of an edited sheet against its action: what it changes, or why it cannot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from klankbord.cells import neutralise
from klankbord.excerpt import shorten
from klankbord.loop.drafts import check_draft
from klankbord.loop.lifecycle import (
    Happening,
    IllegalStepError,
    check_outcome,
    check_step,
    next_states,
    outcomes,
)
from klankbord.moments import in_words, local_day
from klankbord.records import Action
from klankbord.roundtrip.basis import FIELDS, LONGEST, Basis, Value, canonical, same
from klankbord.roundtrip.read import EditedRow
from klankbord.roundtrip.texts import CODED, Texts
from klankbord.roundtrip.values import CLEARS, Reader, allowed

_TEXTS = ("wel_niet_later", "draft")
_SHOWN = 60  # characters of a text in a message


class Event(Protocol):
    """One event in the history of an action."""

    @property
    def at(self) -> datetime | None:
        """When it happened."""

    @property
    def by(self) -> str:
        """Who did it, "" for a run."""

    @property
    def event(self) -> str:
        """What happened."""

    @property
    def changes(self) -> Mapping[str, Any]:
        """Field -> [old, new]."""

    @property
    def why(self) -> str:
        """The reason given."""


Histories = Mapping[str, Sequence[Event]]


@dataclass(frozen=True)
class Change:
    """What one row of a sheet changes of its action; all of it, or nothing, is to be applied."""

    row: int
    action: Action  # as it is now
    values: Mapping[str, Value]  # field -> new value
    note: str
    by: str


class RefusedError(Exception):
    """A cell cannot be applied; `key` names the reason in texts.toml."""

    def __init__(self, column: str, key: str, **facts: str) -> None:
        super().__init__(key)
        self.column = column
        self.key = key
        self.facts = facts


@dataclass(frozen=True)
class Background:
    """What is known beside one row: how the file was saved, and what happened to the actions."""

    reader: Reader
    histories: Histories
    texts: Texts
    language: str
    timezone: str
    encoding: str  # of a file that cannot hold every character

    def shown(self, field: str, value: Value) -> str:
        """Return a value as a message shows it."""
        if isinstance(value, date):
            return in_words(value, self.language)
        if not value:
            return self.texts("shown.empty")
        return shorten(self.texts.name(field, value) if field in CODED else value, _SHOWN)

    def who(self, action_id: str, field: str) -> str:
        """Tell who gave a field its present value, and when; "" where no history tells."""
        for event in reversed(self.histories.get(action_id, ())):
            if field in event.changes and event.at is not None:
                day = in_words(local_day(event.at, self.timezone), self.language)
                key = "shown.by" if event.by else "shown.on"
                return self.texts(key, by=shorten(event.by, _SHOWN), day=day)
        return ""

    def untouched(self, action_id: str, field: str) -> bool:
        """Tell whether a field still is as the action was opened, as far as history tells."""
        events = self.histories.get(action_id, ())
        return bool(events) and not any(
            event.event == Happening.REOPENED or field in event.changes for event in events[1:]
        )

    def applied(self, action_id: str, basis: Basis, field: str, value: Value) -> bool:
        """Tell whether a field was given this value since the export, and another one after."""
        given = [
            event.changes[field][1]
            for event in self.histories.get(action_id, ())
            if field in event.changes
        ]
        exported = [at for at, one in enumerate(given) if basis.said(field, one)]
        return any(same(one, value) for one in given[max(exported, default=-1) + 1 :])

    def kept(self, action_id: str, note: str) -> bool:
        """Tell whether a remark is in the history already."""
        return any(same(event.why, note) for event in self.histories.get(action_id, ()))


@dataclass(frozen=True)
class RowCheck:
    """One row of a sheet against its action."""

    background: Background
    row: EditedRow
    basis: Basis | None
    action: Action

    def check(self) -> tuple[Change | None, list[RefusedError]]:
        """Return what the row changes, if anything, or everything that is wrong with it."""
        values: dict[str, Value] = {}
        problems: list[RefusedError] = []
        for field in FIELDS:
            try:
                value = self._edited(field)
                if value is not None:
                    values[field] = self._valid(field, value, values)
            except RefusedError as problem:
                problems.append(problem)
        note = neutralise(self.row.text("note"))
        if note and not values and not problems and self._lost(note):
            problems.append(RefusedError("note", "note_alone"))
        if problems or not values:
            return None, problems
        by = " ".join(neutralise(self.row.text("by")).split())
        return Change(self.row.row, self.action, values, note, by), []

    def _lost(self, note: str) -> bool:
        """Tell whether a remark without a change is not in the history yet, where there is one."""
        histories = self.background.histories
        return bool(histories) and not self.background.kept(self.action.action_id, note)

    def _edited(self, field: str) -> Value:
        """Return the value that a person put in a cell; None where the cell is no edit.

        Raises where the action has another value by now, or where it cannot be told.
        """
        if field not in self.row.cells:
            return None
        now: Value = getattr(self.action, field)
        value = self.background.reader.value(field, self.row.cells[field])
        if self._as_exported(field, value) or same(value, now) or self._garbled(value, now):
            return None
        if value in CLEARS and not now:
            return None
        shown = self.background.shown
        facts = {"current": shown(field, now), "wanted": shown(field, value)}
        if self.basis is None:
            if not self.background.untouched(self.action.action_id, field):
                raise RefusedError(field, "untraceable", **facts)
        elif not self.basis.said(field, now):
            if self.background.applied(self.action.action_id, self.basis, field, value):
                return None
            who = self.background.who(self.action.action_id, field)
            raise RefusedError(field, "conflict", who=who, **facts)
        if self.action.closed:
            ending = self.background.texts.name("outcome", self.action.outcome or "")
            key = "outcome_stays" if field == "outcome" and value in CLEARS else "closed"
            raise RefusedError(field, key, outcome=ending)
        return value

    def _as_exported(self, field: str, value: Value) -> bool:
        return self.basis is not None and self.basis.said(field, value)

    def _garbled(self, value: Value, now: Value) -> bool:
        """Tell whether a cell only lost the characters that the file's encoding does not have."""
        encoding = self.background.encoding
        return bool(encoding) and _through(canonical(now), encoding) == canonical(value)

    def _valid(self, field: str, value: Value, values: Mapping[str, Value]) -> Value:
        """Return what is to be stored; raises where it cannot be."""
        shown = self.background.shown
        wanted = shown(field, value)
        if value in CLEARS:
            if field != "wel_niet_later":
                raise RefusedError(field, "not_empty")
            return ""
        if field in _TEXTS:
            self._whole(field)
        if field in CODED and value not in allowed(field):
            choice = ", ".join(shown(field, code) for code in allowed(field))
            raise RefusedError(field, field, wanted=wanted, allowed=choice)
        if field == "due" and not isinstance(value, date):
            raise RefusedError(field, field, wanted=wanted)
        if field == "status":
            self._check_step(str(value))
        if field == "outcome":
            self._check_outcome(str(value), str(values.get("status", self.action.status)))
        if field == "draft" and (wrong := check_draft(str(value))):
            raise RefusedError(field, field, why="; ".join(wrong))
        return value

    def _whole(self, field: str) -> None:
        """Raise where part of a text never was in the sheet, and would be lost."""
        now = str(getattr(self.action, field))
        if len(now) > LONGEST:
            raise RefusedError(field, "cut")
        encoding = self.background.encoding
        if encoding and _through(now, encoding) != now:
            raise RefusedError(field, "garbled")

    def _check_step(self, to: str) -> None:
        shown, state = self.background.shown, self.action.status
        try:
            check_step(state, to, self.action.loop, closed=False)
        except IllegalStepError as error:
            legal = next_states(state, self.action.loop)
            raise RefusedError(
                "status",
                "step" if legal else "no_step",
                current=shown("status", state),
                wanted=shown("status", to),
                allowed=", ".join(shown("status", step) for step in legal),
            ) from error

    def _check_outcome(self, outcome: str, state: str) -> None:
        shown = self.background.shown
        try:
            check_outcome(state, outcome, closed=False)
        except IllegalStepError as error:
            raise RefusedError(
                "outcome",
                "ending",
                current=shown("status", state),
                wanted=shown("outcome", outcome),
                allowed=", ".join(shown("outcome", end) for end in outcomes(state)),
            ) from error


def _through(text: str, encoding: str) -> str:
    """Return a text as it comes out of a file in `encoding`."""
    return text.encode(encoding, "replace").decode(encoding, "replace")
