"""Cutting a verbatim into segments: sentences, and clauses around a contrast.

Our own rather than spaCy's sentencizer: feedback turns inside a sentence ("snel geleverd, maar
niemand neemt op"), which sentence splitters keep whole, and spaCy loads torch.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import cache
from itertools import pairwise

import numpy as np
import pyarrow as pa

from klankbord.language.lexicon import lexicon
from klankbord.schema import SEGMENTS, conform

# A stop ends a sentence before white space, the end, or a capital stuck to it ("perfect.Maar").
# Possessive and tried only at the start of a run of stops, so the scan is linear.
_STOP = re.compile(
    r"(?<![.!?…])[.!?…]++[\"'”’)\]]*+(?=\s|$|[A-ZÀ-ÖØ-Þ])|[;\n\r\u2028]+|(?<=\s)[-–—•*](?=\s)"
)
_WORD = re.compile(r"\w+(?:['’.]\w+)*")
MIN_CLAUSE_WORDS = 2


def segment(feedback: pa.Table) -> pa.Table:
    """Return the SEGMENTS of `feedback`, tone and theme still null, in the order of its rows.

    Offsets count characters of the verbatim as Python does (code points), end exclusive;
    `text` equals `verbatim[start:end]`. A verbatim without a letter, digit or symbol has none.
    """
    ids = feedback.column("feedback_id").to_pylist()
    texts = feedback.column("verbatim").to_pylist()
    known: dict[str, list[tuple[int, int]]] = {}
    rows: list[int] = []
    numbers: list[int] = []
    starts: list[int] = []
    ends: list[int] = []
    for row, text in enumerate(texts):
        spans = known.get(text)
        if spans is None:
            spans = known[text] = split(text)
        for number, (start, end) in enumerate(spans):
            rows.append(row)
            numbers.append(number)
            starts.append(start)
            ends.append(end)
    owner = np.asarray(rows, dtype=np.int64)
    table = pa.table(
        {
            "feedback_id": pa.array(ids, pa.string()).take(pa.array(owner)),
            "segment": pa.array(numbers, pa.int32()),
            "start": pa.array(starts, pa.int32()),
            "end": pa.array(ends, pa.int32()),
            "text": pa.array(
                [texts[r][s:e] for r, s, e in zip(rows, starts, ends, strict=True)], pa.string()
            ),
        }
    )
    return conform(table, SEGMENTS)


def split(text: str) -> list[tuple[int, int]]:
    """Return the (start, end) spans of the segments of one verbatim, white space trimmed."""
    spans: list[tuple[int, int]] = []
    begin = 0
    for stop in _STOP.finditer(text):
        if stop.group().startswith(".") and _is_abbreviation(text, stop):
            continue
        spans.extend(_clauses(text, begin, stop.end()))
        begin = stop.end()
    spans.extend(_clauses(text, begin, len(text)))
    return spans


def _is_abbreviation(text: str, stop: re.Match[str]) -> bool:
    if len(stop.group()) > 1:
        return False
    head = text[max(0, stop.start() - 12) : stop.end()]
    word = head.split()[-1].lstrip("(\"'“‘").casefold() if head.split() else ""
    if word in _abbreviations():
        following = text[stop.end() : stop.end() + 2].strip()
        return bool(following)
    return False


def _clauses(text: str, begin: int, end: int) -> list[tuple[int, int]]:
    contrasts = list(_contrast().finditer(text, begin, end))
    words = [match.span() for match in _WORD.finditer(text, begin, end)] if contrasts else []
    starts = [start for start, _ in words]
    cuts = [begin]
    first = 0  # index of the first word of the clause being read
    for match in contrasts:
        before = bisect_left(starts, match.start())
        after = len(starts) - bisect_left(starts, match.end())
        if before - first < MIN_CLAUSE_WORDS or after < MIN_CLAUSE_WORDS:
            continue
        if text[slice(*words[before - 1])].casefold() in _not_after():
            continue
        cuts.append(match.start())
        first = before
    cuts.append(end)
    spans = (_trim(text, start, stop) for start, stop in pairwise(cuts))
    return [span for span in spans if span is not None]


def _trim(text: str, start: int, end: int) -> tuple[int, int] | None:
    while start < end and (text[start].isspace() or text[start] in ",;-–—•*"):
        start += 1
    while end > start and (text[end - 1].isspace() or text[end - 1] in ",;"):
        end -= 1
    if not any(ch.isalnum() or ord(ch) > 0x2000 for ch in text[start:end]):
        return None
    return start, end


@cache
def _contrast() -> re.Pattern[str]:
    words = sorted(
        (word for entry in lexicon("segmentation")["contrast"].values() for word in entry),
        key=lambda word: (-len(word), word),
    )
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, words))})(?!\w)", re.IGNORECASE)


@cache
def _abbreviations() -> frozenset[str]:
    entries = lexicon("segmentation")["abbreviations"].values()
    return frozenset(word for entry in entries for word in entry)


@cache
def _not_after() -> frozenset[str]:
    return frozenset(lexicon("segmentation")["not_after"])
