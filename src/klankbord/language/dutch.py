"""Noun phrases of Dutch texts, in a form that can stand in a label."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

MAX_WORDS = 4
_BATCH = 64
_NAMING = frozenset(("NOUN", "ADJ", "VERB"))  # a VERB here is a participle; no owner's name


@dataclass(frozen=True)
class NounPhrase:
    """A noun with what stands before it: as written, bare, and as a label.

    "de lange wachttijden" is bare "lange wachttijden" (without determiner, pronoun or number, at
    most four words) and has the label "lange wachttijd", the noun in its dictionary form. That
    form can be wrong for a noun the pipeline never saw. `start` and `end` (exclusive) count code
    points of `text` in its context.
    """

    text: str
    bare: str
    label: str
    start: int
    end: int


def noun_phrases(nlp: Any, texts: Sequence[str]) -> list[list[NounPhrase]]:  # noqa: ANN401
    """Return the noun phrases of each text; `nlp` is the Dutch spaCy pipeline."""
    return [
        [phrase for chunk in doc.noun_chunks if (phrase := _phrase(chunk)) is not None]
        for doc in nlp.pipe(texts, batch_size=_BATCH, disable=["tagger"])
    ]


class NounPhrases:
    """`noun_phrases` of a pipeline that is loaded when the first text comes."""

    def __init__(self, load: Callable[[], Any]) -> None:
        self._load = load
        self._nlp: Any = None

    def __call__(self, texts: Sequence[str]) -> list[list[NounPhrase]]:
        """Return the noun phrases of each text."""
        if self._nlp is None:
            self._nlp = self._load()
        return noun_phrases(self._nlp, texts)


def _phrase(chunk: Any) -> NounPhrase | None:  # noqa: ANN401
    """Return a chunk as a phrase; None where no noun is left to name."""
    noun = chunk[-1]
    if noun.pos_ not in ("NOUN", "PROPN") or not any(letter.isalpha() for letter in noun.text):
        return None
    before = [token.text.lower() for token in _naming(chunk[:-1])[-(MAX_WORDS - 1) :]]
    own_name = noun.pos_ == "PROPN"
    written, lemma = (word if own_name else word.lower() for word in (noun.text, noun.lemma_))
    bare, label = (" ".join([*before, word]) for word in (written, lemma))
    return NounPhrase(chunk.text, bare, label, chunk.start_char, chunk.end_char)


def _naming(tokens: Iterable[Any]) -> list[Any]:
    """Return the tokens behind the last one that names nothing: determiner, number, comma."""
    kept: list[Any] = []
    for token in tokens:
        kept = [*kept, token] if token.pos_ in _NAMING else []
    return kept
