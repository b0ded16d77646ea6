"""The n-gram extractor against a slow, plain reading of the same rules."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from klankbord.models.ngrams import STYLE_FEATURES, extract

WORDS = st.lists(st.text(alphabet="abcdeéö19!?€ 😀.,'-\n", max_size=30), min_size=0, max_size=8)


def buckets(text: str) -> list[int]:
    return sorted(extract([text]).bucket.tolist())


@given(WORDS)
def test_a_text_has_the_same_ngrams_alone_as_among_others(texts):
    together = extract(texts)
    for index, text in enumerate(texts):
        assert sorted(together.bucket[together.text == index].tolist()) == buckets(text)


@given(WORDS)
def test_tokens_are_cut_where_the_text_says(texts):
    tokens = extract(texts).tokens
    for row, start, end in zip(tokens.text, tokens.start, tokens.end, strict=True):
        piece = texts[row][start:end]
        assert piece
        assert not any(character.isspace() for character in piece)
    assert tokens.count.sum() == len(tokens.text)


def test_case_digits_and_stretching_do_not_change_the_ngrams():
    assert buckets("Heel Goed om 10 uur") == buckets("heel goed om 25 uur")
    assert buckets("suuuuuper") == buckets("suuper")
    assert buckets("goed") != buckets("geod")


def test_word_pairs_see_order():
    assert buckets("duur maar goed") != buckets("goed maar duur")


def test_salt_keeps_question_and_text_apart():
    plain, salted = extract(["wat kan beter"]), extract(["wat kan beter"], salt=7)
    assert not set(plain.bucket.tolist()) & set(salted.bucket.tolist())


def test_weights_of_each_family_add_up_to_a_unit_vector():
    grams = extract(["Snelle levering, alles heel!"], characters=False)
    words = len(grams.tokens.text)
    assert np.isclose((grams.weight[:words] ** 2).sum(), 1)
    assert np.isclose((grams.weight[words:] ** 2).sum(), 1)


def test_no_texts_give_no_ngrams():
    nothing = extract([])
    assert len(nothing.bucket) == 0
    assert nothing.style.shape == (0, STYLE_FEATURES)
