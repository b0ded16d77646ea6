"""Language identification limited to the languages a company expects.

py3langid reads the text; words that belong to one language only (`own_words.toml`) are weighed in
where that language is known, and two of them without a word of another are enough. The numbers
were chosen on the development lines of FLORES; `scripts/evaluate_language.py` measures on others.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from klankbord.language.likelihood import likelihoods
from klankbord.language.own_words import (
    longest_stretch,
    own_words,
    owners,
    without_borrowed,
    words,
)
from klankbord.language.segmentation import split
from klankbord.placeholders import PLACEHOLDER

MIN_WORDS = 3
MIN_PROBABILITY = 0.80
FALLBACK = "nl"
_OWN_WORD = 2.0  # what one word of a language's own adds to its log probability
_PLENTY = 2  # own words of one language, and none of another, that need no identifier
_STRETCH = 2  # own words of another language in one stretch that make a text mixed
_CLAUSE = 0.90  # or a clause that the identifier gives this chance to be in it
_LONGEST = 300  # characters the identifier reads
_READ = 10_000  # characters in which words are looked up
_SIGNS = re.compile(r"[\d_@‹/]|www\.")  # without these there are no _NO_WORDS
_NO_WORDS = re.compile(rf"{PLACEHOLDER.pattern}|(?<!\S)(?:https?://|www\.|[^\s@]++@)\S++|[\d_]+")


class Reading(NamedTuple):
    """What one text is in: its language, null where unclear, and a second one where it mixes."""

    language: str | None
    second: str | None


Readings: TypeAlias = Sequence[Reading | None]  # of rows; None: not read


class Identifier:
    """Fills the language of one file's rows, batch after batch.

    A text under three words, or one that is less than 80 % sure, takes the majority language of
    its source: "prima" alone says nothing. That is the one in `majority` (source -> ISO 639-1,
    as known from before), else that of the clear rows of the source so far, its own batch
    included, else Dutch or the first of `languages`. Where a source asks its questions in several
    languages, the language of the question comes first.
    """

    def __init__(self, languages: Sequence[str], majority: Mapping[str, str] | None = None) -> None:
        self._languages = tuple(languages)
        self._majority = {
            source: language
            for source, language in (majority or {}).items()
            if language in self._languages
        }
        self._clear: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._asked: defaultdict[str, set[str]] = defaultdict(set)

    def identify(self, feedback: pa.Table, known: Readings | None = None) -> pa.Table:
        """Fill `language` and `second_language` where they are null; "" stays without.

        What a source said itself is left as it is. `known` are the `readings` of these rows, where
        they were taken before. Raises SettingsError for a language the identifier does not know.
        """
        read = readings(feedback, self._languages) if known is None else known
        texts = feedback.column("verbatim").to_pylist()
        given = feedback.column("language").to_pylist()
        sources = feedback.column("source").to_pylist()
        asked = self._questions(feedback.column("question"), sources)
        found = [
            own or (reading.language if reading else None)
            for reading, own in zip(read, given, strict=True)
        ]
        for source, language in zip(sources, found, strict=True):
            if language is not None:
                self._clear[source][language] += 1
        usual = {source: self._usual(source) for source in set(sources)}
        for row, text in enumerate(texts):
            if found[row] is None and text:
                found[row] = asked[row] or usual[sources[row]]
        seconds = [
            _other(reading, language) if reading else None
            for reading, language in zip(read, found, strict=True)
        ]
        return _filled(_filled(feedback, "language", found), "second_language", seconds)

    def _questions(self, questions: pa.ChunkedArray, sources: list[str]) -> list[str | None]:
        """Return the language of each question; None where its source asks in one only."""
        spoken = [_question_language(asked, self._languages) for asked in questions.to_pylist()]
        for source, language in set(zip(sources, spoken, strict=True)):
            if language is not None:
                self._asked[source].add(language)
        return [
            language if len(self._asked[source]) > 1 else None
            for source, language in zip(sources, spoken, strict=True)
        ]

    def _usual(self, source: str) -> str:
        """Return the majority language of a source; on a tie the first by code."""
        if source in self._majority:
            return self._majority[source]
        if clear := self._clear[source]:
            return min(clear, key=lambda code: (-clear[code], code))
        return FALLBACK if FALLBACK in self._languages else self._languages[0]


def identify(feedback: pa.Table, languages: Sequence[str]) -> pa.Table:
    """Fill the languages of a table that is a whole file; see `Identifier`."""
    return Identifier(languages).identify(feedback)


def readings(feedback: pa.Table, languages: Sequence[str]) -> Readings:
    """Return what each verbatim says, None where there is none or its language is no other's.

    That depends on nothing but the row: which language the others are in comes after it.
    """
    texts = feedback.column("verbatim").to_pylist()
    given = feedback.column("language").to_pylist()
    known = {None, *languages}
    unread = list(
        dict.fromkeys(text for text, own in zip(texts, given, strict=True) if text and own in known)
    )
    found = dict(zip(unread, read_all(unread, tuple(languages)), strict=True))
    return [
        found[text] if text and own in known else None
        for text, own in zip(texts, given, strict=True)
    ]


def read(
    text: str,
    languages: tuple[str, ...],
    *,
    sure: float = MIN_PROBABILITY,
    fewest: int = MIN_WORDS,
) -> Reading:
    """Return what the words of `text` alone say: at least `fewest`, and with that probability."""
    (reading,) = read_all([text], languages, sure=sure, fewest=fewest)
    return reading


def read_all(
    texts: Sequence[str],
    languages: tuple[str, ...],
    *,
    sure: float = MIN_PROBABILITY,
    fewest: int = MIN_WORDS,
) -> list[Reading]:
    """Return what `read` does of each text; the identifier reads them together."""
    told = [_told(text, languages, fewest) for text in texts]
    unclear = [each for each in told if isinstance(each, _Unclear)]
    chances = iter(_chances(unclear, languages))
    return [
        each.reading(next(chances), languages, sure) if isinstance(each, _Unclear) else each
        for each in told
    ]


class _Unclear(NamedTuple):
    """A text whose words do not settle what it is in, and how many each language has of them."""

    text: str
    own: Mapping[str, int]

    def reading(
        self, chances: Mapping[str, float], languages: tuple[str, ...], sure: float
    ) -> Reading:
        language = max(chances, key=lambda code: chances[code])
        second = _second(self.text, language, languages) if len(self.own) > 1 else None
        clear = second is not None or chances[language] >= sure
        return Reading(language if clear else None, second)


def _told(text: str, languages: tuple[str, ...], fewest: int) -> Reading | _Unclear:
    """Return what the words say that belong to one language only."""
    plain = text[:_READ]
    if _SIGNS.search(plain):
        plain = _NO_WORDS.sub(" ", plain)
    spoken = words(plain)
    if min(len(spoken), len(plain.split(maxsplit=fewest))) < fewest:  # "n.v.t." is one
        return Reading(None, None)
    count = Counter(own_words(spoken, languages))
    if len(count) > 1:
        plain = without_borrowed(plain)
        count = Counter(own_words(words(plain), languages))
    if len(count) == 1 and max(count.values()) >= _PLENTY:
        return Reading(next(iter(count)), None)
    return _Unclear(plain, count)


def _second(text: str, main: str, languages: tuple[str, ...]) -> str | None:
    """Return the language of a stretch or a clause that is not in `main`."""
    found = owners(words(text))
    stretch = {code: longest_stretch(found, main, code) for code in languages if code != main}
    other = max(stretch, key=lambda code: (stretch[code], code))
    if stretch[other] >= _STRETCH:
        return other
    if not stretch[other]:
        return None
    for start, end in split(text[:_LONGEST]):
        clause = text[start:end]
        inside = owners(words(clause))
        if len(inside) > 1 and other in inside and main not in inside:
            said = _Unclear(clause, Counter(filter(None, inside)))
            if _chances([said], languages)[0][other] >= _CLAUSE:
                return other
    return None


def _chances(texts: Sequence[_Unclear], languages: tuple[str, ...]) -> list[dict[str, float]]:
    """Return for each text the probability of each language, its own words weighed in."""
    if not texts:
        return []
    found = likelihoods([each.text[:_LONGEST] for each in texts], languages)
    return [_weighed(chances, each.own) for chances, each in zip(found, texts, strict=True)]


def _weighed(chances: Mapping[str, float], count: Mapping[str, int]) -> dict[str, float]:
    weights = {
        language: math.log(chance + 1e-9) + _OWN_WORD * count.get(language, 0)
        for language, chance in chances.items()
    }
    most = max(weights.values())
    powers = {language: math.exp(weight - most) for language, weight in weights.items()}
    total = sum(powers.values())
    return {language: power / total for language, power in powers.items()}


def _other(reading: Reading, language: str | None) -> str | None:
    """Return the language of a reading that is not the row's."""
    if reading.second is None:
        return None
    return reading.second if reading.second != language else reading.language


@lru_cache(maxsize=4096)
def _question_language(question: str | None, languages: tuple[str, ...]) -> str | None:
    return read(question, languages).language if question else None


def _filled(feedback: pa.Table, name: str, found: list[str | None]) -> pa.Table:
    if name not in feedback.schema.names:
        return feedback
    column = pc.coalesce(feedback.column(name), pa.array(found, pa.string()))
    return feedback.set_column(feedback.schema.get_field_index(name), name, column)
