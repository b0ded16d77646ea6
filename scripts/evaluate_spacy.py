"""Measure the bundled Dutch pipeline on the unseen Alpino test; `--write-card` keeps the figures.

Every figure is an F1 over words as in the CoNLL 2018 shared task: a word counts where it was cut
out of the raw text as in the treebank. Lemmas are the plain ones of `treebank.plain_lemma`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc, Token
from spacy.vocab import Vocab

from evaluate_models import Figure, shown, write_card
from klankbord.models.syntax import load_dutch
from treebank import (
    TEST,
    Sentence,
    document,
    lower_cased,
    paragraphs,
    read_treebank,
    without_final_punctuation,
)

COMMAND = "python scripts/evaluate_spacy.py --data DIR"
SPEED = "words per second"
Span = tuple[int, int]


def spacy_figures(folder: Path, data: Path, treebank: str = TEST) -> list[Figure]:
    """Return the figures on a treebank, as written and as people type it."""
    nlp = load_dutch(folder)
    sentences = read_treebank(data / "linguistic" / f"{treebank}.conllu")
    typed = [without_final_punctuation(lower_cased(sentence)) for sentence in sentences]
    name = treebank.replace("_", " ")
    figures = _figures(nlp, sentences, name)
    figures += _figures(nlp, typed, f"{name}, lower case, no final stop")
    return figures + _speed(nlp, sentences, name)


def _figures(nlp: Language, sentences: Sequence[Sentence], where: str) -> list[Figure]:
    gold = [document(nlp.vocab, group) for group in paragraphs(sentences)]
    found = list(nlp.pipe(doc.text for doc in gold))

    def words(measure: str, same: Callable[[Token, Token], bool]) -> Figure:
        return measure, where, _word_f1(gold, found, same)

    def spans(measure: str, cut: Callable[[Doc], set[Span]]) -> Figure:
        return measure, where, _f1(*_overlap(gold, found, cut))

    hit, wanted, given = _overlap(gold, found, _noun_phrases)
    return [
        words("words", lambda one, other: one.text == other.text),
        words("UPOS", lambda one, other: one.pos == other.pos),
        words("XPOS", lambda one, other: one.tag == other.tag),
        words("morphology", lambda one, other: one.morph == other.morph),
        words("lemma", lambda one, other: one.lemma == other.lemma),
        words("UAS", _same_head),
        words("LAS", lambda one, other: one.dep == other.dep and _same_head(one, other)),
        spans("sentences", lambda doc: {(s.start_char, s.end_char) for s in doc.sents}),
        ("noun phrases, precision", where, hit / given),
        ("noun phrases, recall", where, hit / wanted),
    ]


def _same_head(one: Token, other: Token) -> bool:
    if one.head.i == one.i or other.head.i == other.i:
        return one.head.i == one.i and other.head.i == other.i
    return _place(one.head) == _place(other.head)


def _place(token: Token) -> Span:
    return token.idx, token.idx + len(token)


def _noun_phrases(doc: Doc) -> set[Span]:
    return {(chunk.start_char, chunk.end_char) for chunk in doc.noun_chunks}


def _word_f1(
    gold: Sequence[Doc], found: Sequence[Doc], same: Callable[[Token, Token], bool]
) -> float:
    """Return the F1 of the words that stand at the same place and are the `same`."""
    right, wanted, given = 0, 0, 0
    for truth, doc in zip(gold, found, strict=True):
        at = {_place(token): token for token in doc}
        pairs = ((token, at.get(_place(token))) for token in truth)
        right += sum(other is not None and same(token, other) for token, other in pairs)
        wanted, given = wanted + len(truth), given + len(doc)
    return _f1(right, wanted, given)


def _overlap(
    gold: Sequence[Doc], found: Sequence[Doc], cut: Callable[[Doc], set[Span]]
) -> tuple[int, int, int]:
    """Return how many spans are right, how many there are and how many were found."""
    pairs = [(cut(truth), cut(doc)) for truth, doc in zip(gold, found, strict=True)]
    right = sum(len(wanted & given) for wanted, given in pairs)
    return right, sum(len(wanted) for wanted, _ in pairs), sum(len(given) for _, given in pairs)


def _f1(right: int, wanted: int, given: int) -> float:
    return 2 * right / (wanted + given)


def _speed(nlp: Any, sentences: Sequence[Sentence], where: str) -> list[Figure]:  # noqa: ANN401
    texts = [document(Vocab(), group).text for group in paragraphs(sentences)]
    started = time.process_time()
    count = sum(len(doc) for doc in nlp.pipe(texts))
    return [(SPEED, f"{where}, one core", count / (time.process_time() - started))]


def main() -> None:
    """Print the figures as a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with linguistic/")
    parser.add_argument("--model", type=Path, default=Path("models/spacy-nl"))
    parser.add_argument("--treebank", default=TEST, help="alpino_dev while choosing")
    parser.add_argument("--write-card", action="store_true")
    options = parser.parse_args()
    figures = spacy_figures(options.model, options.data, options.treebank)
    print(f"## {options.model.name}\n\n{shown(figures)}")
    if options.write_card:
        write_card(options.model, figures, command=COMMAND)


if __name__ == "__main__":
    main()
