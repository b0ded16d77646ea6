"""Speech recognisers: Whisper and its kin, Azure, AWS Transcribe, Google, AssemblyAI, Deepgram."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from klankbord.schema import AuthorRole, Channel
from klankbord.sources.conversation import Conversation
from klankbord.sources.roles import language_code
from klankbord.sources.service.family import Family
from klankbord.sources.service.fields import (
    Object,
    identifier,
    label,
    listing,
    objects,
    optional,
    text,
)
from klankbord.sources.service.thread import Context, Thread
from klankbord.sources.voices import infer_roles

_ENDS = (".", "!", "?", "…", '"', "”", "’")
_LONGEST_JOINED = 300
_SOUND = re.compile(r"[\[(*♪][^\[\]()*♪]{0,80}[\])*♪]")
_SEGMENT = frozenset({"start", "end", "text"})


def _tells(record: Object, name: str, *needs: str) -> bool:
    """Tell whether the first in the list `name` has one of the fields `needs`."""
    first = next(iter(objects(record.get(name))), {})
    return any(need in first for need in needs)


@dataclass(frozen=True)
class _Said:
    """One segment of a transcript."""

    speaker: str
    words: str


def _is_whisper(record: Object) -> bool:
    if "Transcript" in record or "Participants" in record:
        return False
    timed = _tells(record, "segments", "start", "end", "speaker", "timestamp")
    silent = record.get("segments") == [] and {"language", "text"} <= record.keys()
    return (
        silent
        or (timed and _tells(record, "segments", "text"))
        or (
            _tells(record, "transcription", "offsets", "timestamps")
            and _tells(record, "transcription", "text")
        )
        or (_tells(record, "chunks", "timestamp") and _tells(record, "chunks", "text"))
        or (_tells(record, "utterances", "start") and _tells(record, "utterances", "text"))
    )


def _is_segment(record: Object) -> bool:
    """Tell whether this is one segment, of a list that stands by itself."""
    times = (record.get("start"), record.get("end"))
    timed = all(isinstance(time, int | float) and not isinstance(time, bool) for time in times)
    return timed and isinstance(record.get("text"), str)


def _whisper(record: Object) -> Iterator[Any]:
    name = next(
        each
        for each in ("speakers", "segments", "transcription", "utterances", "chunks")
        if objects(record.get(each)) or each == "chunks"
    )
    for segment in listing(record.get(name)):
        if not isinstance(segment, Mapping):
            yield segment
        else:
            yield {"words": segment.get("text"), "speaker": segment.get("speaker")}


def _is_azure(record: Object) -> bool:
    return _tells(record, "recognizedPhrases", "nBest", "offset", "offsetInTicks")


def _azure(record: Object) -> Iterator[Any]:
    for phrase in listing(record.get("recognizedPhrases")):
        if not isinstance(phrase, Mapping):
            yield phrase
            continue
        best = next(iter(objects(phrase.get("nBest"))), {})
        speaker = phrase.get("speaker")
        yield {
            "words": best.get("display") or best.get("lexical"),
            "speaker": phrase.get("channel") if speaker is None else speaker,
        }


def _is_transcribe(record: Object) -> bool:
    results = optional(record.get("results"))
    return "transcripts" in results and ("items" in results or "audio_segments" in results)


def _transcribe(record: Object) -> Iterator[Any]:
    """Yield the segments of AWS Transcribe; older output only has the words with speakers."""
    results = optional(record.get("results"))
    segments = listing(results.get("audio_segments"))
    if segments:
        for each in segments:
            told = each if isinstance(each, Mapping) else {"transcript": each}
            yield {"words": told.get("transcript"), "speaker": told.get("speaker_label")}
        return
    items = listing(results.get("items"))
    if not any("speaker_label" in each for each in objects(items)):
        for each in listing(results.get("transcripts")):
            yield {"words": optional(each).get("transcript")}
        return
    yield from _by_speaker(items)


def _by_speaker(items: Iterable[Any]) -> Iterator[Any]:
    speaker, words = "", list[str]()
    for item in objects(items):
        spoken = text(next(iter(objects(item.get("alternatives"))), {}).get("content"))
        if item.get("type") == "punctuation":
            words.append(spoken)
            continue
        who = label(item.get("speaker_label"))
        if who != speaker and words:
            yield {"words": "".join(words), "speaker": speaker}
            words.clear()
        speaker = who
        words.append(f" {spoken}")
    if words:
        yield {"words": "".join(words), "speaker": speaker}


def _read_by(
    segments: Callable[[Object], Iterator[Any]],
) -> Callable[[Object, int, Any, Context], Iterator[Conversation]]:
    def read(record: Object, row: int, _: object, context: Context) -> Iterator[Conversation]:
        language = record.get("language") or optional(record.get("result")).get("language")
        conversation = Conversation(
            channel=Channel.TRANSCRIPT,
            language=language_code(label(language or record.get("locale"))),
        )
        thread = Thread(row, context, conversation)
        said: list[_Said] = []

        def add(segment: Object) -> None:
            words = " ".join(text(segment.get("words")).split())
            if _SOUND.fullmatch(words):
                thread.ignore("sounds")
                return
            speaker = identifier(segment.get("speaker"))
            last = said[-1] if said else None
            if words and last and last.speaker == speaker and _goes_on(last.words):
                said[-1] = _Said(speaker, f"{last.words} {words}")
            elif words:
                said.append(_Said(speaker, words))
            else:
                thread.ignore("segments without words")

        thread.each(segments(record), add)
        _say(thread, said)
        yield conversation

    return read


def _goes_on(words: str) -> bool:
    """Tell whether the sentence is unfinished; recognisers without full stops never finish one."""
    return not words.endswith(_ENDS) and len(words) < _LONGEST_JOINED


def _say(thread: Thread, said: list[_Said]) -> None:
    """Add the turns; roles are told by what the speakers say, a missing speaker has none."""
    roles = infer_roles([(each.speaker, each.words) for each in said if each.speaker], {})
    for each in said:
        thread.say(roles.get(each.speaker, AuthorRole.UNKNOWN), each.words, speaker=each.speaker)


FAMILIES = (
    Family(
        "whisper", "a Whisper transcript", _is_whisper, _read_by(_whisper),
        ("transcripts", "results"), is_part=_is_segment, parts="segments",
    ),
    Family("azure-speech", "an Azure transcript", _is_azure, _read_by(_azure)),
    Family("aws-transcribe", "an AWS transcript", _is_transcribe, _read_by(_transcribe)),
)  # fmt: skip
