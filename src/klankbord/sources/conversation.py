"""Turns of a conversation, whatever file they came from, and the batches made of them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path

import pyarrow as pa

from klankbord.records import Detection, RejectedRow
from klankbord.schema import FEEDBACK, AuthorRole, Channel, ScoreMetric
from klankbord.sources.batch import LONGEST_VERBATIM, TOO_LONG, Batch, batch_of, rejected_row
from klankbord.sources.profile import Profile
from klankbord.sources.roles import normal, vocabulary
from klankbord.sources.voices import infer_roles

_BAD_DATE = "datum van het gesprek is niet leesbaar of bestaat niet"
_NO_TEXT = "beurt zonder tekst"
_HALF_A_DAY = timedelta(hours=12)


@dataclass
class Turn:
    """What one speaker said, uninterrupted; a rating of the conversation is a turn too."""

    row: int  # 1-based line or record where it starts
    speaker: str
    lines: list[str]
    at: timedelta | None = None  # its time stamp, as written
    fault: str = ""  # Dutch; why this is no turn
    short: bool = False  # the stamp has two parts: hours and minutes, or minutes and seconds
    role: AuthorRole | None = None  # where the source tells; else inferred from the speaker
    moment: datetime | None = None  # with a zone, where the source gives a date and time
    own_id: str = ""  # the source's own id of this message
    question: str | None = None  # that this answers, of a rating
    score: tuple[ScoreMetric, float] | None = None  # given with these words, which may be empty
    language: str | None = None  # where it differs from that of the conversation
    attributes: dict[str, str] = field(default_factory=dict)
    _length: int = field(default=0, init=False, repr=False)

    def go_on(self, line: str) -> None:
        """Add a line; a turn that becomes absurdly long is a fault, and no more is kept of it."""
        self.lines.append(line)
        self._length += len(line)
        if self._length > LONGEST_VERBATIM:
            self.fault = TOO_LONG

    @property
    def text(self) -> str:
        """The words as one line."""
        if len(self.lines) == 1:
            return self.lines[0]
        return " ".join(line for line in self.lines if line)


@dataclass
class Conversation:
    """Turns with what the header says of them."""

    turns: list[Turn] = field(default_factory=list)
    customer_id: str | None = None
    started_at: datetime | None = None
    has_time: bool = False  # `started_at` has a time of day
    bad_date: str = ""  # name of the header line whose date cannot be read
    own_id: str = ""
    channel: str = ""
    language: str | None = None
    account_id: str | None = None
    segment: str | None = None
    attributes: dict[str, str] = field(default_factory=dict)
    ignored: Counter[str] = field(default_factory=Counter)  # what is no turn, such as "notes"


def batches(
    path: Path,
    conversations: Iterable[Conversation],
    detection: Detection,
    profile: Profile | None,
    batch_rows: int,
) -> Iterator[Batch]:
    """Yield conversations in batches of about `batch_rows` turns; at least one batch."""
    seen: Counter[str] = Counter()
    rows: list[dict[str, object]] = []
    rejected: list[RejectedRow] = []
    ignored: Counter[str] = Counter()
    sent = False
    for conversation in conversations:
        ignored += conversation.ignored
        _add(path, conversation, detection.source, profile, seen, rows, rejected)
        if len(rows) + len(rejected) >= batch_rows:
            yield batch_of(detection, rejected, feedback=_table(rows), ignored=ignored)
            rows, rejected, ignored, sent = [], [], Counter(), True
    if rows or rejected or ignored or not sent:
        yield batch_of(detection, rejected, feedback=_table(rows), ignored=ignored)


def _packed(attributes: dict[str, str]) -> str:
    return json.dumps(attributes, ensure_ascii=False, sort_keys=True)


def _table(rows: list[dict[str, object]]) -> pa.Table:
    return pa.table(
        [pa.array([row.get(column.name) for row in rows], type=column.type) for column in FEEDBACK],
        schema=FEEDBACK,
    )


def _add(
    path: Path,
    conversation: Conversation,
    source: str,
    profile: Profile | None,
    seen: Counter[str],
    rows: list[dict[str, object]],
    rejected: list[RejectedRow],
) -> None:
    good: list[Turn] = []
    for turn in conversation.turns:
        fault = turn.fault or (_BAD_DATE if conversation.bad_date else "")
        text = turn.text
        fault = fault or ("" if text or turn.score else _NO_TEXT)
        fault = fault or (TOO_LONG if len(text) > LONGEST_VERBATIM else "")
        if fault:
            column = conversation.bad_date if fault == _BAD_DATE else ""
            raw = f"{turn.speaker}: {text[:1_000]}" if turn.speaker else text
            rejected.append(rejected_row(path, turn.row, column, fault, raw))
        else:
            good.append(turn)
    if not good:
        return
    told = {turn.speaker: turn.role for turn in good if turn.role is not None}
    roles = infer_roles([(turn.speaker, turn.text) for turn in good], told)
    voices = {speaker: str(place) for place, speaker in enumerate(roles, start=1)}
    conversation_id = _conversation_id(conversation, good, seen)
    moments = _moments(conversation, good)
    constants = profile.constants if profile else {}
    packed: dict[tuple[str, str], str] = {}  # attributes of turns that have none of their own
    channel = (
        vocabulary().values["channel"].get(normal(conversation.channel))
        or constants.get("channel")
        or (profile.channel if profile else "")
        or Channel.TRANSCRIPT
    )
    for number, (turn, moment) in enumerate(zip(good, moments, strict=True), start=1):
        role = turn.role or roles[turn.speaker]
        attributes = "" if turn.attributes else packed.get((turn.speaker, role), "")
        if not attributes:
            # A name is personal data; a number is enough to tell the voices apart.
            voice = {"voice": voices[turn.speaker]} if role is AuthorRole.UNKNOWN else {}
            attributes = _packed({**conversation.attributes, **turn.attributes, **voice})
            if not turn.attributes:
                packed[turn.speaker, role] = attributes
        metric, value = turn.score or (None, None)
        rows.append(
            {
                "feedback_id": f"{source}:{turn.own_id}" if turn.own_id else "",
                "source": source,
                "channel": Channel.SURVEY if metric else channel,
                "customer_id": conversation.customer_id,
                "account_id": conversation.account_id,
                "author_role": str(role),
                "conversation_id": conversation_id,
                "turn": number,
                "question": turn.question,
                "verbatim": turn.text,
                "language": turn.language or conversation.language or constants.get("language"),
                "received_at": moment,
                "score_metric": metric,
                "score_value": value,
                "segment": conversation.segment,
                "attributes": attributes,
            }
        )


def _conversation_id(conversation: Conversation, turns: list[Turn], seen: Counter[str]) -> str:
    """Hash what was said and when, never the customer id: that could be guessed back from it."""
    if conversation.own_id:
        return conversation.own_id
    digest = blake2b(digest_size=12)
    digest.update(str(conversation.started_at).encode())
    for turn in turns:
        digest.update(f"\x1e{turn.speaker}\x1f{turn.text}".encode("utf-8", "replace"))
    content = digest.hexdigest()
    seen[content] += 1
    return content if seen[content] == 1 else f"{content}-{seen[content]}"


def _moments(conversation: Conversation, turns: list[Turn]) -> list[datetime | None]:
    """Return when each turn was said; one without a stamp has the time of the turn before it.

    Stamps are clock times when the first one is not before the header's time of day (or past
    one o'clock where the header gives only a date), else they count from the start. A clock that
    jumps back by more than half a day has passed midnight. A turn's own moment stands.
    """
    start = conversation.started_at
    if start is None:
        return _own_moments(turns)
    stamps = [turn.at for turn in turns if turn.at is not None]
    scale = 1
    clock = False
    local = start.replace(tzinfo=None)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    if stamps:
        earliest = local - midnight if conversation.has_time else timedelta(hours=1)
        if conversation.has_time and all(turn.short for turn in turns if turn.at is not None):
            scale = 60 if earliest <= 60 * stamps[0] < timedelta(days=1) else 1
        clock = scale * stamps[0] >= earliest > timedelta(0)
    base = start.replace(hour=0, minute=0, second=0, microsecond=0) if clock else start
    moments: list[datetime | None] = []
    last = start
    for turn in turns:
        if turn.moment is not None:
            last = turn.moment
        elif turn.at is not None and clock:
            if last - (base + scale * turn.at) > _HALF_A_DAY:
                base += timedelta(days=1)
            last = base + scale * turn.at
        elif turn.at is not None:
            last = start.astimezone(UTC) + turn.at
        moments.append(last.astimezone(UTC))
    return moments


def _own_moments(turns: list[Turn]) -> list[datetime | None]:
    last: datetime | None = None
    moments = []
    for turn in turns:
        last = turn.moment or last
        moments.append(None if last is None else last.astimezone(UTC))
    return moments
