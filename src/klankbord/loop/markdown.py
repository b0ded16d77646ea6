"""Text of others within Markdown: shown as it is, never as a heading, a link or HTML."""

from __future__ import annotations

import re
import unicodedata
from html import unescape

_SIGNS = re.compile(r"([\\`*_\[\]|~$])")
_ESCAPED = re.compile(r"\\([\\`*_\[\]|~$])")


def escape(text: str) -> str:
    """Return `text` on one line with the signs that mean something in Markdown made plain."""
    plain = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in text)
    line = _SIGNS.sub(r"\\\1", " ".join(plain.split()))
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def shown(text: str) -> str:
    """Return what `escape` hid of a text, as a reader sees it."""
    return unescape(_ESCAPED.sub(r"\1", text))
