"""AI answers saved as Markdown: engine, prompt, date and the answer, one record or more."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from klankbord.records import RejectedRow
from klankbord.sources.batch import LONGEST_VERBATIM, rejected_row
from klankbord.sources.grid import Grid, Record
from klankbord.sources.sample import Sample
from klankbord.sources.text_encoding import clean, open_text

HEADER: Final = ("engine", "prompt", "answer", "date")
_NAMES: Final = {
    "engine": "engine", "model": "engine", "assistent": "engine", "assistant": "engine",
    "prompt": "prompt", "vraag": "prompt", "question": "prompt",
    "answer": "answer", "antwoord": "answer", "response": "answer",
    "date": "date", "datum": "date",
}  # fmt: skip
_FIELD = re.compile(
    r"[#*_>\s-]{0,12}(?P<name>[A-Za-z]{4,9})[*_]{0,2}\s*(?::[*_]{0,2}\s*(?P<text>.*))?"
)
_HEADING = re.compile(r"\s{0,3}(?:#{1,6}\s|[*_]{2})")
_RULE = re.compile(r"\s*-{3,}\s*")
_LOOKED_AT = 40  # lines within which an engine and a prompt must be named
_NO_ANSWER = "antwoord ontbreekt"


def read_answers(sample: Sample) -> Grid | None:
    """Return the answers in a Markdown file as a Grid, None where it is something else."""
    told = {found[0] for line in sample.lines[:_LOOKED_AT] if (found := _field(line))}
    if not {"engine", "prompt"} <= told:
        return None

    def records() -> Iterator[Record | RejectedRow]:
        with open_text(sample.path, sample.encoding) as stream:
            for row, fields in _records(stream):
                if fields.get("answer"):
                    yield row, [fields.get(name) for name in HEADER]
                else:
                    yield rejected_row(sample.path, row, "answer", _NO_ANSWER, "")

    return Grid(sample.path, "table", HEADER, records, {"encoding": sample.encoding.name})


def _records(lines: Iterable[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (first line, fields); an engine, prompt or date after an answer begins the next record.

    A further prompt was put to the same engine on the same date.
    """
    parts: dict[str, list[str]] = {}
    name, began, length = "", 1, 0
    for row, raw in enumerate(lines, start=1):
        line = clean(raw.rstrip("\r\n"))
        found = _field(line)
        if found and name == "answer" and found[0] in ("engine", "prompt", "date"):
            if "answer" in parts and any(map(str.strip, parts["answer"])):
                yield began, _joined(parts)
                same = ("engine", "date") if found[0] == "prompt" else ()
                parts, began = {each: parts[each] for each in same if each in parts}, row
        elif found and name == "answer":  # a line of the answer that happens to begin so
            found = None
        if found:
            name, length = found[0], len(found[1])
            parts[name] = [found[1]]
        elif _RULE.fullmatch(line) and parts and "answer" not in parts:
            name, length = "answer", 0
            parts[name] = []
        elif name and not (_RULE.fullmatch(line) and name == "answer"):
            length += len(line) + 1
            if length <= 2 * LONGEST_VERBATIM:  # enough to tell that it is too long
                parts[name].append(line)
    if parts:
        yield began, _joined(parts)


def _field(line: str) -> tuple[str, str] | None:
    """Return (field, text after it) of a line such as `engine: X`, `**Prompt:** …`, `## Answer`."""
    match = _FIELD.fullmatch(line.lstrip("\ufeff"))
    if match is None:
        return None
    name = _NAMES.get(match["name"].lower())
    if name is None or (match["text"] is None and not _HEADING.match(line)):
        return None
    return name, (match["text"] or "").strip()


def _joined(parts: dict[str, list[str]]) -> dict[str, str]:
    return {name: "\n".join(lines).strip() for name, lines in parts.items()}
