"""Hashed word and character n-grams of many texts at once, each tied to the word it lies in.

All texts are laid end to end as one array of code points; the hash of any window is a difference
of two prefix sums modulo 2**64, so that no text, word or n-gram becomes a Python object.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Hashes = NDArray[np.uint64]

BUCKET_BITS = 18
STYLE_FEATURES = 8
_CHARACTER_NGRAMS = (2, 3, 4, 5)
_BASE = np.uint64(0x9E3779B97F4A7C15 | 1)
_INVERSE = np.uint64(pow(0x9E3779B97F4A7C15 | 1, -1, 2**64))
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
    """Every n-gram occurrence: its text, the token it begins in, its bucket and its weight."""

    text: Ints
    token: Ints  # index into `tokens`
    bucket: Ints
    weight: NDArray[np.float32]  # 1 / sqrt(occurrences of the family in the text)
    tokens: Tokens
    style: NDArray[np.float32]  # (n_texts, STYLE_FEATURES)


def extract(texts: Sequence[str], *, salt: int = 0, characters: bool = True) -> Ngrams:
    """Return word 1- and 2-grams (one word may lie between) and character 2-5-grams of `texts`.

    `salt` keeps the buckets of one field (the question) apart from those of another.
    """
    normal = [unicodedata.normalize("NFC", text).replace("\n", " ") for text in texts]
    raw = np.frombuffer("\n".join([*normal, ""]).encode("utf-32-le"), dtype="<u4").astype(np.int64)
    lower, kind, upper = _classes(raw)
    text_of = np.cumsum(raw == 10) - (raw == 10)
    starts_of_text = np.concatenate(([0], np.flatnonzero(raw == 10)[:-1] + 1)).astype(np.int64)
    repeated = _repeats(lower, kind)
    begin = (kind != _OTHER) & np.concatenate(
        ([True], (kind[1:] != kind[:-1]) | (kind[1:] == _SYMBOL))
    )
    first = np.flatnonzero(begin)
    inside = kind != _OTHER
    token_at = np.cumsum(begin) - 1
    length = np.bincount(token_at[inside], minlength=len(first)).astype(np.int64)
    token_text = text_of[first] if len(first) else np.zeros(0, dtype=np.int64)
    count = np.bincount(token_text, minlength=len(texts)).astype(np.int64)
    offset = first - starts_of_text[token_text] if len(first) else first
    tokens = Tokens(token_text, offset, offset + length, count)

    kept = np.flatnonzero(inside & ~repeated)
    words = _word_hashes(lower[kept], token_at[kept], len(first)) + _mixed_scalar(salt)
    families = [_singles(words), _pairs(words, token_text, 1), _pairs(words, token_text, 2)]
    if characters:
        families += _windows(lower[kept], token_at[kept], kind[first], len(first), salt)
    text, token, bucket, weight = [], [], [], []
    sizes = (1, 2, len(families) - 3)  # words, pairs and characters are each scaled together
    position = 0
    for size in sizes:
        members = families[position : position + size]
        position += size
        if not members:
            continue
        where = np.concatenate([member[0] for member in members])
        rows = token_text[where]
        per_text = np.bincount(rows, minlength=len(texts))
        text.append(rows)
        token.append(where)
        bucket.append(_bucket(np.concatenate([member[1] for member in members])))
        weight.append(1 / np.sqrt(np.maximum(per_text[rows], 1)))
    return Ngrams(
        np.concatenate(text),
        np.concatenate(token),
        np.concatenate(bucket),
        np.concatenate(weight).astype(np.float32),
        tokens,
        _style(raw, kind, upper, repeated, text_of, count),
    )


def _classes(raw: Ints) -> tuple[Ints, Ints, NDArray[np.bool_]]:
    """Return lower-cased code points (digits as 0), their class, and which were upper case."""
    points, where = np.unique(raw, return_inverse=True)
    lower, kind, upper = points.copy(), np.zeros_like(points), np.zeros(len(points), dtype=bool)
    for index, point in enumerate(points.tolist()):
        character = chr(point)
        small = character.lower()
        upper[index] = small != character and character.isupper()
        if character.isdigit():
            lower[index], kind[index] = ord("0"), _WORD
        elif character.isalpha():
            lower[index] = ord(small) if len(small) == 1 else point
            kind[index] = _WORD
        elif character in _SYMBOLS or unicodedata.category(character) in ("So", "Sk", "Sm"):
            kind[index] = _SYMBOL
    return lower[where], kind[where], upper[where]


def _repeats(lower: Ints, kind: Ints) -> NDArray[np.bool_]:
    """Mark the third and later of equal letters in a row ("suuuuper" counts as "suuper")."""
    marks = np.zeros(len(lower), dtype=bool)
    letters = (kind == _WORD) & (lower != ord("0"))
    if len(lower) > 2:
        marks[2:] = letters[2:] & (lower[2:] == lower[1:-1]) & (lower[2:] == lower[:-2])
    return marks


def _powers(size: int, base: np.uint64) -> Hashes:
    powers = np.full(size, base, dtype=np.uint64)
    if size:
        powers[0] = 1
    return np.cumprod(powers, dtype=np.uint64)


def _mix(values: Hashes) -> Hashes:
    values = (values ^ (values >> np.uint64(30))) * _MIX_1
    values = (values ^ (values >> np.uint64(27))) * _MIX_2
    return values ^ (values >> np.uint64(31))


def _mixed_scalar(value: int) -> np.uint64:
    return np.uint64(_mix(np.array([value], dtype=np.uint64))[0])


def _bucket(values: Hashes) -> Ints:
    return (_mix(values) >> np.uint64(64 - BUCKET_BITS)).astype(np.int64)


def _prefix(codes: Ints) -> Hashes:
    mixed = _mix(codes.astype(np.uint64) + np.uint64(1)) * _powers(len(codes), _BASE)
    return np.concatenate((np.zeros(1, dtype=np.uint64), np.cumsum(mixed, dtype=np.uint64)))


def _word_hashes(codes: Ints, token: Ints, tokens: int) -> Hashes:
    """Return one hash per token from its code points, wherever in the array it stands."""
    prefix = _prefix(codes)
    start = np.searchsorted(token, np.arange(tokens), side="left")
    end = np.searchsorted(token, np.arange(tokens), side="right")
    inverse = _powers(len(codes) + 1, _INVERSE)
    return _mix((prefix[end] - prefix[start]) * inverse[start])


def _singles(words: Hashes) -> tuple[Ints, Hashes]:
    return np.arange(len(words), dtype=np.int64), words


def _pairs(words: Hashes, text: Ints, gap: int) -> tuple[Ints, Hashes]:
    """Return hashes of tokens `gap` apart inside one text, at the first of the two."""
    if len(words) <= gap:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.uint64)
    where = np.flatnonzero(text[gap:] == text[:-gap])
    hashes = _mix(words[where] * _MIX_1 + words[where + gap]) + _mixed_scalar(100 + gap)
    return where, hashes


def _windows(
    codes: Ints, token: Ints, kind: Ints, tokens: int, salt: int
) -> list[tuple[Ints, Hashes]]:
    """Return the character n-grams of every word with its edges, one family per length."""
    is_word = kind == _WORD
    keep = is_word[token] if len(token) else np.zeros(0, dtype=bool)
    codes, token = codes[keep], token[keep]
    letters = np.bincount(token, minlength=tokens)
    padded = np.where(is_word, letters + 2, 0)
    ends = np.cumsum(padded)
    total = int(ends[-1]) if tokens else 0
    owner = np.repeat(np.arange(tokens), padded)
    line = np.full(total, _EDGE, dtype=np.int64)
    within = np.arange(len(codes)) - (np.cumsum(letters) - letters)[token]
    line[(ends - padded)[token] + 1 + within] = codes
    prefix, inverse = _prefix(line), _powers(total + 1, _INVERSE)
    families = []
    for size in _CHARACTER_NGRAMS:
        if total < size:
            families.append((np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.uint64)))
            continue
        start = np.flatnonzero(owner[size - 1 :] == owner[: total - size + 1])
        hashes = _mix((prefix[start + size] - prefix[start]) * inverse[start])
        families.append((owner[start], hashes + _mixed_scalar(1000 + 16 * salt + size)))
    return families


def _style(
    raw: Ints,
    kind: Ints,
    upper: NDArray[np.bool_],
    repeated: NDArray[np.bool_],
    text_of: Ints,
    count: Ints,
) -> NDArray[np.float32]:
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
