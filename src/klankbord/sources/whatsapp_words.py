"""What WhatsApp writes itself in a chat, told from what people write; see `whatsapp.toml`."""

from __future__ import annotations

import re
from functools import cache

from klankbord.resources import toml_beside

_LONGEST = 600  # characters of what WhatsApp writes itself
_INSTEAD = {"media.whole": "media", "deleted.whole": "deleted", "notice.sure": "notices"}
_FILE_ENDS = ("bijgevoegd)", "attached)", "weggelaten", "omitted")


def placeholder(words: list[str], *, marked: bool) -> str:
    """Return what stands there instead of words: "media", "deleted", "notices", or ""."""
    if not any(words):
        return "media"
    text = words[0] if len(words) == 1 else "\n".join(words).strip()
    if len(text) > _LONGEST:
        return ""
    if matches(text, *_INSTEAD):
        return next(kind for name, kind in _INSTEAD.items() if matches(text, name))
    return "notices" if marked and matches(text, "notice.marked") else ""


def own_words(lines: list[str]) -> list[str]:
    """Return the lines of a message without the files it names and the note that it changed."""
    kept = []
    for line in lines:
        if line.endswith(_FILE_ENDS) and matches(line, "media.line"):
            continue
        if "<" in line:
            line = _pattern("media.anywhere").sub("", line)
            head, tail = line[:-80], line[-80:].rstrip()
            line = head + _pattern("edited.tail").sub("", tail)
        kept.append(line.strip())
    return kept


def matches(text: str, *names: str) -> bool:
    """Tell whether the whole of `text` is in one of these lists, such as "notice.sure"."""
    return len(text) <= _LONGEST and _pattern(*names).fullmatch(text) is not None


@cache
def _pattern(*names: str) -> re.Pattern[str]:
    """Return one pattern for lists in `whatsapp.toml`, such as "media.whole"."""
    data = toml_beside(__package__, "whatsapp.toml")
    places = [name.partition(".")[::2] for name in names]
    joined = "|".join(f"(?:{part})" for table, key in places for part in data[table][key])
    if names == ("edited.tail",):
        joined = rf"(?:{joined})\s*\Z"
    return re.compile(joined, re.IGNORECASE | re.DOTALL)
