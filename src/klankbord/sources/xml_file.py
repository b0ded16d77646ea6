"""XML feeds as records: the element that comes again and again is one, its children are fields."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from klankbord.errors import UnreadableInputError
from klankbord.records import RejectedRow
from klankbord.sources.json_file import JsonFile, Numbered
from klankbord.sources.markup import iterparse
from klankbord.sources.text_encoding import TextEncoding

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_LOOKED_AT = 20_000  # elements, to find which of them are records
_FIRST = 10
_FEWEST_FIELDS = 2  # an element with so many simple children may be a record

_Place = tuple[str, ...]


@dataclass(frozen=True)
class XmlFile(JsonFile):
    """An XML file that is read as if it were a JSON array of its records."""

    place: _Place = ()  # the tags from the root to a record

    def records(self, member: str = "") -> Iterator[Numbered | RejectedRow]:
        """Yield (number, record), from the first element on."""
        del member
        return _records(self.path, self.place)

    def whole(self) -> object:
        """Return the records under their name."""
        return {self.place[-1]: [record for _, record in _records(self.path, self.place)]}


def open_xml(path: Path) -> XmlFile:
    """Find the records in the XML feed `path`.

    Raises UnreadableInputError for a page, a feed without records or XML that is dangerous.
    """
    place = _record_place(path)
    first = tuple(record for _, record in islice(_records(path, place), _FIRST))
    return XmlFile(path, TextEncoding("utf-8"), "array", first=first, place=place)


def _record_place(path: Path) -> _Place:
    """Return the tags of the outermost element below the root that is repeated and has fields."""
    count: Counter[_Place] = Counter()
    fields: dict[_Place, set[str]] = {}
    tags: list[str] = []
    for event, element in islice(iterparse(path), 2 * _LOOKED_AT):
        if event == "start":
            tags.append(_bare(element.tag))
            continue
        place = tuple(tags)
        tags.pop()
        if len(element):
            count[place] += 1
        else:
            fields.setdefault(place[:-1], set()).add(place[-1])
    records = [place for place in count if len(fields.get(place, ())) >= _FEWEST_FIELDS]
    if not records:
        raise UnreadableInputError(
            "this XML holds no records", where=str(path), hint="export it as CSV, XLSX or JSON"
        )
    return min(records, key=lambda place: (len(place) == 1, count[place] == 1, len(place)))


def _records(path: Path, place: _Place) -> Iterator[Numbered]:
    tags: list[str] = []
    number = 0
    for event, element in iterparse(path):
        if event == "start":
            tags.append(_bare(element.tag))
            continue
        here = tuple(tags)
        tags.pop()
        if here == place:
            number += 1
            yield number, _fields(element)
        if len(here) <= len(place):
            element.clear()


def _fields(element: Element) -> dict[str, Any]:
    """Return the children of `element`: a repeated one as a list, one with children as fields."""
    found: dict[str, Any] = {f"@{_bare(name)}": text for name, text in element.attrib.items()}
    for child in element:
        name = _bare(child.tag)
        value = _value(child)
        if name not in found:
            found[name] = value
        elif isinstance(found[name], list):
            found[name].append(value)
        else:
            found[name] = [found[name], value]
    return found


def _value(element: Element) -> Any:  # noqa: ANN401 - as JSON would hold it
    """Return the text of `element`, its fields, or a list where it only wraps one kind of these."""
    if not len(element):
        return (element.text or "").strip()
    kinds = {child.tag for child in element}
    if len(kinds) == 1 and all(len(child) for child in element):
        return [_fields(child) for child in element]
    return _fields(element)


def _bare(tag: str) -> str:
    """Return a tag without its namespace."""
    return tag.rpartition("}")[2]
