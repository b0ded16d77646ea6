"""WhatsApp chats as Android, iOS and WhatsApp Web export them, in Dutch and English.

The first pass decides what only the whole file tells: which layout it has, whether days or months
come first, and who speaks for the business. Where no day is above 12, the order that lets time
run forward most is taken; where that does not tell either, days come first, unless the times are
written as in the United States ("3/12/24, 9:14 AM").

A chat has no end, so it is cut into conversations where nobody wrote for more than 24 hours: the
period in which WhatsApp lets a business answer a customer freely.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from hashlib import blake2b
from typing import NamedTuple

from klankbord.schema import AuthorRole, Channel
from klankbord.sources.batch import TOO_LONG
from klankbord.sources.conversation import Conversation, Turn
from klankbord.sources.dates import zone
from klankbord.sources.text_encoding import clean, undecodable
from klankbord.sources.voices import Said, roles_of
from klankbord.sources.whatsapp_words import matches, own_words, placeholder

LONGEST_SILENCE = timedelta(hours=24)
_BAD_DATE = "datum is niet leesbaar of bestaat niet"
_UNDECODABLE = "bericht bevat tekens die niet te lezen zijn"
_NO_SENDER = "regel zonder datum en afzender"

_MARKS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\x00]")
_BLANKS = re.compile("[\u202f\u00a0]")
_DATE = r"(\d{1,4})([-/.])(\d{1,2})\%d(\d{1,4})"
_TIME = r"(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?(?: ?([ap])\.? ?m\.?)?"
# Of iOS, of WhatsApp Web (copied) and of Android; the groups of each stand in the same order.
_LAYOUTS = (
    re.compile(rf"\[{_DATE % 2},? (?:om )?{_TIME}\] ?(.*)", re.IGNORECASE | re.DOTALL),
    re.compile(rf"\[{_TIME}, {_DATE % 6}\] ?(.*)", re.IGNORECASE | re.DOTALL),
    re.compile(rf"{_DATE % 2},? (?:om )?{_TIME} ?[-–] (.*)", re.IGNORECASE | re.DOTALL),
)
_IOS, _WEB, _ANDROID = range(3)
_ENDS = ("\n", "\r", "")
_SIGNED = re.compile(r"([^:]{1,80}):(?: (.*)|)$", re.DOTALL)
_PHONE = re.compile(r"\+?\d[\d ()./\u2010-\u2012-]{7,20}$")
_AMERICAN = re.compile(r"\[?\d{1,2}/\d{1,2}/\d{2}, \d{1,2}:\d{2}(?::\d{2})? [AP]M\b")
_SAMPLED = 200
_STAMP_WITHIN = 300
_OFTEN = 0.3  # of the stamped lines, for a layout not to be a quotation from another chat

_When = tuple[int, int, int, str, int, int, int]  # first, second, third number, mark, time


@dataclass(frozen=True)
class Style:
    """What the whole file tells about its lines."""

    layouts: frozenset[int]
    month_first: frozenset[str]  # the marks ("/", "-") of dates with the month first
    roles: Mapping[str, AuthorRole]

    @property
    def customer(self) -> str | None:
        """The only customer's telephone number, where that stands for a name."""
        names = [name for name, role in self.roles.items() if role is AuthorRole.CUSTOMER]
        if len(names) != 1 or not _PHONE.match(names[0]):
            return None
        return re.sub(r"[^\d+]", "", names[0])


class _Line(NamedTuple):
    layout: int
    when: _When
    body: str
    marked: bool  # the words begin with the mark of WhatsApp's own
    american: bool


@dataclass
class _Order:
    """Counts of what speaks against days first and against months first."""

    impossible: list[int] = field(default_factory=lambda: [0, 0])
    backward: list[int] = field(default_factory=lambda: [0, 0])
    last: list[tuple[int, ...]] = field(default_factory=lambda: [(), ()])
    american: int = 0
    lines: int = 0

    def add(self, line: _Line) -> None:
        first, second, year, _, *time = line.when
        self.lines += 1
        self.american += line.american
        for way, (day, month) in enumerate(((first, second), (second, first))):
            self.impossible[way] += not (1 <= month <= 12 and 1 <= day <= 31)
            moment = (year % 100, month, day, *time)
            self.backward[way] += moment < self.last[way]
            self.last[way] = moment

    @property
    def month_first(self) -> bool:
        days, months = zip(self.impossible, self.backward, strict=True)
        return months < days or (months == days and 2 * self.american > self.lines)


def recognise(lines: Iterable[str]) -> bool:
    """Tell whether the first lines are an exported chat."""
    filled = [line for _, line in zip(range(_SAMPLED), lines, strict=False) if line.strip()]
    stamped = [line for line in map(_read_line, filled) if line is not None]
    if not stamped or _read_line(filled[0]) is None:
        return False
    signed = sum(_SIGNED.match(line.body) is not None for line in stamped)
    return signed > 0 or any(matches(line.body, "notice.sure") for line in stamped)


def survey(lines: Iterable[str]) -> Style:
    """Read the whole file once; see the module's description."""
    layouts: Counter[int] = Counter()
    orders: dict[str, _Order] = {}
    said: dict[int, Said] = {}
    for raw in lines:
        line = _read_line(raw)
        if line is None:
            continue
        layouts[line.layout] += 1
        if line.when[0] <= 31:
            orders.setdefault(line.when[3], _Order()).add(line)
        heard = said.setdefault(line.layout, Said())
        if not heard.listens_to(_sender(line.body.partition(":")[0])):
            continue
        if signed := _signed(line):
            words = own_words([signed[1]])
            if not placeholder(words, marked=line.marked):
                heard.add(signed[0], words[0])
    kept = frozenset(
        layout for layout, count in layouts.items() if count >= _OFTEN * layouts.total()
    )
    everyone = Said()
    for layout in sorted(kept & said.keys()):
        everyone.update(said[layout])
    return Style(
        kept or frozenset(layouts),
        frozenset(mark for mark, order in orders.items() if order.month_first),
        roles_of(everyone, {}),
    )


def conversations(lines: Iterable[str], style: Style, timezone: str) -> Iterator[Conversation]:
    """Yield the conversations of a chat; what is no message is counted in `ignored`."""
    chat = _Chat(style, zone(timezone))
    for row, raw in enumerate(lines, start=1):
        line = _read_line(raw)
        if line is not None and line.layout in style.layouts:
            yield from chat.begin(row, line, raw)
        else:
            chat.go_on(row, raw)
    yield from chat.end()


class _Chat:
    """Gathers messages of several lines into turns, and turns into conversations."""

    def __init__(self, style: Style, place: tzinfo) -> None:
        self._style = style
        self._place = place
        self._turn: Turn | None = None
        self._in_notice = False
        self._marked = False
        self._current = self._fresh()
        self._last: datetime | None = None
        self._seen: Counter[str] = Counter()

    def begin(self, row: int, line: _Line, raw: str) -> Iterator[Conversation]:
        """Start the message of a stamped line; yield the conversation that ended before it."""
        yield from self._close()
        signed = _signed(line)
        self._in_notice = signed is None
        if signed is None:
            self._current.ignored["notices"] += 1
            return
        speaker, text = signed
        moment = self._moment(line.when)
        fault = "" if moment else _BAD_DATE
        fault = _UNDECODABLE if undecodable(raw) else fault
        role = self._style.roles.get(speaker, AuthorRole.UNKNOWN)
        self._turn = Turn(row, speaker, [clean(text)], fault=fault, role=role, moment=moment)
        self._marked = line.marked

    def go_on(self, row: int, raw: str) -> None:
        """Add a line without a stamp to the message before it."""
        if self._in_notice or (self._turn and self._turn.fault == TOO_LONG):
            return
        text = _bare(raw).strip()
        if not text:
            return
        if self._turn is None:
            self._current.turns.append(Turn(row, "", [clean(text)], fault=_NO_SENDER))
            return
        if undecodable(text) and not self._turn.fault:
            self._turn.fault = _UNDECODABLE
        self._turn.go_on(clean(text))

    def end(self) -> Iterator[Conversation]:
        """Yield what is left."""
        yield from self._close()
        if self._current.turns or self._current.ignored:
            yield self._current

    def _close(self) -> Iterator[Conversation]:
        turn, self._turn = self._turn, None
        if turn is None:
            return
        if not turn.fault:
            turn.lines = own_words(turn.lines)
            kind = placeholder(turn.lines, marked=self._marked)
            if kind:
                self._current.ignored[kind] += 1
                return
        moment = turn.moment
        silent = moment and self._last and moment - self._last > LONGEST_SILENCE
        if silent and self._current.turns:
            yield self._current
            self._current = self._fresh()
        self._last = moment or self._last
        self._name(turn)
        self._current.turns.append(turn)

    def _name(self, turn: Turn) -> None:
        """Name message and conversation so that they have the same id in a longer export."""
        content = f"{turn.moment}\x1f{turn.speaker}\x1f{turn.text}"
        if not self._current.own_id:
            self._current.own_id = _digest(content)
            self._seen.clear()
        self._seen[content] += 1
        turn.own_id = _digest(f"{self._current.own_id}\x1f{content}\x1f{self._seen[content]}")

    def _fresh(self) -> Conversation:
        return Conversation(channel=Channel.CHAT, customer_id=self._style.customer)

    def _moment(self, when: _When) -> datetime | None:
        first, second, third, mark, hour, minute, second_of_minute = when
        if first > 31:
            year, month, day = first, second, third
        else:
            day, month = (second, first) if mark in self._style.month_first else (first, second)
            year = third + 2000 if third < 100 else third
        if not 2000 <= year <= 2100:
            return None
        try:
            return datetime(year, month, day, hour, minute, second_of_minute, tzinfo=self._place)
        except ValueError:
            return None


def _read_line(raw: str) -> _Line | None:
    """Return what stands in a line that begins with a date and time, else None."""
    if raw[:1] in _ENDS:
        return None
    bare = _bare(raw[:_STAMP_WITHIN])
    bracket = bare.startswith("[")
    if not bracket and not bare[:1].isdigit():
        return None
    for layout in (_IOS, _WEB) if bracket else (_ANDROID,):
        match = _LAYOUTS[layout].match(bare)
        if match is None:
            continue
        parts = match.groups()
        body = parts[-1]
        if len(raw) > _STAMP_WITHIN:
            body = _bare(body + raw[_STAMP_WITHIN:])
        time, date = (parts[:4], parts[4:8]) if layout == _WEB else (parts[4:8], parts[:4])
        when = _when(date, time)
        if when is None:
            return None
        american = "M" in bare and _AMERICAN.match(bare) is not None
        return _Line(layout, when, body.rstrip(), ": \u200e" in raw[:_STAMP_WITHIN], american)
    return None


def _when(date: tuple[str, ...], time: tuple[str, ...]) -> _When | None:
    first, mark, second, third = date
    hour, half = int(time[0]), (time[3] or "").lower()
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    year_first = len(first) == 4 and len(third) <= 2
    if not year_first and (len(first) > 2 or len(third) not in (2, 4)):
        return None
    return int(first), int(second), int(third), mark, hour, int(time[1]), int(time[2] or 0)


def _bare(raw: str) -> str:
    """Return a line without its end and without marks of direction, with plain blanks."""
    if raw.isascii():
        return raw.strip("\r\n\x00")
    return _BLANKS.sub(" ", _MARKS.sub("", raw)).strip("\r\n")


def _signed(line: _Line) -> tuple[str, str] | None:
    """Return (sender, first line of the message), or None for a notice nobody signed."""
    match = _SIGNED.match(line.body)
    if match is None or matches(line.body, "notice.unsigned"):
        return None
    speaker = _sender(match[1])
    return (speaker, (match[2] or "").strip()) if speaker else None


def _sender(name: str) -> str:
    return name.removeprefix("~").strip()


def _digest(text: str) -> str:
    return blake2b(text.encode("utf-8", "replace"), digest_size=12).hexdigest()
