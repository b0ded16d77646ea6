"""Dutch treebanks as spaCy documents: one set of conventions, and text as people type it."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from spacy.tokens import Doc
from spacy.training.converters import conllu_to_docs
from spacy.vocab import Vocab

OLD, NEW = "lassysmall_train_v2_0", ("lassysmall_dev", "lassysmall_test")
DEV, TEST = "alpino_dev", "alpino_test"
LICENCE = "CC BY-SA 4.0"
_ID, _FORM, _LEMMA, _POS, _TAG, _FEATURES, _, _RELATION = range(8)
_NO_TAG = "-"
_POSSESSIVES = {
    **dict.fromkeys(("zijn", "z'n", "haar", "hun"), "Person=3|Poss=Yes|PronType=Prs"),
    **dict.fromkeys(("je", "jouw", "uw", "jullie"), "Person=2|Poss=Yes|PronType=Prs"),
    **dict.fromkeys(("mijn", "m'n", "ons", "onze"), "Person=1|Poss=Yes|PronType=Prs"),
}
_ORDINAL = re.compile(r"(?i)^(?:eerst|[a-z]+(?:de|ste)|\d+(?:e|de|ste))e?$")
_RELATIONS = {"flat:name": "flat", "nsubj:outer": "nsubj", "csubj:outer": "csubj"}
_FINAL_SIGNS = ("!", "!!", "!!!", "...", "?", "😡", "👍", ":)")


@dataclass(frozen=True)
class Sentence:
    """One sentence of a treebank; heads count from its first word."""

    paragraph: str
    words: tuple[str, ...]
    spaces: tuple[bool, ...]
    tags: tuple[str, ...]  # "" where the treebank has none
    pos: tuple[str, ...]
    morphs: tuple[str, ...]
    lemmas: tuple[str, ...]
    heads: tuple[int, ...]
    deps: tuple[str, ...]

    @property
    def text(self) -> str:
        """The words with the spaces between them."""
        pairs = zip(self.words, self.spaces, strict=True)
        return "".join(word + " " * space for word, space in pairs).strip()


def read_treebank(path: Path) -> list[Sentence]:
    """Return the sentences of a CoNLL-U file, read by spaCy's own converter."""
    names, texts = [], []
    for block in path.read_text("utf-8").strip().split("\n\n"):
        lines = block.split("\n")
        name = next((line for line in lines if line.startswith(("# sent_id", "# wiki"))), "")
        names.append(name.rpartition(".s.")[0])
        rows = [_harmonised(line.split("\t")) for line in lines if not line.startswith("#")]
        texts.append("\n".join("\t".join(row) for row in rows))
    docs = conllu_to_docs("\n\n".join(texts), n_sents=1, no_print=True)
    return [
        Sentence(
            name,
            tuple(token.text for token in doc),
            tuple(bool(token.whitespace_) for token in doc),
            tuple("" if token.tag_ == _NO_TAG else token.tag_ for token in doc),
            tuple(token.pos_ for token in doc),
            tuple(str(token.morph) for token in doc),
            tuple(token.lemma_ for token in doc),
            tuple(token.head.i for token in doc),
            tuple(token.dep_ for token in doc),
        )
        for name, doc in zip(names, docs, strict=True)
    ]


def _harmonised(row: list[str]) -> list[str]:
    """Bring a row of the old release to the conventions of the new ones."""
    form, word = row[_FORM], row[_FORM].casefold()
    row[_TAG] = _NO_TAG if row[_TAG] == "_" else row[_TAG]
    row[_RELATION] = _RELATIONS.get(row[_RELATION], row[_RELATION])
    if row[_POS] == "DET" and word in _POSSESSIVES and row[_RELATION] == "det":
        row[_POS], row[_FEATURES], row[_RELATION] = "PRON", _POSSESSIVES[word], "nmod:poss"
    if row[_POS] == "NUM" and _ORDINAL.match(word):
        row[_POS], row[_FEATURES] = "ADJ", "_"
        row[_RELATION] = "amod" if row[_RELATION] == "nummod" else row[_RELATION]
    if word == "zich" and row[_RELATION] == "obj" and row[_TAG] == _NO_TAG:
        row[_RELATION] = "expl:pv"
    if word == "als" and row[_TAG] == _NO_TAG:
        row[_POS] = "SCONJ"
    features = [name.replace("=yes", "=Yes") for name in row[_FEATURES].split("|")]
    kept = [name for name in features if not name.startswith("ExtPos=")]
    row[_FEATURES] = "|".join(kept) or "_"
    row[_LEMMA] = plain_lemma(form, row[_LEMMA], row[_POS])
    return row


def plain_lemma(form: str, lemma: str, pos: str) -> str:
    """Return the dictionary form of one written word from a lemma of parts.

    "parlementsverkiezingen", "parlement_verkiezing": parlementsverkiezing. The particle of a
    verb counts only where it is in the word: "meedoen" but "(deed) mee".
    """
    if "_" not in lemma or "_" in form:
        return lemma
    parts = lemma.split("_")
    if not all(parts):
        return lemma
    if pos in ("VERB", "AUX"):
        with_particle = form.casefold().startswith(parts[0].casefold())
        return "".join(parts if with_particle else parts[1:])
    head, word = parts[-1], form.casefold()
    for letters in range(len(head), 1, -1):
        place = word.rfind(head[:letters].casefold())
        if place > 0:
            start = form[:place] if parts[0][0].isupper() else word[:place]
            return start + head
    return "".join(parts)


def paragraphs(sentences: Sequence[Sentence]) -> list[list[Sentence]]:
    """Return the sentences that follow each other in one paragraph together."""
    return [list(group) for _, group in groupby(sentences, key=lambda one: one.paragraph)]


def document(vocab: Vocab, sentences: Sequence[Sentence]) -> Doc:
    """Return sentences as one annotated document."""
    offset, heads, spaces = 0, [], []
    for sentence in sentences:
        heads += [head + offset for head in sentence.heads]
        spaces += [*sentence.spaces[:-1], True]
        offset += len(sentence.words)

    def joined(field: str) -> list[str]:
        return [value for sentence in sentences for value in getattr(sentence, field)]

    return Doc(
        vocab,
        words=joined("words"),
        spaces=spaces,
        tags=joined("tags"),
        pos=joined("pos"),
        morphs=joined("morphs"),
        lemmas=joined("lemmas"),
        heads=heads,
        deps=joined("deps"),
    )


def lower_cased(sentence: Sentence) -> Sentence:
    """Return the sentence without a capital."""
    return replace(
        sentence,
        words=tuple(word.lower() for word in sentence.words),
        lemmas=tuple(lemma.lower() for lemma in sentence.lemmas),
    )


def without_final_punctuation(sentence: Sentence) -> Sentence:
    """Return the sentence without the signs at its end, or as it is where they carry a word."""
    end = len(sentence.words)
    while end > 1 and sentence.pos[end - 1] == "PUNCT" and end - 1 not in sentence.heads[:end]:
        end -= 1
    cut = {
        name: getattr(sentence, name)[:end]
        for name in ("words", "spaces", "tags", "pos", "morphs", "lemmas", "heads", "deps")
    }
    return replace(sentence, **cut)


def as_typed(sentence: Sentence, chance: random.Random) -> Sentence:
    """Return a sentence as customers may type it: in lower case, without a stop, with '!!'."""
    if chance.random() < 0.3:
        sentence = lower_cased(sentence)
    ending = chance.random()
    if ending < 0.25:
        return without_final_punctuation(sentence)
    if ending < 0.4 and sentence.pos[-1] == "PUNCT":
        sign = chance.choice(_FINAL_SIGNS)
        return replace(
            sentence,
            words=(*sentence.words[:-1], sign),
            lemmas=(*sentence.lemmas[:-1], sign),
        )
    return sentence


def shuffled_documents(
    vocab: Vocab, groups: Sequence[Sequence[Sentence]], chance: random.Random, most: int = 6
) -> Iterator[Doc]:
    """Yield documents of one up to `most` sentences of a paragraph, in random order."""
    pieces = []
    for group in groups:
        first = 0
        while first < len(group):
            size = chance.randint(1, most) if chance.random() < 0.6 else 1
            pieces.append(group[first : first + size])
            first += size
    chance.shuffle(pieces)
    for piece in pieces:
        yield document(vocab, [as_typed(sentence, chance) for sentence in piece])
