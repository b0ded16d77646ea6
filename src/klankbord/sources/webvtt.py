"""WebVTT and SRT subtitles of conversations, parsed in one pass over the lines."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta

from klankbord.sources.conversation import Conversation, Turn
from klankbord.sources.dates import DateReader, zone
from klankbord.sources.text_encoding import clean, undecodable
from klankbord.sources.transcript import apply_header, header_line
from klankbord.sources.voices import role_of

_UNDECODABLE = "ondertitel bevat tekens die niet te lezen zijn"
_NO_TIMING = "ondertitel zonder tijdregel"
_STAMP = r"(?:(\d{1,4}):)?([0-5]?\d):([0-5]\d)[.,](\d{1,3})"
_TIMING = re.compile(rf"^\s*{_STAMP}\s*-->\s*{_STAMP}(?:\s.*)?$")
_VOICE = re.compile(r"<v(?:\.[^\s<>]{0,200})?(?:[ \t]+([^<>]{0,200}))?>", re.IGNORECASE)
_TAG = re.compile(
    r"</?(?:c|i|b|u|v|ruby|rt|lang|font)(?:[.\s][^<>]{0,200})?>|<\d[\d:.]{0,20}>", re.IGNORECASE
)
_SPEAKER = re.compile(r"^[-–]?\s*\[?(?P<speaker>[^:\[\]<>]{1,60}?)\]?\s*:(?:\s+|$)", re.DOTALL)
_NAME = re.compile(r"^[A-ZÀ-Ý][\w.'’&-]*(?: [\w.'’&-]+){0,5}$")
_NOT_CUES = ("NOTE", "STYLE", "REGION", "WEBVTT")
_ENDS = (".", "!", "?", "…", '"', "”", "’")

_LONGEST_JOINED = 300
_LINES_JOINED = 300

_Block = Sequence[tuple[int, str]]


def is_timing(line: str) -> bool:
    """Tell whether `line` is a cue's time line."""
    return "-->" in line and _TIMING.match(line) is not None


def conversation(lines: Iterable[str], timezone: str) -> Conversation:
    """Return the one conversation in a WebVTT or SRT file.

    A cue with two voices gives two turns; a cue that goes on with the sentence of the same
    voice is joined to the turn before it.
    """
    found = Conversation()
    dates, place = DateReader(timezone), zone(timezone)
    for block in _blocks(lines):
        at = next((at for at, (_, line) in enumerate(block[:3]) if is_timing(line)), None)
        first = block[0][1].lstrip("\ufeff").strip()
        if at is not None:
            _add_cue(found, block[at:])
        elif first.split(None, 1)[0].upper() in _NOT_CUES:
            for _, line in block:
                headed = header_line(line.strip().removeprefix("NOTE").strip())
                if headed:
                    apply_header(found, headed, dates, place)
        elif not first.isdigit() or len(block) > 1:
            text = clean(" ".join(line for _, line in block))
            found.turns.append(Turn(block[0][0], "", [text], fault=_NO_TIMING))
    return found


def _blocks(lines: Iterable[str]) -> Iterator[_Block]:
    """Yield runs of lines between blank lines; a time line also begins a new one."""
    block: list[tuple[int, str]] = []
    for row, raw in enumerate(lines, start=1):
        line = raw.rstrip("\r\n").replace("\x00", "")
        if line.strip():
            block.append((row, line))
        elif block:
            yield block
            block = []
    if block:
        yield block


def _add_cue(found: Conversation, block: _Block) -> None:
    row, timing = block[0]
    start = _start(timing)
    lines = [line for _, line in block[1:]]
    if not lines:
        return
    if any(map(undecodable, lines)):
        found.turns.append(Turn(row, "", [clean(" ".join(lines))], start, _UNDECODABLE))
        return
    for speaker, said in _voices(lines):
        last = found.turns[-1] if found.turns else None
        if last and not last.fault and last.speaker == speaker and _goes_on(last):
            last.lines.append(said)
        else:
            found.turns.append(Turn(row, speaker, [said], start))


def _goes_on(turn: Turn) -> bool:
    """Tell whether the sentence is unfinished; recognisers without full stops never finish one."""
    said = turn.lines[-1].rstrip()
    unfinished = bool(turn.speaker and said) and not said.endswith(_ENDS)
    return unfinished and sum(map(len, turn.lines[-_LINES_JOINED:])) < _LONGEST_JOINED


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
    voices = []
    for line in lines:
        text = _plain(line)
        match = _SPEAKER.match(text)
        speaker = match["speaker"].strip() if match else ""
        if match and (role_of(speaker) is not None or _NAME.match(speaker)):
            voices.append((speaker, text[match.end() :].strip()))
        elif voices:
            voices[-1] = (voices[-1][0], f"{voices[-1][1]} {text}".strip())
        else:
            voices.append(("", text))
    return voices


def _plain(text: str) -> str:
    """Return cue text without tags, entities decoded, on one line; a bare `<` stays."""
    return " ".join(html.unescape(_TAG.sub("", text)).split())


def _start(timing: str) -> timedelta:
    match = _TIMING.match(timing)
    assert match is not None  # noqa: S101 - only called for a time line
    hours, minutes, seconds, fraction = match.groups()[:4]
    return timedelta(
        hours=int(hours or 0),
        minutes=int(minutes),
        seconds=int(seconds),
        milliseconds=int(fraction.ljust(3, "0")),
    )
