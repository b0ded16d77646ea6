"""Building one conversation out of the messages of a record."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from klankbord.schema import SCORE_RANGES, AuthorRole, Channel, ScoreMetric
from klankbord.sources.conversation import Conversation, Turn
from klankbord.sources.dates import DateReader
from klankbord.sources.service.fields import Object, OddRecordError
from klankbord.sources.text_encoding import clean

SATISFACTION = "Tevredenheid"
NO_OBJECT = "bericht is geen JSON-object"
_OUT_OF_RANGE = "score ligt buiten het bereik {low:g} tot en met {high:g}"
_RAW = 1_000
_NO_WORDS = "messages without text"
_ONLY_QUOTED = "messages with nothing but a quotation"


@dataclass(frozen=True)
class Context:
    """What a reader knows besides the record itself."""

    path: Path
    dates: DateReader
    roles: Mapping[str, AuthorRole] = field(default_factory=dict)  # by user id


@dataclass
class Thread:
    """The conversation of the record at `row`, message by message."""

    row: int
    context: Context
    conversation: Conversation = field(default_factory=Conversation)

    def each(self, messages: Iterable[Any], add: Callable[[Object], None]) -> None:
        """Hand every message to `add`; one of an odd shape is rejected by itself."""
        for message in messages:
            if not isinstance(message, Mapping):
                self.reject(NO_OBJECT, message)
                continue
            try:
                add(message)
            except OddRecordError as odd:
                self.reject(str(odd), message)

    def say(
        self, role: AuthorRole | None, words: str, *, own_id: str = "", speaker: str = "",
        at: datetime | None = None, language: str | None = None,
    ) -> None:  # fmt: skip
        """Add a message; one without words, or with only those of another, is counted."""
        if words and self.conversation.channel == Channel.EMAIL:
            from klankbord.sources.quoted import own_words

            words = own_words(words)
            if not words:
                self.ignore(_ONLY_QUOTED)
                return
        if not words:
            self.ignore(_NO_WORDS)
            return
        known = self.conversation.own_id
        self.conversation.turns.append(
            Turn(
                self.row,
                speaker or str(role or ""),
                words.splitlines(),
                role=role,
                moment=at,
                own_id=f"{known}/{own_id}" if known and own_id else "",
                language=language,
            )
        )

    def rate(
        self,
        score: float | None,
        remark: str,
        *,
        own_id: str = "rating",
        at: datetime | None = None,
    ) -> None:
        """Add how satisfied the customer was, 1 to 5, with what was said about it."""
        low, high = SCORE_RANGES[ScoreMetric.CSAT]
        if score is not None and not low <= score <= high:
            raise OddRecordError(_OUT_OF_RANGE.format(low=low, high=high))
        known = self.conversation.own_id
        self.conversation.turns.append(
            Turn(
                self.row,
                str(AuthorRole.CUSTOMER),
                remark.splitlines(),
                role=AuthorRole.CUSTOMER,
                moment=at,
                own_id=f"{known}/{own_id}" if known else "",
                question=SATISFACTION,
                score=None if score is None else (ScoreMetric.CSAT, score),
            )
        )

    def ignore(self, what: str) -> None:
        """Count something that is no feedback."""
        self.conversation.ignored[what] += 1

    def reject(self, reason: str, value: object) -> None:
        """Keep a part of the record that cannot be read, as a rejected row."""
        self.conversation.turns.append(Turn(self.row, "", [_raw(value)], fault=reason))

    def in_order(self) -> Thread:
        """Put the messages in the order of their times, where all have one."""
        turns = self.conversation.turns
        moments = [turn.moment for turn in turns if not turn.fault]
        if all(moments):
            last = datetime.min.replace(tzinfo=UTC)
            keys = []
            for turn in turns:
                last = turn.moment or last
                keys.append(last)
            order = sorted(range(len(turns)), key=keys.__getitem__)
            self.conversation.turns = [turns[at] for at in order]
        return self


def rejected(row: int, reason: str, value: object) -> Conversation:
    """Return a conversation of nothing but one rejected row."""
    return Conversation(turns=[Turn(row, "", [_raw(value)], fault=reason)])


def _raw(value: object) -> str:
    try:
        return clean(json.dumps(value, ensure_ascii=False)[:_RAW])
    except (ValueError, RecursionError):
        return ""
