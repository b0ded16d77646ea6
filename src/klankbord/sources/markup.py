"""XML read element by element, with everything refused that makes XML dangerous.

defusedxml forbids document types, entities and external references; the depth and the size of
names, attributes and texts are bounded here.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from klankbord.errors import UnreadableInputError

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_CHUNK = 1 << 16
_DEEPEST = 100
_LONGEST_TEXT = 1 << 21  # characters in one element, or bytes of one tag
_HINT = "export it again, or as CSV"


def iterparse(path: Path) -> Iterator[tuple[str, Element]]:
    """Yield ("start" or "end", element) as the XML in `path` is read.

    Call `element.clear()` on what has been used, or all of the file stays in memory. Raises
    UnreadableInputError for what is no XML, has a document type, or is absurdly deep or long.
    """
    from xml.etree.ElementTree import ParseError

    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import XMLParser

    target = _Target(path)
    parser: Any = XMLParser(target=target, forbid_dtd=True)
    try:
        with path.open("rb") as stream:
            while data := stream.read(_CHUNK):
                target.waiting += len(data)
                parser.feed(data)
                if target.waiting > _LONGEST_TEXT:
                    raise _too_long(path)
                yield from target.taken()
        parser.close()
        yield from target.taken()
    except DefusedXmlException as error:
        raise UnreadableInputError(
            "this XML has a document type or entities; it is not opened",
            where=str(path),
            hint=_HINT,
        ) from error
    except (ParseError, ValueError, LookupError) as error:
        place = getattr(error, "position", None)
        where = f"{path}:{place[0]}" if place else str(path)
        raise UnreadableInputError("not valid XML", where=where, hint=_HINT) from error


class _Target:
    """Builds elements from what the parser meets and keeps count."""

    def __init__(self, path: Path) -> None:
        from xml.etree.ElementTree import TreeBuilder

        self._path = path
        self._builder = TreeBuilder()
        self._events: list[tuple[str, Element]] = []
        self._depth = self._length = 0
        self.waiting = 0  # bytes read since the parser last met something

    def taken(self) -> list[tuple[str, Element]]:
        """Return the events since the last call."""
        events, self._events = self._events, []
        return events

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise UnreadableInputError(
                f"this XML is nested more than {_DEEPEST} deep", where=str(self._path), hint=_HINT
            )
        self._length = self.waiting = 0
        self._events.append(("start", self._builder.start(tag, attributes)))

    def end(self, tag: str) -> None:
        self._depth -= 1
        self._length = self.waiting = 0
        self._events.append(("end", self._builder.end(tag)))

    def data(self, text: str) -> None:
        self.waiting = 0
        self._length += len(text)
        if self._length > _LONGEST_TEXT:
            raise _too_long(self._path)
        self._builder.data(text)

    def comment(self, _text: str) -> None:
        self.waiting = 0

    def pi(self, _target: str, _text: str | None = None) -> None:
        self.waiting = 0

    def close(self) -> Element:
        return self._builder.close()


def _too_long(path: Path) -> UnreadableInputError:
    return UnreadableInputError(
        f"an XML element of more than {_LONGEST_TEXT >> 20} million characters",
        where=str(path),
        hint=_HINT,
    )
