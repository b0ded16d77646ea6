"""Decide a text file's encoding: BOM, UTF-16 nulls, strict UTF-8, then Dutch letters."""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from klankbord.errors import UnreadableInputError

_CHUNK = 1 << 20
_NEIGHBOURS_KEPT = 200_000
_SINGLE_BYTE = ("cp1252", "cp850", "mac_roman")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# How usual a non-ASCII letter is in Dutch text; what is missing costs points.
_LETTER_WEIGHT = {
    **dict.fromkeys("ëéïè", 4.0),
    **dict.fromkeys("öüêóáçà", 3.0),
    **dict.fromkeys("íâäôûúîñ", 1.0),
    **dict.fromkeys("ÉËÏÈÖÜÁÓÇÀÄ", 0.5),
}
_SIGN_WEIGHT = {
    **dict.fromkeys("€’‘“”…–—", 3.0),
    **dict.fromkeys("´°½«»£·•²³©®\u00a0", 0.5),
}
_HIGH_BYTE = re.compile(rb"[\x80-\xff]")
_BAD = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class TextEncoding:
    """A codec name, and whether some bytes do not fit it and come through as lone surrogates."""

    name: str
    damaged: bool = False

    @property
    def errors(self) -> str:
        """Error handler that keeps undecodable bytes recognisable as lone surrogates."""
        return "surrogatepass" if self.name.startswith(("utf-16", "utf-32")) else "surrogateescape"


def detect_encoding(path: Path, forced: str = "") -> TextEncoding:
    """Return the encoding of the text in `path`; `forced` (a codec name) is only checked."""
    if forced:
        try:
            return TextEncoding(codecs.lookup(forced).name, damaged=True)
        except LookupError as error:
            raise UnreadableInputError(
                f"unknown encoding '{forced}'",
                where=str(path),
                hint="use a name such as utf-8, cp1252, cp850, mac_roman or utf-16",
            ) from error
    head = _head(path)
    for bom, name in _BOMS:
        if head.startswith(bom):
            return TextEncoding(name, damaged=name != "utf-8-sig" or not _is_utf8(path))
    wide = _utf16_without_bom(head)
    if wide:
        return TextEncoding(wide, damaged=True)
    if _is_utf8(path):
        return TextEncoding("utf-8")
    if _mostly_utf8(path):
        return TextEncoding("utf-8", damaged=True)
    neighbours = _neighbours(path)
    best = max(_SINGLE_BYTE, key=lambda name: _dutch_score(neighbours, name))
    return TextEncoding(best, damaged=True)


def open_text(path: Path, encoding: TextEncoding) -> TextIO:
    """Open `path` with its line ends untouched; undecodable bytes become lone surrogates."""
    return path.open(encoding=encoding.name, errors=encoding.errors, newline="")


def undecodable(text: str) -> bool:
    """Tell whether `text` holds lone surrogates, the mark of bytes that could not be decoded."""
    return _BAD.search(text) is not None


def clean(text: str) -> str:
    """Replace lone surrogates by U+FFFD and drop NULs, so that the text can be stored."""
    return _BAD.sub("\ufffd", text).replace("\x00", "")


def _head(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(1 << 16)


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            yield chunk


def _is_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for chunk in _chunks(path):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _mostly_utf8(path: Path) -> bool:
    """Tell damaged UTF-8 (many valid sequences, few bad bytes) from a single-byte encoding."""
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    valid = bad = 0
    for chunk in _chunks(path):
        text = decoder.decode(chunk)
        wrong = len(re.findall("[\udc80-\udcff]", text))
        valid += len(re.findall(r"[^\x00-\x7f]", text)) - wrong
        bad += wrong
    return valid >= 4 * bad


def _utf16_without_bom(head: bytes) -> str:
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = max(len(head) // 2, 1)
    if odd > 0.4 * half and even < 0.05 * half:
        return "utf-16-le"
    if even > 0.4 * half and odd < 0.05 * half:
        return "utf-16-be"
    return ""


def _neighbours(path: Path) -> Counter[bytes]:
    """Count the high bytes with the byte before and after them."""
    found: Counter[bytes] = Counter()
    for chunk in _chunks(path):
        padded = b" " + chunk + b" "
        for match in _HIGH_BYTE.finditer(padded, 1, len(padded) - 1):
            found[padded[match.start() - 1 : match.end() + 1]] += 1
        if found.total() > _NEIGHBOURS_KEPT:
            break
    return found


def _dutch_score(neighbours: Counter[bytes], encoding: str) -> float:
    return sum(
        count * _weight(three.decode(encoding, "replace")) for three, count in neighbours.items()
    )


def _weight(three: str) -> float:
    before, sign, after = three[0], three[1], three[2]
    if sign in _SIGN_WEIGHT:
        inside_word = before.isalpha() and after.isalpha() and sign not in "’‘´\u00a0"
        return -2.0 if inside_word else _SIGN_WEIGHT[sign]
    if not sign.isalpha():
        return -3.0
    weight = _LETTER_WEIGHT.get(sign, -1.0)
    if sign.isupper() and before.islower():
        weight -= 4.0
    if not before.isalpha() and not after.isalpha():
        weight -= 4.0
    return weight
