"""The words of many texts at once are the words of each."""

from collections.abc import Sequence

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer

from klankbord.themes.features import _parts, _words
from klankbord.themes.tokens import tokens
from klankbord.themes.words import word_tokens, words_of

TEXTS = st.lists(
    st.one_of(st.text(max_size=30), st.text(alphabet="abÉé’'-@.<> \n\0w1ß", max_size=30)),
    max_size=8,
)


@settings(max_examples=150, deadline=None)
@given(TEXTS)
@example([])
@example(["", "a\0b", "\0"])
@example(["<b>K’s</b> www.x.nl jan@x.nl", "STRASSE straße"])
def test_each_text_has_its_own_words_in_their_order(texts: Sequence[str]) -> None:
    said = word_tokens(texts)
    assert said.names == sorted(set(said.names))
    assert said.texts == len(texts)
    found: list[list[str]] = [[] for _ in texts]
    for text, word in zip(said.text, said.word, strict=True):
        found[text].append(said.names[word])
    assert found == [words_of(text) for text in texts]


@settings(max_examples=60, deadline=None)
@given(TEXTS)
def test_pairs_name_each_word_of_a_text_once(texts: Sequence[str]) -> None:
    said = tokens(texts, r"[a-z]+")
    text, word = said.pairs()
    expected = sorted({*zip(said.text.tolist(), said.word.tolist(), strict=True)})
    assert list(zip(text.tolist(), word.tolist(), strict=True)) == expected


def test_words_and_parts_are_counted_as_scikit_learn_counts_them() -> None:
    texts = ["de bon is te hoog, te hoog", "bon!", "", "a ab abc abcd abcde", "de  bon"]
    options = (
        {"analyzer": "char_wb", "ngram_range": (3, 5)},
        {"tokenizer": words_of, "token_pattern": None},
    )
    for given_options, (counts, names) in zip(options, (_parts(texts), _words(texts)), strict=True):
        vectorizer = CountVectorizer(**given_options)
        theirs = vectorizer.fit_transform(texts).toarray()
        order = np.argsort(names.to_pylist())
        assert [names.to_pylist()[at] for at in order] == list(vectorizer.get_feature_names_out())
        assert (counts.toarray()[:, order] == theirs).all()
