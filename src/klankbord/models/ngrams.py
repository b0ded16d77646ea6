"""Hashed word and character n-grams of many texts at once, each tied to the word it lies in.

All texts are laid end to end as one array of code points; the hash of any window is a difference
of two prefix sums modulo 2**64, so that no text, word or n-gram becomes a Python object. The
character n-grams of a word are hashed once, however often the word is there.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np

from klankbord.arrays import stretches

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Hashes = NDArray[np.uint64]
    Codes = NDArray[np.uint32]
    Floats = NDArray[np.float32]

BUCKET_BITS = 18
STYLE_FEATURES = 8
FAMILIES = 3  # words, pairs of words and character n-grams: each is scaled by itself
_CHARACTER_NGRAMS = np.array([2, 3, 4, 5])
_BASE = 0x9E3779B97F4A7C15 | 1
_INVERSE = pow(_BASE, -1, 2**64)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_EDGE = 0x2402  # stands for the edge of a word inside a character n-gram
_OTHER, _WORD, _SYMBOL = 0, 1, 2
_SYMBOLS = frozenset("!?€%+&:;()")


@dataclass(frozen=True)
class Tokens:
    """Words and symbols of all texts, in order; offsets are into the NFC text."""

    text: Ints  # index of the text
    start: Ints
    end: Ints
    count: Ints  # tokens per text, (n_texts,)


@dataclass(frozen=True)
class Ngrams:
    """Every n-gram occurrence: the token it begins in, its bucket and its family."""

    token: Ints  # index into `tokens`
    bucket: NDArray[np.uint32]
    family: NDArray[np.uint8]  # in `FAMILIES`
    scale: Floats  # (n_texts, FAMILIES), 1 / sqrt(occurrences of the family in the text)
    tokens: Tokens
    style: Floats  # (n_texts, STYLE_FEATURES)

    @cached_property
    def text(self) -> Ints:
        """The text of each occurrence."""
        return self.tokens.text[self.token]

    @cached_property
    def weight(self) -> Floats:
        """How much each occurrence counts in its text."""
        weight: Floats = self.scale.ravel()[self.text * self.scale.shape[1] + self.family]
        return weight


def extract(texts: Sequence[str], *, salt: int = 0, characters: bool = True) -> Ngrams:
    """Return word 1- and 2-grams (one word may lie between) and character 2-5-grams of `texts`.

    `salt` keeps the buckets of one field (the question) apart from those of another.
    """
    normal = [unicodedata.normalize("NFC", text).replace("\n", " ") for text in texts]
    raw = np.frombuffer("\n".join([*normal, ""]).encode("utf-32-le"), dtype="<u4")
    size = np.fromiter(map(len, normal), dtype=np.int64, count=len(normal)) + 1
    text_of = np.repeat(np.arange(len(texts)), size)
    lower, kind, upper = _classes(raw)
    repeated = _repeats(lower, kind)
    begin = (kind != _OTHER) & np.concatenate(
        ([True], (kind[1:] != kind[:-1]) | (kind[1:] == _SYMBOL))
    )
    first = np.flatnonzero(begin)
    inside = np.flatnonzero(kind != _OTHER)
    token_at = (np.cumsum(begin) - 1)[inside]
    length = np.bincount(token_at, minlength=len(first))
    token_text = text_of[first]
    count = np.bincount(token_text, minlength=len(texts))
    offset = first - (np.cumsum(size) - size)[token_text]
    tokens = Tokens(token_text, offset, offset + length, count)

    kept = ~repeated[inside]
    codes, letters = lower[inside[kept]], np.bincount(token_at[kept], minlength=len(first))
    hashes = _word_hashes(codes, letters)
    words = hashes + _mixed_scalar(salt)
    families = [_singles(words), _pairs(words, token_text)]
    if characters:
        families.append(_characters(codes, letters, hashes, kind[first] == _WORD, salt))
    of_family = [np.bincount(token_text[token], minlength=len(texts)) for token, _ in families]
    of_family += [np.zeros(len(texts), dtype=np.int64)] * (FAMILIES - len(families))
    return Ngrams(
        np.concatenate([token for token, _ in families]),
        np.concatenate([bucket for _, bucket in families]),
        np.repeat(np.arange(len(families), dtype=np.uint8), [len(token) for token, _ in families]),
        (1 / np.sqrt(np.maximum(np.stack(of_family, axis=1), 1))).astype(np.float32),
        tokens,
        _style(raw, kind, upper, repeated, text_of, count),
    )


def _classes(raw: Codes) -> tuple[Codes, NDArray[np.uint8], NDArray[np.bool_]]:
    """Return lower-cased code points (digits as 0), their class, and which were upper case."""
    points = np.flatnonzero(np.bincount(raw))
    known = np.zeros((3, int(points.max(initial=0)) + 1), dtype=np.uint32)
    known[:, points] = np.array([_class(point) for point in points.tolist()]).reshape(-1, 3).T
    return known[0][raw], known[1].astype(np.uint8)[raw], known[2].astype(bool)[raw]


@lru_cache(maxsize=4096)
def _class(point: int) -> tuple[int, int, bool]:
    character = chr(point)
    small = character.lower()
    upper = small != character and character.isupper()
    if character.isdigit():
        return ord("0"), _WORD, upper
    if character.isalpha():
        return ord(small) if len(small) == 1 else point, _WORD, upper
    symbol = character in _SYMBOLS or unicodedata.category(character) in ("So", "Sk", "Sm")
    return point, _SYMBOL if symbol else _OTHER, upper


def _repeats(lower: Codes, kind: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Mark the third and later of equal letters in a row ("suuuuper" counts as "suuper")."""
    marks = np.zeros(len(lower), dtype=bool)
    letters = (kind == _WORD) & (lower != ord("0"))
    if len(lower) > 2:
        marks[2:] = letters[2:] & (lower[2:] == lower[1:-1]) & (lower[2:] == lower[:-2])
    return marks


def _powers(size: int, base: int) -> Hashes:
    return _many_powers(max(size - 1, 1).bit_length(), base)[:size]


@lru_cache(maxsize=8)
def _many_powers(bits: int, base: int) -> Hashes:
    powers = np.full(1 << bits, base, dtype=np.uint64)
    powers[0] = 1
    return np.cumprod(powers, dtype=np.uint64)


def _mix(values: Hashes) -> Hashes:
    values = (values ^ (values >> np.uint64(30))) * _MIX_1
    values = (values ^ (values >> np.uint64(27))) * _MIX_2
    return values ^ (values >> np.uint64(31))


def _mixed_scalar(value: int) -> np.uint64:
    return np.uint64(_mix(np.array([value], dtype=np.uint64))[0])


def _bucket(values: Hashes) -> NDArray[np.uint32]:
    return (_mix(values) >> np.uint64(64 - BUCKET_BITS)).astype(np.uint32)


def _prefix(codes: Codes) -> Hashes:
    mixed = _mix(codes.astype(np.uint64) + np.uint64(1)) * _powers(len(codes), _BASE)
    return np.concatenate((np.zeros(1, dtype=np.uint64), np.cumsum(mixed, dtype=np.uint64)))


def _word_hashes(codes: Codes, letters: Ints) -> Hashes:
    """Return one hash per token from its code points, wherever in the array it stands."""
    prefix = _prefix(codes)
    end = np.cumsum(letters)
    start = end - letters
    inverse = _powers(len(codes) + 1, _INVERSE)
    return _mix((prefix[end] - prefix[start]) * inverse[start])


def _singles(words: Hashes) -> tuple[Ints, NDArray[np.uint32]]:
    return np.arange(len(words)), _bucket(words)


def _pairs(words: Hashes, text: Ints) -> tuple[Ints, NDArray[np.uint32]]:
    """Return pairs of tokens one or two apart inside one text, at the first of the two."""
    tokens, buckets = [], []
    for gap in (1, 2):
        where = np.flatnonzero(text[gap:] == text[:-gap])
        hashes = _mix(words[where] * _MIX_1 + words[where + gap]) + _mixed_scalar(100 + gap)
        tokens.append(where)
        buckets.append(_bucket(hashes))
    return np.concatenate(tokens), np.concatenate(buckets)


def _characters(
    codes: Codes, letters: Ints, hashes: Hashes, is_word: NDArray[np.bool_], salt: int
) -> tuple[Ints, NDArray[np.uint32]]:
    """Return the character n-grams of every word."""
    words = np.flatnonzero(is_word)
    _, once, which = np.unique(hashes[words], return_index=True, return_inverse=True)
    start = (np.cumsum(letters) - letters)[words[once]]
    length = letters[words[once]]
    owner, bucket = _windows(codes[stretches(start, length)], length, salt)
    found = np.bincount(owner, minlength=len(once))
    size = found[which]
    return np.repeat(words, size), bucket[stretches((np.cumsum(found) - found)[which], size)]


def _windows(codes: Codes, letters: Ints, salt: int) -> tuple[Ints, NDArray[np.uint32]]:
    """Return the character n-grams of words with their edges, word by word."""
    padded = letters + 2
    owner = np.repeat(np.arange(len(letters)), padded)
    line = np.full(len(owner), _EDGE, dtype=np.uint32)
    line[stretches(np.cumsum(padded) - padded + 1, letters)] = codes
    prefix, inverse = _prefix(line), _powers(len(line) + 1, _INVERSE)
    end = np.arange(len(line))[:, None] + _CHARACTER_NGRAMS
    place, kind = np.nonzero(end <= np.cumsum(padded)[owner][:, None])
    hashes = _mix((prefix[place + _CHARACTER_NGRAMS[kind]] - prefix[place]) * inverse[place])
    family = [_mixed_scalar(1000 + 16 * salt + int(size)) for size in _CHARACTER_NGRAMS]
    return owner[place], _bucket(hashes + np.array(family)[kind])


def _style(
    raw: Codes,
    kind: NDArray[np.uint8],
    upper: NDArray[np.bool_],
    repeated: NDArray[np.bool_],
    text_of: Ints,
    count: Ints,
) -> Floats:
    """Return how a text is written: length, capitals, marks, emoji, stretched words, digits."""
    total = len(count)

    def tally(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
        return np.bincount(text_of[mask], minlength=total).astype(np.float64)

    letters = np.maximum(tally(kind == _WORD), 1)
    features = np.stack(
        [
            np.log1p(count) / 3,
            (count <= 3).astype(np.float64),
            tally(upper) / letters,
            np.log1p(tally(raw == ord("!"))),
            np.log1p(tally(raw == ord("?"))),
            np.log1p(tally((kind == _SYMBOL) & (raw > 0x2190))),
            np.log1p(tally(repeated)),
            np.log1p(tally((raw >= ord("0")) & (raw <= ord("9")))) / 2,
        ],
        axis=1,
    )
    return features.astype(np.float32)
