"""Read what all answers in a row have in common: who, when, where, and what else is known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TypeAlias

from klankbord.schema import Channel
from klankbord.sources import cells
from klankbord.sources.columns import Plan
from klankbord.sources.dates import DateReader
from klankbord.sources.decimals import parse_decimal
from klankbord.sources.grid import Cell, text_of
from klankbord.sources.personal import is_personal_name
from klankbord.sources.roles import language_code, normal, vocabulary

BAD_DATE = "datum is niet leesbaar of bestaat niet"

Columns: TypeAlias = Sequence[Sequence[Cell]]
Fault: TypeAlias = tuple[str, str]  # column, reason
Faults: TypeAlias = dict[int, Fault]  # by place in the batch


class RowReader:
    """Reads the columns with a role, batch after batch of one file; counts turns across batches."""

    def __init__(self, plan: Plan, header: Sequence[str]) -> None:
        self._header = header
        self._plan = plan
        self._turns: Counter[str] = Counter()
        self._dates = {
            role: DateReader(
                plan.timezone, dates.day_first, plan.profile.date_format or dates.date_format
            )
            for role, dates in plan.dates.items()
        }
        self._attributes = cells.AttributeWriter(header, plan.rest, plan.choices)

    def of_rows(
        self, columns: Columns, rows: int, received: Sequence[int | None]
    ) -> dict[str, Sequence[object]]:
        """Return what all answers in a row have in common."""
        conversations = self.identifiers(columns, "conversation_id", rows)
        attributes, values = self._attributes_and_value(columns, rows)
        return {
            "source": [self._plan.source] * rows,
            "channel": self._channels(columns, rows),
            "customer_id": self.identifiers(columns, "customer_id", rows),
            "account_id": self.identifiers(columns, "account_id", rows),
            "author_role": self._author_roles(columns, rows),
            "conversation_id": conversations,
            "turn": self._turn_numbers(columns, conversations, rows),
            "language": self._languages(columns, rows),
            "received_at": received,
            "journey_stage": self.labels(columns, "journey_stage", rows),
            "segment": self.labels(columns, "segment", rows),
            "value_eur": values,
            "attributes": attributes,
        }

    def column(self, columns: Columns, role: str) -> Sequence[Cell] | None:
        """Return the column of a role, None where there is none."""
        at = self._plan.roles.get(role)
        return None if at is None else columns[at]

    def identifiers(self, columns: Columns, role: str, rows: int) -> list[str | None]:
        """Return the ids in the column of a role, None where a row has none."""
        column = self.column(columns, role)
        if column is None:
            return [self._plan.profile.constants.get(role)] * rows
        return cells.identifiers(column)

    def labels(self, columns: Columns, role: str, rows: int) -> list[str | None]:
        """Return the texts in the column of a role, or what the profile says for every row."""
        column = self.column(columns, role)
        if column is None:
            return [self._plan.profile.constants.get(role)] * rows
        return cells.labels(column)

    def moments(
        self, columns: Columns, role: str, rows: int, faults: Faults
    ) -> Sequence[int | None]:
        """Return the times in the column of a role, in microseconds; notes what is no date."""
        at = self._plan.roles.get(role)
        if at is None:
            return [None] * rows
        read = self._dates[role].microseconds
        moments = [read(cell) for cell in columns[at]]
        for place, moment in enumerate(moments):
            if moment is None and not cells.is_empty(columns[at][place]):
                faults.setdefault(place, (self._header[at], BAD_DATE))
        return moments

    def number(self, cell: Cell, role: str) -> float | None:
        """Return the number in a cell of a role, None without one."""
        return None if cells.is_empty(cell) else parse_decimal(cell, self._plan.decimals[role])

    def known_values(self, role: str) -> dict[str, str]:
        """Return what the cells of a role stand for, by their normal form."""
        return {**vocabulary().values[role], **self._plan.profile.values.get(role, {})}

    def _channels(self, columns: Columns, rows: int) -> list[str]:
        column = self.column(columns, "channel")
        if column is None:
            return [self._plan.channel] * rows
        known = self.known_values("channel")
        return [known.get(normal(text_of(cell)), self._plan.channel) for cell in column]

    def _author_roles(self, columns: Columns, rows: int) -> list[str]:
        column = self.column(columns, "author_role")
        if column is None:
            return [self._plan.author_role] * rows
        known = self.known_values("author_role")
        return [
            self._plan.author_role
            if cells.is_empty(cell)
            else known.get(normal(text_of(cell)), "unknown")
            for cell in column
        ]

    def _languages(self, columns: Columns, rows: int) -> list[str | None]:
        column = self.column(columns, "language")
        if column is None:
            return [self._plan.profile.constants.get("language")] * rows
        known = self.known_values("language")
        return [
            None
            if cells.is_empty(cell)
            else known.get(normal(text_of(cell))) or language_code(text_of(cell))
            for cell in column
        ]

    def _turn_numbers(
        self, columns: Columns, conversations: list[str | None], rows: int
    ) -> list[int | None]:
        column = self.column(columns, "turn")
        if column is not None:
            numbers = [self.number(cell, "turn") for cell in column]
            return [
                int(number) if number is not None and 0 <= number < 2**31 else None
                for number in numbers
            ]
        if self._plan.channel not in (Channel.CHAT, Channel.TRANSCRIPT):
            return [None] * rows
        turns: list[int | None] = []
        for conversation in conversations:
            if conversation is not None:
                self._turns[conversation] += 1
            turns.append(self._turns[conversation] if conversation is not None else None)
        return turns

    def _attributes_and_value(
        self, columns: Columns, rows: int
    ) -> tuple[list[str], list[float | None]]:
        """Read the value in euros; what is no number is kept among the attributes."""
        at = self._plan.roles.get("value_eur")
        values: list[float | None] = [None] * rows
        kept: dict[int, dict[str, str]] = {}
        if at is not None:
            for place, cell in enumerate(columns[at]):
                values[place] = self.number(cell, "value_eur")
                if values[place] is None and not cells.is_empty(cell):
                    kept[place] = {self._header[at]: text_of(cell)}
        for role in ("channel", "author_role"):
            column = self.column(columns, role)
            if column is None or is_personal_name(self._header[self._plan.roles[role]]):
                continue
            known = self.known_values(role)
            for place, cell in enumerate(column):
                if not cells.is_empty(cell) and normal(text_of(cell)) not in known:
                    name = self._header[self._plan.roles[role]]
                    kept.setdefault(place, {})[name] = text_of(cell)
        return self._attributes.rows(columns, rows, kept), values

    def attributes(self, columns: Columns, rows: int) -> list[str]:
        """Return the columns without a role, as JSON."""
        return self._attributes.rows(columns, rows, {})
