"""Decide a text file's encoding: BOM, UTF-16 nulls, strict UTF-8, then Dutch letters.

charset-normalizer reads Dutch of cp1252 as cp1250 and knows neither cp850 nor mac_roman well.
"""

from __future__ import annotations

import codecs
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TextIO

from klankbord.errors import UnreadableInputError
from klankbord.resources import toml_beside

_CHUNK = 1 << 18
_ENOUGH = 50_000  # signs outside ASCII that are looked at in either part of a file
_SINGLE_BYTE = ("cp1252", "iso8859-15", "cp850", "cp858", "mac_roman")  # the first wins a tie
_COMPLETE = _SINGLE_BYTE[1:]  # every byte is a character
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BAD = re.compile("[\ud800-\udfff]")
# What Dutch feedback in UTF-8 has: Latin letters, punctuation, the euro sign and emoji.
_USUAL = re.compile("[\u00a0-\u017f\u2010-\u203a\u20ac\u2600-\u27bf\U0001f300-\U0001faff]")
_PLACES = {(False, True): 0, (True, True): 1, (True, False): 2, (False, False): 3}
_ALONE = 3
_HIGH_BYTE = re.compile(rb"[\x80-\xff]")
_MARK_ERRORS = "klankbord_mark"


def _mark(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "\udcff", error.end


codecs.register_error(_MARK_ERRORS, _mark)


@dataclass(frozen=True)
class TextEncoding:
    """A codec name, and whether some bytes do not fit it and come through as lone surrogates."""

    name: str
    damaged: bool = False
    because: str = field(default="", compare=False)

    @property
    def errors(self) -> str:
        """Error handler that keeps undecodable bytes recognisable as lone surrogates."""
        one_byte = self.name.startswith(("utf-8", "utf_8", "cp", "iso8859", "mac", "ascii"))
        return "surrogateescape" if one_byte else _MARK_ERRORS


def detect_encoding(path: Path, forced: str = "") -> TextEncoding:
    """Return the encoding of the text in `path`; `forced` (a codec name) is only checked.

    The whole file is read, once where it is UTF-8, in bounded memory.
    """
    if forced:
        return TextEncoding(_codec(path, forced), damaged=True, because="given by the profile")
    with path.open("rb") as stream:
        head = stream.read(1 << 16)
    for bom, name in _BOMS:
        if head.startswith(bom):
            damaged = name != "utf-8-sig" or _first_bad(path) is not None
            return TextEncoding(name, damaged, "byte order mark")
    wide = _utf16_without_bom(head)
    if wide:
        return TextEncoding(wide, damaged=True, because="every other byte is zero")
    first_bad = _first_bad(path)
    if first_bad is None:
        return TextEncoding("utf-8", because="all of it is valid UTF-8")
    signs = _signs(path, first_bad)
    if 2 * signs.valid >= signs.bad:
        return TextEncoding("utf-8", damaged=True, because="most signs are valid UTF-8")
    best = max(_SINGLE_BYTE, key=lambda name: _dutch_score(signs, name))
    because = f"no valid UTF-8; {signs.neighbours.total()} signs fit Dutch best as {best}"
    return TextEncoding(best, damaged=best not in _COMPLETE, because=because)


def open_text(path: Path, encoding: TextEncoding) -> TextIO:
    """Open `path` with its line ends untouched; undecodable bytes become lone surrogates."""
    return path.open(encoding=encoding.name, errors=encoding.errors, newline="")


def undecodable(text: str) -> bool:
    """Tell whether `text` holds lone surrogates, the mark of bytes that could not be decoded."""
    return not text.isascii() and _BAD.search(text) is not None


def clean(text: str) -> str:
    """Replace lone surrogates by U+FFFD and drop NULs, so that the text can be stored."""
    return _BAD.sub("\ufffd", text).replace("\x00", "")


def _codec(path: Path, name: str) -> str:
    try:
        io.TextIOWrapper(io.BytesIO(), encoding=name)
        return codecs.lookup(name).name
    except (LookupError, ValueError) as error:
        raise UnreadableInputError(
            f"unknown encoding '{name}'",
            where=str(path),
            hint="use a name such as utf-8, cp1252, cp850, mac_roman or utf-16",
        ) from error


def _utf16_without_bom(head: bytes) -> str:
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = max(len(head) // 2, 1)
    if odd > 0.4 * half and even < 0.05 * half:
        return "utf-16-le"
    if even > 0.4 * half and odd < 0.05 * half:
        return "utf-16-be"
    return ""


def _chunks(path: Path, start: int = 0) -> Iterator[bytes]:
    with path.open("rb") as stream:
        stream.seek(start)
        while chunk := stream.read(_CHUNK):
            yield chunk


def _first_bad(path: Path) -> int | None:
    """Return the place of the first byte that is no UTF-8, or None."""
    rest, passed = b"", 0  # `rest` is the beginning of a sequence that the next chunk ends
    for chunk in _chunks(path):
        if not rest and chunk.isascii():
            passed += len(chunk)
            continue
        data = rest + chunk
        try:
            _, used = codecs.utf_8_decode(data, "strict", False)
        except UnicodeDecodeError as error:
            return passed + error.start
        rest = data[used:]
        passed += used
    return passed if rest else None


@dataclass
class _Signs:
    """Signs outside ASCII in a file."""

    neighbours: Counter[bytes] = field(default_factory=Counter)  # with the byte before and after
    valid: int = 0  # UTF-8 sequences of signs that Dutch feedback has
    bad: int = 0  # bytes that are no UTF-8

    def add(self, data: bytes) -> None:
        padded = b" " + data + b" "
        for match in _HIGH_BYTE.finditer(padded, 1, len(padded) - 1):
            self.neighbours[padded[match.start() - 1 : match.end() + 1]] += 1
        text = data.decode("utf-8", "surrogateescape")
        self.valid += len(_USUAL.findall(text))
        self.bad += len(_BAD.findall(text))


def _signs(path: Path, first_bad: int) -> _Signs:
    """Count signs from the start of the file, and from its first bad byte on if that is later."""
    signs = _Signs()
    place = _count(path, 0, signs)
    if place < first_bad:
        _count(path, first_bad, signs)
    return signs


def _count(path: Path, start: int, signs: _Signs) -> int:
    """Add the signs from `start` on until there are enough; return the place reached."""
    enough = signs.neighbours.total() + _ENOUGH
    rest = b""
    for chunk in _chunks(path, start):
        start += len(chunk)
        if not rest and chunk.isascii():
            continue
        data = rest + chunk
        cut = max(data.rfind(b"\n"), data.rfind(b" ")) + 1 or len(data)
        signs.add(data[:cut])
        rest = data[cut:]
        if signs.neighbours.total() > enough:
            return start
    signs.add(rest)
    return start


@dataclass(frozen=True)
class _Letters:
    """What `letters.toml` holds: weights at the start, inside, at the end of a word, alone."""

    letters: Mapping[str, tuple[float, float, float, float]]
    signs: Mapping[str, tuple[float, float, float, float]]
    rules: Mapping[str, Any]


@cache
def _letters() -> _Letters:
    data = toml_beside(__package__, "letters.toml")
    letters = {letter: tuple(weights) for letter, weights in data["letters"].items()}
    signs = {sign: tuple(weights) for sign, weights in data["signs"].items()}
    return _Letters(letters, signs, data["rules"])


def _dutch_score(signs: _Signs, encoding: str) -> float:
    return sum(
        count * _weight(three.decode(encoding, "replace"))
        for three, count in signs.neighbours.items()
    )


def _weight(three: str) -> float:
    """Return how well the middle one of three characters fits Dutch text."""
    before, sign, after = three[0], three[1], three[2]
    known = _letters()
    place = _PLACES[before.isalpha(), after.isalpha()]
    rules = known.rules
    if sign in known.signs:
        return known.signs[sign][place]
    if not sign.isalpha():
        return float(rules["other"])
    if sign.isupper() and before.islower():
        return float(rules["after_small"])
    for letters, beside in (("follows_vowel", before), ("precedes_vowel", after)):
        if sign in rules[letters] and beside.isalpha() and beside not in rules["vowels"]:
            return float(rules["no_vowel"])
    weights = known.letters.get(sign.lower())
    if weights is None or (place == _ALONE and not (before + after).isspace()):
        return float(rules["other_letter"])
    return weights[place] * (rules["upper"] if sign.isupper() else 1.0)
