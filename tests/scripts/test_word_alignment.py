"""Word alignment, which gives the transformer's new vocabulary its first vectors."""

import numpy as np
import pytest

DUTCH = [["het", "huis"], ["het", "boek"], ["een", "huis"], ["een", "boek"], ["boek"]]
ENGLISH = [["the", "house"], ["the", "book"], ["a", "house"], ["a", "book"], ["book"]]


@pytest.fixture
def alignment(checkout, monkeypatch):
    monkeypatch.syspath_prepend(str(checkout / "scripts"))
    import word_alignment

    return word_alignment


def test_words_find_their_translation(alignment):
    left = sorted({word for words in DUTCH for word in words})
    right = sorted({word for words in ENGLISH for word in words})
    chance = alignment.translations(
        [[left.index(word) for word in words] for words in DUTCH],
        [[right.index(word) for word in words] for words in ENGLISH],
        (len(left) + 1, len(right)),
    ).toarray()
    best = {word: right[chance[place].argmax()] for place, word in enumerate(left)}
    assert best == {"het": "the", "huis": "house", "een": "a", "boek": "book"}
    assert np.allclose(chance[:-1].sum(axis=1), 1, atol=1e-5)
    assert chance[-1].sum() == 0  # a word that never occurred


def test_empty_sentences_are_passed_over(alignment):
    chance = alignment.translations([[0], []], [[0], [1]], (1, 2)).toarray()
    assert chance.tolist() == [[1, 0]]
