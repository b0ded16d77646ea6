"""Words and two-word terms that may name a theme, and the term matrix they form.

A term is a content word or two adjacent ones, or an opener and a content word ("niet
bereikbaar"). Out: stop words, judgements (`wording.toml`), numbers, and names.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from klankbord.language.stop_words import stop_words
from klankbord.resources import toml_beside
from klankbord.themes.tokens import Tokens, tokens

_WORD_PATTERN = r"[^\W\d_]+(?:['’-][^\W\d_]+)*"
_WORD = re.compile(_WORD_PATTERN)
_TAG = re.compile(r"<[^<>]{0,200}>|https?://\S+|www\.\S+|[^\s@]{1,64}@\S+")
_SENTENCE_END = '.!?…:;"“”\n'
_NOUNS_TAKE_CAPITALS = "de"
MIN_LETTERS = 3
MIN_LOWER_CASE_SHARE = 0.25  # below this a word mid-sentence is taken for a name
MIN_DETERMINED_SHARE = 0.06
VERB_FITNESS = 0.4
GENERAL_FITNESS = 0.2
GENERAL_SHARE = 0.015  # of all texts
GENERAL_SPREAD = 0.5  # of the groups hold it at least half as often as all texts do
UBIQUITOUS_SHARE, UBIQUITOUS_SPREAD = 0.10, 0.3  # the same for words in one text out of ten
_MIN_GROUP = 30
_MIN_GROUPS = 4
_SHARED_STEM = 5
_ENDING = re.compile(r"(?:'s|e?tjes?|jes?|s|en|e)$")
_LONG_VOWEL = re.compile(r"([aeou])\1")  # betaal, betalen
_DEVOICED = str.maketrans("zv", "sf")  # prijs, prijzen


@dataclass(frozen=True)
class Openers:
    """Stop words that may open a two-word term, with the endings each refuses after it."""

    refuse: dict[str, tuple[str, ...]]

    def join(self, first: str, second: str) -> bool:
        """Tell whether `first second` is a term."""
        endings = self.refuse.get(first)
        return endings is not None and not (endings and second.endswith(endings))


@dataclass(frozen=True)
class Terms:
    """Which of `texts` holds which term: `matrix` is binary, texts x names, CSR float32."""

    names: tuple[str, ...]
    matrix: Any
    fitness: np.ndarray  # 0 … 1 per term: how well its kind of word names a subject

    def count(self, texts: np.ndarray | None = None) -> np.ndarray:
        """Return how many texts hold each term: all, or where a boolean is set."""
        counted = np.ones(self.matrix.shape[0]) if texts is None else texts
        return np.asarray(counted.astype(np.float32) @ self.matrix, dtype=np.float64)


@cache
def openers() -> Openers:
    """Return the openers of `wording.toml`."""
    entries = _wording()["openers"]
    return Openers({word: tuple(entry["refuse"]) for word, entry in entries.items()})


@cache
def silent() -> frozenset[str]:
    """Return the words of `wording.toml` that judge or fill and name nothing."""
    return frozenset(word for entry in _wording()["silent"].values() for word in entry.split())


@cache
def flattering() -> frozenset[str]:
    """Return the words of `wording.toml` that name nothing in praise."""
    return frozenset(word for entry in _wording()["flattering"].values() for word in entry.split())


@cache
def excluded() -> frozenset[str]:
    """Return the words that cannot stand in a term by themselves."""
    return silent() | stop_words()


def _wording() -> dict[str, Any]:
    return toml_beside(__package__, "wording.toml")


def content_key(text: str) -> str:
    """Return what makes a text the same complaint as another: its words, sorted, once each.

    Case, punctuation, numbers, emoji and word order do not count; "" when there are no words.
    """
    words = _WORD.findall(_without_tags(text.casefold()))
    return " ".join(sorted(set(words)))


def words_of(text: str) -> list[str]:
    """Return the words of a text, case folded, as terms are made of them."""
    return _WORD.findall(_without_tags(text).replace("’", "'").casefold())


def word_tokens(texts: Sequence[str]) -> Tokens:
    """Return the `words_of` many texts."""
    bare = [_without_tags(text).replace("’", "'").casefold() for text in texts]
    return tokens(bare, _WORD_PATTERN)


def term_matrix(
    texts: Sequence[str], languages: Sequence[str | None], *, min_texts: int = 3
) -> Terms:
    """Return the terms that stand in at least `min_texts` of `texts`, in alphabetical order."""
    from scipy import sparse

    per_text: list[list[str]] = []
    usage = _Usage()
    for text, language in zip(texts, languages, strict=True):
        per_text.append(_candidates(text, usage, language == _NOUNS_TAKE_CAPITALS))
    frequency = Counter(term for terms in per_text for term in terms)
    barred = usage.names()
    kept = sorted(
        term
        for term, count in frequency.items()
        if count >= min_texts and barred.isdisjoint(term.split(" "))
    )
    column = {term: place for place, term in enumerate(kept)}
    columns = [sorted(column[term] for term in terms if term in column) for terms in per_text]
    pointers = np.concatenate([[0], np.cumsum([len(found) for found in columns])])
    indices = np.fromiter((place for found in columns for place in found), dtype=np.int32)
    matrix = sparse.csr_matrix(
        (np.ones(len(indices), dtype=np.float32), indices, pointers),
        shape=(len(texts), len(kept)),
    )
    return Terms(tuple(kept), matrix, np.array([usage.fitness(term) for term in kept]))


def demote_general(terms: Terms, group: np.ndarray) -> Terms:
    """Lower the fitness of words that say nothing in this company: frequent in most groups.

    `group` is the code of each text. For a meal deliverer "eten" and "restaurant" are such words,
    for a telecom company "telefoon" is.
    """
    groups = [group == code for code in np.unique(group) if (group == code).sum() >= _MIN_GROUP]
    if len(groups) < _MIN_GROUPS:
        return terms
    overall = np.asarray(terms.matrix.mean(axis=0)).ravel()
    shares = np.vstack([np.asarray(terms.matrix[rows].mean(axis=0)).ravel() for rows in groups])
    spread = (shares >= overall / 2).mean(axis=0)
    general = (overall >= GENERAL_SHARE) & (spread >= GENERAL_SPREAD)
    general |= (overall >= UBIQUITOUS_SHARE) & (spread >= UBIQUITOUS_SPREAD)
    return replace(terms, fitness=np.where(general, GENERAL_FITNESS * terms.fitness, terms.fitness))


class _Usage:
    """How a word is used: with a capital mid-sentence or without, and after a determiner."""

    def __init__(self) -> None:
        verbs = _wording()["verbs"]
        self._determiners = frozenset(verbs["determiners"].split())
        self._participle = re.compile(verbs["participle"])
        self._endings = tuple(verbs["endings"])
        self._determined: Counter[str] = Counter()
        self._count: Counter[str] = Counter()
        self._lower: Counter[str] = Counter()
        self._capital: Counter[str] = Counter()
        self._may_name: dict[str, bool] = {}

    def add(
        self, word: str, folded: str, previous: str, *, starts: bool, capital_is_usual: bool
    ) -> None:
        self._count[folded] += 1
        if previous in self._determiners:
            self._determined[folded] += 1
        if word[0].islower() or (capital_is_usual and word[0].isupper()):
            self._lower[folded] += 1
        elif not starts and not (len(word) > 1 and word.isupper()):
            self._capital[folded] += 1

    def may_name(self, word: str) -> bool:
        """Tell whether a folded word can stand in a term by itself; "neeee" cannot."""
        if word not in self._may_name:
            stutters = re.search(r"(.)\1\1", word) is not None
            fit = len(word) >= MIN_LETTERS and word not in excluded() and not stutters
            self._may_name[word] = fit
        return self._may_name[word]

    def names(self) -> set[str]:
        return {
            word
            for word in self._count
            if self._lower[word] <= MIN_LOWER_CASE_SHARE * (self._lower[word] + self._capital[word])
        }

    def fitness(self, term: str) -> float:
        first, _, last = term.rpartition(" ")
        if first in openers().refuse:
            return 1.0
        built = self._participle.match(last) or last.endswith(self._endings)
        determined = self._determined[last] > MIN_DETERMINED_SHARE * self._count[last]
        return VERB_FITNESS if built and not determined else 1.0


def _candidates(text: str, usage: _Usage, capital_is_usual: bool) -> list[str]:
    opens = openers()
    text = _without_tags(text).replace("’", "'")
    found: dict[str, None] = {}
    previous, previous_end, previous_content = "", -1, False
    for match in _WORD.finditer(text):
        word = match.group()
        folded = word.casefold()
        between = text[max(previous_end, 0) : match.start()]
        starts = previous_end < 0 or (
            between != " " and any(sign in _SENTENCE_END for sign in between)
        )
        before = "" if starts else previous
        usage.add(word, folded, before, starts=starts, capital_is_usual=capital_is_usual)
        content = usage.may_name(folded)
        if content:
            found[folded] = None
            adjacent = previous_end >= 0 and between.isspace()
            if adjacent and (previous_content or opens.join(previous, folded)):
                found[f"{previous} {folded}"] = None
        previous, previous_end, previous_content = folded, match.end(), content
    return list(found)


def _without_tags(text: str) -> str:
    signs = "<" in text or "@" in text or "://" in text or "www." in text
    return _TAG.sub(" ", text) if signs else text


def overlap(left: str, right: str) -> bool:
    """Tell whether two terms share a word or a stem ("bezorgd" and "bezorger")."""
    return any(_same_stem(a, b) for a in left.split(" ") for b in right.split(" "))


def _same_stem(left: str, right: str) -> bool:
    if left in openers().refuse or right in openers().refuse:
        return False
    short, long = sorted((_stem(left), _stem(right)), key=len)
    if len(short) < _SHARED_STEM - 1:
        return short == long or (long.startswith(short) and len(long) - len(short) <= 2)
    return long.startswith(short[:_SHARED_STEM]) or short in long


def _stem(word: str) -> str:
    """Return a word without its Dutch ending, as a key to compare by, not to show."""
    bare = _ENDING.sub("", word) if len(word) > _SHARED_STEM - 1 else word
    return _LONG_VOWEL.sub(r"\1", bare).translate(_DEVOICED)
