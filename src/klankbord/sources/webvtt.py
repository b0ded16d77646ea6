"""Subtitles of conversations (WebVTT, SRT, SBV), parsed in one pass over the lines.

Not with webvtt-py: it merges the voices of a cue and cuts its text at a bare `<`.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta, tzinfo

from klankbord.sources.conversation import Conversation, Turn
from klankbord.sources.dates import DateReader, zone
from klankbord.sources.limits import check_turns
from klankbord.sources.text_encoding import clean, undecodable
from klankbord.sources.transcript import apply_header, header_line
from klankbord.sources.voices import is_name, is_notice, role_of

_UNDECODABLE = "ondertitel bevat tekens die niet te lezen zijn"
_NO_TIMING = "ondertitel zonder tijdregel"
_STAMP = r"(?:(\d{1,4}):)?([0-5]?\d):([0-5]?\d)[.,](\d{1,7})"
_TIMING = re.compile(rf"^\s*{_STAMP}(?:\s*-->\s*|,(?=\d+:)){_STAMP}(?:\s.*)?$")
_VOICE = re.compile(r"<v(?:\.[^\s<>]{0,200})?(?:[ \t]+([^<>]{0,200}))?>", re.IGNORECASE)
_TAG = re.compile(
    r"</?(?:c|i|b|u|v|ruby|rt|lang|font)(?:[.\s][^<>]{0,200})?>|<\d[\d:.]{0,20}>", re.IGNORECASE
)
_SPEAKER = re.compile(r"(?:[-–]|>>)?\s*\[?(?P<speaker>[^:\[\]<>]{1,60}?)\]?\s{0,9}:(?:\s+|$)")
_BRACKETS = re.compile(r"(?:[-–]|>>)?\s*[\[(](?P<speaker>[^:\[\]()<>]{1,60})[\])]\s*")
_NUMBERED = re.compile(r"(?:speaker|spreker)[ _]?\d{1,3}$", re.IGNORECASE)
_DATED_NOTE = re.compile(r"(?:[^\d:]{0,60}[ :])?(?P<value>\d.{6,60})$")
_DASHES = ("-", "–", ">>")
_NOT_CUES = ("NOTE", "STYLE", "REGION", "WEBVTT")
_ENDS = (".", "!", "?", "…", '"', "”", "’")

_LONGEST_JOINED = 300
_LINES_JOINED = 30
_MOST_LINES = 600_000

_Line = tuple[int, str]
_Block = tuple[list[_Line], int | None]  # lines, and which of them is the time line


def is_timing(line: str) -> bool:
    """Tell whether `line` is a cue's time line."""
    return ("-->" in line or "," in line) and _TIMING.match(line[:200]) is not None


def begins(lines: Sequence[str]) -> bool:
    """Tell whether the first filled lines are a cue: a time line, perhaps under a number."""
    filled = [line.strip() for line in lines if line.strip()][:3]
    if len(filled) < 2:
        return False
    numbered = filled[0].lstrip("\ufeff").isdigit() and is_timing(filled[1])
    return numbered or (is_timing(filled[0].lstrip("\ufeff")) and len(filled) > 1)


def conversation(lines: Iterable[str], timezone: str) -> Conversation:
    """Return the one conversation in a WebVTT or SRT file.

    A cue with two voices gives two turns; a cue that goes on with the sentence of the same
    voice is joined to the turn before it.
    """
    found = Conversation()
    dates, place = DateReader(timezone), zone(timezone)
    blocks = list(_blocks(lines))
    names = _names_above(blocks)
    for whole, at in blocks:
        block = whole if at is None else whole[: max(at - 1, 0)]  # the line above it is its id
        first = block[0][1].lstrip("\ufeff").strip() if block else ""
        if not block:
            pass
        elif first.split(None, 1)[0] in _NOT_CUES:
            for _, line in block:
                _read_note(found, line.strip().removeprefix("NOTE").strip(), dates, place)
        elif not first.isdigit() or len(block) > 1:
            text = clean(" ".join(line for _, line in block))
            if is_notice(text, "anywhere"):
                found.ignored["notices"] += 1
            else:
                found.turns.append(Turn(block[0][0], "", [text], fault=_NO_TIMING))
        if at is not None:
            _add_cue(found, whole[at:], names)
    return found


def _read_note(found: Conversation, note: str, dates: DateReader, place: tzinfo) -> None:
    """Take a header line from a note, or the date and time that it ends in."""
    headed = header_line(note)
    if headed:
        apply_header(found, headed, dates, place)
    elif found.started_at is None and (match := _DATED_NOTE.match(note)):
        moment = dates.utc(match["value"])
        if moment is not None:
            found.started_at = moment.astimezone(place)
            found.has_time = ":" in match["value"]


def _blocks(lines: Iterable[str]) -> Iterator[_Block]:
    """Yield runs of lines between blank lines; a second time line also begins a new one."""
    block: list[_Line] = []
    at: int | None = None
    for row, raw in enumerate(lines, start=1):
        check_turns(row, row, "lines", _MOST_LINES)
        line = raw.rstrip("\r\n").replace("\x00", "")
        timing = is_timing(line)
        if timing and at is not None:
            numbered = len(block) > 2 and block[-1][1].strip().isdigit()
            below = [block.pop()] if numbered else []
            yield block, at
            block, at = below, None
        if line.strip():
            at = len(block) if timing else at
            block.append((row, line))
        elif block:
            yield block, at
            block, at = [], None
    if block:
        yield block, at


def _names_above(blocks: Sequence[_Block]) -> frozenset[str]:
    """Return the speakers of a file whose name is the first line of each cue (Teams, Word)."""
    seen: Counter[str] = Counter()
    cues = 0
    for block, at in blocks:
        if at is None or len(block) < at + 2:
            continue
        cues += 1
        name = block[at + 1][1].strip()
        if len(block) > at + 2 and is_name(name) and not name.endswith(_ENDS):
            seen[name] += 1
    if max(seen.values(), default=0) < 2 or seen.total() < 0.8 * cues:
        return frozenset()
    return frozenset(seen)


def _add_cue(found: Conversation, block: list[_Line], names: frozenset[str]) -> None:
    row, timing = block[0]
    start = _start(timing)
    lines = [line for _, line in block[1:]]
    if not lines:
        found.ignored["empty cues"] += 1
        return
    if any(map(undecodable, lines)):
        found.turns.append(Turn(row, "", [clean(" ".join(lines))], start, _UNDECODABLE))
        return
    above = lines[0].strip() if lines[0].strip() in names else ""
    voices = [(above, _plain(" ".join(lines[1:])))] if above else _voices(lines)
    for given, said in voices:
        last = found.turns[-1] if found.turns else None
        speaker = given
        if not given and last and not said.startswith(_DASHES):
            speaker = last.speaker
        if last and not last.fault and last.speaker == speaker and _goes_on(last):
            last.lines.append(said)
        else:
            found.turns.append(Turn(row, speaker, [said], start))


def _goes_on(turn: Turn) -> bool:
    """Tell whether the sentence is unfinished; recognisers without full stops never finish one."""
    said = turn.lines[-1].rstrip()
    unfinished = bool(turn.speaker and said) and not said.endswith(_ENDS)
    short = len(turn.lines) < _LINES_JOINED
    return unfinished and short and sum(map(len, turn.lines)) < _LONGEST_JOINED


def _voices(lines: Sequence[str]) -> list[tuple[str, str]]:
    """Return (speaker, words) for each voice in the lines of one cue."""
    payload = "\n".join(lines)
    marks = list(_VOICE.finditer(payload))
    if marks:
        voices = []
        before = _plain(payload[: marks[0].start()])
        if before:
            voices.append(("", before))
        ends = [mark.start() for mark in marks[1:]] + [len(payload)]
        for mark, end in zip(marks, ends, strict=True):
            voices.append((_plain(mark[1] or ""), _plain(payload[mark.end() : end])))
        return [(speaker, said) for speaker, said in voices if said] or [voices[0]]
    parts: list[tuple[str, list[str]]] = []
    for line in lines:
        text = _plain(line)
        speaker, said = _prefixed(text)
        if speaker or not parts:
            parts.append((speaker, [said]))
        else:
            parts[-1][1].append(said)
    return [(speaker, " ".join(filter(None, said))) for speaker, said in parts]


def _prefixed(text: str) -> tuple[str, str]:
    """Return (speaker, words) of a line; the speaker is "" where it names none."""
    if ":" not in text and "[" not in text and "(" not in text:
        return "", text
    for pattern in (_SPEAKER, _BRACKETS):
        match = pattern.match(text)
        if match is None:
            continue
        speaker = match["speaker"].strip()
        numbered = _NUMBERED.match(speaker) is not None
        if role_of(speaker) or numbered or (pattern is _SPEAKER and is_name(speaker)):
            return speaker, text[match.end() :].strip()
    return "", text


def _plain(text: str) -> str:
    """Return cue text without tags, entities decoded, on one line; a bare `<` stays."""
    if "<" in text:
        text = _TAG.sub("", text)
    return " ".join((html.unescape(text) if "&" in text else text).split())


def _start(timing: str) -> timedelta:
    match = _TIMING.match(timing)
    assert match is not None  # noqa: S101 - only called for a time line
    hours, minutes, seconds, fraction = match.groups()[:4]
    return timedelta(
        hours=int(hours or 0),
        minutes=int(minutes),
        seconds=int(seconds),
        milliseconds=int(fraction[:3].ljust(3, "0")),
    )
