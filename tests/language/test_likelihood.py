"""The identifier reads many texts at once as py3langid reads one, and alone as together."""

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klankbord.language.identification import read, read_all
from klankbord.language.likelihood import identifier, likelihoods

FOUR = ("nl", "en", "de", "fr")
TEXTS = [
    *("De monteur kwam op tijd", "Der Techniker war pünktlich und nett", "mwah", "", "…", "😀😀"),
    *("THE BOX WAS BROKEN AGAIN", "très bien", "e\u0301te\u0301", "x" * 400, "7 8 9", "\ud800 a"),
]


@pytest.mark.parametrize("languages", [FOUR, ("nl",), ("nl", "sr", "no")])
def test_what_py3langid_says(languages):
    alone = identifier(languages)
    for text, found in zip(TEXTS, likelihoods(TEXTS, languages), strict=True):
        expected = dict(alone.rank(text))
        assert found.keys() == expected.keys()
        assert all(math.isclose(found[code], expected[code], abs_tol=1e-5) for code in found)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.text(max_size=80) | st.sampled_from(TEXTS), max_size=8), st.randoms())
def test_alone_and_together(texts: list[str], order: random.Random):
    shuffled = order.sample(texts, len(texts))
    alone = {text: likelihoods([text], FOUR)[0] for text in texts}
    assert likelihoods(shuffled, FOUR) == [alone[text] for text in shuffled]
    assert read_all(shuffled, FOUR) == [read(text, FOUR) for text in shuffled]
