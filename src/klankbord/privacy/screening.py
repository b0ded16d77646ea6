"""Which texts a pattern may match, told of many texts at once by a looser pattern.

Few texts hold personal data, and RE2 reads them all in the time that `re` takes for some. What it
reads is looser than the pattern it stands for: what is asked of the surroundings is left out, a
sign that is asked not to be something may be anything, and long repeats have no end. It therefore
matches wherever the pattern does, also where a stretch of the text was made blank since.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from klankbord.privacy.patterns import named
from klankbord.privacy.reading import plain

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]

_PART = re.compile(
    r"""
    (?P<nothing> \s+ | \#[^\n]* | \\[bB] | [\^$] )
  | (?P<same> \(\?P=\w+\) | \\[1-9] )
  | (?P<around> \(\?<?[=!] )
  | (?P<open> \( (?: \?-?i: | \?P<\w+> | \?> | \?: )? )
  | (?P<close> \) )
  | \{\{ (?P<part> \w+ ) \}\}
  | (?P<times> (?P<often> [*+?] | \{\d*(?:,\d*)?\} ) [?+]? )
  | (?P<any> \[\^ (?:\\.|[^\]\\])+ \] | \\[DWS] | \. )
  | (?P<signs> \[ (?:\\.|[^\]\\])+ \] )
  | (?P<sign> \\?. )
    """,
    re.VERBOSE | re.DOTALL,
)
_ANY = "(?s:.)"
_OTHER = "?"  # stands in the texts for every sign outside ASCII
_CLASSES = {"d": "0-9", "w": f"0-9A-Za-z_{_OTHER}", "s": rf"\t-\r\x1c-\x20{_OTHER}"}
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f](?:-[^\x00-\x7f])?")
_MOST, _FEWEST = 3, 12  # repeats that are counted: up to the first, or at least up to the second


class Screen:
    """A batch of texts, and what each of them may hold."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = pa.array(
            [
                (text if text.isascii() else plain(text)).encode("ascii", "replace")
                for text in texts
            ],
            pa.binary(),
        )
        self._known: dict[str, Mask] = {}

    def may(self, starts: Sequence[str]) -> Mask:
        """Tell of each text whether it may match any of `starts`.

        That is "table.pattern", or several of these with a blank between that must all match.
        """
        found = np.zeros(len(self._texts), bool)
        for start in starts:
            first, *others = start.split()
            left = np.flatnonzero(self._all_matching(first) & ~found)
            for name in others:
                left = left[_matches(self._texts.take(left), name)] if len(left) else left
            found[left] = True
        return found

    def _all_matching(self, name: str) -> Mask:
        if name not in self._known:
            self._known[name] = _matches(self._texts, name)
        return self._known[name]


def is_screened(text: str) -> bool:
    """Tell whether a screen can be relied on; not where a sign outside ASCII stands for an i."""
    return "İ" not in text and "ı" not in text


@cache
def loosened(table: str, name: str, *, last: bool = True) -> str:
    """Return a pattern as one that RE2 reads and that matches wherever `re` does, and more.

    What is asked of the signs behind it is kept where it is the `last` part of the pattern.
    """
    parts = list(_PART.finditer(named(table)[name]))
    loose: list[str] = []
    within = 0  # groups that are open inside what is left out
    for at, part in enumerate(parts):
        kind = part.lastgroup
        if within:
            within += (kind in ("around", "open")) - (kind == "close")
        elif kind == "around" and not (last and part[0] == "(?=" and _ends(parts, at)):
            within = 1
        elif kind == "part":
            loose.append(loosened(table, part["part"], last=False))
        else:
            loose.append(_loosened(part))
    return "".join(loose)


def _loosened(part: re.Match[str]) -> str:
    text = part[0]
    match part.lastgroup:
        case "nothing":
            return ""
        case "same":
            return f"{_ANY}*"
        case "around":
            return "(?:"
        case "open":
            return text if text in ("(?i:", "(?-i:") else "(?:"
        case "times":
            return _times(part["often"])
        case "any":
            return _ANY
        case "signs":
            return _signs(text[1:-1])
        case "sign":
            return _sign(text)
    return text


def _ends(parts: Sequence[re.Match[str]], at: int) -> bool:
    """Tell whether the pattern ends with the group that opens `at`."""
    depth = 0
    for place, part in enumerate(parts[at:], at):
        depth += (part.lastgroup in ("around", "open")) - (part.lastgroup == "close")
        if not depth:
            return all(rest.lastgroup == "nothing" for rest in parts[place + 1 :])
    return False


def _times(often: str) -> str:
    if often[0] != "{":
        return often
    fewest, comma, most = often[1:-1].partition(",")
    least = min(int(fewest or 0), _FEWEST)
    if not comma:
        most = fewest
    return f"{{{least},{most}}}" if most and int(most) <= _MOST else f"{{{least},}}"


def _signs(inside: str) -> str:
    if re.search(r"\\[DWS]", inside):
        return _ANY
    beyond = "" if inside.isascii() else _OTHER
    for name, signs in _CLASSES.items():
        inside = inside.replace(f"\\{name}", signs)
    return f"[{beyond}{_BEYOND_ASCII.sub('', inside)}]"


def _sign(sign: str) -> str:
    if sign[0] == "\\" and sign[1] in _CLASSES:
        return f"[{_CLASSES[sign[1]]}]"
    if sign == "|" or (sign[0] == "\\" and sign[1].isalnum()):
        return sign
    return re.escape(sign[-1] if sign.isascii() else _OTHER)


def _matches(texts: pa.Array, name: str) -> Mask:
    loose = loosened(*name.split("."))
    matched = pc.match_substring_regex(texts, loose, ignore_case=True)
    mask: Mask = matched.to_numpy(zero_copy_only=False)
    return mask
