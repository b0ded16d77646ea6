"""How a term stands in a label: as the noun phrase that Dutch customers use it in."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Container, Mapping, Sequence

import numpy as np

from klankbord.language.dutch import NounPhrase
from klankbord.themes.words import openers, silent, words_of

MAX_TEXTS = 150  # parsed per theme: a parse costs far more than counting words
MIN_NOUN_SHARE = 0.5  # of the texts with a term, that use it in a noun phrase
MIN_PHRASE_TEXTS = 3
_PHRASE_SHARE = 0.35  # of those texts, that use it in one and the same phrase
_DUTCH = "nl"

Phrases = Callable[[Sequence[str]], list[list[NounPhrase]]]
Forms = Callable[[np.ndarray, Sequence[str]], Mapping[str, str]]  # rows, terms -> term: label form


def subject_forms(
    texts: Sequence[str],
    languages: Sequence[str | None],
    known: Container[str],
    phrases: Phrases | None,
) -> Forms:
    """Return a function that gives the label forms of terms in some of `texts`.

    It reads at most `MAX_TEXTS` of the Dutch texts that hold one of the terms. `known` are
    the words that customers write.
    """

    def forms(rows: np.ndarray, terms: Sequence[str]) -> Mapping[str, str]:
        if phrases is None:
            return {}
        held = [
            texts[row] for row in rows if languages[row] == _DUTCH and _holds_any(texts[row], terms)
        ]
        read = held[:: max(1, math.ceil(len(held) / MAX_TEXTS))]
        return label_forms(terms, read, phrases(read), known) if read else {}

    return forms


def label_forms(
    terms: Sequence[str],
    texts: Sequence[str],
    phrases: Sequence[Sequence[NounPhrase]],
    known: Container[str],
) -> dict[str, str]:
    """Return the label form of each term that `texts` use in noun phrases.

    "wachttijden" is "lange wachttijd" where most say so, else "wachttijd". A dictionary form that
    no customer writes may be a mistake ("factuar"), so then the noun stays as most write it. A
    term that opens with a negation ("geen reactie") says more than its noun and stays as it is.
    """
    found: dict[str, str] = {}
    padded = [_padded(text) for text in texts]
    for term in terms:
        if term.partition(" ")[0] in openers().refuse:
            found[term] = term
            continue
        holding = [row for row, words in enumerate(padded) if f" {term} " in words]
        uses = [
            [one for one in phrases[row] if f" {term} " in _padded(one.text)] for row in holding
        ]
        if sum(map(bool, uses)) < max(1, MIN_NOUN_SHARE * len(holding)):
            continue
        full = Counter(label for use in uses for label in {_shown(one, known) for one in use})
        label, count = _most_common(full)
        if count >= max(MIN_PHRASE_TEXTS, _PHRASE_SHARE * len(holding)):
            found[term] = label
        elif " " not in term:
            heads = [one for use in uses for one in use if _padded(one.text).endswith(f" {term} ")]
            nouns = Counter(_shown(one, known).rpartition(" ")[2] for one in heads)
            found[term] = _most_common(nouns)[0] if nouns else term
    return found


def _shown(phrase: NounPhrase, known: Container[str]) -> str:
    """Return a phrase as a label shows it, without judgements: "slechte verbinding"."""
    *before, noun = phrase.bare.split(" ")
    lemma = phrase.label.rpartition(" ")[2]
    kept = [word for word in before if word not in silent()]
    return " ".join([*kept, lemma if lemma.casefold() in known else noun])


def _most_common(counts: Counter[str]) -> tuple[str, int]:
    return max(counts.items(), key=lambda item: (item[1], item[0]))


def _padded(text: str) -> str:
    """Return the words of a text with a space around each, so that `" a b "` finds a term."""
    return f" {' '.join(words_of(text))} "


def _holds_any(text: str, terms: Sequence[str]) -> bool:
    padded = _padded(text)
    return any(f" {term} " in padded for term in terms)
