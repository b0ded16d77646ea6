"""HTML to the text a person sees, in one flat pass over its tags.

Not a parser that builds a tree: selectolax (Lexbor) needs over 30 s for 100,000 nested `<div>`,
since the HTML standard's own algorithm is quadratic in depth, and only a few elements matter here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape

from klankbord.sources.quoted import own_words
from klankbord.sources.quoted_words import quoted_words

# In text that ends in ">" the attributes always end, so that no tag is tried twice.
_TAG = re.compile(
    r"<(?:(/?)([a-zA-Z][^\s/>]*+)"
    r"((?:[^>=]++|=\s*+(?:\"[^\"]*+\"|'[^']*+')?+)*+)>|(!--|[!?/]))"
)
_INVISIBLE = re.compile("[\u00ad\u034f\u200b-\u200f\u2060\ufeff]")
_LONG_NUMBER = re.compile(r"&#(?:\d{8,}|[xX][\da-fA-F]{7,});?")
_HIDDEN = re.compile(r"display\s*+:\s*+none|\shidden(?=[\s=/]|$)", re.IGNORECASE)
_INDENT = re.compile(r"border(?:-left)?\s*+:\s*+(?:none|0)", re.IGNORECASE)
_NAMED = re.compile(
    r"\b(?:class|id|type)\s*+=\s*+(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))", re.IGNORECASE
)
_LONGEST_REST = 4_000  # characters of a tag in which its attributes are looked for

_RAW = frozenset(["script", "style", "title", "iframe", "noembed", "noframes", "xmp"])
_CODE = frozenset(["script", "style"])  # of which all that follows is, when they do not end
_VOID = frozenset([
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source",
    "track", "wbr",
])  # fmt: skip
_BLOCKS = frozenset([
    "address", "article", "aside", "blockquote", "body", "br", "caption", "center", "dd",
    "details", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1",
    "h2", "h3", "h4", "h5", "h6", "header", "hr", "html", "legend", "li", "main", "nav", "ol",
    "option", "p", "pre", "section", "select", "summary", "table", "tbody", "tfoot", "thead",
    "tr", "ul",
])  # fmt: skip
_APART = frozenset([
    "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "p", "pre", "table", "ul", "ol", "dl",
])  # fmt: skip
_CELLS = frozenset(["td", "th"])
_UNENDED = frozenset(
    ["p", "li", "dt", "dd", "td", "th", "tr", "option"]
)  # whose end tag may be left out
_SPECIAL = frozenset(["blockquote", "pre"])  # without any attributes
_QUOTE = "> "


def plain(html: str, *, mark_quotes: bool = False) -> str:
    """Return the visible text of `html`: blocks on lines of their own, paragraphs set apart.

    With `mark_quotes` the lines of quoted mail history begin with "> ".
    """
    writer = _Writer(mark_quotes)
    end = html.rfind(">") + 1
    ends = _Ends(html)
    position = 0
    while match := _TAG.search(html, position, end):
        start = match.start()
        if start > position:
            writer.text(html[position:start])
        position = match.end()
        end_mark, name, rest, mark = match.groups()
        if mark:
            position = ends.comment(position) if mark == "!--" else html.find(">", position) + 1
            continue
        name = name.lower()
        if end_mark:
            writer.close(name)
        elif name in _RAW:
            position = ends.element(name, position)
        else:
            writer.open(name, rest)
    writer.text(html[position:])
    return writer.finish()


def own_html(html: str) -> str:
    """Return what the sender of an HTML mail wrote, without quoted history and signature."""
    own = own_words(plain(html, mark_quotes=True))
    if own.startswith(_QUOTE):
        return own_words(plain(html))
    return own


class _Ends:
    """Finds where a comment or script ends; what never ends is looked for only once."""

    def __init__(self, html: str) -> None:
        self._html = html
        self._missing: set[str] = set()

    def comment(self, start: int) -> int:
        """Return the place after the comment that begins before `start`."""
        if "-->" not in self._missing:
            found = self._html.find("-->", start - 2)
            if found >= 0:
                return found + 3
            self._missing.add("-->")
        return self._html.find(">", start) + 1 or len(self._html)

    def element(self, name: str, start: int) -> int:
        """Return the place after the content, that is no HTML, of an element."""
        if name not in self._missing:
            match = re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE).search(self._html, start)
            if match:
                return match.start()
            self._missing.add(name)
        return len(self._html) if name in _CODE else start


@dataclass
class _Special:
    """An open element that is quoted, hidden or written as it stands."""

    name: str
    quote: bool
    hidden: bool
    depth: int = 1  # open elements of this name, itself included


@dataclass
class _Writer:
    mark_quotes: bool
    _lines: list[str] = field(default_factory=list)
    _line: list[str] = field(default_factory=list)
    _special: list[_Special] = field(default_factory=list)
    _quotes: int = 0
    _hidden: int = 0
    _verbatim: int = 0
    _history: bool = False

    def text(self, raw: str) -> None:
        """Write the characters between two tags."""
        if not raw or self._hidden:
            return
        if not self._verbatim:
            self._line.append(raw)
            return
        first, *others = raw.split("\n")
        self._line.append(first)
        for line in others:
            self._end_line()
            self._line.append(line)

    def open(self, name: str, rest: str) -> None:
        """Take in an opening tag; `rest` holds its attributes."""
        if name in _BLOCKS or name in _CELLS:
            self._break(name)
        if self._special:
            self._end_unended(name)
        elif not rest and name not in _SPECIAL:
            return
        quote, hidden = name == "blockquote", False
        if rest:
            rest = rest[:_LONGEST_REST]
            quote, begins_history = _is_quote(name, rest)
            hidden = _HIDDEN.search(rest) is not None
            self._history = self._history or (begins_history and not self._quotes)
        adds = (
            (quote and not self._quotes)
            or (hidden and not self._hidden)
            or (name == "pre" and not self._verbatim)
        )
        if adds and name not in _VOID:
            self._special.append(_Special(name, quote, hidden))
            self._count(self._special[-1], 1)
        elif self._special and self._special[-1].name == name:
            self._special[-1].depth += 1

    def close(self, name: str) -> None:
        """Take in a closing tag."""
        if name in _BLOCKS or name in _CELLS:
            self._break(name)
        while self._special:
            last = self._special[-1]
            if last.name == name:
                last.depth -= 1
                if last.depth:
                    return
            elif last.name not in _UNENDED or name not in _BLOCKS:
                return
            self._count(self._special.pop(), -1)
            if last.name == name:
                return

    def finish(self) -> str:
        """Return everything written."""
        self._end_line()
        return "\n".join(self._lines).strip("\n")

    def _end_unended(self, name: str) -> None:
        """End an element without an end tag where the next one begins."""
        last = self._special[-1].name
        if last in _UNENDED and (last == name or (last == "p" and name in _BLOCKS)):
            self._count(self._special.pop(), -1)

    def _count(self, element: _Special, step: int) -> None:
        self._quotes += step * element.quote
        self._hidden += step * element.hidden
        self._verbatim += step * (element.name == "pre")

    def _break(self, name: str) -> None:
        if name in _CELLS:
            self._line.append(" ")
            return
        if self._line or name == "br":
            self._end_line()
        if name in _APART and self._lines and self._lines[-1]:
            self._lines.append("")

    def _end_line(self) -> None:
        line = "".join(self._line)
        self._line.clear()
        if "&" in line:
            line = unescape(_LONG_NUMBER.sub("\ufffd", line))
        if not line.isascii():
            line = _INVISIBLE.sub("", line)
        line = line.rstrip() if self._verbatim else " ".join(line.split())
        if line and self.mark_quotes and (self._quotes or self._history):
            line = _QUOTE + line
        if line or (self._lines and self._lines[-1]):
            self._lines.append(line)


def _is_quote(name: str, rest: str) -> tuple[bool, bool]:
    """Tell whether an element holds quoted history, and whether all below it does."""
    words = quoted_words()
    said = " ".join("".join(groups) for groups in _NAMED.findall(rest)).lower()
    named = {word.removeprefix("x_") for word in said.split()}
    quote = not named.isdisjoint(words.quote_elements)
    if name == "blockquote" and not quote:
        quote = _INDENT.search(rest) is None
    return quote, not named.isdisjoint(words.history_elements)
