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
from functools import cache, lru_cache
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from klankbord.errors import SettingsError
from klankbord.language.own_words import listed, longest_stretch, owners, without_borrowed, words
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
_NO_WORDS = re.compile(rf"{PLACEHOLDER.pattern}|(?<!\S)(?:https?://|www\.|[^\s@]++@)\S++|[\d_]+")


class Reading(NamedTuple):
    """What one text is in: its language, null where unclear, and a second one where it mixes."""

    language: str | None
    second: str | None


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

    def identify(self, feedback: pa.Table) -> pa.Table:
        """Fill `language` and `second_language` where they are null; "" stays without.

        What a source said itself is left as it is. Raises SettingsError for a language the
        identifier does not know.
        """
        texts = feedback.column("verbatim").to_pylist()
        given = feedback.column("language").to_pylist()
        sources = feedback.column("source").to_pylist()
        asked = self._questions(feedback.column("question"), sources)
        known = set(self._languages)
        unread = {text for text, own in zip(texts, given, strict=True) if own in (None, *known)}
        readings = {text: read(text, self._languages) for text in unread if text}
        found = [
            own or (readings[text].language if text else None)
            for text, own in zip(texts, given, strict=True)
        ]
        for source, language in zip(sources, found, strict=True):
            if language is not None:
                self._clear[source][language] += 1
        usual = {source: self._usual(source) for source in set(sources)}
        for row, text in enumerate(texts):
            if found[row] is None and text:
                found[row] = asked[row] or usual[sources[row]]
        seconds = [
            _other(readings[text], language) if text in readings else None
            for text, language in zip(texts, found, strict=True)
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


def read(
    text: str,
    languages: tuple[str, ...],
    *,
    sure: float = MIN_PROBABILITY,
    fewest: int = MIN_WORDS,
) -> Reading:
    """Return what the words of `text` alone say: at least `fewest`, and with that probability."""
    plain = _NO_WORDS.sub(" ", text[:_READ])
    spoken = words(plain)
    if min(len(spoken), len(plain.split(maxsplit=fewest))) < fewest:  # "n.v.t." is one
        return Reading(None, None)
    count = _own_words(spoken, languages)
    if len(count) > 1:
        plain = without_borrowed(plain)
        count = _own_words(words(plain), languages)
    if len(count) == 1 and max(count.values()) >= _PLENTY:
        return Reading(next(iter(count)), None)
    chances = _chances(plain, languages, count)
    language = max(chances, key=lambda code: chances[code])
    second = _second(plain, language, languages) if len(count) > 1 else None
    clear = second is not None or chances[language] >= sure
    return Reading(language if clear else None, second)


def _own_words(spoken: Sequence[str], languages: tuple[str, ...]) -> Counter[str]:
    """Count the words that belong to one of `languages` only; none where a list is missing."""
    if not listed(languages):
        return Counter()
    return Counter(language for language in owners(spoken) if language in languages)


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
            chance = _chances(clause, languages, Counter(filter(None, inside)))[other]
            if chance >= _CLAUSE:
                return other
    return None


def _chances(text: str, languages: tuple[str, ...], count: Mapping[str, int]) -> dict[str, float]:
    """Return the probability of each language, its own words weighed in."""
    ranked = identifier(languages).rank(text[:_LONGEST])
    weights = {
        str(language): math.log(chance + 1e-9) + _OWN_WORD * count.get(language, 0)
        for language, chance in ranked
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


@cache
def identifier(languages: tuple[str, ...]) -> Any:  # noqa: ANN401 - py3langid has no types
    """Return py3langid limited to `languages`; SettingsError for one it does not know."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    found = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    known = sorted(label for label in found.labels if len(label) == 2)
    unknown = [language for language in languages if language not in known]
    if unknown:
        raise SettingsError(
            f"languages holds '{unknown[0]}', which the language identifier does not know",
            hint=f"known: {', '.join(known)}",
        )
    found.set_languages(list(languages))
    return found
