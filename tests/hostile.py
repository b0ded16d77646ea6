"""Hostile words for every field that reaches a page, and a way to put them there."""

from __future__ import annotations

import dataclasses
import enum
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

REPORT_CODES = frozenset(  # of the report's model: ours, and read by its templates
    {"anchor", "kind", "language", "loop", "parent_id", "sections", "status", "theme_id", "trend"}
)
ALARM = "alert(document.title='ALARM')"


def _read() -> Iterator[tuple[str, str]]:
    listed = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
    for kind, entries in listed.items():
        for at, entry in enumerate(entries):
            words = entry if isinstance(entry, str) else entry["unit"] * entry["times"]
            yield f"{kind}-{at}", words.replace("ALARM", ALARM)


PAYLOADS = dict(_read())


def batches(size: int) -> list[tuple[str, ...]]:
    """Return the payloads in groups of at most `size`."""
    words = tuple(PAYLOADS.values())
    return [words[start : start + size] for start in range(0, len(words), size)]


def spoiled(value: Any, put: Callable[[str], str], ours: frozenset[str]) -> Any:
    """Return a copy of a record with every text changed by `put`, but codes and fields `ours`."""
    if isinstance(value, enum.Enum):
        return value
    if isinstance(value, str):
        return put(value) if value else value
    if isinstance(value, tuple):
        return tuple(spoiled(one, put, ours) for one in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        changes = {
            field.name: spoiled(getattr(value, field.name), put, ours)
            for field in dataclasses.fields(value)
            if field.name not in ours
        }
        return dataclasses.replace(value, **changes)
    return value
