"""What the name model gives a word, whatever is read along with it and however it is read."""

import random
import re
from itertools import chain

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from klankbord.models import person_names
from klankbord.models.name_words import stretches_of, words_of
from klankbord.models.person_names import load_name_tagger

ODD = ["", " ", "\n", "?!", "a", "J.P. van 't Hof's\n\nKarin's", "x" * 3000, "a-" * 500, "😀 Piet"]


@pytest.fixture(scope="module")
def texts(checkout):
    lines = (checkout / "corpora" / "privacy" / "dev.txt").read_text("utf-8").splitlines()
    return [*(re.sub("</?[a-z]+>", "", line) for line in lines), *ODD]


@pytest.fixture(scope="module")
def tagger():
    return load_name_tagger()


@pytest.mark.parametrize("size", [1, 3, 97])
def test_a_probability_does_not_depend_on_the_texts_read_along(tagger, texts, size):
    expected = dict(zip(texts, tagger.probabilities(texts), strict=True))
    shuffled = random.Random(size).sample(texts, len(texts))
    anew = load_name_tagger()
    for first in range(0, len(shuffled), size):
        part = shuffled[first : first + size]
        for text, chance in zip(part, anew.probabilities(part), strict=True):
            assert chance.tolist() == expected[text].tolist()
            assert len(chance) == len(words_of(text))


@pytest.mark.parametrize("least", [0.05, 0.235, 0.47, 0.9])
def test_bounds_leave_out_no_word_that_reaches_the_least(tagger, texts, least):
    whole = tagger.probabilities(texts)
    reached = tagger.reaching(least, texts)
    assert list(reached) == [at for at, c in enumerate(whole) if c.max(initial=0) >= least]
    for at, chance in reached.items():
        high = whole[at] >= least
        assert np.array_equal(chance[high], whole[at][high])
        assert (chance[~high] < least).all()


def test_bounds_spare_most_of_the_work(tagger, texts, monkeypatch):
    asked = []
    chances = tagger._chances
    monkeypatch.setattr(tagger, "_chances", lambda *of: asked.append(of[2]) or chances(*of))
    tagger.reaching(tagger.threshold, texts)
    assert 0 < len(asked[0]) < 0.2 * sum(len(words_of(text)) for text in texts)


def test_forgetting_words_changes_nothing(tagger, texts, monkeypatch):
    expected = [chance.tolist() for chance in tagger.probabilities(texts)]
    monkeypatch.setattr(person_names, "_KEPT", 50)
    forgetful = load_name_tagger()
    assert [c.tolist() for text in texts for c in forgetful.probabilities([text])] == expected


@given(st.text() | st.text(alphabet="aA1.'’- \n\t\u2028😀"))
def test_no_word_goes_across_the_ends_of_a_stretch(text):
    words = [word.text for word in words_of(text)]
    assert words == [word.text for word in chain(*map(words_of, stretches_of(text)))]
