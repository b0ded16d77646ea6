"""Conversations in the JSON of service desks and speech recognisers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from klankbord.records import RejectedRow
from klankbord.sources import conversation
from klankbord.sources.batch import Batch, Source
from klankbord.sources.conversation import Conversation, Turn
from klankbord.sources.dates import DateReader
from klankbord.sources.json_file import JsonFile, Numbered
from klankbord.sources.sample import Sample
from klankbord.sources.service import (
    contact_lens,
    freshdesk,
    genesys,
    intercom,
    speech,
    zendesk,
)
from klankbord.sources.service.family import Family
from klankbord.sources.service.fields import Object, OddRecordError
from klankbord.sources.service.thread import NO_OBJECT, Context, rejected

__all__ = ["FAMILIES", "recognise"]

FAMILIES: tuple[Family, ...] = (
    intercom.FAMILY, genesys.FAMILY, contact_lens.FAMILY, freshdesk.FAMILY, zendesk.FAMILY,
    zendesk.USERS, *speech.FAMILIES,
)  # fmt: skip
_NOT_THIS = "record is geen gesprek van deze bron"
_PLACE = "place"


def recognise(sample: Sample, opened: JsonFile) -> Source | None:
    """Return the conversations in a JSON file ready to be read; None where it holds others."""
    for family in FAMILIES:
        place = _place(family, opened)
        if place is not None:
            return _source(sample, opened, family, place)
    return None


def _place(family: Family, opened: JsonFile) -> str | None:
    """Return the list that the records of `family` stand in, "" where they stand at the top."""
    if opened.shape != "object":
        found = any(_is_or_holds(family, value) for value in opened.first)
        return "" if found or _is_parted(family, opened.first) else None
    if family.is_record({**opened.members, **_as_lists(opened.lists)}):
        return ""
    for name in family.lists:
        if any(_is(family, value) for value in opened.lists.get(name, ())):
            return name
    return None


def _is(family: Family, value: object) -> bool:
    return isinstance(value, Mapping) and family.is_record(value)


def _is_or_holds(family: Family, value: object) -> bool:
    """Tell whether `value` is a record, or one page of them."""
    if not isinstance(value, Mapping) or family.is_record(value):
        return isinstance(value, Mapping)
    held = (value.get(name) for name in family.lists)
    return any(isinstance(list_, list) and _is(family, next(iter(list_), None)) for list_ in held)


def _is_parted(family: Family, first: Sequence[object]) -> bool:
    return bool(first) and all(isinstance(each, Mapping) and family.is_part(each) for each in first)


def _as_lists(lists: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
    return {name: list(values) for name, values in lists.items()}


def _source(sample: Sample, opened: JsonFile, family: Family, place: str) -> Source:
    detection = sample.detection(
        family.name, 0.95, f"has the fields of {family.title}", records=place or opened.shape
    )
    context = Context(sample.path, DateReader(sample.timezone), sample.companions.roles)

    def batches(batch_rows: int) -> Iterator[Batch]:
        found = _conversations(opened, family, place, context)
        return conversation.batches(sample.path, found, detection, sample.profile, batch_rows)

    return Source(detection, batches)


def _conversations(
    opened: JsonFile, family: Family, place: str, context: Context
) -> Iterator[Conversation]:
    for row, value, beside in _pages(opened, family, place):
        if isinstance(value, RejectedRow):
            yield Conversation(turns=[Turn(row, "", [value.raw], fault=value.reason)])
        elif not isinstance(value, Mapping):
            yield rejected(row, NO_OBJECT, value)
        elif not family.is_record(value):
            yield rejected(row, _NOT_THIS, value)
        else:
            try:
                yield from family.read(value, row, beside, context)
            except OddRecordError as odd:
                yield rejected(row, str(odd), value)


def _pages(opened: JsonFile, family: Family, place: str) -> Iterator[tuple[int, Any, Any]]:
    """Yield (row, record, what was prepared of what stands beside it)."""
    if opened.shape == "object" and not place:
        whole = opened.whole()
        yield 1, whole, family.prepare(whole if isinstance(whole, Mapping) else {})
    elif opened.shape == "object":
        beside = {
            name: _all(opened.records(name)) for name in family.beside if name in opened.lists
        }
        prepared = family.prepare(beside)
        for row, value in _numbered(opened.records(place)):
            yield row, value, prepared
    elif _is_parted(family, opened.first):
        parts = [value for _, value in _numbered(opened.records())]
        yield 1, {family.parts: parts}, None
    else:
        for row, value in _numbered(opened.records()):
            yield from _page(family, row, value)


def _page(family: Family, row: int, value: object) -> Iterator[tuple[int, Any, Any]]:
    if not isinstance(value, Mapping) or family.is_record(value):
        yield row, value, family.prepare(value if isinstance(value, Mapping) else {})
        return
    name = next((name for name in family.lists if isinstance(value.get(name), list)), None)
    if name is None:
        yield row, value, None
        return
    prepared = family.prepare(value)
    for record in value[name]:
        yield row, record, prepared


def _numbered(items: Iterator[Numbered | RejectedRow]) -> Iterator[Numbered]:
    for item in items:
        yield (item.row, item) if isinstance(item, RejectedRow) else item


def _all(items: Iterator[Numbered | RejectedRow]) -> list[Object]:
    return [value for _, value in _numbered(items) if isinstance(value, Mapping)]
